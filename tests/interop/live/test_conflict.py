"""Both took each other for dead, gave leases unheard, and meet again."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial

import pytest

from edgepair_contract.vocabulary import FailoverState
from tests.interop.live.clients import Client
from tests.interop.live.conftest import PairOf
from tests.interop.live.pair import NORMAL, Pair, settled
from tests.interop.live.servers import Server
from tests.interop.live.terms import Terms

ALONE = FailoverState.COMMUNICATIONS_INTERRUPTED
DOWN = FailoverState.PARTNER_DOWN
CONFLICT = FailoverState.POTENTIAL_CONFLICT
DONE = FailoverState.CONFLICT_DONE
INTERRUPTED = FailoverState.RESOLUTION_INTERRUPTED

WIDE = Terms(first="10.77.4.0", last="10.77.6.87", mclt_s=120)
WE_TELL, DHCPD_TELLS = 40, 260  # leases: enough for seconds when the pair is slowed down
TAKE_LIMIT_S = 60.0


def part(pair: Pair) -> None:
    """Cut the link and tell both that their partner is down."""
    pair.cut()
    pair.reach(ALONE)
    pair.ours.partner_down()
    pair.theirs.partner_down()
    pair.reach(DOWN)


@pytest.mark.gate
@pytest.mark.protocol(85, 91, 92, 93, 94, 95, 100, 102, 144)
def test_two_that_took_each_other_for_dead_settle_it_and_the_primary_asks_first(pair: Pair) -> None:
    pair.start()
    old = [pair.crowd.client() for _ in range(3)]
    for client in old:
        client.takes()
    pair.equal()
    part(pair)
    new = [pair.crowd.client() for _ in range(6)]
    for client, server in zip(new, [pair.primary, pair.secondary] * 3, strict=True):
        assert client.takes(at=server.address).server == server.address
    old[0].renews(at=pair.ours.address)
    old[0].renews(at=pair.theirs.address)
    old[1].renews(at=pair.theirs.address)
    old[1].renews(at=pair.ours.address)
    old[2].releases()
    pair.mend()
    pair.reach(NORMAL)
    assert pair.primary.moves()[-4:] == [DOWN, CONFLICT, DONE, NORMAL]
    assert pair.secondary.moves()[-3:] == [DOWN, CONFLICT, NORMAL]
    for client in (*old[:2], *new):
        for server in (pair.ours, pair.theirs):
            what = f"{client.address} belongs to {client.mac} at the {server.role}"
            pair.wait(what, partial(has, pair, server, client.address, client.mac))
    settled(pair)


def has(pair: Pair, server: Server, address: str, mac: str) -> bool:
    return pair.bound(server, address) == mac


@pytest.mark.parametrize("how", ["the link is cut", "we are killed", "dhcpd is killed"])
@pytest.mark.parametrize("phase", [CONFLICT, DONE], ids=["the-primary-asks", "the-secondary-asks"])
@pytest.mark.protocol(73, 74, 96, 97, "Q3", "Q17")
def test_a_conflict_that_is_interrupted_is_taken_up_again(
    pair_of: PairOf, phase: FailoverState, how: str, figure: Callable[[str], None]
) -> None:
    pair = pair_of(WIDE)
    pair.start()
    we_tell = (phase is DONE) == (pair.role == "primary")
    teller: Server = pair.ours if we_tell else pair.theirs
    pair.slow_down(teller)
    part(pair)
    all_take(pair, pair.crowd.clients(WE_TELL if we_tell else DHCPD_TELLS), at=teller)
    pair.crowd.client().takes(at=pair.partner(teller).address)
    pair.mend()
    began_s = time.monotonic()
    pair.catch(f"the primary in {phase.label}", lambda: pair.primary.state() is phase)
    if how == "the link is cut":
        pair.cut()
        pair.wait("the secondary notices", lambda: pair.secondary.state() is INTERRUPTED)
        pair.wait("the primary notices", lambda: pair.primary.state() is (INTERRUPTED if phase is CONFLICT else DONE))
        pair.mend()
    else:
        struck = pair.ours if how == "we are killed" else pair.theirs
        struck.kill()
        survivor = pair.partner(struck)
        expected = DONE if phase is DONE and survivor is pair.primary else INTERRUPTED
        pair.wait("the survivor notices", lambda: survivor.state() is expected)
        struck.start()
    settled(pair)
    figure(
        f"ours {pair.role}: conflict interrupted in {phase.label}, {how}, settled in {time.monotonic() - began_s:.1f} s"
    )


def all_take(pair: Pair, clients: list[Client], *, at: Server) -> None:
    """Get a lease for each client at one server, fifty at a time."""
    deadline_s = time.monotonic() + TAKE_LIMIT_S
    while wanting := [client for client in clients if client.lease is None][:50]:
        assert time.monotonic() < deadline_s, f"{len(wanting)} clients get no lease"
        for client in wanting:
            client.discovers(at=at.address)
        with suppress(AssertionError):
            pair.crowd.wait("their leases", partial(all_bound, wanting), within_s=2.0)


def all_bound(clients: list[Client]) -> bool:
    return all(client.lease is not None for client in clients)
