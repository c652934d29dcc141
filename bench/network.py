"""The bench's network: a relay with all clients behind it, and two servers, each in a namespace, on one bridge."""

from __future__ import annotations

from tests.interop.netns import Lan, ip

RELAY = "10.64.0.1"
SERVERS = ("10.64.0.2", "10.64.0.3")
BROADCAST = "255.255.255.255"
PREFIX = "10.64.0.0/12"
NETMASK = "255.240.0.0"
FIRST_LEASE = int.from_bytes(bytes((10, 64, 1, 0)))


class Network:
    """Three namespaces: `relay`, and `servers` for the primary and the secondary."""

    def __init__(self) -> None:
        self._lan = Lan()
        self.relay = self._lan.join("cl", f"{RELAY}/12")
        self.servers = [self._lan.join(f"s{number}", f"{address}/12") for number, address in enumerate(SERVERS, 1)]

    def unplug(self, server: int) -> None:
        """Take the power from a server's host, as far as its neighbours can see."""
        ip("-n", self.servers[server], "link", "set", "eth0", "down")

    def plug_in(self, server: int) -> None:
        """Undo `unplug`."""
        ip("-n", self.servers[server], "link", "set", "eth0", "up")

    def close(self) -> None:
        """Remove it."""
        self._lan.close()


def dotted(address: int) -> str:
    """Return an address as people write it."""
    return ".".join(str(byte) for byte in address.to_bytes(4))
