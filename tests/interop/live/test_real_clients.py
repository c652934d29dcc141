"""Clients as they are in the field: busybox's udhcpc and ISC's dhclient."""

from __future__ import annotations

from functools import partial

import pytest

from edgepair_contract.vocabulary import BindingState
from tests.interop.live.pair import Pair, settled

# udhcpc sends a client identifier: these hash to 96 and 140; by their hardware alone, to 244 and 105.
OF_PRIMARY, OF_SECONDARY = "02:76:00:00:00:01", "02:76:00:00:00:04"


def nobody_has(pair: Pair, address: str) -> bool:
    return pair.bound(pair.ours, address) is None and pair.bound(pair.theirs, address) is None


@pytest.mark.protocol(103, 105, 112)
def test_udhcpc_takes_renews_and_gives_back_leases_of_both_halves(pair: Pair) -> None:
    pair.start()
    clients = [pair.udhcpc(mac) for mac in (OF_PRIMARY, OF_SECONDARY)]
    for client, server in zip(clients, (pair.primary, pair.secondary), strict=True):
        client.start()
        address, by = client.bound()
        assert by == server.address
        pair.equal()
        assert pair.bound(pair.ours, address) == client.mac
        assert client.renew()[0] == address
        client.release()
        pair.wait(f"{address} is bound to nobody", partial(nobody_has, pair, address))
    settled(pair)


def test_dhclient_takes_and_gives_back_a_lease(pair: Pair) -> None:
    pair.start()
    client = pair.dhclient(OF_PRIMARY)
    client.start()
    address = client.bound()
    pair.equal()
    assert pair.ours.table()[address].state is BindingState.ACTIVE
    client.release()
    pair.wait(f"{address} is bound to nobody", partial(nobody_has, pair, address))
    settled(pair)
