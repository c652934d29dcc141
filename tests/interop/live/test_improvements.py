"""Where we do better than dhcpd does, and dhcpd stays content with it."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from edgepair_contract.vocabulary import BindingState
from edgepair_engine.wire.failover import BndAck, BndUpd, UpdDone, UpdReq, UpdReqAll
from tests.interop.live.conftest import PairOf
from tests.interop.live.pair import NORMAL, Pair, settled
from tests.interop.live.terms import LINK, Terms
from tests.interop.live.wire import Tap

ACK_LIMIT_S = 1.0  # dhcpd lets two seconds pass, or half a window


def delays(tap: Tap, pair: Pair) -> list[float]:
    """Return how long each of dhcpd's updates has waited for our answer."""
    asked = {
        (one.link, one.message.xid): one.at
        for one in tuple(tap.said)
        if isinstance(one.message, BndUpd) and one.by == pair.theirs.role
    }
    return [
        one.at - asked.pop((one.link, one.message.xid))
        for one in tuple(tap.said)
        if isinstance(one.message, BndAck) and one.by == pair.role and (one.link, one.message.xid) in asked
    ]


@pytest.mark.protocol(139, "Q11", "I2")
@pytest.mark.parametrize(("ours", "theirs"), [(4, 100), (100, 10)], ids=["we take fewer", "dhcpd takes fewer"])
def test_each_update_is_acknowledged_at_once_however_many_either_side_takes(
    pair_of: PairOf, ours: int, theirs: int, figure: Callable[[str], None]
) -> None:
    pair = pair_of(Terms(max_unacked_updates=ours), for_dhcpd=Terms(max_unacked_updates=theirs))
    tap = pair.tap()
    began_s = time.monotonic()
    pair.start()
    took_s = time.monotonic() - began_s
    settled(pair)
    waited = delays(tap, pair)
    assert len(waited) >= 40
    assert max(waited) < ACK_LIMIT_S
    assert tap.most_unanswered(pair.theirs.role) <= ours
    figure(
        f"ours {pair.role}: max-unacked-updates {ours} here and {theirs} at dhcpd, 40 addresses equal after "
        f"{took_s:.1f} s, our slowest ack {1000 * max(waited):.0f} ms"
    )


@pytest.mark.protocol(145, 146, "Q7", "I10")
def test_one_request_is_under_way_at_a_time_though_dhcpd_sends_two(pair: Pair) -> None:
    tap = pair.tap()
    pair.start()
    (ours,) = tap.all(UpdReqAll, by=pair.role)
    assert tap.all(UpdReq, by=pair.role) == []
    assert [done.xid for done in tap.all(UpdDone, by=pair.theirs.role)] == [ours.xid]
    theirs = tap.all(UpdReqAll, by=pair.theirs.role)
    assert tap.all(UpdDone, by=pair.role)[-1].xid == theirs[-1].xid
    settled(pair)


@pytest.mark.protocol("I11")
def test_a_dhcpd_that_comes_back_before_we_miss_it_need_not_wait_for_the_response_delay(
    pair_of: PairOf, figure: Callable[[str], None]
) -> None:
    """Its machine lost power, say: neither FIN nor RST tells us, and to us the old link still stands."""
    pair = pair_of(Terms(max_response_delay_s=45))
    tap = pair.tap()
    pair.start()
    (_, mine), (_, other) = sorted(tap.ends(), key=lambda end: end[0] != LINK[pair.role])
    pair.cut()
    pair.theirs.kill()
    killed_s = time.monotonic()
    pair.mend()
    pair.keep_from(pair.ours, "--sport", str(other), "--dport", str(mine))
    pair.theirs.start()
    pair.wait("they are linked anew", lambda: tap.said[-1].link != 1 and pair.theirs.state() is NORMAL)
    settled(pair)
    took_s = time.monotonic() - killed_s
    figure(f"ours {pair.role}: a new link {took_s:.0f} s after a silent crash; max-response-delay is 45 s")
    assert took_s < 45
    assert "quiet, and the partner has connected anew" in pair.ours.log()


@pytest.mark.protocol("I13")
def test_a_clock_that_is_ten_seconds_off_is_told_and_does_not_part_them(pair: Pair) -> None:
    pair.theirs.set_clock(10)
    pair.start()
    client = pair.crowd.client(of=pair.theirs.role)
    address = client.takes().address
    pair.equal()
    group = pair.ours.group()
    assert group is not None
    assert abs(group.clock_skew_s - 10) <= 1
    assert "the partner's clock differs by" in pair.ours.log()
    assert pair.ours.table()[address].state is BindingState.ACTIVE
    settled(pair)
