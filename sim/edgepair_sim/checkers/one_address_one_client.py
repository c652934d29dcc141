"""One address is never validly held by two clients, by the clients' own clocks.

Not longer than the clocks of the servers are at odds: with each other, or with themselves after a step. And not between
promises of which a rule in `doubles.py` says that nobody could keep them apart. Then both clients lose the protection
of what they hold at that moment, until they are given something anew.
"""

from __future__ import annotations

from edgepair_contract.report import MemberReport
from edgepair_engine.wire.dhcp4 import Dhcp4Packet
from edgepair_engine.wire.dhcp4_options import Dhcp4Type
from edgepair_engine.wire.failover import FailoverMessage
from edgepair_sim.acknowledged import Acknowledged
from edgepair_sim.addresses import Ranges
from edgepair_sim.bounds import mclt_max_s
from edgepair_sim.checkers.checker import Checker
from edgepair_sim.circumstances import Standings
from edgepair_sim.clients import Client
from edgepair_sim.clock import START_AT
from edgepair_sim.deeds import Deed
from edgepair_sim.doubles import Circumstances, partner_was_declared_down, reach_s, store_lacked_it
from edgepair_sim.holding import Holding
from edgepair_sim.node import Node
from edgepair_sim.page import dotted
from edgepair_sim.scene import Scene
from edgepair_sim.skew import READING_S, Skew


class OneAddressOneClient(Checker):
    """Compares each promise with all that still hold for the same address."""

    name = "one-address-one-client"

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene)
        self._skew = Skew(scene.script)
        self._standings = Standings(scene)
        self._ranges = Ranges(scene)
        self._acknowledged = Acknowledged()
        self._mclt_max_s = mclt_max_s(scene.script)
        self._answers: dict[tuple[int, bytes], Circumstances] = {}  # of the latest ACK, by address and hardware
        self._made: dict[Holding, Circumstances] = {}  # of what clients hold now
        self._lost: set[Holding] = set()  # what nobody protects any more
        self._forgot = dict.fromkeys(scene.nodes, 0)

    def done(self, deed: Deed) -> None:
        """Keep the ranges."""
        self._ranges.done(deed)

    def spoke(self, node: Node, message: FailoverMessage) -> None:
        """Keep what the partner has acknowledged."""
        self._acknowledged.hear(node.name, self.scene.partner_of(node).name, message)

    def published(self, node: Node, report: MemberReport) -> None:
        """Keep how a server stands."""
        self._standings.published(node, report)

    def started(self, node: Node) -> None:
        """Look whether a server has begun on a store that was lost or put back."""
        if self._forgot[node.name] != len(node.disk.forgot_from_s):
            self._forgot[node.name] = len(node.disk.forgot_from_s)
            self._lost.update(holding for holding in self._holdings() if self._is_forgotten(holding, node))
            self._lost.update(holding for holding in self._holdings() if self._is_managed_by_nobody(holding))

    def answered(self, node: Node, packet: Dhcp4Packet) -> None:
        """Keep how a server stood when it sent an ACK."""
        if packet.message_type == Dhcp4Type.ACK and packet.yiaddr:
            self._answers[packet.yiaddr, packet.chaddr] = self._standings.of(node)

    def promised(self, client: Client, holding: Holding) -> None:
        """Look for another client that counts on this address now."""
        made = self._answers[holding.address, client.mac]
        for held in self._holdings():
            if held.address == holding.address and held.key != holding.key:
                self._compare(holding, made, held)
        self._made[holding] = made
        if len(self._made) > 4 * len(self.scene.clients):
            self._forget_old()

    def _compare(self, holding: Holding, made: Circumstances, held: Holding) -> None:
        since_s = held.asked_s - reach_s(held, self._mclt_max_s)
        if held.until_s - self.scene.now_s <= self._skew.spread_s(since_s, self.scene.now_s):
            return
        before = self._made[held]
        cannot = partner_was_declared_down(made, before) or store_lacked_it(made, before)
        if not cannot and held not in self._lost:
            raise self.broken(
                f"{dotted(holding.address)} is promised to c{holding.client} until {holding.until_s:.1f} by {made} "
                f"and to c{held.client} until {held.until_s:.1f} by {before}"
            )
        self._lost.update((holding, held))

    def _is_managed_by_nobody(self, holding: Holding) -> bool:
        """Return whether the address is in no range now: nobody tells it to a server that recovers."""
        return holding.address not in self._ranges.of(holding.relay)

    def _is_forgotten(self, holding: Holding, node: Node) -> bool:
        """Return whether a promise was written in none of the two stores when this server started."""
        stores, partner = self._standings.stores, self.scene.partner_of(node)
        made, from_s = self._made[holding], node.disk.forgot_from_s[-1]
        if stores.is_blind(partner):
            partners_from_s = stores.lacking_from_s(partner)
            assert partners_from_s is not None
            return made.made_s >= min(from_s, partners_from_s)
        if made.server != node.name or made.made_s < from_s:
            return False
        known = self._acknowledged.of(node.name, holding.address)
        ends_at = START_AT + holding.until_s - self._skew.spread_s(holding.asked_s, self.scene.now_s)
        return known is None or known.client != holding.key or known.ends_at < ends_at - READING_S

    def _holdings(self) -> list[Holding]:
        guises = [guise for client in self.scene.clients for guise in client.guises]
        return [guise.holding for guise in guises if guise.holding in self._made]

    def _forget_old(self) -> None:
        held = set(self._holdings())
        self._made = {holding: made for holding, made in self._made.items() if holding in held}
        self._lost &= held
