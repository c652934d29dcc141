"""In Normal, long after the last fault, who renews at half time gets all it wants: MCLT shortens the first lease only.

The partner has acknowledged the first one by then, and how long the client may come to hold the address if it renews at
half of its time. Who renews later gets what is left of that, and MCLT.
"""

from __future__ import annotations

from collections.abc import Mapping

from edgepair_engine.wire.dhcp4 import Dhcp4Packet
from edgepair_engine.wire.dhcp4_options import Dhcp4Type
from edgepair_sim.bounds import normal_bound_s
from edgepair_sim.checkers.checker import Checker
from edgepair_sim.clients import Client
from edgepair_sim.holding import Holding
from edgepair_sim.node import Node
from edgepair_sim.page import dotted
from edgepair_sim.scene import Scene

ACKED_WITHIN_S = 60.0  # both are in touch: an update takes less than a second
READING_S = 2  # leases are whole seconds
SAME_END_S = 70.0  # a lease that ends like one given before is that one, repeated, perhaps by the other server's clock


class RenewedLeaseIsWhole(Checker):
    """Remembers the last lease of each client since all was well, as long as the client kept to it."""

    name = "renewed-lease-is-whole"

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene)
        self._well_from_s = scene.script.healed_s + normal_bound_s(scene.script)
        self._had: dict[int, Holding] = {}  # by client
        # by address and machine: its end, and how many seconds it had when it was new (0: given before all was well)
        self._given: dict[tuple[int, bytes], dict[float, int]] = {}

    def answered(self, node: Node, packet: Dhcp4Packet) -> None:
        """Note a lease; when its client misses it, or gets a shorter one meanwhile, it is told the rest of it later."""
        if packet.message_type == Dhcp4Type.ACK and packet.yiaddr and packet.lease_time_s is not None:
            end_s = self.scene.now_s + packet.lease_time_s
            given = self._given.setdefault((packet.yiaddr, packet.chaddr), {})
            if _same_end(given, end_s) is None:
                given[end_s] = packet.lease_time_s if self.scene.now_s >= self._well_from_s else 0
            for over_s in [each_s for each_s in given if each_s + SAME_END_S < self.scene.now_s]:
                del given[over_s]

    def promised(self, client: Client, holding: Holding) -> None:
        """Compare a lease with the one before, if that was of the same client and address, and had not ended."""
        had = self._had.pop(client.number, None)
        if holding.asked_s < self._well_from_s:
            return
        given_s, given_at_s = self._given_for(client, holding)
        if abs(given_s - holding.lease_s) <= READING_S:
            self._had[client.number] = holding  # not the rest of one that it missed
        if had is None or (had.key, had.address) != (holding.key, holding.address):
            return
        if abs(had.end_s - holding.end_s) <= SAME_END_S:
            return  # asked for early, it is told again
        # Now, since what it asked at first may have been lost, and repeated late.
        in_time = self.scene.now_s <= had.asked_s + had.lease_s / 2 + READING_S
        # The rest of one that the other server gave when it asked before says nothing of what it gets for renewing.
        if given_s and in_time and given_at_s >= had.asked_s + ACKED_WITHIN_S:
            self._compare(client, had, holding, given_s=given_s)

    def gave_up(self, client: Client, holding: Holding, why: str) -> None:
        """Hear that a client is done with its lease: the next one is a first one."""
        self._had.pop(client.number, None)

    def _given_for(self, client: Client, holding: Holding) -> tuple[int, float]:
        """Return how long the lease was that this is, or is the rest of (0: given before all was well), and since when.

        True seconds.
        """
        given = self._given[holding.address, client.mac]
        end_s = _same_end(given, self.scene.now_s + holding.lease_s)
        if end_s is None:
            return holding.lease_s, self.scene.now_s
        return given[end_s], end_s - given[end_s]

    def _compare(self, client: Client, had: Holding, holding: Holding, *, given_s: int) -> None:
        wanted_s = client.guise.wanted_s or self.scene.wishes.settings.lease_s
        if given_s < wanted_s - READING_S:
            raise self.broken(
                f"{client.name} renews {dotted(holding.address)} and gets {given_s} s of {wanted_s} s, "
                f"{holding.asked_s - had.asked_s:.0f} s after a lease of {had.lease_s} s"
            )


def _same_end(given: Mapping[float, int], end_s: float) -> float | None:
    """Return the end of the lease given before that this end is: perhaps by the other server's clock."""
    return next((each_s for each_s in given if abs(each_s - end_s) <= SAME_END_S), None)
