"""The life of a binding on one server: which binding states may follow which, and what each move writes.

These are the moves that this server makes itself. What it accepts from its partner is another table
(`failover.bindings`): there the partner has already decided.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from edgepair_contract.clock import Now
from edgepair_contract.vocabulary import BindingState
from edgepair_engine.leases.lease import FOREVER_AT, Lease

FREE, ACTIVE, EXPIRED, RELEASED, ABANDONED, RESET, BACKUP = BindingState

# Staying in a state is no move. RESET only ever comes from a partner.
MOVES: Mapping[BindingState, frozenset[BindingState]] = {
    FREE: frozenset({ACTIVE, ABANDONED, BACKUP}),
    ACTIVE: frozenset({EXPIRED, RELEASED, ABANDONED}),
    EXPIRED: frozenset({ACTIVE, FREE, BACKUP, ABANDONED}),
    RELEASED: frozenset({ACTIVE, FREE, BACKUP, ABANDONED}),
    ABANDONED: frozenset({ACTIVE, FREE}),
    RESET: frozenset({ACTIVE, FREE, BACKUP, ABANDONED}),
    BACKUP: frozenset({ACTIVE, ABANDONED, FREE}),
}
ENDED = (EXPIRED, RELEASED, RESET)  # no client may use it any more, but the partner may not know


def expired(lease: Lease) -> Lease:
    """Return the lease after its time. Its potential expiry stays: the partner hears the old one (capture c1#59)."""
    return replace(_moved(lease, EXPIRED), atsfp=0)


def released(lease: Lease, now: Now) -> Lease:
    """Return the lease after its client gave it back: it ends now, and so does what the partner must wait for."""
    return replace(_moved(lease, RELEASED), ends_at=now.wall_s, tstp=now.wall_s, atsfp=0)


def abandoned(lease: Lease, now: Now, *, abandon_s: int) -> Lease:
    """Return the address kept back, without client, because a host that is not ours uses it.

    What the partner was told of its client stays (capture c1#32): only the end of that client is new.
    """
    ends_at = min(now.wall_s + abandon_s, FOREVER_AT)
    tstp = lease.tstp or now.wall_s  # dhcpd leaves 0 as it is (c1#31), and would not tell it again after a restart
    kept = _moved(lease, ABANDONED)
    return replace(kept, client_id=None, hardware=None, hostname="", ends_at=ends_at, tstp=tstp, atsfp=0)


def freed(lease: Lease, *, to: BindingState = FREE) -> Lease:
    """Return the address available again. It remembers its last client, who gets it back if he comes."""
    return replace(_moved(lease, to), tstp=lease.ends_at)


def given(lease: Lease, now: Now, *, to: BindingState) -> Lease:
    """Return a free address after it was given to the partner: BACKUP by the primary, FREE by the secondary."""
    return replace(_moved(lease, to), starts_at=now.wall_s, tstp=now.wall_s, atsfp=0)


def _moved(lease: Lease, to: BindingState) -> Lease:
    assert to in MOVES[lease.state], (lease, to)
    return replace(lease, state=to)
