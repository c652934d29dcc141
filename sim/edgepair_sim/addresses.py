"""Which addresses a server may give away, by what its disk and its configuration say and by what it has offered."""

from __future__ import annotations

from collections.abc import Iterable

from edgepair_engine.dhcp.offers import OFFER_HELD_S
from edgepair_engine.failover.serving import own_free_state
from edgepair_engine.leases.lease import Lease
from edgepair_sim.deeds import Configure, Deed
from edgepair_sim.node import Node
from edgepair_sim.pair import FIRST_HOST
from edgepair_sim.scene import Scene

HELD_S = OFFER_HELD_S + 1.0  # by true time: no clock is so slow


class Offered:
    """What a server has offered and nobody has taken, as far as answers show it."""

    def __init__(self) -> None:
        self._held: dict[int, tuple[bytes, float]] = {}

    def hold(self, address: int, mac: bytes, now_s: float) -> None:
        """Hear of an offer."""
        self._held[address] = mac, now_s + HELD_S

    def is_open_to(self, address: int, mac: bytes, now_s: float) -> bool:
        """Return whether no other host may still take this address."""
        holder, until_s = self._held.get(address, (mac, 0.0))
        return holder == mac or until_s <= now_s

    def clear(self) -> None:
        """Forget everything, as the server does when it ends."""
        self._held.clear()


class Ranges:
    """The addresses that both servers surely manage, whatever configuration each has by now."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._fewest = scene.wishes.addresses
        self._settled_s = 0.0

    def done(self, deed: Deed) -> None:
        """Hear what is done, just before it is."""
        if isinstance(deed, Configure):
            self._fewest = min(self._count(), self._scene.wishes.changed(deed.change, deed.value).addresses)
            self._settled_s = max(self._settled_s, deed.whole_at_s)

    def of(self, relay: int) -> range:
        """Return those for clients behind a relay; 0: on the servers' own network."""
        network = (relay or self._scene.lan.address_of(next(iter(self._scene.nodes.values())))) & 0xFFFFFF00
        return range(network + FIRST_HOST, network + FIRST_HOST + self._count())

    def _count(self) -> int:
        return self._scene.wishes.addresses if self._scene.now_s > self._settled_s else self._fewest


def open_count(node: Node, addresses: Iterable[int], offered: Offered, *, mac: bytes, now_s: float) -> int:
    """Return how many of these addresses a server may give to a host: only those that are its own."""
    own = own_free_state(node.config.groups[0].role)
    now = node.now()
    return sum(
        1
        for address in addresses
        if (lease := lease_of(node, address)).state is own
        and not lease.may_be_in_use(now)
        and offered.is_open_to(address, mac, now_s)
    )


def lease_of(node: Node, address: int) -> Lease:
    """Return what a server has stored of an address: one never used is FREE, the primary's."""
    record = node.disk.lease(address)
    return Lease(address) if record is None else record.lease
