"""Whether a pair is at rest: both in Normal, with nothing to tell each other, and all that they know on their disks."""

from __future__ import annotations

from edgepair_contract.vocabulary import FailoverState
from edgepair_sim.node import Node
from edgepair_sim.scene import Scene

_TO_TELL = ("updates_waiting", "updates_unacked", "updates_owed", "updates_refused", "updates_retried")


def are_in_normal(scene: Scene) -> bool:
    """Return whether both servers show themselves in Normal, connected."""
    return all(_is_in_normal(node) for node in scene.nodes.values())


def have_told_all(scene: Scene) -> bool:
    """Return whether neither server has anything to tell the other, or anything that is not on its disk."""
    return all(_has_told_all(node) for node in scene.nodes.values())


def _is_in_normal(node: Node) -> bool:
    if node.report is None or not node.running:
        return False
    group = node.report.groups[0]
    return group.my_state is FailoverState.NORMAL and group.connected and not group.starting


def _has_told_all(node: Node) -> bool:
    if node.engine is None or not node.settled:
        return False
    sizes = node.engine.sizes()
    return not any(sizes[name] for name in _TO_TELL)
