"""The end of leases on prefixes without failover: nobody has to be asked."""

from __future__ import annotations

from edgepair_contract.clock import Now
from edgepair_contract.vocabulary import BindingState
from edgepair_engine.leases.binding import expired, freed
from edgepair_engine.leases.lease import Lease
from edgepair_engine.leases.pool import NO_GROUP, Pool
from edgepair_engine.leases.record import LeaseRecord
from edgepair_engine.leases.table import LeaseTable

ENDING = (BindingState.ACTIVE, BindingState.ABANDONED)  # what ends by the clock
EXPIRIES_PER_STEP = 1000  # of one pool; what is left is due at once again, so a mass expiry cannot hold up the loop


def end_leases(table: LeaseTable, now: Now) -> tuple[LeaseRecord, ...]:
    """Free what has ended on prefixes without failover, and return the records."""
    end_at = next_end(table, NO_GROUP)
    if end_at is None or end_at > now.wall_s:
        return ()
    ended = [lease for pool in table.pools(NO_GROUP) for lease in due(table, pool, now)]
    records = []
    for lease in ended:
        free = freed(expired(lease) if lease.state is BindingState.ACTIVE else lease)
        table.put(free)
        records.append(LeaseRecord(NO_GROUP, free))
    return tuple(records)


def next_end(table: LeaseTable, group: str, states: tuple[BindingState, ...] = ENDING) -> int | None:
    """Return the first second at which a lease of a group in these states is `due` (epoch seconds)."""
    end = table.first_end(group, states)
    return None if end is None else end + 1


def due(
    table: LeaseTable,
    pool: Pool,
    now: Now,
    *,
    states: tuple[BindingState, ...] = ENDING,
) -> list[Lease]:
    """Return the leases of a pool in these states whose end has passed, at most EXPIRIES_PER_STEP of each."""
    found: list[Lease] = []
    for state in states:
        for number, lease in enumerate(table.oldest_first(pool, state)):
            if lease.ends_at >= now.wall_s or number == EXPIRIES_PER_STEP:
                break
            found.append(lease)
    return found
