"""Records as table rows and back."""

from __future__ import annotations

import json
from typing import Any

from edgepair_contract.vocabulary import BindingState, FailoverState
from edgepair_engine.leases.lease import Lease
from edgepair_engine.leases.record import CountsRecord, LeaseRecord, StateRecord, TransitionEntry

Row = tuple[Any, ...]

LEASE_COLUMNS = (
    "address, failover_group, state, client_id, hardware, starts_at, ends_at, tstp, tsfp, atsfp, cltt, rewind, flags, "
    "hostname"
)
STATE_COLUMNS = (
    "failover_group, my_state, my_state_at, partner_state, partner_state_at, mclt_s, last_contact_at, alive_until_at, "
    "update_all_wanted, transitions, partner_gone_at, mclt_wait_s, fenced"
)


_MOMENTS = ("starts_at", "ends_at", "tstp", "tsfp", "atsfp", "cltt")
COUNTS_COLUMNS = "failover_group, partner, count, sent, acked, received"

COUNT_MAX = 2**53
_STATE_NUMBERS = (
    "my_state_at",
    "partner_state_at",
    "mclt_s",
    "last_contact_at",
    "alive_until_at",
    "partner_gone_at",
    "mclt_wait_s",
)


def _whole(column: str, limit: int = 0xFFFFFFFF) -> str:
    return f"typeof({column}) = 'integer' AND {column} BETWEEN 0 AND {limit}"


# What can be is checked by SQLite itself: a million rows in half a second.
WRONG_LEASE = (
    "SELECT 'lease of address ' || quote(address) FROM lease WHERE NOT ("
    + " AND ".join(map(_whole, ("address", *_MOMENTS)))
    + f" AND {_whole('flags', 0xFFFF)} AND typeof(failover_group) = 'text' AND typeof(hostname) = 'text'"
    + " AND typeof(client_id) IN ('blob', 'null') AND typeof(hardware) IN ('blob', 'null')) LIMIT 1"
)
WRONG_STATE = (
    "SELECT 'state of group ' || quote(failover_group) FROM endpoint WHERE NOT ("
    + " AND ".join(map(_whole, _STATE_NUMBERS))
    + " AND typeof(failover_group) = 'text' AND typeof(transitions) = 'text') LIMIT 1"
)
WRONG_COUNTS = (
    "SELECT 'counts of group ' || quote(failover_group) FROM exchange WHERE NOT ("
    + " AND ".join(_whole(column, COUNT_MAX) for column in ("count", "sent", "acked", "received"))
    + " AND typeof(failover_group) = 'text' AND typeof(partner) = 'text') LIMIT 1"
)
WRONG_CONFIG = "SELECT 'configuration' FROM config WHERE NOT (typeof(revision) = 'integer' AND typeof(text) = 'text')"


def lease_row(record: LeaseRecord) -> Row:
    """Return the row of table `lease`."""
    lease = record.lease
    return (
        lease.address,
        record.group,
        lease.state.value,
        lease.client_id,
        lease.hardware,
        lease.starts_at,
        lease.ends_at,
        lease.tstp,
        lease.tsfp,
        lease.atsfp,
        lease.cltt,
        lease.rewind.value,
        lease.flags,
        lease.hostname,
    )


def lease_of(row: Row) -> LeaseRecord:
    """Return the record that a row of table `lease` holds.

    Raises:
        ValueError: a number that names no binding state.
    """
    address, group, state, client_id, hardware, starts_at, ends_at, tstp, tsfp, atsfp, cltt, rewind, flags, name = row
    return LeaseRecord(
        group,
        Lease(
            address=address,
            state=BindingState(state),
            client_id=client_id,
            hardware=hardware,
            starts_at=starts_at,
            ends_at=ends_at,
            tstp=tstp,
            tsfp=tsfp,
            atsfp=atsfp,
            cltt=cltt,
            rewind=BindingState(rewind),
            flags=flags,
            hostname=name,
        ),
    )


def state_row(record: StateRecord) -> Row:
    """Return the row of table `endpoint`."""
    return (
        record.group,
        record.my_state.wire,
        record.my_state_at,
        record.partner_state.wire,
        record.partner_state_at,
        record.mclt_s,
        record.last_contact_at,
        record.alive_until_at,
        int(record.update_all_wanted),
        json.dumps([[e.at, e.from_state.wire, e.to_state.wire, e.cause] for e in record.transitions]),
        record.partner_gone_at,
        record.mclt_wait_s,
        int(record.fenced),
    )


def state_of(row: Row) -> StateRecord:
    """Return the record that a row of table `endpoint` holds.

    Raises:
        ValueError: a number that names no failover state.
    """
    group, my_state, my_state_at, partner_state, partner_state_at, mclt_s, *rest = row
    contact_at, alive_until_at, wanted, entries, gone_at, mclt_wait_s, fenced = rest
    return StateRecord(
        group=group,
        my_state=_state(my_state),
        my_state_at=my_state_at,
        partner_state=_state(partner_state),
        partner_state_at=partner_state_at,
        mclt_s=mclt_s,
        last_contact_at=contact_at,
        alive_until_at=alive_until_at,
        update_all_wanted=bool(wanted),
        transitions=tuple(
            TransitionEntry(at=at, from_state=_state(before), to_state=_state(after), cause=cause)
            for at, before, after, cause in json.loads(entries)
        ),
        partner_gone_at=gone_at,
        mclt_wait_s=mclt_wait_s,
        fenced=bool(fenced),
    )


def counts_row(record: CountsRecord) -> Row:
    """Return the row of table `exchange`."""
    return record.group, record.partner, record.count, record.sent, record.acked, record.received


def counts_of(row: Row) -> CountsRecord:
    """Return the record that a row of table `exchange` holds."""
    group, partner, count, sent, acked, received = row
    return CountsRecord(group=group, partner=partner, count=count, sent=sent, acked=acked, received=received)


def _state(number: int) -> FailoverState:
    state = FailoverState.from_wire(number)
    if state is None:
        raise ValueError(f"{number} is no failover state")
    return state
