"""No lease ends later than MCLT after what the partner has acknowledged for that address and client, or after now.

Acknowledged is the potential expiry of the latest update, or the end of the lease in it if that is later. What the
partner told of the same client counts as well. The MCLT in force is the one that the two agreed on
last. This holds in every state, Partner-Down too. Only a server that runs on an old copy of its store, and has not met
its partner since, can break it.
"""

from __future__ import annotations

from edgepair_contract.report import MemberReport
from edgepair_contract.vocabulary import BindingState
from edgepair_engine.leases.lease import Lease
from edgepair_engine.wire.dhcp4 import Dhcp4Packet
from edgepair_engine.wire.dhcp4_options import Dhcp4Type
from edgepair_engine.wire.failover import ConnectAck, FailoverMessage
from edgepair_sim.acknowledged import Acknowledged
from edgepair_sim.checkers.checker import Checker
from edgepair_sim.node import Node
from edgepair_sim.page import dotted
from edgepair_sim.pair import GROUP
from edgepair_sim.scene import Scene
from edgepair_sim.skew import Skew
from edgepair_sim.stores import Stores

HELD_BACK_S = 6.0  # an answer is not older when it leaves (the pipeline drops it then)


class NoLeaseBeyondMclt(Checker):
    """Keeps an own account of what the two have told each other, and of the MCLT they agreed on."""

    name = "no-lease-beyond-mclt"

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene)
        self._acknowledged = Acknowledged()
        self._skew = Skew(scene.script)
        self._stores = Stores(scene)
        self._agreed_s: int | None = None
        self._measured: dict[tuple[str, int, bytes], int] = {}  # the latest end, by server, address and hardware
        self._answers: list[Dhcp4Packet] = []  # of the turn that is going on

    def published(self, node: Node, report: MemberReport) -> None:
        """Hear when a store that was lost or put back is whole again."""
        self._stores.published(node, report)

    def started(self, node: Node) -> None:
        """When both have begun on old stores, what the two agreed on is what those say."""
        nodes = self.scene.nodes.values()
        if all(map(self._stores.is_blind, nodes)):
            for each in nodes:
                for record in self.scene.partner_of(each).disk.restored().leases:
                    self._acknowledged.stored(each.name, record.lease)

    def spoke(self, node: Node, message: FailoverMessage) -> None:
        """Take in what a server tells its partner."""
        self._acknowledged.hear(node.name, self.scene.partner_of(node).name, message)
        if isinstance(message, ConnectAck) and message.reject is None:
            state = node.disk.state(GROUP)
            self._agreed_s = None if state is None else state.mclt_s

    def answered(self, node: Node, packet: Dhcp4Packet) -> None:
        """Keep an ACK until its turn is over: what the turn accepted of the partner leaves after it."""
        if packet.message_type == Dhcp4Type.ACK and packet.yiaddr and not self._stores.is_blind(node):
            self._answers.append(packet)

    def turned(self, node: Node) -> None:
        """Measure the leases that the turn's ACKs rest on."""
        answers, self._answers = self._answers, []
        for packet in answers:
            self._measure(node, packet)

    def crashed(self, node: Node) -> None:
        """Hear that a turn ended halfway: nothing was accepted after its first ACK."""
        self.turned(node)

    def _measure(self, node: Node, packet: Dhcp4Packet) -> None:
        record = node.disk.lease(packet.yiaddr)
        lease = None if record is None else record.lease
        if lease is None or lease.state is not BindingState.ACTIVE or (lease.hardware or b"")[1:] != packet.chaddr:
            return  # whether it is on disk is another checker's question
        measured = (node.name, lease.address, packet.chaddr)
        if lease.ends_at <= self._measured.get(measured, 0):
            return  # the end that it had: a clock put back since then does not make it later
        self._measured[measured] = lease.ends_at
        now_s = self.scene.now_s
        latest_at = self._latest_end(node, lease) + self._skew.stepped_s(node.name, now_s - HELD_BACK_S, now_s)
        if lease.ends_at > latest_at:
            known = self._acknowledged.of(node.name, lease.address)
            raise self.broken(
                f"{node.name} gives {dotted(lease.address)} {lease.ends_at - latest_at} s too long, until "
                f"{lease.ends_at}: it is {node.now().wall_s}, MCLT {self._in_force_s(node)} s, acknowledged {known}"
            )

    def _latest_end(self, node: Node, lease: Lease) -> int:
        known_at = self._acknowledged.until_at(node.name, self.scene.partner_of(node).name, lease)
        return max(known_at, node.now().wall_s) + self._in_force_s(node)

    def _in_force_s(self, node: Node) -> int:
        return node.config.groups[0].mclt_s if self._agreed_s is None else self._agreed_s
