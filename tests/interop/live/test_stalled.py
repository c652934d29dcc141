"""A dhcpd whose window is full of updates that a broken link took with it: it would never tell anything more (Q4)."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from edgepair_contract.vocabulary import FailoverState, MessageType
from edgepair_engine.wire.failover import BndAck, BndUpd, UpdDone
from tests.interop.live.conftest import PairOf
from tests.interop.live.pair import Pair, settled
from tests.interop.live.servers import Server
from tests.interop.live.terms import Terms
from tests.interop.live.wire import Tap

ALONE = FailoverState.COMMUNICATIONS_INTERRUPTED
LARGE = Terms(first="10.77.2.0", last="10.77.2.79")


def start_of(kind: MessageType) -> tuple[str, ...]:
    """Return what iptables(8) knows a segment by that holds a message of this kind, said about now."""
    return "-m", "string", "--algo", "bm", "--hex-string", f"|{kind.value:02x}0c{int(time.time()) >> 16:04x}|"


def fill_window(pair: Pair, tap: Tap, lost: MessageType) -> None:
    """Start ours with a link that loses one kind of message, until dhcpd's window is full and the link breaks."""
    reader: Server = pair.theirs if lost is MessageType.BNDACK else pair.ours
    pair.keep_from(reader, *start_of(lost))
    began_s = time.monotonic()
    pair.ours.start()
    pair.wait("the window is full", lambda: len(tap.all(BndUpd, by=pair.theirs.role, since=began_s)) == 10)
    pair.wait("the link breaks", lambda: "link-down" in pair.ours.log().rsplit('"started"', maxsplit=1)[-1])


@pytest.mark.protocol(81, 148, "Q4", "Q27")
def test_a_dhcpd_in_partner_down_goes_on_after_all_acks_of_its_window_were_lost(
    pair_of: PairOf, figure: Callable[[str], None]
) -> None:
    pair = pair_of(LARGE)
    tap = pair.tap()
    pair.start()
    pair.ours.kill()
    pair.wait("dhcpd is alone", lambda: pair.theirs.state() is ALONE)
    clients = pair.crowd.clients(25, of=pair.theirs.role)
    assert {client.takes().server for client in clients} == {pair.theirs.address}
    pair.theirs.partner_down()
    pair.wait("dhcpd takes our place", lambda: pair.theirs.state() is FailoverState.PARTNER_DOWN)

    fill_window(pair, tap, MessageType.BNDACK)
    stuck = tap.all(BndUpd, by=pair.theirs.role)[-10:]
    pair.mend()
    mended_s = time.monotonic()
    pair.wait("dhcpd has told all", lambda: pair.ours.state() is FailoverState.RECOVER_WAIT)
    figure(f"ours {pair.role}: a window of lost acks overcome {time.monotonic() - mended_s:.1f} s after")
    pair.equal()
    assert len(tap.all(UpdDone, by=pair.theirs.role, since=mended_s)) >= 1
    late, *_ = tap.all(BndAck, by=pair.role, since=mended_s)
    assert late.xid in {update.xid for update in stuck if update.address == late.address}
    settled(pair)


@pytest.mark.protocol("Q4", "Q12")
def test_a_first_start_that_is_killed_in_the_middle_ends_in_normal_all_the_same(pair_of: PairOf) -> None:
    pair = pair_of(LARGE)
    tap = pair.tap()
    pair.theirs.start()
    fill_window(pair, tap, MessageType.BNDUPD)
    pair.ours.kill()
    pair.mend()
    pair.ours.start()
    settled(pair)
    pair.share_equally()
