"""Terms that are not the same on both sides, and terms that change while both serve."""

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

LARGE = Terms(max_unacked_updates=100, max_response_delay_s=10)
SMALL = Terms(max_unacked_updates=5, max_response_delay_s=3)
MANY = 15  # a dhcpd with the smaller window acknowledges five of ours every 2 s


def lost_after_s(pair: Pair, server: Server, cut_at: float) -> float:
    pair.wait("it notices", lambda: server.state() is ALONE)
    return server.entered_at(ALONE) - cut_at


@pytest.mark.gate
@pytest.mark.parametrize("ours_is", ["larger", "smaller"])
@pytest.mark.protocol(43, 45, 46, 47, 137, "Q11")
def test_each_keeps_the_window_and_the_patience_of_the_other(
    pair_of: PairOf, ours_is: str, figure: Callable[[str], None]
) -> None:
    ours, theirs = (LARGE, SMALL) if ours_is == "larger" else (SMALL, LARGE)
    pair = pair_of(ours, for_dhcpd=theirs)
    pair.start()
    normal_at = time.monotonic()
    clients = pair.crowd.clients(MANY)
    for client in clients:
        client.discovers(secs=5)
    pair.crowd.wait("all have a lease", lambda: all(client.lease is not None for client in clients))
    pair.equal()
    figure(f"ours {pair.role}, {ours_is} window: {MANY} leases told in {time.monotonic() - normal_at:.1f} s")
    pair.wait("longer than either waits for a word", lambda: time.monotonic() > normal_at + 12)
    assert pair.ours.notes("link-down") == []
    cut_at = time.time()
    pair.cut()
    assert ours.max_response_delay_s - 5 <= lost_after_s(pair, pair.ours, cut_at) <= ours.max_response_delay_s + 3
    assert theirs.max_response_delay_s - 5 <= lost_after_s(pair, pair.theirs, cut_at)
    pair.mend()
    settled(pair)


@pytest.mark.protocol(52, 119)
def test_the_secondary_leases_by_the_mclt_of_the_primary_and_keeps_it(pair_of: PairOf) -> None:
    ours, theirs = Terms(mclt_s=30), Terms(mclt_s=9)
    pair = pair_of(ours, for_dhcpd=theirs)
    wanted_s = {"primary": 30, "secondary": 9}[pair.role]  # the primary's
    pair.start()
    assert pair.crowd.client(of="secondary").takes(at=pair.secondary.address).lease_s == wanted_s
    pair.equal()
    pair.primary.kill()
    pair.wait("the secondary is alone", lambda: pair.secondary.state() is ALONE)
    pair.secondary.kill()
    pair.secondary.start()
    pair.wait("the secondary is alone again", lambda: pair.secondary.state() is ALONE)
    assert pair.crowd.client().takes().lease_s == wanted_s
    pair.primary.start()
    settled(pair)


@pytest.mark.protocol(52, 119)
def test_an_mclt_that_changes_on_the_running_primary_counts_for_both(pair_of: PairOf) -> None:
    pair = pair_of(Terms(mclt_s=8))
    pair.start()
    for mclt_s in (14, 6):
        pair.primary.take_terms(Terms(mclt_s=mclt_s))
        pair.reach(NORMAL)
        for server in (pair.primary, pair.secondary):
            client = pair.crowd.client(of=server.role)
            lease = client.takes(at=server.address)
            assert lease.lease_s == mclt_s
        settled(pair)


@pytest.mark.protocol(53, 104, 106)
def test_a_split_that_changes_on_the_running_primary_counts_for_both(pair_of: PairOf) -> None:
    pair = pair_of(Terms(split=128))
    pair.start()
    for split, server in ((256, pair.primary), (0, pair.secondary)):
        pair.primary.take_terms(Terms(split=split))
        pair.reach(NORMAL)
        for client in (pair.crowd.client(of="primary"), pair.crowd.client(of="secondary")):  # by the split before
            client.asks_around()
            pair.crowd.all_answered({pair.primary.address, pair.secondary.address})
            assert [offer.server for offer in client.offers] == [server.address]
            assert client.takes().server == server.address
        settled(pair)
