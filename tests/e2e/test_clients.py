"""Real DHCP clients on the pair's segments: by broadcast, through a relay, on the tagged interface."""

from __future__ import annotations

from ipaddress import IPv4Address
from pathlib import Path

import pytest

from hack.kind.networks import LAN10
from tests.e2e.lan import places
from tests.e2e.pair import Pair

pytestmark = pytest.mark.gate

SERVERS = ("10.1.0.2", "10.1.0.3")


def test_a_client_leases_by_broadcast_renews_and_releases(pair: Pair, tmp_path: Path) -> None:
    with places(tmp_path) as lans:
        client = lans.client()
        client.start()
        address, server = client.bound()
        assert is_between(address, "10.1.0.50", "10.1.0.250")
        assert server in SERVERS
        assert client.events("bound")[-1][2:] == ["3600", "10.1.0.1"]  # MCLT bounds the first lease
        assert client.renew()[0] == address
        client.release()


def test_a_client_behind_a_relay_leases_from_the_same_scope(pair: Pair, tmp_path: Path) -> None:
    with places(tmp_path) as lans:
        client = lans.relayed_client(SERVERS)
        client.start()
        address, _ = client.bound()
        assert is_between(address, "10.1.0.50", "10.1.0.250")
        assert client.renew()[0] == address
        client.release()


def test_a_client_on_the_tagged_interface_leases_from_its_own_scope(pair: Pair, tmp_path: Path) -> None:
    with places(tmp_path) as lans:
        client = lans.client(LAN10)
        client.start()
        address, server = client.bound()
        assert is_between(address, "10.10.0.20", "10.10.0.250")
        assert server in ("10.10.0.2", "10.10.0.3")
        client.release()


def is_between(address: str, first: str, last: str) -> bool:
    return IPv4Address(first) <= IPv4Address(address) <= IPv4Address(last)
