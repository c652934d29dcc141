"""A group's status: the only translation of what engines say into what users see."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from edgepair_contract.report import PoolReport
from edgepair_operator.api.v1alpha1.dhcp_failover_group import DhcpFailoverGroup
from edgepair_operator.api.v1alpha1.group_status import GroupStatus, PoolUse, Wait
from edgepair_operator.plan.conditions import Facts, group_conditions
from edgepair_operator.plan.counts import Count, counted, judge
from edgepair_operator.plan.members import Side, moment, own_sides, sides_of
from edgepair_operator.plan.pair import agreement_of, serving_of, top_level, transitions_of
from edgepair_operator.plan.rules import Problem
from edgepair_operator.plan.world import World

THRESHOLD_DEFAULT = 80
# A new pair divides its addresses a moment after it has become Normal; counts from before would stand for a minute.
FIRST_COUNTS_AFTER = timedelta(seconds=5)


@dataclass(frozen=True, slots=True)
class Drawn:
    """A status, whether its counts are newer than the stored ones, and when it may be another by time alone."""

    status: GroupStatus
    counts_written: bool
    revisit_at: datetime | None


def group_status(group: DhcpFailoverGroup, world: World, problem: Problem | None) -> Drawn:
    """Return what may be said of a group now."""
    sides = sides_of(group, world)
    agreement, differ_at = agreement_of(group, sides, world)
    top = top_level(*sides)
    serving, serving_text = serving_of(sides)
    conditions = group_conditions(Facts(group, sides, agreement, problem, world))
    pools, counts_written, counts_at = _pools(group, sides, world)
    skews = [side.row.clock_skew_seconds for side in sides if side.row and side.row.clock_skew_seconds is not None]
    ready = next(each for each in conditions if each.type == "Ready")
    status = GroupStatus(
        observed_generation=group.metadata.generation,
        conditions=conditions,
        group_name=group.group_name,
        my_state=top.my_state,
        my_state_time=top.my_state_time,
        partner_state=top.partner_state,
        partner_state_time=top.partner_state_time,
        mclt_seconds=top.mclt_s,
        split=next((side.report.split for side in sides if side.report is not None), None),
        primary=sides[0].row,
        secondary=sides[1].row,
        agreement=agreement,
        serving=serving,
        serving_text=serving_text,
        wait=_wait(sides),
        pools=pools,
        free_count=sum(pool.free for pool in pools) if pools else None,
        backup_count=sum(pool.backup for pool in pools) if pools else None,
        skew_seconds=max(skews, default=None),
        message=ready.message,
        transitions=transitions_of(group, sides),
    )
    return Drawn(status, counts_written, _earliest((differ_at, counts_at, *(side.revisit_at for side in sides))))


def _wait(sides: tuple[Side, Side]) -> Wait | None:
    return next((side.row.wait for side in sides if side.row is not None and side.row.wait is not None), None)


def _earliest(moments: Iterable[datetime | None]) -> datetime | None:
    return min((moment for moment in moments if moment is not None), default=None)


def _pools(
    group: DhcpFailoverGroup, sides: tuple[Side, Side], world: World
) -> tuple[tuple[PoolUse, ...], bool, datetime | None]:
    """Return the pools to show, whether they are fresh, and when fresh ones that are held back may be shown."""
    shown = {pool.prefix: _shown(pool) for pool in group.status.pools}
    reports = [side.report for side in sides if side.report is not None]
    if not reports:
        return (), bool(shown), None
    settled_at = moment(reports[0].my_state_at) + FIRST_COUNTS_AFTER
    if not shown and world.now < settled_at:
        return (), False, settled_at
    fresh = counted(reports[0].pools)
    verdict = judge(shown, fresh, threshold_percent=_threshold(sides, world), world=world)
    if not verdict.fresh:
        return group.status.pools, False, verdict.revisit_at
    return tuple(_pool(pool) for pool in sorted(reports[0].pools, key=lambda pool: pool.prefix)), True, None


def _threshold(sides: tuple[Side, Side], world: World) -> int:
    servers = [world.servers[side.name] for side in own_sides(sides) if side.name and side.name in world.servers]
    return min((server.resource.spec.utilization_threshold_percent for server in servers), default=THRESHOLD_DEFAULT)


def _shown(pool: PoolUse) -> Count:
    parts = (pool.active, pool.free, pool.backup, pool.expired, pool.released, pool.abandoned)
    return Count(pool.total, parts, pool.active)


def _pool(pool: PoolReport) -> PoolUse:
    return PoolUse(
        prefix=pool.prefix,
        total=pool.total,
        active=pool.active,
        free=pool.free,
        backup=pool.backup,
        expired=pool.expired,
        released=pool.released,
        abandoned=pool.abandoned,
    )
