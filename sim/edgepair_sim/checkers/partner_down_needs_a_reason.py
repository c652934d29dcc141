"""No server enters Partner-Down but on a person's order, by policy After, or on its partner's own word.

The partner's word is that it recovers, waits in Recover-wait, or shuts down. Two servers are never in Partner-Down at
once unless a person ordered it, or ordered one of them to shut down, or put an old store back; or policy After is on.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from enum import Enum
from itertools import pairwise

from edgepair_contract.control import ControlAction, ControlAnswer
from edgepair_contract.report import GroupReport, MemberReport, TransitionReport
from edgepair_contract.vocabulary import FailoverState
from edgepair_engine.wire.failover import FailoverMessage, State
from edgepair_sim.checkers.checker import Checker
from edgepair_sim.deeds import Deed, Order
from edgepair_sim.node import Node
from edgepair_sim.scene import Scene

WORD_S = 60.0  # so long a word can be under way, and what it led to wait for a disk
POLICY_SLACK_S = 3.0  # a clock is read in whole seconds, and a state is shown a little after it was entered

_DOWN = FailoverState.PARTNER_DOWN
_APART = FailoverState.COMMUNICATIONS_INTERRUPTED
_ALONE = (_APART.label, _DOWN.label)
_RECOVERS = (FailoverState.RECOVER, FailoverState.RECOVER_WAIT)


class Reason(Enum):
    """What put a server into Partner-Down."""

    ORDER = "a person's order"
    POLICY = "policy After"
    SHUTDOWN = "the partner was shut down by a person"
    WORD = "the partner recovers"


class PartnerDownNeedsAReason(Checker):
    """Follows the transitions that each server reports."""

    name = "partner-down-needs-a-reason"

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene)
        self._policy_s = scene.script.settings.auto_partner_down_s
        self._under_way = Counter[str]()  # orders that each server may not have carried out yet
        self._obeyed: set[str] = set()
        self._died: set[str] = set()  # and have not shown since what they had carried out
        self._apart_since_s: dict[str, float] = {}
        # All that was ever told: an old store that is put back tells old ones again.
        self._seen: dict[str, set[TransitionReport]] = {name: set() for name in scene.nodes}
        self._words: dict[str, dict[FailoverState, float]] = {name: {} for name in scene.nodes}
        self._reason: dict[str, Reason] = {}

    def done(self, deed: Deed) -> None:
        """Hear of an order."""
        if (
            isinstance(deed, Order)
            and deed.action is ControlAction.PARTNER_DOWN
            and self.scene.nodes[deed.node].running
        ):
            self._under_way[deed.node] += 1

    def ordered(self, node: Node, answer: ControlAnswer) -> None:
        """Hear that an order was carried out, which shows in the next report, or was refused."""
        if answer.done:
            self._obeyed.add(node.name)
        elif self._under_way[node.name]:
            self._under_way[node.name] -= 1

    def spoke(self, node: Node, message: FailoverMessage) -> None:
        """Keep of which states a server's partner may have heard lately: several can come between two reports."""
        if isinstance(message, State) and (told := FailoverState.from_wire(message.state or 0)) is not None:
            self._words[self.scene.partner_of(node).name][told] = self.scene.now_s

    def crashed(self, node: Node) -> None:
        """Hear that a server died: an order that it was given is on its disk, or will never be carried out."""
        self._died.add(node.name)
        self._apart_since_s.pop(node.name, None)

    def published(self, node: Node, report: MemberReport) -> None:
        """Look for moves into Partner-Down, and for two servers that are there."""
        group = report.groups[0]
        news = [move for move in group.transitions if move not in self._seen[node.name]]
        if any(move.to_state == _DOWN.label for move in news):
            self._reason[node.name] = self._reason_of(node, group)
        if node.name in self._obeyed | self._died:
            self._obeyed.discard(node.name)
            self._died.discard(node.name)
            self._under_way.pop(node.name, None)
        self._seen[node.name].update(group.transitions)
        self._keep_time(node, group)
        if group.my_state is _DOWN:
            self._look_at_both()

    def _reason_of(self, node: Node, group: GroupReport) -> Reason:
        shown_s = self.scene.now_s - self._apart_since_s.get(node.name, self.scene.now_s)
        apart_s = max(shown_s, _alone_s(group.transitions))
        if self._under_way[node.name]:
            return Reason.ORDER
        since_s = self.scene.now_s - WORD_S
        words = {group.partner_state, *[state for state, at_s in self._words[node.name].items() if at_s >= since_s]}
        if FailoverState.SHUTDOWN in words:
            return Reason.SHUTDOWN
        if not words.isdisjoint(_RECOVERS):
            return Reason.WORD
        if self._policy_s and apart_s >= self._policy_s - POLICY_SLACK_S:
            return Reason.POLICY
        raise self.broken(f"{node.name} goes to Partner-Down after {apart_s:.0f} s alone, and nobody told it to")

    def _keep_time(self, node: Node, group: GroupReport) -> None:
        """Keep in mind since when a server is on its own, by what it shows."""
        if group.my_state is _APART and not group.starting:
            self._apart_since_s.setdefault(node.name, self.scene.now_s)
        else:
            self._apart_since_s.pop(node.name, None)

    def _look_at_both(self) -> None:
        shown = [
            node.report.groups[0] for node in self.scene.nodes.values() if node.running and node.report is not None
        ]
        if len(shown) < 2 or any(group.my_state is not _DOWN or group.starting for group in shown):
            return
        old_store = any(node.disk.forgot_from_s for node in self.scene.nodes.values())
        if not old_store and [*self._reason.values()] == [Reason.WORD, Reason.WORD]:
            raise self.broken("both servers are in Partner-Down, each because the other one recovers")


def _alone_s(moves: Sequence[TransitionReport]) -> int:
    """Return how long a server was alone by its own account, before it went to Partner-Down last.

    It can be longer than it was shown: what cannot be written is not shown, nor is a state while Paused is.
    """
    spans = [then.at - first.at for first, then in pairwise(moves) if (first.to_state, then.to_state) == _ALONE]
    return spans[-1] if spans else 0
