"""One server has lost what it had stored, and learns everything again from its partner."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from edgepair_contract.vocabulary import FailoverState
from tests.interop.live.conftest import PairOf
from tests.interop.live.pair import NORMAL, Pair, settled
from tests.interop.live.servers import Server
from tests.interop.live.terms import Terms

ALONE = FailoverState.COMMUNICATIONS_INTERRUPTED
DOWN = FailoverState.PARTNER_DOWN
RECOVER = FailoverState.RECOVER
WAIT = FailoverState.RECOVER_WAIT
RECOVERED = FailoverState.RECOVER_DONE
OURS_OR_THEIRS = ("ours", "theirs")

SHORT_WAIT = Terms(mclt_s=12, lease_s=240)
WE_TELL = Terms(last="10.77.1.159", mclt_s=12, lease_s=240)  # 60 addresses
DHCPD_TELLS = Terms(first="10.77.4.0", last="10.77.6.87", mclt_s=12, lease_s=240)  # 600


def lose(pair: Pair, whose: str, *, survivor_is_told: bool) -> tuple[Server, Server]:
    """Kill a server and remove its store; return it and the survivor."""
    lost = pair.ours if whose == "ours" else pair.theirs
    survivor = pair.partner(lost)
    lost.kill()
    pair.wait("the survivor notices", lambda: survivor.state() is ALONE)
    if survivor_is_told:
        survivor.partner_down()
        pair.wait("the survivor believes it", lambda: survivor.state() is DOWN)
    lost.lose_store()
    return lost, survivor


@pytest.mark.gate
@pytest.mark.parametrize("survivor_is_told", [False, True], ids=["survivor-is-alone", "survivor-is-in-partner-down"])
@pytest.mark.parametrize("whose", OURS_OR_THEIRS)
@pytest.mark.protocol(64, 77, 83, 84, 86, 88, 89, 90, 110, 113, 145, 147, "Q20")
def test_a_server_that_lost_its_store_is_told_everything_and_waits_for_mclt(
    pair_of: PairOf, whose: str, survivor_is_told: bool, figure: Callable[[str], None]
) -> None:
    pair = pair_of(SHORT_WAIT)
    pair.start()
    renewing, *clients = pair.holding(4)
    for client in pair.crowd.clients(4):
        client.takes()
    pair.equal()
    lost, survivor = lose(pair, whose, survivor_is_told=survivor_is_told)
    asked_before, moves_before = len(pair.requests_of(lost)), len(survivor.moves())
    began_s = time.monotonic()
    lost.start()
    pair.wait("it waits, and its partner serves", lambda: (lost.state(), survivor.state()) == (WAIT, DOWN))
    assert set(pair.requests_of(lost)[asked_before:]) == {"UPDREQALL"}
    newcomer = pair.crowd.client(of=lost.role)
    assert newcomer.takes().server == survivor.address
    renewed = renewing.renews(at=survivor.address)  # by a dhcpd that has told it meanwhile: for MCLT only
    assert (renewed.address, renewed.server) == (renewing.address, survivor.address)
    pair.wait("it is NORMAL again", lambda: lost.state() is NORMAL)
    took_s = time.monotonic() - began_s
    assert took_s > 11.0  # MCLT, in whole seconds
    figure(f"ours {pair.role}: store of {whose} lost, NORMAL {took_s:.1f} s after its start (MCLT 12)")
    assert lost.moves()[-3:] == [WAIT, RECOVERED, NORMAL]
    assert survivor.moves()[moves_before:] == ([NORMAL] if survivor_is_told else [DOWN, NORMAL])
    settled(pair)
    for client in clients:
        assert pair.bound(lost, client.address) == client.mac
    assert newcomer.renews(at=lost.address).address == newcomer.address


@pytest.mark.parametrize("how", ["the link is cut", "it is killed"])
@pytest.mark.parametrize("whose", OURS_OR_THEIRS)
@pytest.mark.protocol(74, 98, 145, 148, "I3", "Q4")
def test_a_recovery_that_is_interrupted_asks_for_everything_again(pair_of: PairOf, whose: str, how: str) -> None:
    pair = pair_of(DHCPD_TELLS if whose == "ours" else WE_TELL)
    pair.start()
    clients = pair.holding(8)
    pair.slow_down(pair.theirs if whose == "ours" else pair.ours)
    pair.equal()
    lost, _survivor = lose(pair, whose, survivor_is_told=True)
    lost.start()
    pair.catch("it knows some of it", lambda: lost.state() is RECOVER and len(lost.table()) > 5)
    if how == "the link is cut":
        pair.cut()
        pair.wait("the link is gone", lambda: not pair.ours.connected())
        assert lost.state() is RECOVER
        pair.mend()
    else:
        lost.kill()
        lost.start()
    settled(pair)
    assert pair.requests_of(lost)[-2:] == ["UPDREQALL", "UPDREQALL"]
    for client in clients:
        assert pair.bound(lost, client.address) == client.mac
