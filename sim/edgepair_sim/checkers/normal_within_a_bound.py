"""Both servers are in Normal, and in touch, within the published bound after the last fault, and stay so.

The bound is `bounds.normal_bound_s`: the link is agreed on, a start is over, and whoever recovers has waited MCLT.
"""

from __future__ import annotations

from edgepair_contract.vocabulary import FailoverState
from edgepair_sim.bounds import normal_bound_s
from edgepair_sim.checkers.checker import Checker
from edgepair_sim.node import Node


class NormalWithinABound(Checker):
    """Looks when the bound is over, and at the end."""

    name = "normal-within-a-bound"

    def healed(self) -> None:
        """Plan to look."""
        bound_s = normal_bound_s(self.scene.script)
        due_s = self.scene.now_s + bound_s
        if due_s <= self.scene.script.end_s:
            self.scene.timeline.at(due_s, lambda: self._look(f"{bound_s:.0f} s after the last fault"))

    def ended(self) -> None:
        """Look once more."""
        if self.scene.now_s >= self.scene.script.healed_s + normal_bound_s(self.scene.script):
            self._look("at the end")

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
