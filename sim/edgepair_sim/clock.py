"""A server's two clocks in a simulated life: they run a little fast or slow, and the wall clock can be stepped."""

from __future__ import annotations

from edgepair_contract.clock import Now

START_AT = 1_795_514_888  # epoch seconds at the beginning of every life
BOOT_S = 1000.0  # what the monotonic clocks show then


class Clock:
    """The clocks of one machine. `rate` is how many of its seconds pass in a true one."""

    def __init__(self, rate: float = 1.0) -> None:
        self.rate = rate
        self.offset_s = 0  # how far steps have put the wall clock ahead
        self._reached_s = 0.0
        self._read_s = -1.0  # true time of the latest reading: one moment is asked for several times
        self._reading = Now(START_AT, BOOT_S)

    def read(self, true_s: float) -> Now:
        """Return what the clocks show."""
        if true_s != self._read_s:
            passed_s = true_s * self.rate
            self._read_s = true_s
            self._reading = Now(START_AT + int(passed_s) + self.offset_s, max(BOOT_S + passed_s, self._reached_s))
        return self._reading

    def reach(self, mono_s: float) -> None:
        """Note that this moment has come: a timer that has run out must not find that rounding left a bit of it."""
        self._reached_s = max(self._reached_s, mono_s)
        self._read_s = -1.0

    def true_s(self, mono_s: float) -> float:
        """Return the true time at which the monotonic clock shows this."""
        return (mono_s - BOOT_S) / self.rate

    def step(self, by_s: int) -> None:
        """Put the wall clock forward or, negative, back."""
        self.offset_s += by_s
        self._read_s = -1.0
