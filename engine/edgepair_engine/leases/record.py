"""What must outlive the process: values that go to the journal, and what comes back from it."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import field
from typing import assert_never

from edgepair_contract.value import value
from edgepair_contract.vocabulary import FailoverState
from edgepair_engine.leases.lease import Lease


@value
class LeaseRecord:
    """Store this lease. `group` is the failover group whose prefix holds it, "" without failover."""

    group: str
    lease: Lease


@value(kw_only=True)
class TransitionEntry:
    """One change of my state, for the report's timeline."""

    at: int
    from_state: FailoverState
    to_state: FailoverState
    cause: str


@value(kw_only=True)
class StateRecord:
    """Store both states of one failover endpoint, as known to this server.

    `mclt_s` is the one that this server promises by (a secondary learns it). `mclt_wait_s` is what it waits by while
    the partner may have promised by a larger one (0: there is none). `alive_until_at`: when this server gave its last
    lease at the latest, should it stop before the next record. `fenced`: told to answer nobody and to talk to nobody.
    `update_all_wanted`: bindings may be missing and no request was answered since, so it is asked for (again).
    `partner_gone_at`: in PARTNER-DOWN, when the partner was last alive by the word of whoever ordered that state; 0
    when nobody has said so, and in every other state.
    """

    group: str
    my_state: FailoverState
    my_state_at: int
    partner_state: FailoverState = FailoverState.UNKNOWN
    partner_state_at: int = 0
    mclt_s: int = 0
    mclt_wait_s: int = 0
    last_contact_at: int = 0
    alive_until_at: int = 0
    update_all_wanted: bool = False
    fenced: bool = False
    transitions: tuple[TransitionEntry, ...] = ()
    partner_gone_at: int = 0

    @property
    def claims_from_at(self) -> int:
        """Return from when on a partner that is down has promised nothing: MCLT later its addresses are ours."""
        return self.partner_gone_at or self.my_state_at


@value(kw_only=True)
class CountsRecord:
    """Store how many binding updates went to and from the partner of a group, since the two began counting.

    `partner` names the partner's store, `count` the counting that both agreed on (0: none yet).
    """

    group: str
    partner: str = ""
    count: int = 0
    sent: int = 0
    acked: int = 0
    received: int = 0


@value
class ConfigRecord:
    """Store the newest accepted configuration (its JSON text)."""

    revision: int
    text: str


Record = LeaseRecord | StateRecord | CountsRecord | ConfigRecord


@value
class Restored:
    """What the journal held at the start: nothing at all on the first one."""

    leases: tuple[LeaseRecord, ...] = ()
    states: tuple[StateRecord, ...] = ()
    counts: tuple[CountsRecord, ...] = ()
    config: ConfigRecord | None = None
    incarnation: str = field(default="")  # names this store; a new one means that the database was lost


def record_key(record: Record) -> Hashable:
    """Return what two records have in common when the later one replaces the earlier."""
    match record:
        case LeaseRecord():
            return record.lease.address
        case StateRecord():
            return record.group
        case CountsRecord():
            return CountsRecord, record.group
        case ConfigRecord():
            return ConfigRecord
        case _:
            assert_never(record)
