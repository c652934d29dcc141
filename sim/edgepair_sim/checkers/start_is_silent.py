"""A server that has just started gives no address until it has heard its partner's state, or has waited for it.

Nor does one whose process was stopped for longer than max-response-delay, when it goes on. Meanwhile its partner may
have been told that it is down, and have given its addresses to others. The wait also ends when a link that was agreed
on since then breaks again.
"""

from __future__ import annotations

from functools import partial

from edgepair_contract.notices import Note, NoteCode
from edgepair_engine.failover.machine import STARTUP_S
from edgepair_engine.wire.dhcp4 import Dhcp4Packet
from edgepair_engine.wire.dhcp4_options import Dhcp4Type
from edgepair_engine.wire.failover import FailoverMessage, State
from edgepair_sim.bounds import silence_max_s
from edgepair_sim.checkers.checker import Checker
from edgepair_sim.deeds import Deed, Stop
from edgepair_sim.node import Node
from edgepair_sim.page import dotted
from edgepair_sim.scene import Scene

TURN_S = 1.0  # more than a turn takes to come
DRIFT_S = 0.1  # of the fastest clock in so short a time


class StartIsSilent(Checker):
    """Keeps the servers that still have to be silent, and since when each has run."""

    name = "start-is-silent"

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene)
        self._noticed_s = silence_max_s(scene.script) + TURN_S
        self._silent_since_s: dict[str, float] = {}
        self._linked: set[str] = set()  # since then

    def started(self, node: Node) -> None:
        """Note a start."""
        self._begin(node, node.starts)

    def done(self, deed: Deed) -> None:
        """Note when a process goes on that is stopped for long now."""
        if isinstance(deed, Stop) and deed.for_s > self._noticed_s:
            node = self.scene.nodes[deed.node]
            self.scene.timeline.at(deed.whole_at_s, partial(self._begin, node, node.starts))

    def spoke(self, node: Node, message: FailoverMessage) -> None:
        """Let the partner of a server that tells its state speak: it can have heard it."""
        if isinstance(message, State):
            self._silent_since_s.pop(self.scene.partner_of(node).name, None)

    def told(self, node: Node, note: Note) -> None:
        """Let a server speak whose link is gone."""
        if note.code is NoteCode.LINK_UP:
            self._linked.add(node.name)
        elif note.code is NoteCode.LINK_DOWN and node.name in self._linked:
            self._silent_since_s.pop(node.name, None)

    def answered(self, node: Node, packet: Dhcp4Packet) -> None:
        """Look whether it has waited."""
        since_s = self._silent_since_s.get(node.name)
        if since_s is None or not packet.yiaddr:
            return
        if self.scene.now_s - since_s >= STARTUP_S - DRIFT_S:
            del self._silent_since_s[node.name]
            return
        kind = Dhcp4Type(packet.message_type or 0).name
        after_s = self.scene.now_s - since_s
        raise self.broken(f"{node.name} says {kind} {dotted(packet.yiaddr)} {after_s:.1f} s after its start, unheard")

    def _begin(self, node: Node, start: int) -> None:
        if node.starts == start:
            self._silent_since_s[node.name] = self.scene.now_s
            self._linked.discard(node.name)
