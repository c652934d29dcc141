"""A server's status: the tab's rows of its appliance, its scopes, its pod, and whether it serves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from edgepair_contract.report import MemberReport, PoolReport
from edgepair_contract.vocabulary import FailoverState, Role, Serving
from edgepair_operator.api.conditions import Condition, ConditionType, Reason, condition, keep_times
from edgepair_operator.api.v1alpha1.dhcp_failover_group import DhcpFailoverGroup
from edgepair_operator.api.v1alpha1.group_status import MemberRow
from edgepair_operator.api.v1alpha1.server_status import ROWS_MAX, FailoverRow, ScopeUse, ServerStatus
from edgepair_operator.plan.children.stateful_set import storage_differs
from edgepair_operator.plan.conditions import FALSE, NOT_KNOWN, READY_REASONS, TRUE, Finding, server_config_finding
from edgepair_operator.plan.counts import Count, judge, utilization_percent
from edgepair_operator.plan.defaults import interfaces_of
from edgepair_operator.plan.member_config import wanted_config
from edgepair_operator.plan.members import Side, side_of
from edgepair_operator.plan.rules import Problem
from edgepair_operator.plan.running import groups_run_by
from edgepair_operator.plan.world import ServerFacts, World

ANSWER_DELAY_DEFAULT_S = 10  # maxResponseDelaySeconds of a server without a group


@dataclass(frozen=True, slots=True)
class DrawnServer:
    """A status, whether its counts are newer than the stored ones, and when it may be another by time alone."""

    status: ServerStatus
    counts_written: bool
    revisit_at: datetime | None


def server_status(server: ServerFacts, world: World) -> DrawnServer:
    """Return what may be said of a server now."""
    run = groups_run_by(server.name, world)
    groups = tuple(group for group, _ in run)
    rows = {group.group_name: _side(group, role, server=server, world=world) for group, role in run}
    engine = _engine(server, groups, world)
    scopes, counts_written, counts_at = _scopes(server, engine, world)
    status = ServerStatus(
        observed_generation=server.resource.metadata.generation,
        conditions=_conditions(server, rows, engine, world),
        appliance=server.resource.appliance_name,
        pod=server.pod.name if server.pod is not None else None,
        node=server.pod.node if server.pod is not None else None,
        address=_address(server),
        version=engine.version if engine is not None else None,
        group_count=len(groups),
        utilization_percent=max((scope.utilization_percent for scope in scopes), default=None),
        failover=tuple(_row(group, rows[group.group_name].row) for group in groups[:ROWS_MAX]),
        scopes=scopes,
    )
    moments = [counts_at, _silent_at(server, groups, world), *(side.revisit_at for side in rows.values())]
    return DrawnServer(status, counts_written, min((each for each in moments if each is not None), default=None))


def waits_for_answer(server: ServerFacts, world: World) -> bool:
    """Return whether this operator has just started to ask an engine of which more is told than it knows yet."""
    groups = tuple(group for group, _ in groups_run_by(server.name, world))
    asked = server.reach.report is not None or server.resource.status.version is None
    return not asked and (server.reach.lost_at is None or _silent_at(server, groups, world) is not None)


def _side(group: DhcpFailoverGroup, role: Role, *, server: ServerFacts, world: World) -> Side:
    """Return the server's side of a group, as the group's own status shows it."""
    before = next((row for row in server.resource.status.failover if row.failover_group_name == group.group_name), None)
    row = None
    if before is not None:
        row = MemberRow(
            server=server.name,
            my_state=before.my_state,
            my_state_time=before.my_state_time,
            partner_state=before.partner_state,
            partner_state_time=before.partner_state_time,
            mclt_seconds=before.mclt_seconds,
        )
    return side_of(group, role, name=server.name, world=world, before=row)


def _row(group: DhcpFailoverGroup, row: MemberRow | None) -> FailoverRow:
    assert row is not None, "a side of ours has a row"
    return FailoverRow(
        failover_group_name=group.group_name,
        my_state=row.my_state,
        my_state_time=row.my_state_time,
        partner_state=row.partner_state,
        partner_state_time=row.partner_state_time,
        mclt_seconds=row.mclt_seconds,
        interfaces=interfaces_of(group),
    )


def _delay_s(groups: tuple[DhcpFailoverGroup, ...]) -> int:
    return min((group.spec.max_response_delay_seconds for group in groups), default=ANSWER_DELAY_DEFAULT_S)


def _silent_at(server: ServerFacts, groups: tuple[DhcpFailoverGroup, ...], world: World) -> datetime | None:
    """Return when an engine that does not answer, or was not asked yet, will count as Unknown; None if never or now."""
    if server.reach.lost_at is None and server.reach.report is not None:
        return None
    silent_at = (server.reach.lost_at or world.now) + timedelta(seconds=_delay_s(groups))
    return silent_at if world.now < silent_at else None


def _engine(server: ServerFacts, groups: tuple[DhcpFailoverGroup, ...], world: World) -> MemberReport | None:
    """Return the engine's report while it can be believed."""
    if server.reach.lost_at is not None and _silent_at(server, groups, world) is None:
        return None
    return server.reach.report


def _address(server: ServerFacts) -> str | None:
    spec = server.resource.spec
    if spec.network.server_identifier is not None:
        return str(spec.network.server_identifier)
    first = spec.interfaces[0].address
    return str(first.ip) if first is not None else None


def _conditions(
    server: ServerFacts, rows: dict[str, Side], engine: MemberReport | None, world: World
) -> tuple[Condition, ...]:
    problem = _problem(server, world)
    in_sync = _config_in_sync(server, engine, world)
    findings = [
        (ConditionType.READY, _ready(server, rows, engine, problem or _refused(in_sync))),
        (ConditionType.CONFIG_IN_SYNC, in_sync),
    ]
    if problem is not None:
        findings.append((ConditionType.STALLED, Finding(TRUE, problem.reason, problem.message)))
    else:
        findings += [(ConditionType.RECONCILING, finding) for finding in _reconciling(server, engine, in_sync)]
    generation = server.resource.metadata.generation
    made = [
        condition(
            kind, finding.status, reason=finding.reason, message=finding.message, generation=generation, at=world.now
        )
        for kind, finding in findings
    ]
    return keep_times(made, server.resource.status.conditions)


def _refused(in_sync: Finding) -> Problem | None:
    """Return the engine's objection to its configuration: the one before is in force, but it is not what was asked."""
    return Problem(in_sync.reason, in_sync.message) if in_sync.reason is Reason.CONFIG_REFUSED else None


def _reconciling(server: ServerFacts, engine: MemberReport | None, in_sync: Finding) -> list[Finding]:
    """Return what is being brought about, at most one thing."""
    if server.resource.spec.suspend:
        return []
    if server.pod is None:
        return [Finding(TRUE, Reason.WAITING_FOR_POD, "there is no pod yet")]
    if engine is None:
        return [Finding(TRUE, Reason.WAITING_FOR_POD, f"pod {server.pod.name} does not answer yet")]
    return [Finding(TRUE, Reason.PUSHING, in_sync.message)] if in_sync.reason is Reason.PUSHING else []


def _problem(server: ServerFacts, world: World) -> Problem | None:
    wanted = wanted_config(server, world)
    if wanted.problem is not None:
        return wanted.problem
    if server.refusals:
        return Problem(Reason.POD_REFUSED, server.refusals[0])
    if server.pod is not None and server.pod.refused is not None:
        return Problem(Reason.POD_REFUSED, f"pod {server.pod.name}: {server.pod.refused}")
    if storage_differs(server.resource, server.claim):
        assert server.claim is not None
        text = (
            f"storage stays at {server.claim.size} of class {server.claim.storage_class or 'default'}:"
            " a claim cannot be changed; write that back, or make the server anew"
        )
        return Problem(Reason.STORAGE_FIXED, text)
    return None


def _config_in_sync(server: ServerFacts, engine: MemberReport | None, world: World) -> Finding:
    if engine is None:
        return Finding(NOT_KNOWN, Reason.SERVER_UNKNOWN, "the engine cannot be asked which configuration it runs")
    return server_config_finding(server.name, world)


def _ready(server: ServerFacts, rows: dict[str, Side], engine: MemberReport | None, problem: Problem | None) -> Finding:
    if problem is not None:
        return Finding(FALSE, problem.reason, problem.message)
    if server.resource.spec.suspend:
        return Finding(FALSE, Reason.SUSPENDED, "suspended as asked: nobody is answered, the store is kept")
    if server.pod is None:
        return Finding(FALSE, Reason.POD_MISSING, "there is no pod yet")
    if engine is None:
        return Finding(NOT_KNOWN, Reason.SERVER_UNKNOWN, f"pod {server.pod.name} cannot be asked: look at its node")
    return next(_obstacles(server, rows, engine), Finding(TRUE, Reason.SERVING, "every interface is served"))


def _obstacles(server: ServerFacts, rows: dict[str, Side], engine: MemberReport) -> Iterator[Finding]:
    """Go through what keeps clients from an answer, the most urgent first."""
    if engine.store_error is not None:
        yield Finding(FALSE, Reason.STORE_PROBLEM, engine.store_error)
    unserved = _unserved(server, rows)
    for interface in engine.interfaces:
        if interface.problem is not None and interface.name not in unserved:
            text = f"{interface.name} ({interface.device}): {interface.problem}"
            yield Finding(FALSE, Reason.INTERFACE_PROBLEM, text)
    for name, side in rows.items():
        report = side.report
        if report is None:
            text = f"group {name} is not in force here yet, so its interfaces are not served"
            yield Finding(FALSE, Reason.NOT_SERVING, text)
        elif report.starting:
            yield Finding(FALSE, Reason.STARTING, f"group {name} is starting and answers nobody yet")
        elif report.serving is Serving.NONE:
            reason = Reason.NOT_SERVING if side.state is FailoverState.NORMAL else READY_REASONS[side.state]
            yield Finding(FALSE, reason, f"group {name} is in {side.state.label} and answers nobody")
    if unserved:
        text = f"nobody is answered on {', '.join(unserved)}: no DhcpFailoverGroup and no scope covers it"
        yield Finding(FALSE, Reason.NO_SCOPE, text)
    if server.pod is not None and not server.pod.ready:
        yield Finding(FALSE, Reason.POD_NOT_READY, engine.ready_why or f"pod {server.pod.name} is not ready")


def _unserved(server: ServerFacts, rows: dict[str, Side]) -> list[str]:
    """Return the interfaces that no scope covers, as far as the engine runs the groups that would."""
    covered = {name for side in rows.values() if side.report is not None for name in side.report.interfaces}
    spec = server.resource.spec
    return [
        interface.name for interface in spec.interfaces if interface.scope is None and interface.name not in covered
    ]


def _scopes(
    server: ServerFacts, engine: MemberReport | None, world: World
) -> tuple[tuple[ScopeUse, ...], bool, datetime | None]:
    """Return the scopes to show, whether they are fresh, and when fresh ones that are held back may be shown."""
    before = server.resource.status.scopes
    if engine is None:
        return (), bool(before), None
    pools = [*engine.subnets, *(pool for group in engine.groups for pool in group.pools)]
    fresh = {pool.prefix: _scope(pool) for pool in pools}
    verdict = judge(
        {scope.prefix: _count(scope) for scope in before},
        {prefix: _count(scope) for prefix, scope in fresh.items()},
        threshold_percent=server.resource.spec.utilization_threshold_percent,
        world=world,
    )
    if not verdict.fresh:
        return before, False, verdict.revisit_at
    return tuple(fresh[prefix] for prefix in sorted(fresh)), True, None


def _scope(pool: PoolReport) -> ScopeUse:
    available = pool.free + pool.backup
    percent = utilization_percent(Count(pool.total, (), pool.active))
    return ScopeUse(
        prefix=pool.prefix, total=pool.total, active=pool.active, available=available, utilization_percent=percent
    )


def _count(scope: ScopeUse) -> Count:
    return Count(scope.total, (scope.active, scope.available), scope.active)
