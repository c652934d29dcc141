"""Whoever hears of a life as it happens: the checkers, and the story."""

from __future__ import annotations

from edgepair_contract.control import ControlAnswer
from edgepair_contract.notices import Note
from edgepair_contract.report import MemberReport
from edgepair_engine.wire.dhcp4 import Dhcp4Packet
from edgepair_engine.wire.dhcp4_options import Dhcp4Type
from edgepair_engine.wire.failover import FailoverMessage
from edgepair_sim.clients import Client
from edgepair_sim.deeds import Deed
from edgepair_sim.holding import Holding
from edgepair_sim.lies import Lie
from edgepair_sim.node import Node


class Listener:
    """Hears everything; whoever derives from it overrides what it needs."""

    def sent(self, client: Client, kind: Dhcp4Type, address: int) -> None:
        """Hear what a client sends."""

    def lied(self, client: Client, lie: Lie) -> None:
        """Hear that a client sends something that is not true."""

    def promised(self, client: Client, holding: Holding) -> None:
        """Hear that a client has an address, anew or for longer."""

    def refused(self, client: Client, before: Holding | None) -> None:
        """Hear that a client got a NAK."""

    def gave_up(self, client: Client, holding: Holding, why: str) -> None:
        """Hear that a client uses an address no longer."""

    def answered(self, node: Node, packet: Dhcp4Packet) -> None:
        """Hear that an answer leaves a server."""

    def said(self, node: Node, data: bytes) -> None:
        """Hear that bytes for the partner leave a server: whole messages."""

    def spoke(self, node: Node, message: FailoverMessage) -> None:
        """Hear a message for the partner as it leaves a server; CONTACT, which says nothing, is left out."""

    def published(self, node: Node, report: MemberReport) -> None:
        """Hear a new report."""

    def told(self, node: Node, note: Note) -> None:
        """Hear a notice."""

    def ordered(self, node: Node, answer: ControlAnswer) -> None:
        """Hear what became of an order."""

    def turned(self, node: Node) -> None:
        """Hear that a server has done something."""

    def started(self, node: Node) -> None:
        """Hear that a server's process starts."""

    def crashed(self, node: Node) -> None:
        """Hear that a server has died."""

    def done(self, deed: Deed) -> None:
        """Hear that something was done, just before it takes effect."""

    def healed(self) -> None:
        """Hear that everything is whole again: from now on bounds run."""

    def ended(self) -> None:
        """Hear that the life is over."""
