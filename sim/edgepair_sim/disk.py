"""A server's disk in a simulated life: what is durable, what can go wrong, and what a start finds."""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable, Sequence

from edgepair_engine.leases.record import (
    ConfigRecord,
    CountsRecord,
    LeaseRecord,
    Record,
    Restored,
    StateRecord,
    record_key,
)
from edgepair_sim.worst import Worst

SNAPSHOTS_KEPT = 48
COMMIT_S = 0.003  # one sync of a disk that is well
FULL = "no space left on device"


class Disk:
    """The durable records of one server, with older copies of them that a person may put back."""

    def __init__(self, server: str) -> None:
        self.records: dict[Hashable, Record] = {}
        self.commits = Worst(COMMIT_S)
        self.fullness = Worst()
        self.latest: Sequence[Record] = ()  # what the sync that ended last has written
        # From which true moment on each store that was lost or put back had forgotten everything, in the order it was.
        self.forgot_from_s: list[float] = []
        self._server = server
        self._lost = 0
        self._snapshots: deque[tuple[float, dict[Hashable, Record]]] = deque(maxlen=SNAPSHOTS_KEPT)

    @property
    def commit_s(self) -> float:
        """Return how long a sync takes now."""
        return self.commits.now

    @property
    def full(self) -> bool:
        """Return whether nothing can be written now."""
        return self.fullness.now > 0

    def write(self, records: Sequence[Record]) -> None:
        """Make records durable: an upsert of each."""
        self.latest = records
        for record in records:
            self.records[record_key(record)] = record

    def restored(self) -> Restored:
        """Return what a start finds."""
        records = self.records.values()
        return Restored(
            leases=tuple(record for record in records if isinstance(record, LeaseRecord)),
            states=tuple(record for record in records if isinstance(record, StateRecord)),
            counts=tuple(record for record in records if isinstance(record, CountsRecord)),
            config=next((record for record in records if isinstance(record, ConfigRecord)), None),
            incarnation=f"{self._server}-store-{self._lost}",
        )

    def lease(self, address: int) -> LeaseRecord | None:
        """Return the durable record of an address."""
        record = self.records.get(address)
        assert record is None or isinstance(record, LeaseRecord), record
        return record

    def state(self, group: str) -> StateRecord | None:
        """Return the durable states of a group."""
        record = self.records.get(group)
        assert record is None or isinstance(record, StateRecord), record
        return record

    def counts(self, group: str) -> CountsRecord | None:
        """Return the durable counts of updates of a group."""
        record = self.records.get(record_key(CountsRecord(group=group)))
        assert record is None or isinstance(record, CountsRecord), record
        return record

    def lose(self) -> None:
        """Begin anew with an empty store, as after a replaced disk."""
        self.records = {}
        self._lost += 1
        self.forgot_from_s.append(0.0)
        self._snapshots.clear()

    def keep_copy(self, true_s: float) -> None:
        """Keep a copy of all that is durable now."""
        self._snapshots.append((true_s, dict(self.records)))

    def roll_back(self, true_s: float) -> float:
        """Put the newest copy from before this moment back (or the oldest there is) and return when it was made."""
        if not self._snapshots:
            return true_s
        made_s, records = next((each for each in reversed(self._snapshots) if each[0] <= true_s), self._snapshots[0])
        self.records = dict(records)
        self.forgot_from_s.append(made_s)
        return made_s
