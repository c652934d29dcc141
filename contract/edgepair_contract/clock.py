"""Time and chance as values: pure rooms are handed both and read neither themselves."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class Now:
    """One reading of both clocks.

    `wall_s`: seconds since the epoch (UTC), for promises to others and everything stored.
    `mono_s`: seconds of a clock that never steps and counts suspended time, for timers only.
    """

    wall_s: int
    mono_s: float


class Chance(Protocol):
    """The part of `random.Random` that rules may use (jitter, nothing else)."""

    def random(self) -> float:
        """Return a number in [0, 1)."""

    def randint(self, a: int, b: int, /) -> int:
        """Return a whole number from `a` to `b`, both included."""


def soonest(*moments: float | None) -> float | None:
    """Return the earliest of these moments of one clock; None when there is none."""
    known = [moment for moment in moments if moment is not None]
    return min(known) if known else None
