"""A server's disk in a simulated life: what is durable, what can go wrong, and what a start finds."""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable, Sequence

from edgepair_contract.value import value
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


@value
class _Copy:
    made_s: float
    records: dict[Hashable, Record]
    lacks_from_s: float | None  # what the disk lacked itself when it was copied

    @property
    def forgot_from_s(self) -> float:
        """Return from which true moment on it has forgotten everything."""
        return self.made_s if self.lacks_from_s is None else min(self.made_s, self.lacks_from_s)


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
        self._lacks_from_s: float | None = None  # from when on it lacks what was written; None: it is whole
        self._copies: deque[_Copy] = deque(maxlen=SNAPSHOTS_KEPT)

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
        self._forget_from(0.0)
        self._copies.clear()

    def keep_copy(self, true_s: float) -> None:
        """Keep a copy of all that is durable now."""
        self._copies.append(_Copy(true_s, dict(self.records), self._lacks_from_s))

    def roll_back(self, true_s: float) -> float:
        """Put the newest copy from before this moment back (or the oldest there is) and return when it was made."""
        if not self._copies:
            return true_s
        copy = next((each for each in reversed(self._copies) if each.made_s <= true_s), self._copies[0])
        self.records = dict(copy.records)
        self._forget_from(copy.forgot_from_s)
        return copy.made_s

    def made_good(self) -> None:
        """Hear that the partner has told everything that was missing."""
        self._lacks_from_s = None

    def _forget_from(self, true_s: float) -> None:
        self.forgot_from_s.append(true_s)
        self._lacks_from_s = true_s
