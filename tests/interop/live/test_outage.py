"""One server is gone, or they do not hear each other, and then all is well again."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from edgepair_contract.vocabulary import FailoverState
from tests.interop.live.pair import NORMAL, Pair, settled

ALONE = FailoverState.COMMUNICATIONS_INTERRUPTED
Figure = Callable[[str], None]


@pytest.mark.protocol(59, 72, 76, 110)
def test_dhcpd_is_killed_and_comes_back(pair: Pair, figure: Figure) -> None:
    pair.start()
    client = pair.crowd.client(of=pair.theirs.role)
    address = client.takes().address
    pair.equal()
    pair.theirs.kill()
    killed_s = time.monotonic()
    pair.wait("we notice", lambda: pair.ours.state() is ALONE)
    figure(f"ours {pair.role}: dhcpd killed, alone {1000 * (time.monotonic() - killed_s):.0f} ms later")
    renewed = client.renews(at=pair.ours.address)
    assert (renewed.address, renewed.server) == (address, pair.ours.address)
    assert pair.crowd.client(of=pair.theirs.role).takes().server == pair.ours.address
    pair.theirs.start()
    settled(pair)


@pytest.mark.gate
@pytest.mark.protocol(62, 63, 75, 76)
def test_we_are_killed_and_come_back_with_our_store(pair: Pair) -> None:
    pair.start()
    client = pair.crowd.client(of=pair.role)
    address = client.takes().address
    pair.equal()
    pair.ours.kill()
    pair.wait("dhcpd notices", lambda: pair.theirs.state() is ALONE)
    assert pair.bound(pair.ours, address) == client.mac
    pair.ours.start()
    settled(pair)
    assert client.renews().address == address


@pytest.mark.gate
@pytest.mark.protocol(45, 72, 75, 143)
def test_the_link_is_cut_both_ways_and_mended(pair: Pair, figure: Figure) -> None:
    pair.start()
    pair.cut()
    cut_s = time.monotonic()
    pair.wait("we notice", lambda: pair.ours.state() is ALONE)
    figure(f"ours {pair.role}: link cut, alone {time.monotonic() - cut_s:.2f} s later (max-response-delay 3)")
    pair.reach(ALONE)
    clients = [pair.crowd.client(of=server.role) for server in (pair.ours, pair.theirs)]
    addresses = [client.takes().address for client in clients]
    pair.mend()
    pair.reach(NORMAL)
    settled(pair)
    assert all(pair.bound(pair.ours, address) for address in addresses)
