"""The page that a story is written on: one line each, times that can be read, and what repeats itself folded."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from heapq import heappop, heappush
from itertools import pairwise

from edgepair_contract.value import value

LINE_MAX = 110  # characters: what a screen shows in one row
BURST_S = 0.5  # what comes within it belongs together
RANGES_SHOWN_MAX = 4  # of addresses in one line; the rest is counted


@value
class Told:
    """Something that may come many times: `what`, an address unless it is 0, `then`, and what the latest ends with.

    After a while the same words are the same thing again only if they are also `about` the same.
    """

    what: str
    address: int = 0
    then: str = ""
    last: str = ""
    about: str = ""


@dataclass(slots=True)
class _Run:
    """Lines that differ in the address only, or not even in that."""

    who: str
    first_s: float
    last_s: float
    told: Told  # the latest
    count: int = 0
    addresses: set[int] = field(default_factory=set)

    def take(self, true_s: float, told: Told) -> None:
        self.last_s, self.told = true_s, told
        self.count += 1
        if told.address:
            self.addresses.add(told.address)

    @property
    def words(self) -> str:
        address = f" {addresses_in_words(self.addresses)}" if self.addresses else ""
        return f"{self.told.what}{address}{self.told.then}{self.told.last}"

    @property
    def how_often(self) -> str:
        """Return how often the same was told, if the addresses do not show it."""
        times = self.count - max(0, len(self.addresses) - 1)
        return f" [{self.count} times, last at {clock_time(self.last_s)}]" if times > 1 else ""


class Page:
    """Takes what is told in the order of time and gives out lines.

    Runs stay open until something is told that can be no part of one: bindings that two servers tell each other by
    the dozen, and acknowledge in turn, become two lines. Runs come out in the order in which they began.
    """

    def __init__(self, write: Callable[[str], None]) -> None:
        self._write = write
        self._runs: list[_Run] = []
        self._newest: dict[tuple[str, ...], _Run] = {}  # by who and the words, the address left out
        self._about: dict[tuple[str, ...], _Run] = {}  # and by what they are about
        self._later: list[tuple[float, str, str]] = []  # a heap

    def line(self, true_s: float, who: str, what: str) -> None:
        """Tell something that stands by itself."""
        self._catch_up(true_s)
        self._line(true_s, who, what)

    def later(self, true_s: float, who: str, what: str) -> None:
        """Tell something when its time has come: before whatever is told after that."""
        heappush(self._later, (true_s, who, what))

    def repeated(self, true_s: float, who: str, told: Told) -> None:
        """Tell something that may come many times."""
        self._catch_up(true_s)
        words = who, told.what, told.then
        run = self._newest.get(words)
        if run is None or true_s - run.last_s > BURST_S:
            run = self._about.get((*words, told.about))
        if run is None:
            run = _Run(who, true_s, true_s, told)
            self._runs.append(run)
        self._newest[words] = self._about[(*words, told.about)] = run
        run.take(true_s, told)

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
        for run in self._runs:
            self._put(run.first_s, run.who, run.words, run.how_often)
        self._runs.clear()
        self._newest.clear()
        self._about.clear()

    def _put(self, true_s: float, who: str, what: str, how_often: str = "") -> None:
        text, room = f"{clock_time(true_s)}  {who:<8} {what}", LINE_MAX - len(how_often)
        self._write((text if len(text) <= room else text[: room - 1] + "…") + how_often)


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
