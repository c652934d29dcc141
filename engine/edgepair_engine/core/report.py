"""What an engine says of itself, and when there is something new to say."""

from __future__ import annotations

from collections.abc import Sequence
from operator import attrgetter
from typing import NamedTuple

from edgepair_contract.clock import Now
from edgepair_contract.config import MemberConfig
from edgepair_contract.report import GroupReport, InterfaceReport, MemberReport, PoolReport
from edgepair_contract.value import value
from edgepair_contract.vocabulary import BindingState, Serving
from edgepair_engine.core.clock_watch import Step
from edgepair_engine.core.partners import Partners
from edgepair_engine.failover.view import GroupFacts, pool_report
from edgepair_engine.leases.pool import NO_GROUP, Pool
from edgepair_engine.leases.table import LeaseTable

COUNTS_INTERVAL_S = 60.0  # counts alone make a new revision at most this often (api.md section 3)
COUNTS_STEP_PERCENT = 5  # and only when one moved by this much of its pool
SKEW_WORTH_TELLING_S = 5  # below it the clocks' difference is jitter of reading them

_COUNTED = tuple((state, attrgetter(state.name.lower())) for state in BindingState if state is not BindingState.RESET)


@value
class Identity:
    """This run of the process: an id that no other run has, the version, the pod."""

    boot: str = ""
    version: str = "0"
    pod_uid: str | None = None


class Facts(NamedTuple):
    """All that a report is made of, but the counts and the last contacts: a tuple that is cheap to compare."""

    config: MemberConfig
    config_digest: str
    config_error: str | None
    store_error: str | None
    clock_step: Step | None
    interfaces: tuple[InterfaceReport, ...]
    groups: tuple[GroupFacts, ...]
    shortages: tuple[tuple[str, str], ...]  # prefix and reason


class Reporter:
    """Numbers the reports: a new revision for every change worth telling."""

    def __init__(self, identity: Identity, leases: LeaseTable, partners: Partners, *, now: Now) -> None:
        self._identity = identity
        self._leases = leases
        self._partners = partners
        self._started_at = now.wall_s
        self._report: MemberReport | None = None
        self._facts: Facts | None = None
        self._news: object = None
        self._counts_at_s = 0.0
        self._counts_seen = -1  # the table's `changes` when its counts were last compared with the report's

    def report(self, facts: Facts, now: Now) -> MemberReport:
        """Return the report on these facts: the one given before when nothing is worth telling."""
        if not self._has_news(facts, now) and self._report is not None and not self._counts_moved(self._report, now):
            return self._report
        self._counts_at_s = now.mono_s
        self._report = self._build(facts, now)
        return self._report

    def _has_news(self, facts: Facts, now: Now) -> bool:
        if facts == self._facts:
            return False  # after most turns
        self._facts = facts
        before, views = self._news, self._partners.views(now)
        self._news = (facts._replace(groups=()), tuple(_without_counts(view) for view in views))
        return self._news != before

    def _counts_moved(self, before: MemberReport, now: Now) -> bool:
        if now.mono_s - self._counts_at_s < COUNTS_INTERVAL_S or self._counts_seen == self._leases.changes:
            return False
        self._counts_seen = self._leases.changes
        groups = [group.name for group in before.groups]
        pools = [pool for group in (*groups, NO_GROUP) for pool in self._leases.pools(group)]
        return any(_has_moved(self._leases, *each) for each in zip(pools, before.pools, strict=True))

    def _build(self, facts: Facts, now: Now) -> MemberReport:
        groups = tuple(_with_shortages(group, facts) for group in self._partners.views(now))
        subnets = tuple(pool_report(pool, self._leases) for pool in self._leases.pools(NO_GROUP))
        why_not = not_ready_because(facts.store_error, groups)
        return MemberReport(
            revision=1 if self._report is None else self._report.revision + 1,
            boot=self._identity.boot,
            server=facts.config.server,
            version=self._identity.version,
            started_at=self._started_at,
            config_revision=facts.config.revision,
            config_digest=facts.config_digest,
            config_error=facts.config_error,
            store_error=facts.store_error,
            clock_step_s=0 if facts.clock_step is None else facts.clock_step.by_s,
            clock_stepped_at=None if facts.clock_step is None else facts.clock_step.at,
            pod_uid=self._identity.pod_uid,
            interfaces=facts.interfaces,
            groups=groups,
            subnets=_shown_short(subnets, facts),
            ready=why_not is None,
            ready_why=why_not or "clients are answered",
        )


def not_ready_because(store_error: str | None, groups: Sequence[GroupReport]) -> str | None:
    """Return why this server should not count as ready; None when it does (the rule of `/readyz`)."""
    if store_error is not None:
        return f"the lease store does not work: {store_error}"
    for group in groups:
        if group.starting:
            return f"group {group.name} is starting and will resume {group.my_state.label}"
        if group.serving is Serving.NONE:
            return f"group {group.name} answers no clients in {group.my_state.label}"
    return None


def _without_counts(group: GroupReport) -> GroupReport:
    skew_s = group.clock_skew_s if abs(group.clock_skew_s) >= SKEW_WORTH_TELLING_S else 0
    return group.model_copy(update={"pools": (), "last_contact_at": None, "clock_skew_s": skew_s})


def _with_shortages(group: GroupReport, facts: Facts) -> GroupReport:
    return group.model_copy(update={"pools": _shown_short(group.pools, facts)}) if facts.shortages else group


def _shown_short(pools: tuple[PoolReport, ...], facts: Facts) -> tuple[PoolReport, ...]:
    why = dict(facts.shortages)
    return tuple(
        pool.model_copy(update={"empty_why": why[pool.prefix]}) if pool.prefix in why else pool for pool in pools
    )


def _has_moved(leases: LeaseTable, pool: Pool, before: PoolReport) -> bool:
    """Return whether a count of a pool is another one now, by as much as is worth telling."""
    counts = [(leases.count(pool, state), shown(before)) for state, shown in _COUNTED]
    return any(now != then and abs(now - then) * 100 >= COUNTS_STEP_PERCENT * before.total for now, then in counts)
