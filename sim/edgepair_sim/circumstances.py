"""How each server stands when it makes a promise, as far as it matters for what that promise is worth."""

from __future__ import annotations

from edgepair_contract.report import MemberReport
from edgepair_contract.vocabulary import FailoverState
from edgepair_sim.doubles import Circumstances
from edgepair_sim.node import Node
from edgepair_sim.pair import GROUP
from edgepair_sim.scene import Scene
from edgepair_sim.stores import Stores

_BEFORE_ALL_S = -1.0


class Standings:
    """Follows what both servers report: who is in Partner-Down since when, and who has come to Normal since."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self.stores = Stores(scene)
        self._shown: dict[str, FailoverState | None] = dict.fromkeys(scene.nodes)
        self._down_s = dict.fromkeys(scene.nodes, _BEFORE_ALL_S)  # when a server came to Partner-Down last
        # Since when it has counted its partner as gone, in this stay in Partner-Down: an order of later tells a later
        # moment, and what was taken by the former is its own.
        self._gone_s: dict[str, float | None] = dict.fromkeys(scene.nodes)
        self._normal_s = dict.fromkeys(scene.nodes, _BEFORE_ALL_S)  # when it came to Normal last

    def published(self, node: Node, report: MemberReport) -> None:
        """Take in what a server shows; what it will resume does not count."""
        self.stores.published(node, report)
        group = report.groups[0]
        state = None if group.starting else group.my_state
        if state is self._shown[node.name]:
            return
        self._shown[node.name] = state
        self._gone_s[node.name] = None
        if state is FailoverState.PARTNER_DOWN:
            self._down_s[node.name] = self._scene.now_s
        elif state is FailoverState.NORMAL:
            self._normal_s[node.name] = self._scene.now_s

    def of(self, node: Node) -> Circumstances:
        """Return how a server stands now."""
        partner = self._scene.partner_of(node)
        return Circumstances(
            server=node.name,
            made_s=self._scene.now_s,
            partner_gone_s=self._partner_gone_s(node),
            apart=self._normal_s[node.name] <= self._down_s[partner.name],
            lacking_from_s=self.stores.lacking_from_s(node),
        )

    def _partner_gone_s(self, node: Node) -> float | None:
        """Return from when on this server counts its partner as gone, once it may take its addresses."""
        record = node.disk.state(GROUP)
        if record is None or record.my_state is not FailoverState.PARTNER_DOWN:
            return None
        gone_for_s = node.now().wall_s - record.claims_from_at
        if gone_for_s > record.mclt_s:
            self._gone_s[node.name] = self._scene.now_s - gone_for_s
        return self._gone_s[node.name]
