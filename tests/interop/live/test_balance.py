"""How the free addresses are shared again when one side has given away nearly all of its own."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from edgepair_contract.vocabulary import BindingState
from tests.interop.live.conftest import PairOf
from tests.interop.live.pair import FREE_OF, Pair, settled
from tests.interop.live.servers import Server
from tests.interop.live.terms import Terms

# 24 addresses: with 12 free at the one and 1 left at the other, the other asks for more (a shortage of 5, beyond 4).
SMALL = Terms(last="10.77.1.123")
# Looks every few seconds; the other one not within a minute.
EAGER = replace(SMALL, min_balance_s=3, max_balance_s=4)


def nearly_drain(pair: Pair, server: Server) -> None:
    """Let clients take 11 of a server's 12 addresses, and wait until it has its share of what is left."""
    clients = pair.crowd.clients(11, of=server.role)
    pair.crowd.all_take(clients)
    assert {client.lease.server for client in clients if client.lease} == {server.address}
    pair.wait("both know the leases", lambda: pair.count(BindingState.ACTIVE) == 11)
    pair.wait("more than the one that was left", lambda: pair.count(FREE_OF[server.role]) >= 6)


@pytest.mark.gate
@pytest.mark.parametrize("drained", ["ours", "theirs"])
@pytest.mark.protocol(115, 149, 150, 151, 152, 155)
def test_a_server_that_runs_short_asks_for_addresses_and_gets_half(pair_of: PairOf, drained: str) -> None:
    ours, theirs = (EAGER, SMALL) if drained == "ours" else (SMALL, EAGER)
    pair = pair_of(ours, for_dhcpd=theirs)
    pair.start()
    assert (pair.count(BindingState.FREE), pair.count(BindingState.BACKUP)) == (12, 12)
    short: Server = pair.ours if drained == "ours" else pair.theirs
    nearly_drain(pair, short)
    if drained == "theirs":
        assert re.search(r"pool response: [1-9]\d* leases", pair.theirs.log())
    settled(pair)


@pytest.mark.parametrize("rich", ["ours", "theirs"])
@pytest.mark.protocol(115, 150, 153, 155)
def test_a_server_with_more_than_its_half_gives_some_back_unasked(pair_of: PairOf, rich: str) -> None:
    ours, theirs = (EAGER, SMALL) if rich == "ours" else (SMALL, EAGER)
    pair = pair_of(ours, for_dhcpd=theirs)
    pair.start()
    nearly_drain(pair, pair.theirs if rich == "ours" else pair.ours)
    settled(pair)
