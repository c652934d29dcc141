"""An address that comes back into a range is told to the partner again: it may have lost its store meanwhile."""

from __future__ import annotations

from ipaddress import IPv4Address

import pytest

from edgepair_contract.config import PoolConfig, SubnetConfig
from edgepair_contract.vocabulary import BindingState
from tests.unit.core.pair import ADDRESSES, Pair, group_of, member_of
from tests.unit.dhcp.counter import SUBNET
from tests.unit.dhcp.packets import Terminal

SHORT = SUBNET.model_copy(update={"pools": (PoolConfig(start=IPv4Address("10.1.0.50"), end=IPv4Address("10.1.0.51")),)})
LAST = "10.1.0.53"


def configured(pair: Pair, subnet: SubnetConfig) -> None:
    for name in ADDRESSES:
        pair.configure(name, group_of(name, subnet))


@pytest.mark.parametrize("is_dead", [False, True], ids=["while it runs", "while it is dead"])
@pytest.mark.parametrize("name", ADDRESSES)
def test_a_lease_that_comes_back_into_a_range_is_told_to_a_partner_that_has_lost_its_store(
    name: str, *, is_dead: bool
) -> None:
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
    configured(pair, SHORT)
    pair.kill(other)
    pair.members[other].disk, pair.members[other].disks_lost = {}, 1
    pair.start(other)
    pair.advance(70)
    assert pair.states() == [("Normal", "Normal"), ("Normal", "Normal")]
    assert pair.members[other].stored_lease(LAST) is None

    if is_dead:
        pair.kill(name)
        config = member_of(name, group_of(name), revision=pair.members[name].config.revision + 1)
        pair.members[name].config = config
        pair.configure(other, group_of(other))
        pair.start(name)
        pair.advance(20)
    else:
        configured(pair, SUBNET)
        pair.advance(20)
    told = pair.members[other].stored_lease(LAST)
    assert told is not None
    assert (told.lease.state, told.lease.hardware) == (BindingState.ACTIVE, held.lease.hardware)
