"""A server comes to Normal only beside a partner that is there, about to be, or has nothing left to tell.

Not beside one in Partner-Down, which serves alone and gives the addresses of both, nor beside one that recovers or that
settles a conflict: what the two have promised apart would never be compared.
"""

from __future__ import annotations

from edgepair_contract.report import MemberReport, TransitionReport
from edgepair_contract.vocabulary import FailoverState
from edgepair_sim.checkers.checker import Checker
from edgepair_sim.node import Node
from edgepair_sim.scene import Scene

_BESIDE = (
    FailoverState.NORMAL,
    FailoverState.COMMUNICATIONS_INTERRUPTED,  # both have served alone by what both knew
    FailoverState.RECOVER_DONE,
    FailoverState.CONFLICT_DONE,
)


class NormalIsAgreed(Checker):
    """Looks at what each server knows of its partner when it shows that it has come to Normal."""

    name = "normal-is-agreed"

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene)
        self._latest: dict[str, TransitionReport | None] = dict.fromkeys(scene.nodes)

    def published(self, node: Node, report: MemberReport) -> None:
        """Look at a move that was not there before."""
        group = report.groups[0]
        latest = group.transitions[-1] if group.transitions else None
        if latest == self._latest[node.name]:
            return
        self._latest[node.name] = latest
        if group.my_state is FailoverState.NORMAL and group.partner_state not in _BESIDE:
            raise self.broken(f"{node.name} comes to Normal while its partner is in {group.partner_state.label}")
