"""A pool without an address for a new client says where its addresses are."""

from __future__ import annotations

import pytest

from edgepair_contract.vocabulary import BindingState, FailoverState, Role
from edgepair_engine.dhcp.shortage import why_empty
from edgepair_engine.leases.lease import FLAG_RESERVED
from tests.unit.dhcp.counter import MEMBER, Counter, plain_counter, rights_in

ADDRESSES = ("10.1.0.50", "10.1.0.51", "10.1.0.52", "10.1.0.53")
ACTIVE, FREE, BACKUP = BindingState.ACTIVE, BindingState.FREE, BindingState.BACKUP


@pytest.mark.parametrize(
    ("role", "states", "why"),
    [
        pytest.param(Role.PRIMARY, [ACTIVE] * 4, "4 leased", id="all leased"),
        pytest.param(Role.PRIMARY, [ACTIVE, BACKUP, BACKUP, ACTIVE], "2 leased, 2 the partner's", id="primary"),
        pytest.param(
            Role.SECONDARY,
            [ACTIVE, FREE, BACKUP, ACTIVE],
            "2 leased, 1 the partner's, 1 offered, or ended a moment ago",
            id="secondary",
        ),
        pytest.param(
            Role.SECONDARY,
            [BindingState.EXPIRED, BindingState.RELEASED, BindingState.ABANDONED, ACTIVE],
            "1 leased, 2 ended, but the partner has not acknowledged it, 1 abandoned: used by an unknown host",
            id="ended and abandoned",
        ),
    ],
)
def test_it_tells_whose_each_address_is(role: Role, states: list[BindingState], why: str) -> None:
    counter = Counter(rights_in(FailoverState.COMMUNICATIONS_INTERRUPTED, role), MEMBER)
    for dotted, state in zip(ADDRESSES, states, strict=True):
        counter.hold(dotted, state, hardware=b"\1somebody")
    assert why_empty(counter.desk(next(iter(counter.scopes.all)))) == f"of 4 addresses {why}"


def test_without_failover_nothing_is_a_partners() -> None:
    counter = plain_counter()
    for dotted in ADDRESSES:
        counter.hold(dotted, ACTIVE)
    counter.hold(ADDRESSES[0], FREE, flags=FLAG_RESERVED)
    assert why_empty(counter.desk(next(iter(counter.scopes.all)))) == "of 4 addresses 3 leased, 1 reserved"
