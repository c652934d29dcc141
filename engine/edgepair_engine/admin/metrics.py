"""The engine's metrics: a registry of its own, labels from closed sets and configured names only."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, Histogram, disable_created_metrics, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from edgepair_contract.report import GroupReport, MemberReport
from edgepair_contract.value import value
from edgepair_contract.vocabulary import FailoverState, Serving
from edgepair_engine.admin.board import Board

PREFIX = "edgepair_engine"
COMMIT_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5)
BATCH_BUCKETS = (1, 2, 5, 10, 25, 50, 100, 250, 500, 1000)

_COUNTED = ("active", "free", "backup", "expired", "released", "abandoned")


@dataclass(slots=True)
class Counts:
    """What happens with every turn: plain numbers, since a turn counts as much as a packet."""

    turns: int = 0
    commit_failures: int = 0
    datagrams: int = 0
    datagrams_dropped: int = 0
    unsent: int = 0
    waiting: int = 0


@value
class Metrics:
    """What the shell counts itself, and the registry that holds it together with what the report says."""

    registry: CollectorRegistry
    counts: Counts
    commit_seconds: Histogram
    commit_records: Histogram

    def text(self) -> bytes:
        """Return all metrics in Prometheus' text format."""
        return generate_latest(self.registry)


def make_metrics(board: Board) -> Metrics:
    """Return the metrics of one process; those of the groups are read from its board."""
    disable_created_metrics()  # type: ignore[no-untyped-call]  # untyped there; a series per counter that nobody reads
    registry = CollectorRegistry()
    registry.register(_OfReport(board))
    counts = Counts()
    registry.register(_OfCounts(counts))
    return Metrics(
        registry=registry,
        counts=counts,
        commit_seconds=Histogram(
            f"{PREFIX}_store_commit_seconds", "Time to make a batch durable.", buckets=COMMIT_BUCKETS, registry=registry
        ),
        commit_records=Histogram(
            f"{PREFIX}_store_commit_records", "Records of a batch.", buckets=BATCH_BUCKETS, registry=registry
        ),
    )


class _OfCounts(Collector):
    """The metrics that are counted in the loop."""

    def __init__(self, counts: Counts) -> None:
        self._counts = counts

    def collect(self) -> Iterator[Metric]:
        counts = self._counts
        yield CounterMetricFamily(f"{PREFIX}_turns", "Turns of the loop.", counts.turns)
        yield CounterMetricFamily(f"{PREFIX}_store_failures", "Batches that were not.", counts.commit_failures)
        yield CounterMetricFamily(f"{PREFIX}_datagrams", "DHCP datagrams taken.", counts.datagrams)
        dropped = "DHCP datagrams not taken: the inbox was full."
        yield CounterMetricFamily(f"{PREFIX}_datagrams_dropped", dropped, counts.datagrams_dropped)
        yield _one(f"{PREFIX}_answers_unsent", "Answers that the kernel did not take.", counts.unsent)
        yield _one(f"{PREFIX}_inbox_events", "Events that wait for their turn.", counts.waiting)


class _OfReport(Collector):
    """The metrics that repeat the newest report."""

    def __init__(self, board: Board) -> None:
        self._board = board

    def collect(self) -> Iterator[Metric]:
        report = self._board.newest
        if report is None:
            return
        yield _one(f"{PREFIX}_ready", "1 while clients are answered.", int(report.ready))
        yield _one(f"{PREFIX}_config_revision", "Revision of the configuration in force.", report.config_revision)
        yield _one(f"{PREFIX}_started_timestamp_seconds", "When the process started.", report.started_at)
        yield _one(f"{PREFIX}_clock_step_seconds", "Latest jump of the wall clock, 0 for none.", report.clock_step_s)
        yield _interfaces(report)
        yield _enum("failover_state", "My state: 1 for the one it is.", report.groups, "my_state")
        yield _enum("failover_partner_state", "The partner's state as heard last.", report.groups, "partner_state")
        yield _serving(report.groups)
        yield _per_group("failover_connected", "1 while the link to the partner stands.", report.groups, "connected")
        yield _per_group(
            "failover_starting", "1 until the state before the start is resumed.", report.groups, "starting"
        )
        yield _per_group("clock_skew_seconds", "The partner's clock minus ours.", report.groups, "clock_skew_s")
        yield from _pools(report)


def _one(name: str, text: str, value: float) -> Metric:
    family = GaugeMetricFamily(name, text)
    family.add_metric([], value)
    return family


def _interfaces(report: MemberReport) -> Metric:
    family = GaugeMetricFamily(f"{PREFIX}_interface_up", "1 while packets can flow.", labels=["interface"])
    for interface in report.interfaces:
        family.add_metric([interface.name], int(interface.problem is None))
    return family


def _enum(name: str, text: str, groups: Iterable[GroupReport], attribute: str) -> Metric:
    family = GaugeMetricFamily(f"{PREFIX}_{name}", text, labels=["group", "state"])
    for group in groups:
        for state in FailoverState:
            family.add_metric([group.name, state.edgeconnect], int(getattr(group, attribute) is state))
    return family


def _serving(groups: Iterable[GroupReport]) -> Metric:
    family = GaugeMetricFamily(f"{PREFIX}_serving", "Which clients are answered.", labels=["group", "clients"])
    for group in groups:
        for serving in Serving:
            family.add_metric([group.name, serving.value.lower()], int(group.serving is serving))
    return family


def _per_group(name: str, text: str, groups: Iterable[GroupReport], attribute: str) -> Metric:
    family = GaugeMetricFamily(f"{PREFIX}_{name}", text, labels=["group"])
    for group in groups:
        family.add_metric([group.name], int(getattr(group, attribute)))
    return family


def _pools(report: MemberReport) -> Iterator[Metric]:
    addresses = GaugeMetricFamily(f"{PREFIX}_addresses", "Addresses by state.", labels=["group", "prefix", "state"])
    empty = GaugeMetricFamily(
        f"{PREFIX}_pool_empty", "1 while new clients get no address; the report says why.", labels=["group", "prefix"]
    )
    pools = [(group.name, pool) for group in report.groups for pool in group.pools]
    for name, pool in [*pools, *(("", pool) for pool in report.subnets)]:
        for state in _COUNTED:
            addresses.add_metric([name, pool.prefix, state], getattr(pool, state))
        empty.add_metric([name, pool.prefix], int(pool.empty_why is not None))
    yield addresses
    yield empty
