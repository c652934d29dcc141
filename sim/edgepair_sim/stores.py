"""Which servers run on a store that was lost or put back, and have not made up for it."""

from __future__ import annotations

from edgepair_contract.report import MemberReport
from edgepair_contract.vocabulary import FailoverState
from edgepair_sim.node import Node
from edgepair_sim.scene import Scene


class Stores:
    """Counts, for each server, what its disk has forgotten; NORMAL with a partner of ours makes up for all of it.

    A partner that is not one of ours tells no counts, so that an old store is never found out.
    """

    def __init__(self, scene: Scene) -> None:
        self._found_out = scene.script.settings.ours
        self._made_up_for = dict.fromkeys(scene.nodes, 0)

    def published(self, node: Node, report: MemberReport) -> None:
        """Hear that a server shows its state: it cannot come to NORMAL without its partner."""
        group = report.groups[0]
        if self._found_out and group.my_state is FailoverState.NORMAL and not group.starting:
            self._made_up_for[node.name] = len(node.disk.forgot_from_s)

    def is_blind(self, node: Node) -> bool:
        """Return whether this server may lack records that it once had."""
        return len(node.disk.forgot_from_s) > self._made_up_for[node.name]

    def lacking_from_s(self, node: Node) -> float | None:
        """Return from which true moment on it may lack what it once wrote; None when it lacks nothing."""
        return min(node.disk.forgot_from_s[self._made_up_for[node.name] :], default=None)
