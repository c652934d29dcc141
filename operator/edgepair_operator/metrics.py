"""What the operator counts of itself, in a registry of its own."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

SECONDS_BUCKETS = (0.005, 0.02, 0.1, 0.5, 2.0, 10.0)


class Metrics:
    """The series of one operator process; prefix `edgepair_operator_`, labels from closed sets only."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._reconciles = Counter(
            "edgepair_operator_reconciles",
            "Objects looked at, by kind and outcome.",
            ["kind", "outcome"],
            registry=self.registry,
        )
        self._seconds = Histogram(
            "edgepair_operator_reconcile_seconds",
            "Time from taking a key to its last call.",
            ["kind"],
            buckets=SECONDS_BUCKETS,
            registry=self.registry,
        )
        self._writes = Counter(
            "edgepair_operator_api_writes",
            "Writes to the API server, by kind and verb.",
            ["kind", "verb"],
            registry=self.registry,
        )
        self._asked = Counter(
            "edgepair_operator_engine_requests",
            "Requests to engines, by outcome.",
            ["outcome"],
            registry=self.registry,
        )
        self._queue = Gauge(
            "edgepair_operator_queue_keys", "Keys that wait, later ones included.", registry=self.registry
        )

    def reconciled(self, kind: str, outcome: str, took_s: float) -> None:
        """Count one look at an object."""
        self._reconciles.labels(kind=kind, outcome=outcome).inc()
        self._seconds.labels(kind=kind).observe(took_s)

    def wrote(self, kind: str, verb: str) -> None:
        """Count one write to the API server."""
        self._writes.labels(kind=kind, verb=verb).inc()

    def asked(self, outcome: str) -> None:
        """Count one request to an engine."""
        self._asked.labels(outcome=outcome).inc()

    def queued(self, keys: int) -> None:
        """Note how many keys wait."""
        self._queue.set(keys)

    def exposition(self) -> bytes:
        """Return all series as text."""
        return generate_latest(self.registry)
