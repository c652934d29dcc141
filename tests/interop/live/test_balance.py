"""How the free addresses are shared again when one side has given away nearly all of its own."""

from __future__ import annotations

from dataclasses import replace

import pytest

from edgepair_contract.vocabulary import BindingState
from tests.interop.live.conftest import PairOf
from tests.interop.live.pair import FREE_OF, settled
from tests.interop.live.servers import Server
from tests.interop.live.terms import Terms

# 24 addresses: with 12 free at the one and 1 left at the other, the other asks for more (a shortage of 5, beyond 4).
SMALL = Terms(last="10.77.1.123")
EAGER = replace(
    SMALL, min_balance_s=3, max_balance_s=4
)  # looks every few seconds; the other not before a minute is over


@pytest.mark.gate
@pytest.mark.parametrize("drained", ["ours", "theirs"])
@pytest.mark.protocol(115, 149, 150, 151, 152, 155)
def test_a_server_that_runs_short_asks_for_addresses_and_gets_half(pair_of: PairOf, drained: str) -> None:
    ours, theirs = (EAGER, SMALL) if drained == "ours" else (SMALL, EAGER)
    pair = pair_of(ours, for_dhcpd=theirs)
    pair.start()
    assert (pair.count(BindingState.FREE), pair.count(BindingState.BACKUP)) == (12, 12)
    short: Server = pair.ours if drained == "ours" else pair.theirs
    clients = pair.crowd.clients(11, of=short.role)
    for client in clients:
        client.discovers()
    pair.crowd.wait("all have a lease", lambda: all(client.lease is not None for client in clients))
    assert {client.lease.server for client in clients if client.lease} == {short.address}
    pair.wait("more than the one that was left", lambda: pair.count(FREE_OF[short.role]) >= 6)
    settled(pair)


@pytest.mark.parametrize("rich", ["ours", "theirs"])
@pytest.mark.protocol(115, 150, 153, 155)
def test_a_server_with_more_than_its_half_gives_some_back_unasked(pair_of: PairOf, rich: str) -> None:
    ours, theirs = (EAGER, SMALL) if rich == "ours" else (SMALL, EAGER)
    pair = pair_of(ours, for_dhcpd=theirs)
    pair.start()
    poor: Server = pair.theirs if rich == "ours" else pair.ours
    clients = pair.crowd.clients(11, of=poor.role)
    for client in clients:
        client.discovers()
    pair.crowd.wait("all have a lease", lambda: all(client.lease is not None for client in clients))
    pair.wait("more than the one that was left", lambda: pair.count(FREE_OF[poor.role]) >= 6)
    settled(pair)
