"""When counts of addresses are worth a write: not with every lease."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from edgepair_contract.report import PoolReport
from edgepair_operator.plan.world import World

MOVED_PERCENT = 5
EVERY = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Count:
    """One prefix: how many addresses it has, and how many are of each kind that is shown."""

    total: int
    parts: tuple[int, ...]
    active: int


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether the fresh counts are shown; if not although they moved, when they may be."""

    fresh: bool
    revisit_at: datetime | None = None


def judge(shown: Mapping[str, Count], fresh: Mapping[str, Count], *, threshold_percent: int, world: World) -> Verdict:
    """Return whether counts moved enough to be shown now: by 5 % of a pool or over the threshold, once a minute."""
    if shown == fresh:
        return Verdict(fresh=False)
    if shown.keys() != fresh.keys():
        return Verdict(fresh=True)
    if not any(_moved(shown[prefix], fresh[prefix], threshold_percent) for prefix in fresh):
        return Verdict(fresh=False)
    due_at = world.counts_at + EVERY if world.counts_at is not None else world.now
    return Verdict(fresh=True) if world.now >= due_at else Verdict(fresh=False, revisit_at=due_at)


def _moved(shown: Count, fresh: Count, threshold_percent: int) -> bool:
    if shown.total != fresh.total:
        return True
    furthest = max(abs(before - after) for before, after in zip(shown.parts, fresh.parts, strict=True))
    crossed = utilization_percent(shown) >= threshold_percent, utilization_percent(fresh) >= threshold_percent
    return furthest * 100 >= MOVED_PERCENT * max(1, fresh.total) or crossed[0] != crossed[1]


def utilization_percent(count: Count) -> int:
    """Return how many of 100 addresses clients hold."""
    return count.active * 100 // count.total if count.total else 0


def counted(pools: Sequence[PoolReport]) -> dict[str, Count]:
    """Return the counts of an engine's pools by prefix."""
    return {
        pool.prefix: Count(
            pool.total, (pool.active, pool.free, pool.backup, pool.expired, pool.released, pool.abandoned), pool.active
        )
        for pool in pools
    }
