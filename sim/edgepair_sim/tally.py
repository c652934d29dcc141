"""What many lives came to: the figures while they are lived and at the end, as text, as JSON and as a page."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from statistics import median

from edgepair_sim.lives import TWO_LIVES, Failure, Lived

HOUR_S = 3600.0


@dataclass(slots=True)
class Tally:
    """Everything that has ended so far, by seed: first lives, and the second ones of seeds that live twice."""

    first: dict[int, Lived] = field(default_factory=dict)
    again: dict[int, Lived] = field(default_factory=dict)
    took_s: float = 0.0  # real time
    interrupted: bool = False  # by a person, before all seeds had lived

    def add(self, lived: Lived, *, again: bool) -> Lived | None:
        """Take a life in; return it if it failed, or if the seed's two lives differ."""
        (self.again if again else self.first)[lived.seed] = lived
        if not again and lived.failure is not None:
            return lived
        return self._torn(lived.seed)

    @property
    def failed(self) -> list[Lived]:
        """Return the lives that failed, and one of each seed that lived two lives."""
        torn = [one for seed in sorted(self.again) if (one := self._torn(seed)) is not None]
        return [*(self.first[seed] for seed in sorted(self.first) if self.first[seed].failure is not None), *torn]

    @property
    def virtual_h(self) -> float:
        """Return the virtual hours of all lives."""
        return sum(one.virtual_s for one in self._all()) / HOUR_S

    @property
    def hours_a_second(self) -> float:
        """Return how many virtual hours passed in a real second."""
        return self.virtual_h / self.took_s if self.took_s else 0.0

    @property
    def digest(self) -> str:
        """Return a hash over the digests of all seeds: equal for equal lives."""
        whole = hashlib.blake2b(digest_size=8)
        for seed in sorted(self.first):
            whole.update(f"{seed} {self.first[seed].digest}\n".encode())
        return whole.hexdigest()

    def slowest(self) -> Lived:
        """Return the life that took most of a core."""
        return max(self.first.values(), key=lambda one: one.core_s)

    def median_core_s(self) -> float:
        """Return what a life takes of a core."""
        return median(one.core_s for one in self.first.values())

    def _all(self) -> Iterable[Lived]:
        return (*self.first.values(), *self.again.values())

    def _torn(self, seed: int) -> Lived | None:
        """Return a seed's second life as a failed one if it is another than the first."""
        one, other = self.first.get(seed), self.again.get(seed)
        if one is None or other is None or one.digest == other.digest:
            return None
        how = f"the same seed lived two lives: {one.digest} and {other.digest}"
        return Lived(seed, other.digest, other.virtual_s, other.core_s, Failure(TWO_LIVES, how, other.virtual_s))


def told(lived: Lived) -> str:
    """Return what a failed life tells: who says what, when, and the commands that show more."""
    failure = lived.failure
    assert failure is not None
    lines = [
        f"seed {lived.seed} failed at {moment(failure.at_s)}",
        f"  {_why(lived)}",
        f"  its story: make sim SEED={lived.seed} TRACE=1    cut down: make sim-shrink SEED={lived.seed}",
    ]
    return "\n".join([*lines, *(f"  {line}" for line in failure.traceback.splitlines())])


def moment(true_s: float) -> str:
    """Return a virtual moment as scripts and stories write it, and as a clock does."""
    minutes, seconds = divmod(int(true_s), 60)
    return f"{true_s:.3f} s ({minutes // 60}:{minutes % 60:02}:{seconds:02})"


def summary(tally: Tally) -> str:
    """Return the closing lines about many lives."""
    if not tally.first:
        return "no life ended"
    slowest, began = tally.slowest(), "interrupted after " if tally.interrupted else ""
    seeds, hours = _count(len(tally.first), "seed"), f"{tally.virtual_h:,.0f} virtual hours"
    lines = [
        f"{began}{seeds} in {tally.took_s:.0f} s: {hours}, {tally.hours_a_second:.1f} in a second",
        f"core seconds a seed: median {tally.median_core_s():.2f}, most {slowest.core_s:.2f} (seed {slowest.seed})",
        f"lived twice: {_count(len(tally.again), 'seed')}",
        f"hash of all: {tally.digest}",
        f"{len(tally.failed)} failed{':' if tally.failed else ''}",
    ]
    return "\n".join([*lines, *(f"  seed {one.seed:<8}{_why(one)}" for one in tally.failed)])


def summary_of(lived: Lived) -> str:
    """Return the closing line about one life."""
    end = "lived" if lived.failure is None else "failed"
    return f"seed {lived.seed} {end}: {moment(lived.virtual_s)}, {lived.core_s:.2f} s of a core, hash {lived.digest}"


def as_json(tally: Tally) -> str:
    """Return everything for machines: one object, a list of failures in it."""
    facts = {
        "seeds": len(tally.first),
        "twice": len(tally.again),
        "took_s": round(tally.took_s, 3),
        "core_s": round(sum(one.core_s for one in tally.first.values()), 3),
        "virtual_h": round(tally.virtual_h, 3),
        "digest": tally.digest,
        "digests": {str(seed): tally.first[seed].digest for seed in sorted(tally.first)},
        "failed": [{"seed": one.seed, **asdict(one.failure)} for one in tally.failed if one.failure is not None],
    }
    return json.dumps(facts, indent=2)


def page(tally: Tally) -> str:
    """Return the figures for the summary of a whole run."""
    head = "| seeds | lived twice | virtual hours | took | core seconds a seed | hash of all | failures |"
    row = (
        f"| {len(tally.first):,} | {len(tally.again):,} | {tally.virtual_h:,.0f} | {tally.took_s:.0f} s "
        f"| {tally.median_core_s():.2f} | {tally.digest} | {len(tally.failed)} |"
    )
    return "\n".join([head, "|---|---|---|---|---|---|---|", row, ""])


def _why(lived: Lived) -> str:
    assert lived.failure is not None
    return f"{lived.failure.checker}: {lived.failure.how}"


def _count(count: int, what: str) -> str:
    return f"{count:,} {what}" if count == 1 else f"{count:,} {what}s"
