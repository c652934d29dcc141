"""Time and chance as values: pure rooms are handed both and read neither themselves."""

from __future__ import annotations

from typing import Protocol

from edgepair_contract.value import value


@value
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
