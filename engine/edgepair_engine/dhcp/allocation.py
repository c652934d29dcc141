"""Which address a client is offered."""

from __future__ import annotations

from edgepair_contract.clock import Now
from edgepair_contract.vocabulary import BindingState
from edgepair_engine.dhcp.desk import Ask, Desk
from edgepair_engine.dhcp.shelf import AHEAD
from edgepair_engine.dhcp.terms import may_reactivate, may_take
from edgepair_engine.dhcp.verdict import Why
from edgepair_engine.leases.binding import ENDED
from edgepair_engine.leases.lease import Lease

# In every state but EXPIRED and RELEASED the address that ended first is the first that may be given; there, with so
# many that may not, a client gets none and asks again.
TRIED_MAX = 64


def find_address(ask: Ask, desk: Desk, now: Now) -> tuple[Lease, Why] | None:
    """Return the address to offer and why it: the client's own, the one it asks for, or the longest unused one."""
    return _former(ask, desk, now) or _asked_for(ask, desk, now) or _longest_unused(ask, desk, now)


def partner_can_give(desk: Desk) -> bool:
    """Return whether the partner has an address for a client of this subnet."""
    state = desk.rights.partner_state
    return state is not None and desk.leases.count(desk.scope.pool, state) > 0


def _former(ask: Ask, desk: Desk, now: Now) -> tuple[Lease, Why] | None:
    lease = desk.leases.of_client(ask.key, desk.scope.pool)
    if lease is None:
        return None
    if lease.state is BindingState.ACTIVE or may_reactivate(lease):
        return lease, Why.KNOWN_CLIENT
    return (lease, Why.KNOWN_CLIENT) if _is_available(lease, ask, desk, now) else None


def _asked_for(ask: Ask, desk: Desk, now: Now) -> tuple[Lease, Why] | None:
    for address in (desk.offers.of_client(ask.key, now), ask.packet.requested_address):
        lease = None if address is None else desk.lease(address)
        if lease is not None and _is_available(lease, ask, desk, now):
            return lease, Why.NEW_CLIENT
    return None


def _longest_unused(ask: Ask, desk: Desk, now: Now) -> tuple[Lease, Why] | None:
    """Return the longest unused address: an own one first, then one of the partner's, an abandoned one at last."""
    rights = desk.rights
    own = _first_open(rights.own_state, ask, desk, now)
    if own is not None:
        return own, Why.NEW_CLIENT
    # FREE and BACKUP: the partner's, or, where there is no partner any more, what was its.
    for state in (BindingState.FREE, BindingState.BACKUP, *ENDED, BindingState.ABANDONED):
        lease = None if state is rights.own_state else _first_open(state, ask, desk, now)
        if lease is not None:
            return lease, Why.NEW_CLIENT
    return None


def _first_open(state: BindingState, ask: Ask, desk: Desk, now: Now) -> Lease | None:
    """Return the longest unused address in a binding state that may be given."""
    pool = desk.scope.pool
    ahead = desk.shelf.ahead(pool, state)
    while ahead:
        lease = desk.leases.get(ahead[0])
        if lease.state is state and _is_available(lease, ask, desk, now):
            return lease
        ahead.popleft()
    if not desk.shelf.is_worth_a_look(pool, state, now):
        return None
    _look(state, ask, desk, now)
    return desk.leases.get(ahead[0]) if ahead else None


def _look(state: BindingState, ask: Ask, desk: Desk, now: Now) -> None:
    """Fill the shelf. At most TRIED_MAX addresses are looked at that no one is offered and that may not be given."""
    found: list[int] = []
    passed = tried = 0
    for lease in desk.leases.oldest_first(desk.scope.pool, state):
        passed += 1
        if not desk.offers.is_open_to(lease.address, ask.key, now):
            continue
        if desk.rights.may_allocate(lease, now) and not lease.may_be_in_use(now):
            found.append(lease.address)
        else:
            tried += 1
        if len(found) >= max(AHEAD, passed // 2) or tried == TRIED_MAX:
            break
    desk.shelf.fill(desk.scope.pool, state, found=found, passed=passed, now=now)


def _is_available(lease: Lease, ask: Ask, desk: Desk, now: Now) -> bool:
    return desk.offers.is_open_to(lease.address, ask.key, now) and may_take(lease, ask.client, desk=desk, now=now)
