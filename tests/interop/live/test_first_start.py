"""The first start of a pair, in either order, and what both have afterwards."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from edgepair_contract.vocabulary import BindingState, FailoverState
from tests.interop.live.pair import Pair, settled
from tests.interop.live.terms import ROLES


@pytest.mark.gate
@pytest.mark.protocol(32, 64, 86, 87, 90, 145, 149)
def test_two_that_start_together_reach_normal_and_halve_the_addresses(
    pair: Pair, figure: Callable[[str], None]
) -> None:
    began_s = time.monotonic()
    pair.start()
    figure(f"ours {pair.role}: both NORMAL {time.monotonic() - began_s:.2f} s after both were started")
    assert (pair.count(BindingState.FREE), pair.count(BindingState.BACKUP)) == (20, 20)
    settled(pair)
    assert pair.ours.process is not None
    figure(f"ours {pair.role}: resident memory idle in NORMAL {pair.ours.process.rss_mb():.0f} MB")


@pytest.mark.protocol(64, 71, 86, 87, 90)
@pytest.mark.parametrize("first", ROLES)
def test_one_that_starts_alone_serves_nobody_until_its_partner_is_there(pair: Pair, first: str) -> None:
    early, late = pair.server(first), pair.partner(pair.server(first))
    early.start()
    pair.wait(f"the {first} waits in RECOVER", lambda: early.state() is FailoverState.RECOVER)
    client = pair.crowd.client(of=first)
    client.asks_around(secs=10)
    pair.crowd.all_answered([early.address])
    assert client.offers == []
    late.start()
    pair.reach(FailoverState.NORMAL)
    pair.share_equally()
    assert client.takes().server == early.address
    settled(pair)
