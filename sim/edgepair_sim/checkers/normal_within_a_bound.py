"""Both servers are in Normal, and in touch, within the published bound after the last fault, and stay so.

The bound is `bounds.normal_bound_s`: the link is agreed on, a start is over, and whoever recovers has waited MCLT.
"""

from __future__ import annotations

from edgepair_contract.report import MemberReport
from edgepair_contract.vocabulary import FailoverState
from edgepair_sim.bounds import normal_bound_s
from edgepair_sim.checkers.checker import Checker
from edgepair_sim.node import Node
from edgepair_sim.scene import Scene


class NormalWithinABound(Checker):
    """Looks when the bound is over, at every report from then on, and at the end."""

    name = "normal-within-a-bound"

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene)
        self._stays = False  # the bound is over

    def healed(self) -> None:
        """Plan to look."""
        bound_s = normal_bound_s(self.scene.script)
        due_s = self.scene.now_s + bound_s
        if due_s <= self.scene.script.end_s:
            self.scene.timeline.at(due_s, lambda: self._look_and_stay(f"{bound_s:.0f} s after the last fault"))

    def published(self, node: Node, report: MemberReport) -> None:
        """Look again: a link that breaks although nothing is broken is mended within seconds, and breaks again."""
        how = _amiss(node) if self._stays else None
        if how is not None:
            raise self.broken(f"it does not stay so, though nothing is broken: {how}")

    def ended(self) -> None:
        """Look once more."""
        if self.scene.now_s >= self.scene.script.healed_s + normal_bound_s(self.scene.script):
            self._look("at the end")

    def _look_and_stay(self, when: str) -> None:
        self._look(when)
        self._stays = True

    def _look(self, when: str) -> None:
        amiss = [how for node in self.scene.nodes.values() if (how := _amiss(node)) is not None]
        if amiss:
            raise self.broken(f"{when}: {'; '.join(amiss)}")


def _amiss(node: Node) -> str | None:
    """Return what this server is instead of being in NORMAL and in touch."""
    if node.report is None or not node.running:
        return f"{node.name} does not run"
    group = node.report.groups[0]
    if group.my_state is FailoverState.NORMAL and group.connected and not group.starting:
        return None
    how = "starting" if group.starting else "in touch" if group.connected else "alone"
    return f"{node.name} is {how} in {group.my_state.label}, partner {group.partner_state.label}"
