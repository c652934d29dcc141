"""What we remember of a lease where dhcpd forgets, and forget where it remembers; it is content with both."""

from __future__ import annotations

import time

import pytest

from edgepair_contract.vocabulary import FailoverState
from edgepair_engine.leases.lease import CLOCK_TOLERANCE_S
from tests.interop.live.conftest import PairOf
from tests.interop.live.pair import Pair, settled
from tests.interop.live.terms import Terms

ALONE = FailoverState.COMMUNICATIONS_INTERRUPTED


@pytest.mark.protocol(124, "I4", "Q14")
def test_when_a_client_of_dhcpds_was_heard_last_is_kept_and_told_back(pair: Pair) -> None:
    pair.start()
    client = pair.crowd.client(of=pair.theirs.role)
    address = client.takes().address
    heard_at = time.time()
    pair.equal()
    assert abs(pair.ours.rows()[address]["cltt"] - heard_at) <= 2
    pair.cut()
    pair.reach(ALONE)
    client.renews(at=pair.ours.address)
    pair.mend()
    settled(pair)
    pair.wait("dhcpd takes our later word on its own client", lambda: pair.ours.acked(address))


@pytest.mark.protocol(122, "I5", "Q10")
def test_the_next_client_of_an_address_gets_no_more_than_mclt_for_what_the_last_was_promised(pair_of: PairOf) -> None:
    """dhcpd would add what the partner was told of the last client to the first lease of the next."""
    pair = pair_of(Terms(first="10.77.1.100", last="10.77.1.103", mclt_s=60))
    pair.start()
    pair.crowd.client(of=pair.ours.role).takes()
    last = pair.crowd.client(of=pair.ours.role, wish_s=400)
    address = last.takes().address
    pair.wait("dhcpd acknowledges", lambda: pair.ours.acked(address))
    assert pair.ours.rows()[address]["tsfp"] - time.time() > 200, "dhcpd was told of far more than MCLT beyond its end"
    following = pair.crowd.client(of=pair.ours.role)
    pair.wait("the last one's time is over", lambda: pair.bound(pair.ours, address) is None)
    ended_at = pair.ours.rows()[address]["ends_at"]
    pair.wait("no clock counts it as the last one's any more", lambda: time.time() - ended_at > CLOCK_TOLERANCE_S + 1)
    promise = following.takes()
    assert (promise.address, promise.server) == (address, pair.ours.address)
    assert promise.lease_s == 60
    settled(pair)
