"""A server that recovers is not done before MCLT has passed since its last ACK: what it may have forgotten has ended.

Only when its partner recovers, too, need it not wait: then neither gives leases. This does not hold for one of two of
ours that lost its store, or has an old one: it served alone until then. Its partner remembers that; when both stores
are lost nobody does, and it is as at a first start. Nor need it keep a wait that an old store says is over: only the
partner can tell that it is old. One of ours does when they meet, and the server recovers anew; another never does, nor
one whose own store was put back, too; and the server counts from the end that its store knows of.

Looked at by true time, in lives whose clocks were never stepped, and by the smallest MCLT that was ever configured.
"""

from __future__ import annotations

from edgepair_contract.report import GroupReport, MemberReport, TransitionReport
from edgepair_contract.vocabulary import FailoverState
from edgepair_engine.wire.dhcp4 import Dhcp4Packet
from edgepair_engine.wire.dhcp4_options import Dhcp4Type
from edgepair_sim.checkers.checker import Checker
from edgepair_sim.deeds import Change, Configure, StepClock
from edgepair_sim.node import Node
from edgepair_sim.pair import GROUP
from edgepair_sim.scene import Scene
from edgepair_sim.stores import Stores

CLOCKS_S = 2.0  # whole seconds are read, and drift adds a little in the longest MCLT

_RECOVERS = (FailoverState.RECOVER, FailoverState.RECOVER_DONE)
_DONE = FailoverState.RECOVER_DONE.label


class RecoverWaitIsKept(Checker):
    """Remembers when each server last gave a lease."""

    name = "recover-wait-is-kept"

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene)
        deeds, mclt_s = scene.script.deeds, scene.script.settings.mclt_s
        changed = [deed.value for deed in deeds if isinstance(deed, Configure) and deed.change is Change.MCLT]
        self._mclt_s = min(mclt_s, *changed, mclt_s)
        self._exact = not any(isinstance(deed, StepClock) for deed in deeds)
        self._stores = Stores(scene)
        self._gave_s: dict[str, float] = {}
        self._resumed: set[str] = set()  # who goes on with a recovery that began before its process
        self._seen: dict[str, tuple[TransitionReport, ...]] = dict.fromkeys(scene.nodes, ())

    def started(self, node: Node) -> None:
        """Note whether a server goes on with a recovery that its store tells of."""
        state = node.disk.state(GROUP)
        if state is not None and state.my_state in (FailoverState.RECOVER, FailoverState.RECOVER_WAIT):
            self._resumed.add(node.name)
        else:
            self._resumed.discard(node.name)

    def answered(self, node: Node, packet: Dhcp4Packet) -> None:
        """Note that a server gives a lease."""
        if packet.message_type == Dhcp4Type.ACK and packet.yiaddr:
            self._gave_s[node.name] = self.scene.now_s

    def published(self, node: Node, report: MemberReport) -> None:
        """Look whether it has just recovered."""
        group = report.groups[0]
        lately_at = node.now().wall_s - CLOCKS_S  # an old store brings old moves along
        moves = (move for move in group.transitions if move not in self._seen[node.name] and move.at >= lately_at)
        entered = {move.to_state for move in moves}
        self._seen[node.name] = group.transitions
        if FailoverState.RECOVER.label in entered:
            self._resumed.discard(node.name)
        if _DONE in entered and self._exact and not self._is_excused(node, group):
            self._look(node)
        self._stores.published(node, report)

    def _is_excused(self, node: Node, group: GroupReport) -> bool:
        partner = self.scene.partner_of(node)
        if self._stores.is_blind(node) and (node.name in self._resumed or self._has_old_copy(node)):
            return True
        forgot = self.scene.script.settings.ours and self._stores.is_blind(node) and not self._stores.is_blind(partner)
        return group.partner_state in _RECOVERS and not forgot

    def _has_old_copy(self, node: Node) -> bool:
        """Return whether a server may count from an end that is long past, and has a partner that cannot tell it so."""
        unheard = not self.scene.script.settings.ours or self._stores.is_blind(self.scene.partner_of(node))
        return unheard and node.disk.forgot_from_s[-1] > 0.0

    def _look(self, node: Node) -> None:
        ago_s = self.scene.now_s - self._gave_s.get(node.name, -self._mclt_s)
        if ago_s < self._mclt_s - CLOCKS_S:
            raise self.broken(f"{node.name} has recovered {ago_s:.0f} s after its last ACK; MCLT is {self._mclt_s} s")
