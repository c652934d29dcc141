"""A server is asked to end, or its process stands still for a while."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from edgepair_contract.vocabulary import FailoverState, RejectReason
from edgepair_engine.wire.failover import Disconnect, State
from tests.interop.live.load import Load
from tests.interop.live.pair import NORMAL, Pair, settled
from tests.interop.live.servers import Server

ALONE = FailoverState.COMMUNICATIONS_INTERRUPTED
STILL_S = 5.0  # longer than max-response-delay, 3


@pytest.mark.gate
@pytest.mark.protocol(62, "I12")
def test_our_stop_is_announced_so_that_dhcpd_serves_alone_at_once(pair: Pair, figure: Callable[[str], None]) -> None:
    tap = pair.tap()
    pair.start()
    client = pair.crowd.client(of=pair.role)
    address = client.takes().address
    pair.equal()
    pair.ours.end()
    ended_s = time.monotonic()
    pair.wait("dhcpd is alone", lambda: pair.theirs.state() is ALONE)
    figure(f"ours {pair.role}: dhcpd alone {time.monotonic() - ended_s:.2f} s after our clean stop")
    assert tap.all(State, by=pair.role)[-1].state == FailoverState.PAUSED.wire
    assert pair.theirs.partner_state() is FailoverState.PAUSED
    assert client.renews(at=pair.theirs.address).address == address
    assert pair.crowd.client(of=pair.role).takes().server == pair.theirs.address
    told_before = len(tap.all(State, by=pair.role))
    pair.ours.start()
    settled(pair)
    resumed = tap.all(State, by=pair.role)[told_before]
    assert (resumed.state, resumed.startup) == (NORMAL.wire, True)


@pytest.mark.protocol(72, 76, 110)
def test_dhcpd_is_asked_to_end_and_started_again(pair: Pair) -> None:
    pair.start()
    client = pair.crowd.client(of=pair.theirs.role)
    address = client.takes().address
    pair.equal()
    pair.theirs.end()
    pair.wait("we are alone", lambda: pair.ours.state() is ALONE)
    assert client.renews(at=pair.ours.address).address == address
    assert pair.crowd.client(of=pair.theirs.role).takes().server == pair.ours.address
    pair.theirs.start()
    settled(pair)


@pytest.mark.parametrize("still", ["ours", "theirs"])
@pytest.mark.protocol(45, 72, "I16")
def test_a_process_that_stood_still_longer_than_the_response_delay_gives_nothing_twice(pair: Pair, still: str) -> None:
    pair.start()
    frozen: Server = pair.ours if still == "ours" else pair.theirs
    other = pair.partner(frozen)
    with Load(pair.crowd.clients(6), per_s=4):
        frozen.freeze()
        frozen_s = time.monotonic()
        pair.wait("the other is alone", lambda: other.state() is ALONE)
        assert pair.crowd.client(of=frozen.role).takes().server == other.address
        pair.wait("it stood still long enough", lambda: time.monotonic() > frozen_s + STILL_S)
        frozen.thaw()
        pair.reach(NORMAL)
    settled(pair)
    assert ("this process was stopped for" in pair.ours.log()) == (still == "ours")


@pytest.mark.protocol(45, 72, "I7")
def test_a_dhcpd_that_stands_still_is_told_why_we_hang_up_and_comes_back(pair: Pair) -> None:
    tap = pair.tap()
    pair.start()
    pair.theirs.freeze()
    pair.wait("we are alone", lambda: pair.ours.state() is ALONE)
    pair.wait("DISCONNECT passes", lambda: tap.all(Disconnect))
    assert [message.reason for message in tap.all(Disconnect, by=pair.role)] == [RejectReason.NO_TRAFFIC]
    pair.theirs.thaw()
    settled(pair)
