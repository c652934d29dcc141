"""How the free addresses are shared again when one side has given away nearly all of its own."""

from __future__ import annotations

from dataclasses import replace

import pytest

from edgepair_contract.vocabulary import BindingState
from tests.interop.live.conftest import PairOf
from tests.interop.live.pair import settled
from tests.interop.live.terms import Terms

# 24 addresses: with 12 free at the one and 1 left at the other, the other asks for more (a shortage of 5, beyond 4).
SMALL = Terms(last="10.77.1.123", mclt_s=30)
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
    short = pair.ours if drained == "ours" else pair.theirs
    own = {"primary": BindingState.FREE, "secondary": BindingState.BACKUP}[short.role]
    clients = pair.crowd.clients(11, of=short.role)
    for client in clients:
        client.discovers()
    pair.crowd.wait("all have a lease", lambda: all(client.lease is not None for client in clients))
    assert {client.lease.server for client in clients if client.lease} == {short.address}
    pair.wait("more than the one that was left", lambda: pair.count(own) >= 6, within_s=40)
    settled(pair)
