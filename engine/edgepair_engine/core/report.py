"""What an engine says of itself, and when there is something new to say."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from edgepair_contract.clock import Now
from edgepair_contract.report import GroupReport, InterfaceReport, MemberReport, PoolReport
from edgepair_contract.vocabulary import BindingState, Serving
from edgepair_engine.core.clock_watch import Step
from edgepair_engine.leases.pool import Pool
from edgepair_engine.leases.table import LeaseTable

COUNTS_INTERVAL_S = 60.0  # counts alone make a new revision at most this often (api.md section 3)
COUNTS_STEP_PERCENT = 5  # and only when one moved by this much of its pool
SKEW_WORTH_TELLING_S = 5  # below it the clocks' difference is jitter of reading them

_COUNTED = ("active", "free", "backup", "expired", "released", "abandoned")


@dataclass(frozen=True, slots=True)
class Identity:
    """This run of the process: an id that no other run has, the version, the pod."""

    boot: str = ""
    version: str = "0"
    pod_uid: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """All that a report is made of."""

    server: str
    config_revision: int
    config_digest: str
    config_error: str | None
    store_error: str | None
    clock_step: Step | None = None
    interfaces: tuple[InterfaceReport, ...] = ()
    groups: tuple[GroupReport, ...] = ()
    subnets: tuple[PoolReport, ...] = field(default=())


class Reporter:
    """Numbers the reports: a new revision for every change worth telling."""

    def __init__(self, identity: Identity, started_at: int) -> None:
        self._identity = identity
        self._started_at = started_at
        self._report: MemberReport | None = None
        self._news: object = None
        self._counts_at_s = 0.0

    def report(self, facts: Facts, now: Now) -> MemberReport:
        """Return the report on these facts: the one given before when nothing is worth telling."""
        news = (
            facts.config_revision,
            facts.config_digest,
            facts.config_error,
            facts.store_error,
            facts.clock_step,
            facts.interfaces,
            tuple(_without_counts(group) for group in facts.groups),
        )
        if self._report is not None and news == self._news and not self._counts_moved(self._report, facts, now):
            return self._report
        self._news = news
        self._counts_at_s = now.mono_s
        self._report = self._build(facts)
        return self._report

    def _counts_moved(self, before: MemberReport, facts: Facts, now: Now) -> bool:
        if now.mono_s - self._counts_at_s < COUNTS_INTERVAL_S:
            return False
        return any(
            abs(getattr(new, name) - getattr(old, name)) * 100 >= COUNTS_STEP_PERCENT * new.total
            and getattr(new, name) != getattr(old, name)
            for old, new in zip(_pools(before.groups, before.subnets), _pools(facts.groups, facts.subnets), strict=True)
            for name in _COUNTED
        )

    def _build(self, facts: Facts) -> MemberReport:
        why_not = not_ready_because(facts)
        return MemberReport(
            revision=1 if self._report is None else self._report.revision + 1,
            boot=self._identity.boot,
            server=facts.server,
            version=self._identity.version,
            started_at=self._started_at,
            config_revision=facts.config_revision,
            config_digest=facts.config_digest,
            config_error=facts.config_error,
            store_error=facts.store_error,
            clock_step_s=0 if facts.clock_step is None else facts.clock_step.by_s,
            clock_stepped_at=None if facts.clock_step is None else facts.clock_step.at,
            pod_uid=self._identity.pod_uid,
            interfaces=facts.interfaces,
            groups=facts.groups,
            subnets=facts.subnets,
            ready=why_not is None,
            ready_why=why_not or "clients are answered",
        )


def not_ready_because(facts: Facts) -> str | None:
    """Return why this server should not count as ready; None when it does (the rule of `/readyz`)."""
    if facts.store_error is not None:
        return f"the lease store does not work: {facts.store_error}"
    for group in facts.groups:
        if group.starting:
            return f"group {group.name} is starting and will resume {group.my_state.label}"
        if group.serving is Serving.NONE:
            return f"group {group.name} answers no clients in {group.my_state.label}"
    return None


def pool_report(leases: LeaseTable, pool: Pool) -> PoolReport:
    """Return how the addresses of a pool are bound."""
    counts = {state.name.lower(): leases.count(pool, state) for state in BindingState if state.name.lower() in _COUNTED}
    return PoolReport(prefix=pool.prefix, total=pool.total, **counts)


def _pools(groups: Sequence[GroupReport], subnets: Sequence[PoolReport]) -> list[PoolReport]:
    return [*(pool for group in groups for pool in group.pools), *subnets]


def _without_counts(group: GroupReport) -> GroupReport:
    skew_s = group.clock_skew_s if abs(group.clock_skew_s) >= SKEW_WORTH_TELLING_S else 0
    return group.model_copy(update={"pools": (), "last_contact_at": None, "clock_skew_s": skew_s})
