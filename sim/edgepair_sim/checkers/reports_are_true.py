"""What a server reports is what its disk holds, and what the protocol's tables make of it, and follows from before.

- Both states, their times and the MCLT are those on disk, but for Paused and Shutdown, which are announced only.
- A state is shown since the moment at which it was entered by that server's clock; Recover-wait since Recover was.
- Transitions follow each other: each begins where the one before ended, the last one ends in the state that is shown.
  Their times never run backwards, unless the clock was put back.
- The partner's state is one that it has said, and never an earlier one than what was shown before, as long as the store
  is whole.
- Whom it serves follows from both states; and as long as disk and report say that it serves nobody, no ACK leaves.
- Each report of one process has a higher revision than the one before.
"""

from __future__ import annotations

from itertools import pairwise

from edgepair_contract.report import GroupReport, MemberReport, TransitionReport
from edgepair_contract.vocabulary import FailoverState, Serving
from edgepair_engine.leases.record import StateRecord
from edgepair_engine.wire.dhcp4 import Dhcp4Packet
from edgepair_engine.wire.dhcp4_options import Dhcp4Type
from edgepair_engine.wire.failover import FailoverMessage, State
from edgepair_sim.checkers.checker import Checker
from edgepair_sim.node import Node
from edgepair_sim.page import dotted
from edgepair_sim.pair import GROUP
from edgepair_sim.scene import Scene
from edgepair_sim.skew import Skew

_ANNOUNCED = (FailoverState.PAUSED, FailoverState.SHUTDOWN)
_SERVES_ALL = (FailoverState.COMMUNICATIONS_INTERRUPTED, FailoverState.PARTNER_DOWN)
_PARTNER_MAY_SERVE_ANY = (
    FailoverState.PARTNER_DOWN,
    FailoverState.POTENTIAL_CONFLICT,
    FailoverState.RESOLUTION_INTERRUPTED,
    FailoverState.CONFLICT_DONE,
)


class ReportsAreTrue(Checker):
    """Compares each report with the disk, with what was said, and with the report before."""

    name = "reports-are-true"

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene)
        self._skew = Skew(scene.script)
        self._before: dict[str, MemberReport] = {}
        self._said: dict[str, list[FailoverState]] = {name: [FailoverState.UNKNOWN] for name in scene.nodes}
        self._heard_up_to = dict.fromkeys(scene.nodes, 0)  # how much of what its partner said a server has shown
        self._forgot = dict.fromkeys(scene.nodes, 0)

    def spoke(self, node: Node, message: FailoverMessage) -> None:
        """Keep what a server says of its state."""
        if isinstance(message, State) and message.state is not None:
            state = FailoverState.from_wire(message.state)
            assert state is not None, message
            if self._said[node.name][-1] is not state:
                self._said[node.name].append(state)

    def answered(self, node: Node, packet: Dhcp4Packet) -> None:
        """Look whether a server that serves nobody promises something."""
        if packet.message_type != Dhcp4Type.ACK or not packet.yiaddr:
            return
        record, report = node.disk.state(GROUP), self._before.get(node.name)
        shown = Serving.NONE if report is None else report.groups[0].serving
        if record is None or (shown is Serving.NONE and _serving(record, starting=False) is Serving.NONE):
            raise self.broken(f"{node.name} gives {dotted(packet.yiaddr)} and serves nobody: {record}")

    def crashed(self, node: Node) -> None:
        """Hear that a server died: the next one begins to count anew."""
        self._before.pop(node.name, None)

    def published(self, node: Node, report: MemberReport) -> None:
        """Look at a new report."""
        group, before = report.groups[0], self._before.get(node.name)
        if before is not None and report.revision <= before.revision:
            raise self.broken(f"{node.name} reports revision {report.revision} after {before.revision}")
        self._check_disk(node, group)
        self._check_transitions(node, group, before)
        self._check_partner(node, group)
        self._before[node.name] = report

    def _check_disk(self, node: Node, group: GroupReport) -> None:
        record = node.disk.state(GROUP)
        if record is None:
            raise self.broken(f"{node.name} reports {group.my_state.label}; on disk is no state")
        shown = (group.my_state_at, group.partner_state, group.partner_state_at, group.mclt_s)
        heard_at = None if record.partner_state is FailoverState.UNKNOWN else record.partner_state_at
        held = (record.my_state_at, record.partner_state, heard_at, record.mclt_s)
        if shown != held or (group.my_state is not record.my_state and group.my_state not in _ANNOUNCED):
            raise self.broken(f"{node.name} reports {group.my_state.label} {shown}; on disk is {record}")
        announced = group.my_state if group.my_state in _ANNOUNCED else None
        if group.serving is not _serving(record, starting=group.starting, announced=announced):
            raise self.broken(f"{node.name} says that it serves {group.serving.name} in {record}")

    def _check_transitions(self, node: Node, group: GroupReport, before: MemberReport | None) -> None:
        moves = group.transitions
        if before is not None and moves == before.groups[0].transitions:
            return
        back_s = self._skew.stepped_back_s(node.name, self.scene.now_s)
        for first, then in pairwise(moves):
            if then.from_state != first.to_state or then.at < first.at - back_s:
                raise self.broken(f"{node.name} reports {first}, then {then}")
        if moves:
            self._check_last(node, group, moves[-1])

    def _check_last(self, node: Node, group: GroupReport, last: TransitionReport) -> None:
        record = node.disk.state(GROUP)
        assert record is not None
        keeps_time = record.my_state in (FailoverState.RECOVER, FailoverState.RECOVER_WAIT)
        if last.to_state != record.my_state.label or (group.my_state_at != last.at and not keeps_time):
            raise self.broken(f"{node.name} reports {group.my_state.label} since {group.my_state_at}, and last {last}")
        back_s = self._skew.stepped_back_s(node.name, self.scene.now_s)
        if last.at > node.now().wall_s + back_s:
            raise self.broken(f"{node.name} reports {last}, and its clock shows {node.now().wall_s}")

    def _check_partner(self, node: Node, group: GroupReport) -> None:
        """Find what is shown among what was said, not before what was shown earlier."""
        said = self._said[self.scene.partner_of(node).name]
        if self._forgot[node.name] != len(node.disk.forgot_from_s):
            self._forgot[node.name], self._heard_up_to[node.name] = len(node.disk.forgot_from_s), 0
        for number in range(self._heard_up_to[node.name], len(said)):
            if said[number] is group.partner_state:
                self._heard_up_to[node.name] = number
                return
        heard = self._heard_up_to[node.name]
        shown = [state.label for state in said[heard:]]
        raise self.broken(f"{node.name} reports its partner in {group.partner_state.label}, which said {shown} since")


def _serving(record: StateRecord, *, starting: bool, announced: FailoverState | None = None) -> Serving:
    """Return whom a server serves, by the table of the states."""
    mine, partner = record.my_state, record.partner_state
    if record.fenced or starting or announced is not None:
        return Serving.NONE
    if partner in _PARTNER_MAY_SERVE_ANY and mine is not FailoverState.PARTNER_DOWN:
        return Serving.NONE
    if mine is FailoverState.NORMAL:
        return Serving.ALL if partner is FailoverState.RECOVER_WAIT else Serving.HALF
    return Serving.ALL if mine in _SERVES_ALL else Serving.NONE
