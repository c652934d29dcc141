"""PAUSED and SHUTDOWN, ordered of us and of dhcpd, and the way back."""

from __future__ import annotations

import pytest

from edgepair_contract.vocabulary import FailoverState
from tests.interop.live.conftest import PairOf
from tests.interop.live.pair import NORMAL, Pair, settled
from tests.interop.live.terms import Terms

ALONE = FailoverState.COMMUNICATIONS_INTERRUPTED
DOWN = FailoverState.PARTNER_DOWN
PAUSED = FailoverState.PAUSED
SHUTDOWN = FailoverState.SHUTDOWN
RECOVER = FailoverState.RECOVER


def links_lost(pair: Pair) -> int:
    return len(pair.ours.notes("link-down"))


@pytest.mark.gate
@pytest.mark.protocol(75, 80, "I12")
def test_dhcpd_serves_everybody_while_we_pause(pair: Pair) -> None:
    pair.start()
    client = pair.crowd.client(of=pair.role)
    address = client.takes().address
    pair.equal()
    lost = links_lost(pair)
    pair.ours.order("pause")
    pair.reach(PAUSED, ALONE)
    assert client.renews(at=pair.theirs.address).address == address
    newcomer = pair.crowd.client(of=pair.role)
    assert newcomer.takes().server == pair.theirs.address
    assert links_lost(pair) == lost
    pair.ours.order("resume")
    settled(pair)
    assert newcomer.renews(at=pair.ours.address).server == pair.ours.address
    settled(pair)


@pytest.mark.parametrize("back", ["we are told to resume", "we are stopped and started", "we are killed and started"])
@pytest.mark.protocol(79, 84, "I12")
def test_dhcpd_takes_us_for_dead_when_we_say_shutdown_and_takes_us_back(pair_of: PairOf, back: str) -> None:
    pair = pair_of(Terms(mclt_s=8))
    pair.start()
    client = pair.crowd.client(of=pair.role)
    address = client.takes().address
    pair.equal()
    pair.ours.order("shutdown")
    pair.reach(SHUTDOWN, DOWN)
    assert client.renews(at=pair.theirs.address).address == address
    newcomer = pair.crowd.client(of=pair.role)
    assert newcomer.takes().server == pair.theirs.address
    if back == "we are told to resume":
        pair.ours.order("resume")
    else:
        (pair.ours.end if back == "we are stopped and started" else pair.ours.kill)()
        pair.ours.start()
    settled(pair)
    assert newcomer.renews(at=pair.ours.address).server == pair.ours.address
    settled(pair)


@pytest.mark.protocol(59, 80, "I12")
def test_dhcpd_knows_at_once_when_we_are_stopped_and_we_resume_what_we_were(pair: Pair) -> None:
    pair.start()
    pair.ours.end()
    pair.wait("dhcpd is alone", lambda: pair.theirs.state() is ALONE)
    assert "peer moves from normal to paused" in pair.theirs.log()
    assert pair.crowd.client(of=pair.role).takes().server == pair.theirs.address
    pair.ours.start()
    settled(pair)


@pytest.mark.protocol(75, 80)
def test_we_serve_everybody_while_dhcpd_is_paused(pair: Pair) -> None:
    pair.start()
    client = pair.crowd.client(of=pair.theirs.role)
    address = client.takes().address
    pair.equal()
    lost = links_lost(pair)
    pair.theirs.set_state(PAUSED)
    pair.reach(ALONE, PAUSED)
    assert client.renews(at=pair.ours.address).address == address
    newcomer = pair.crowd.client(of=pair.theirs.role)
    assert newcomer.takes().server == pair.ours.address
    assert links_lost(pair) == lost
    pair.theirs.set_state(NORMAL)
    settled(pair)


@pytest.mark.parametrize("restarted", [False, True], ids=["at-once", "after-a-restart"])
@pytest.mark.protocol(79, 84, "Q17")
def test_we_take_dhcpd_for_dead_when_it_says_shutdown_and_take_it_back_when_told_to_recover(
    pair: Pair, restarted: bool
) -> None:
    pair.start()
    client = pair.crowd.client(of=pair.theirs.role)
    address = client.takes().address
    pair.equal()
    pair.theirs.set_state(SHUTDOWN)
    pair.reach(DOWN, SHUTDOWN)
    assert client.renews(at=pair.ours.address).address == address
    newcomer = pair.crowd.client(of=pair.theirs.role)
    assert newcomer.takes().server == pair.ours.address
    if restarted:
        pair.theirs.end()
        pair.theirs.start()
        pair.reach(DOWN, SHUTDOWN)
    pair.theirs.set_state(RECOVER)
    settled(pair)
    assert newcomer.renews(at=pair.theirs.address).server == pair.theirs.address
    settled(pair)


@pytest.mark.protocol("Q22")
def test_dhcpd_is_stopped_by_its_control_object_and_comes_back(pair: Pair) -> None:
    pair.start()
    client = pair.crowd.client(of=pair.theirs.role)
    address = client.takes().address
    pair.equal()
    pair.theirs.shut_down()
    pair.wait("we are on our own", lambda: pair.ours.state() in {ALONE, DOWN})
    assert client.renews(at=pair.ours.address).address == address
    pair.wait("its process has ended", lambda: not pair.theirs.runs())
    pair.theirs.start()
    settled(pair)
