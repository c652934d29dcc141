"""Leases while both serve: who answers, who renews, and how a lease ends."""

from __future__ import annotations

import time
from functools import partial

import pytest

from edgepair_contract.vocabulary import BindingState
from tests.interop.live.pair import FREE_OF, Pair, settled
from tests.interop.live.servers import Server
from tests.interop.live.terms import ROLES


def wait_until_both_have(pair: Pair, address: str, *states: BindingState, mac: str | None = None) -> None:
    """Wait until both servers have the address in one of these states, and bound to this client if one is named."""

    def there(server: Server) -> bool:
        row = server.table()[address]
        return row.state in states and (mac is None or row.hardware == mac)

    for server in (pair.ours, pair.theirs):
        what = f"{address} is {' or '.join(state.name for state in states)} at the {server.role}"
        pair.wait(what, partial(there, server))


@pytest.mark.gate
@pytest.mark.protocol(103, 104, 106, 107, 111, 119)
def test_each_client_is_answered_by_its_server_and_after_some_seconds_by_both(pair: Pair) -> None:
    pair.start()
    servers = {pair.primary.address, pair.secondary.address}
    for owner in ROLES:
        client = pair.crowd.client(of=owner)
        client.asks_around()
        pair.crowd.all_answered(servers)
        assert [offer.server for offer in client.offers] == [pair.server(owner).address]
        client.asks_around(secs=3)
        pair.crowd.all_answered(servers)
        assert [offer.server for offer in client.offers] == [pair.server(owner).address]
        client.asks_around(secs=4)
        pair.crowd.all_answered(servers)
        assert {offer.server for offer in client.offers} == servers
        lease = client.takes()
        assert (lease.server, lease.lease_s) == (pair.server(owner).address, 60)
        wait_until_both_have(pair, lease.address, BindingState.ACTIVE, mac=client.mac)
    settled(pair)


@pytest.mark.parametrize("of", ROLES)
@pytest.mark.protocol(112, 120, 121, 122, 123)
def test_a_lease_is_renewed_at_the_server_that_granted_it_and_at_the_other(pair: Pair, of: str) -> None:
    pair.start()
    granting = pair.server(of)
    other = pair.partner(granting)
    client = pair.crowd.client(of=of)
    first = client.takes()
    assert (first.server, first.lease_s) == (granting.address, 60)
    pair.wait("the first lease is acknowledged", lambda: granting.acked(first.address))
    renewed = client.renews()
    assert (renewed.address, renewed.server, renewed.lease_s) == (first.address, granting.address, 120)
    pair.equal()
    elsewhere = client.renews(at=other.address)
    assert (elsewhere.address, elsewhere.server, elsewhere.lease_s) == (first.address, other.address, 120)
    pair.equal()
    assert pair.ours.table()[first.address].ends_at >= int(elsewhere.until)
    settled(pair)


@pytest.mark.parametrize("of", ROLES)
@pytest.mark.protocol(133)
def test_a_lease_that_both_rebind_at_once_is_the_same_at_both_in_the_end(pair: Pair, of: str) -> None:
    pair.start()
    client = pair.crowd.client(of=of)
    first = client.takes()
    wait_until_both_have(pair, first.address, BindingState.ACTIVE, mac=client.mac)
    for _ in range(5):
        assert client.rebinds().address == first.address
        pair.crowd.all_answered([pair.primary.address, pair.secondary.address])
        pair.equal()
    settled(pair)


def test_a_lease_is_rebound_by_the_other_server_when_its_own_is_gone(pair: Pair) -> None:
    pair.start()
    client = pair.crowd.client(of=pair.theirs.role)
    first = client.takes()
    wait_until_both_have(pair, first.address, BindingState.ACTIVE, mac=client.mac)
    client.renews()
    pair.equal()
    pair.theirs.kill()
    rebound = client.rebinds()
    assert (rebound.address, rebound.server) == (first.address, pair.ours.address)
    pair.theirs.start()
    settled(pair)


@pytest.mark.gate
@pytest.mark.parametrize("of", ROLES)
@pytest.mark.protocol(117, 125, 129, 154)
def test_a_released_address_is_free_at_both_and_goes_back_to_the_half_of_its_client(pair: Pair, of: str) -> None:
    pair.start()
    client = pair.crowd.client(of=of)
    address = client.takes().address
    wait_until_both_have(pair, address, BindingState.ACTIVE, mac=client.mac)
    client.releases()
    wait_until_both_have(pair, address, FREE_OF[of])
    assert client.takes().address == address
    settled(pair)


@pytest.mark.protocol(130, 133)
def test_a_declined_address_is_abandoned_by_both_and_given_to_nobody(pair: Pair) -> None:
    pair.start()
    for owner in ROLES:
        client = pair.crowd.client(of=owner)
        address = client.takes().address
        wait_until_both_have(pair, address, BindingState.ACTIVE, mac=client.mac)
        client.declines()
        wait_until_both_have(pair, address, BindingState.ABANDONED)
        assert client.takes().address != address
    settled(pair)


@pytest.mark.parametrize("of", ROLES)
@pytest.mark.protocol(126)
def test_an_expired_lease_is_free_at_both_and_its_client_finds_it_again(pair: Pair, of: str) -> None:
    pair.start()
    client = pair.crowd.client(of=of, wish_s=15)
    lease = client.takes()
    assert lease.lease_s == 15
    wait_until_both_have(pair, lease.address, FREE_OF[of], mac=client.mac)  # before, it was nobody's
    assert time.time() >= lease.until
    assert client.takes().address == lease.address
    settled(pair)
