"""What may be said of one side of a group now: its row of the tab, and what is Unknown since when.

An engine that does not answer is believed for maxResponseDelaySeconds after its last word; then it is Unknown.
For as long, an operator that has just started leaves alone what was told before.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from edgepair_contract.report import GroupReport, MemberReport
from edgepair_contract.vocabulary import FailoverState, Role, Serving
from edgepair_operator.api.v1alpha1.dhcp_failover_group import DhcpFailoverGroup
from edgepair_operator.api.v1alpha1.group_status import MemberRow, Wait, WaitReason
from edgepair_operator.plan.precedence import has_name
from edgepair_operator.plan.running import members_of
from edgepair_operator.plan.world import ServerFacts, World

UNKNOWN = FailoverState.UNKNOWN


@dataclass(frozen=True, slots=True)
class Side:
    """One side of a group, ours or external (then `name` is None and there is no row).

    `report`: what its engine says of the group, None while that is Unknown. `engine`: its whole report, likewise.
    `pending`: not asked yet since this operator runs, and something was known before: the status waits for its answer.
    `revisit_at`: when silence alone makes this another value.
    """

    role: Role
    name: str | None
    row: MemberRow | None = None
    report: GroupReport | None = None
    engine: MemberReport | None = None
    pending: bool = False
    revisit_at: datetime | None = None

    @property
    def state(self) -> FailoverState:
        """Return My State, Unknown for an external partner."""
        return self.row.my_state if self.row is not None else UNKNOWN

    @property
    def serving(self) -> Serving | None:
        """Return which clients it answers, None while that is Unknown."""
        if self.report is None:
            return None
        return Serving.NONE if self.report.starting else self.report.serving


def sides_of(group: DhcpFailoverGroup, world: World) -> tuple[Side, Side]:
    """Return the primary's and the secondary's side, of the servers that run the group."""
    members = members_of(group, world)
    primary, secondary = members.get(Role.PRIMARY), members.get(Role.SECONDARY)
    return (
        _side(group, Role.PRIMARY, name=primary, world=world),
        _side(group, Role.SECONDARY, name=secondary, world=world),
    )


def own_sides(sides: tuple[Side, Side]) -> tuple[Side, ...]:
    """Return the sides that are servers of ours."""
    return tuple(side for side in sides if side.name is not None)


def moment(at: int) -> datetime:
    """Return the moment that epoch seconds stand for."""
    return datetime.fromtimestamp(at, UTC)


def _side(group: DhcpFailoverGroup, role: Role, *, name: str | None, world: World) -> Side:
    if name is None:
        return Side(role, None)
    before = group.status.primary if role is Role.PRIMARY else group.status.secondary
    if before is not None and before.server != name:
        before = None
    return side_of(group, role, name=name, world=world, before=before)


def side_of(group: DhcpFailoverGroup, role: Role, *, name: str, world: World, before: MemberRow | None) -> Side:
    """Return the side that one of our servers runs; `before` is the row last shown for it."""
    server = world.servers.get(name)
    if server is None:
        return Side(role, name, _unknown_row(name, None, before, since=None))
    delay = timedelta(seconds=group.spec.max_response_delay_seconds)
    reach = server.reach
    silent_at = (reach.lost_at or world.now) + delay
    if reach.report is not None and (reach.lost_at is None or world.now < silent_at):
        revisit_at = silent_at if reach.lost_at is not None else None
        return _known(group, role, server=server, engine=reach.report, world=world, revisit_at=revisit_at)
    if reach.report is None and world.now < silent_at:
        pending = before is not None and before.my_state is not UNKNOWN
        row = before if pending else _unknown_row(server.name, server, before, since=None)
        return Side(role, server.name, row, pending=pending, revisit_at=silent_at)
    return Side(role, server.name, _unknown_row(server.name, server, before, since=silent_at))


def _unknown_row(
    name: str, server: ServerFacts | None, before: MemberRow | None, *, since: datetime | None
) -> MemberRow:
    """Return the row of a side that cannot be asked; a time at which it became Unknown is kept."""
    if before is not None and before.my_state is UNKNOWN and before.my_state_time is not None:
        since = before.my_state_time
    return MemberRow(
        appliance=server.resource.appliance_name if server is not None else None,
        server=name,
        my_state=UNKNOWN,
        my_state_time=since,
        partner_state=UNKNOWN,
        partner_state_time=since,
        pod=server.pod.name if server is not None and server.pod is not None else None,
        node=server.pod.node if server is not None and server.pod is not None else None,
    )


def _known(
    group: DhcpFailoverGroup,
    role: Role,
    *,
    server: ServerFacts,
    engine: MemberReport,
    world: World,
    revisit_at: datetime | None,
) -> Side:
    report = next((each for each in engine.groups if each.name == group.group_name), None)
    if report is None or not has_name(group, server.name, world):
        row = _unknown_row(server.name, server, None, since=None)
        return Side(role, server.name, row, engine=engine, revisit_at=revisit_at)
    silent_at = _partner_silent_at(report)
    if silent_at is not None and world.now < silent_at:
        revisit_at = min(silent_at, revisit_at or silent_at)
    row = _row(group, server, report, partner_is_unknown=silent_at is not None and world.now >= silent_at)
    return Side(role, server.name, row, report, engine, revisit_at=revisit_at)


def _partner_silent_at(report: GroupReport) -> datetime | None:
    """Return when the partner's silence made, or makes, its state Unknown; None while it is heard or never was."""
    if report.connected or report.last_contact_at is None:
        return None
    return moment(report.last_contact_at + report.max_response_delay_s)


def _row(group: DhcpFailoverGroup, server: ServerFacts, report: GroupReport, *, partner_is_unknown: bool) -> MemberRow:
    never_heard = not report.connected and report.last_contact_at is None
    told = report.partner_state_at is not None and report.partner_state is not UNKNOWN
    partner_state, partner_state_time = report.partner_state, _time(report.partner_state_at)
    if never_heard:
        partner_state, partner_state_time = UNKNOWN, None
    elif partner_is_unknown:
        partner_state, partner_state_time = UNKNOWN, _partner_silent_at(report)
    skew = abs(report.clock_skew_s)
    return MemberRow(
        appliance=server.resource.appliance_name,
        server=server.name,
        my_state=report.my_state,
        my_state_time=moment(report.my_state_at),
        partner_state=partner_state,
        partner_state_time=partner_state_time,
        mclt_seconds=report.mclt_s,
        pod=server.pod.name if server.pod is not None else None,
        node=server.pod.node if server.pod is not None else None,
        connected=report.connected,
        starting=report.starting,
        clock_skew_seconds=skew if skew >= group.spec.clock_skew.warn_seconds else None,
        last_partner_state=report.partner_state if not report.connected and told else None,
        last_partner_state_time=_time(report.partner_state_at) if not report.connected and told else None,
        last_contact_time=_time(report.last_contact_at) if not report.connected else None,
        wait=_wait(report),
    )


def _wait(report: GroupReport) -> Wait | None:
    if report.wait is None:
        return None
    known = {reason.value: reason for reason in WaitReason}
    return Wait(until=moment(report.wait.until_at), reason=known.get(report.wait.reason))


def _time(at: int | None) -> datetime | None:
    return None if at is None else moment(at)
