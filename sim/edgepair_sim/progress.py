"""How far a run is: one line that is written over again on a terminal, a plain line every few seconds elsewhere."""

from __future__ import annotations

import time
from typing import TextIO

from edgepair_sim.tally import Tally

PLAIN_EVERY_S = 5.0
CLEAR = "\r\x1b[K"


class Progress:
    """Tells about a tally that fills, and measures the real time of it."""

    def __init__(self, tally: Tally, *, of: int, to: TextIO) -> None:
        self._tally = tally
        self._of = of
        self._to = to
        self._terminal = to.isatty()
        self._began_s = time.monotonic()
        self._next_s = self._began_s + PLAIN_EVERY_S

    def tick(self) -> None:
        """Say how far it is, if that is due."""
        now_s = time.monotonic()
        self._tally.took_s = now_s - self._began_s
        if self._terminal:
            print(f"{CLEAR}{self._line()}", end="", file=self._to, flush=True)
        elif now_s >= self._next_s:
            self._next_s = now_s + PLAIN_EVERY_S
            print(self._line(), file=self._to, flush=True)

    def say(self, text: str) -> None:
        """Write something else in between."""
        self.end()
        print(text, file=self._to, flush=True)

    def end(self) -> None:
        """Leave the line."""
        if self._terminal:
            print(CLEAR, end="", file=self._to, flush=True)

    def _line(self) -> str:
        tally, done = self._tally, len(self._tally.first)
        left = f"{tally.took_s / done * (self._of - done):.0f} s left" if done else "none has ended yet"
        return (
            f"{done:,} of {self._of:,} seeds, {len(tally.failed)} failed, "
            f"{tally.hours_a_second:.1f} virtual hours a second, {left}"
        )
