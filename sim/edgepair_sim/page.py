"""The page that a story is written on: one line each, times that can be read, and what repeats itself folded."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from heapq import heappop, heappush
from itertools import pairwise

LINE_MAX = 110  # characters: what a screen shows in one row
RANGES_SHOWN_MAX = 4  # of addresses in one line; the rest is counted


@dataclass(slots=True)
class _Run:
    """Lines that differ in nothing but the address, or not even in that."""

    first_s: float
    last_s: float
    count: int = 1
    addresses: set[int] = field(default_factory=set)


class Page:
    """Takes what is told in the order of time and gives out lines.

    A run stays open until something is told that can be no part of one: bindings that two servers tell each other by
    the dozen, and acknowledge in turn, become two lines. Runs come out in the order in which they began.
    """

    def __init__(self, write: Callable[[str], None]) -> None:
        self._write = write
        self._runs: dict[tuple[str, str, str], _Run] = {}
        self._later: list[tuple[float, str, str]] = []  # a heap

    def line(self, true_s: float, who: str, what: str) -> None:
        """Tell something that stands by itself."""
        self._catch_up(true_s)
        self._line(true_s, who, what)

    def later(self, true_s: float, who: str, what: str) -> None:
        """Tell something when its time has come: before whatever is told after that."""
        heappush(self._later, (true_s, who, what))

    def repeated(self, true_s: float, who: str, what: str, *, address: int = 0, then: str = "") -> None:
        """Tell something that may come many times: `what`, then the address if there is one, then `then`."""
        self._catch_up(true_s)
        run = self._runs.get((who, what, then))
        if run is None:
            run = self._runs[who, what, then] = _Run(true_s, true_s, count=0)
        run.last_s = true_s
        run.count += 1
        if address:
            run.addresses.add(address)

    def end(self, true_s: float) -> None:
        """Write what is still open at the end of a life."""
        self._catch_up(true_s)
        self._close_runs()

    def _catch_up(self, true_s: float) -> None:
        while self._later and self._later[0][0] <= true_s:
            self._line(*heappop(self._later))

    def _line(self, true_s: float, who: str, what: str) -> None:
        self._close_runs()
        self._put(true_s, who, what)

    def _close_runs(self) -> None:
        runs, self._runs = self._runs, {}
        for (who, what, then), run in runs.items():
            address = f" {addresses_in_words(run.addresses)}" if run.addresses else ""
            self._put(run.first_s, who, f"{what}{address}{then}{_how_often(run)}")

    def _put(self, true_s: float, who: str, what: str) -> None:
        text = f"{clock_time(true_s)}  {who:<8} {what}"
        self._write(text if len(text) <= LINE_MAX else text[: LINE_MAX - 1] + "…")


def clock_time(true_s: float) -> str:
    """Return a moment of a life as hh:mm:ss.mmm since its beginning."""
    whole_ms = round(true_s * 1000)
    minutes, ms = divmod(whole_ms, 60_000)
    return f"{minutes // 60:02}:{minutes % 60:02}:{ms // 1000:02}.{ms % 1000:03}"


def addresses_in_words(addresses: Iterable[int]) -> str:
    """Return addresses as ranges: 10.1.0.50, or 10.1.0.50-57, 10.1.0.60 (9)."""
    ordered = sorted(addresses)
    firsts = [ordered[0], *(later for earlier, later in pairwise(ordered) if later != earlier + 1)]
    lasts = [*(earlier for earlier, later in pairwise(ordered) if later != earlier + 1), ordered[-1]]
    ranges = [
        dotted(first) if first == last else f"{dotted(first)}-{last & 0xFF}"
        for first, last in zip(firsts, lasts, strict=True)
    ]
    shown = ", ".join(ranges[:RANGES_SHOWN_MAX]) + (", ..." if len(ranges) > RANGES_SHOWN_MAX else "")
    return shown if len(ordered) == 1 else f"{shown} ({len(ordered)})"


def dotted(address: int) -> str:
    """Return an address as people write it."""
    return ".".join(str(byte) for byte in address.to_bytes(4))


def _how_often(run: _Run) -> str:
    """Return how often the same was told, if the addresses do not show it."""
    times = run.count - max(0, len(run.addresses) - 1)
    if times <= 1:
        return ""
    return f" [{run.count} times until {clock_time(run.last_s)}]"
