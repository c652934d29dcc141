"""One address is never validly held by two clients, by the clients' own clocks."""

from __future__ import annotations

from ipaddress import IPv4Address

from edgepair_sim.checkers.checker import Checker
from edgepair_sim.clients import Client
from edgepair_sim.holding import Holding


class OneAddressOneClient(Checker):
    """Compares each promise with all that still hold for the same address."""

    name = "one-address-one-client"

    def promised(self, client: Client, holding: Holding) -> None:
        """Look for another client that counts on this address now."""
        for other in self.scene.clients:
            held = other.holding
            if other is client or held is None or held.address != holding.address or held.until_s <= self.scene.now_s:
                continue
            raise self.broken(
                f"{IPv4Address(holding.address)} is promised to {client.name} until {holding.until_s:.1f} "
                f"and to {other.name} until {held.until_s:.1f}"
            )
