"""An address that comes back into a range is told to the partner again: it may have lost its store meanwhile."""

from __future__ import annotations

from ipaddress import IPv4Address

import pytest

from edgepair_contract.config import PoolConfig, SubnetConfig
from edgepair_contract.vocabulary import BindingState
from edgepair_engine.leases.lease import Lease
from tests.unit.core.pair import ADDRESSES, Pair, group_of, member_of
from tests.unit.dhcp.counter import SUBNET
from tests.unit.dhcp.packets import Terminal

SHORT = SUBNET.model_copy(update={"pools": (PoolConfig(start=IPv4Address("10.1.0.50"), end=IPv4Address("10.1.0.51")),)})
LAST = "10.1.0.53"


def configured(pair: Pair, subnet: SubnetConfig, dead: str | None = None) -> None:
    """Give both servers a subnet, one of them while it is dead if so wanted."""
    if dead is not None:
        pair.kill(dead)
        member = pair.members[dead]
        member.config = member_of(dead, group_of(dead, subnet), revision=member.config.revision + 1)
    for name in ADDRESSES:
        if name != dead:
            pair.configure(name, group_of(name, subnet))
    if dead is not None:
        pair.start(dead)


def a_lease_that_went_out_of_range(name: str, *, dead: bool = False) -> tuple[Pair, Lease]:
    """Return a pair in Normal whose server of this name holds LAST, in no range, while the other has lost its store."""
    pair = Pair()
    pair.start(*ADDRESSES)
    pair.advance(20)
    other = next(each for each in ADDRESSES if each != name)
    for number in range(8):
        for each in ADDRESSES:
            client = Terminal(mac=bytes([2, 0, 0, 0, 0, number]), secs=10)
            offer = pair.hear(each, client.discovers(LAST))
            if offer is not None:
                pair.hear(each, client.selects(offer.yiaddr, offer.server))
    held = pair.members[name].stored_lease(LAST)
    assert held is not None
    assert held.lease.state is BindingState.ACTIVE
    configured(pair, SHORT, name if dead else None)
    pair.kill(other)
    pair.members[other].disk, pair.members[other].disks_lost = {}, 1
    pair.start(other)
    pair.advance(70)
    assert pair.states() == [("Normal", "Normal"), ("Normal", "Normal")]
    assert pair.members[other].stored_lease(LAST) is None
    return pair, held.lease


@pytest.mark.parametrize(
    ("dead_when_it_goes", "dead_when_it_comes"),
    [
        pytest.param(False, False, id="while it runs"),
        pytest.param(False, True, id="returns while it is dead"),
        pytest.param(True, True, id="goes and returns while it is dead"),
    ],
)
@pytest.mark.parametrize("name", ADDRESSES)
def test_a_lease_that_comes_back_into_a_range_is_told_to_a_partner_that_has_lost_its_store(
    name: str, *, dead_when_it_goes: bool, dead_when_it_comes: bool
) -> None:
    pair, held = a_lease_that_went_out_of_range(name, dead=dead_when_it_goes)
    other = next(each for each in ADDRESSES if each != name)
    configured(pair, SUBNET, name if dead_when_it_comes else None)
    pair.advance(20)
    told = pair.members[other].stored_lease(LAST)
    assert told is not None
    assert (told.lease.state, told.lease.hardware) == (BindingState.ACTIVE, held.hardware)


@pytest.mark.parametrize("name", ADDRESSES)
def test_until_that_is_acknowledged_its_client_gets_no_more_than_mclt(name: str) -> None:
    pair, held = a_lease_that_went_out_of_range(name)
    assert held.hardware is not None
    client = Terminal(mac=held.hardware[1:])
    pair.sever()
    configured(pair, SUBNET)
    apart = pair.hear(name, client.reboots(LAST))
    pair.mend()
    pair.advance(20)
    together = pair.hear(name, client.reboots(LAST))
    assert apart is not None
    assert together is not None
    assert (apart.lease_s, together.lease_s) == (group_of(name).mclt_s, SUBNET.default_lease_s)
