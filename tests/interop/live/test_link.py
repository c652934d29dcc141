"""The link carries one way only, or comes and goes; clients on both sides are served all along."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from edgepair_contract.vocabulary import FailoverState
from tests.interop.live.conftest import PairOf
from tests.interop.live.load import Load
from tests.interop.live.pair import NORMAL, settled
from tests.interop.live.servers import Server
from tests.interop.live.terms import Terms

ALONE = FailoverState.COMMUNICATIONS_INTERRUPTED
PATIENT = Terms(mclt_s=120, lease_s=240)  # no lease ends meanwhile


@pytest.mark.parametrize("deaf", ["ours", "theirs"])
@pytest.mark.protocol(32, 45, 72, 75, 110, 112, 143)
def test_a_link_that_carries_one_way_only_is_lost_for_both_and_clients_of_both_are_served(
    pair_of: PairOf, deaf: str
) -> None:
    pair = pair_of(PATIENT)
    pair.start()
    servers: tuple[Server, Server] = (pair.ours, pair.theirs)
    clients = [pair.crowd.client(of=server.role) for server in servers]
    for client in clients:
        client.takes()
    pair.equal()
    pair.cut(towards=pair.ours if deaf == "ours" else pair.theirs)
    pair.reach(ALONE)
    for client, other in zip(clients, reversed(servers), strict=True):
        address = client.address
        renewed = client.renews(at=other.address)
        assert (renewed.address, renewed.server) == (address, other.address)
    newcomers = [pair.crowd.client(of=server.role) for server in servers for _ in range(4)]
    for client in newcomers:
        client.takes()
    pair.mend()
    settled(pair)
    for client in (*clients, *newcomers):
        assert pair.bound(pair.ours, client.address) == client.mac


@pytest.mark.protocol(32, 72, 75, 143)
def test_ten_flaps_of_the_link_under_load_wrong_no_client(pair_of: PairOf, figure: Callable[[str], None]) -> None:
    pair = pair_of(Terms(first="10.77.2.0", last="10.77.2.119"))
    pair.start()
    ways: tuple[Server | None, ...] = (None, pair.ours, pair.theirs)
    with Load(pair.crowd.clients(30), per_s=15) as load:
        for flap in range(10):
            pair.cut(towards=ways[flap % 3])
            pair.wait("we have lost the link", lambda: pair.ours.state() is ALONE)
            pair.mend()
            pair.wait("they are linked again", pair.ours.connected)
        pair.reach(NORMAL)
    figure(f"ours {pair.role}: ten flaps, {load.acts} acts of clients, {len(pair.crowd.history.promises)} promises")
    settled(pair)
