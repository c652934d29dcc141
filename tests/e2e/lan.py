"""Real DHCP clients on the LANs of the kind cluster: each in a network namespace on the bridge, some behind a relay.

with places(tmp_path) as lans:
    client = lans.client(LAN)
    client.start()
    address, server = client.bound()
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import count
from pathlib import Path

from hack.kind.networks import LAN, LAN10, VLAN_ID, Lan
from tests.interop.clients import Udhcpc
from tests.interop.netns import NAME_START, ip, sweep
from tests.interop.process import Process

DHCRELAY = shutil.which("dhcrelay", path="/usr/sbin:/sbin:/usr/bin")
RELAY_GIADDR = "10.1.0.20"  # outside the example's range 10.1.0.50 to .250
RELAY_UPSTREAM = "10.1.0.21/24"

_numbers = count(1)


class Places:
    """The clients and relays of one test. Their names hold our process id, so that test runs do not meet."""

    def __init__(self, folder: Path) -> None:
        sweep()
        self._folder = folder
        self._namespaces: list[str] = []
        self._running: list[Process | Udhcpc] = []

    def client(self, lan: Lan = LAN) -> Udhcpc:
        """Return a client on a LAN, not started yet."""
        return self._udhcpc(self._join(lan, "eth0"))

    def relayed_client(self, servers: Sequence[str]) -> RelayedClient:
        """Return a client, not started yet, whose packets reach the servers by ISC's dhcrelay on `lan` only."""
        relay = self._join(LAN, "upstream")
        client = self._namespace()
        ip("-n", relay, "link", "add", "clients", "type", "veth", "peer", "name", "eth0", "netns", client)
        ip("-n", client, "link", "set", "eth0", "up")
        # The relay's address on the clients' side becomes giaddr, and picks the scope: it must be one of 10.1.0.0/24.
        ip("-n", relay, "addr", "add", f"{RELAY_GIADDR}/32", "dev", "clients")
        ip("-n", relay, "addr", "add", RELAY_UPSTREAM, "dev", "upstream")
        ip("-n", relay, "link", "set", "clients", "up")
        _route_like_one_segment(relay)
        assert DHCRELAY is not None, "no dhcrelay (isc-dhcp-relay): run `make setup`"
        command = [DHCRELAY, "-4", "-d", "--no-pid", "-id", "clients", "-iu", "upstream", *servers]
        self._running.append(Process(command, self._folder / f"{relay}.log", namespace=relay))
        return RelayedClient(self._udhcpc(client), relay)

    def close(self) -> None:
        """End everything."""
        for one in reversed(self._running):
            one.stop() if isinstance(one, Udhcpc) else one.kill()
        for namespace in self._namespaces:
            ip("netns", "del", namespace)

    def _udhcpc(self, namespace: str) -> Udhcpc:
        client = Udhcpc(namespace, self._folder / namespace, _mac())
        self._running.append(client)
        return client

    def _join(self, lan: Lan, device: str) -> str:
        """Return a new namespace with a device on the LAN: a port of its bridge, or a VLAN on a port of lan."""
        namespace = self._namespace()
        port = f"{NAME_START}{os.getpid()}p{next(_numbers)}"
        tagged = not Path("/sys/class/net", lan.bridge).exists() and lan is LAN10
        inner, bridge = ("trunk", LAN.bridge) if tagged else (device, lan.bridge)
        ip("link", "add", port, "type", "veth", "peer", "name", inner, "netns", namespace)
        ip("link", "set", port, "master", bridge, "up")
        ip("-n", namespace, "link", "set", inner, "up")
        if tagged:
            ip("-n", namespace, "link", "add", "link", inner, "name", device, "type", "vlan", "id", VLAN_ID)
            ip("-n", namespace, "link", "set", device, "up")
        return namespace

    def _namespace(self) -> str:
        name = f"{NAME_START}-{os.getpid()}-kind{next(_numbers)}"
        ip("netns", "add", name)
        self._namespaces.append(name)
        ip("-n", name, "link", "set", "lo", "up")
        return name


@contextmanager
def places(folder: Path) -> Iterator[Places]:
    """Lend namespaces on the LANs; they and what runs in them are gone after the block."""
    lent = Places(folder)
    try:
        yield lent
    finally:
        lent.close()


class RelayedClient:
    """A client behind a relay, which also routes what client and servers then say to each other by unicast."""

    def __init__(self, client: Udhcpc, relay: str) -> None:
        self._client = client
        self._relay = relay

    def start(self) -> None:
        """Ask for a lease."""
        self._client.start()

    def bound(self) -> tuple[str, str]:
        """Return the address it got and the server that gave it, once it has one and is reachable under it."""
        address, server = self._client.bound()
        ip("-n", self._relay, "route", "replace", f"{address}/32", "dev", "clients")
        return address, server

    def renew(self) -> tuple[str, str]:
        """Ask for a renewal; return the address and the server that granted it."""
        return self._client.renew()

    def release(self) -> None:
        """Give the lease back."""
        self._client.release()


def _route_like_one_segment(relay: str) -> None:
    """Answer for each side's addresses on the other: both are of 10.1.0.0/24, and the hosts expect no router."""
    settings = ["net.ipv4.ip_forward=1"]
    for device in ("upstream", "clients"):
        settings += [f"net.ipv4.conf.{device}.proxy_arp=1", f"net.ipv4.neigh.{device}.proxy_delay=0"]
        settings += [f"net.ipv4.conf.{device}.send_redirects=0"]
    ip("netns", "exec", relay, "sysctl", "-q", "-w", *settings)


def _mac() -> str:
    """Return a locally administered hardware address that no other client of any run on this machine has."""
    return "02:" + ":".join(f"{byte:02x}" for byte in os.urandom(5))
