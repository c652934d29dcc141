"""What is measured: each piece of work on each pair in turn, several times round."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bench.dhcpd import Dhcpd
from bench.kea import Kea
from bench.load import Load, Trial, most
from bench.network import Network
from bench.ours import Ours
from bench.pair import Pair, Terms
from tests.interop.netns import eventually

POOL, LARGE_POOL = 32_768, 450_000
CLIENTS = 100_000
STEADY_RATE = 500.0
RESYNC_MCLT_S = 5
RESYNC_LIMIT_S = 180.0
GUESSES = {  # where the search begins, by what and whom
    ("DORA/s", "Edgepair"): 6000.0,
    ("DORA/s", "dhcpd"): 1000.0,
    ("DORA/s", "Kea"): 2800.0,
    ("DORA/s of a large pool", "Edgepair"): 6000.0,
    ("renewals/s", "Edgepair"): 12_000.0,
    ("renewals/s", "dhcpd"): 1000.0,
}
RENEWALS = "renewals"
LARGE = "large pool"


@dataclass(slots=True)
class Figures:
    """All that was measured, by what and of whom: one number for each round."""

    found: dict[tuple[str, str], list[float]] = field(default_factory=dict)

    def add(self, what: str, who: str, number: float) -> None:
        """Take a figure of one round."""
        self.found.setdefault((what, who), []).append(number)

    def median(self, what: str, who: str) -> float | None:
        """Return the middle one of all rounds; None when it was not measured."""
        numbers = self.found.get((what, who))
        return statistics.median(numbers) if numbers else None


class Bench:
    """The pairs, the load, and what came of them."""

    def __init__(self, network: Network, folder: Path, tell: Callable[[str], None]) -> None:
        self._network = network
        self._folder = folder
        self._load = Load(folder)
        self._tell = tell
        self._guess: dict[tuple[str, str], float] = {}
        self.figures = Figures()

    def round(self) -> None:
        """Measure everything once."""
        for what, measure in self._rows().items():
            for kind in (Ours, Dhcpd, Kea):
                began_s = time.monotonic()
                for words in measure(kind):
                    self._tell(f"{what}: {kind.name}: {words} ({time.monotonic() - began_s:.0f} s)")

    def _rows(self) -> Mapping[str, Callable[[type[Pair]], Iterator[str]]]:
        return {
            "new clients": self._new_clients,
            "steady": self._steady,
            RENEWALS: self._renewals,
            LARGE: self._large_pool,
            "resync": self._resync,
        }

    def _new_clients(self, kind: type[Pair]) -> Iterator[str]:
        pair = self._pair(kind, Terms(pool_size=POOL))
        best = self._most(pair, "DORA/s", lambda rate: self._load.dora(pair, rate))
        if best is not None:
            self.figures.add("CPU us at the most", kind.name, best.cpu_us)
            yield f"{best.rate:.0f} DORA/s, {best.cpu_us:.0f} us"

    def _steady(self, kind: type[Pair]) -> Iterator[str]:
        pair = self._pair(kind, Terms(pool_size=POOL))
        try:
            pair.begin()
            self._load.dora(pair, STEADY_RATE, seconds=2)  # all code and tables are warm, on all sides
            trial = self._load.dora(pair, STEADY_RATE, seconds=10)
        finally:
            pair.stop()
        add = self.figures.add
        add("CPU us at 500/s", kind.name, trial.cpu_us)
        for name, times in (("OFFER", trial.offer), ("ACK", trial.ack)):
            if times is not None:
                add(f"{name} p50 ms", kind.name, times.p50)
                add(f"{name} p99 ms", kind.name, times.p99)
        yield f"{trial.cpu_us:.0f} us, loss {trial.loss:.2%}, {trial.offer}, {trial.ack}"

    def _renewals(self, kind: type[Pair]) -> Iterator[str]:
        if kind is Kea:
            return
        pair = self._pair(kind, Terms(pool_size=CLIENTS, leases=CLIENTS))
        best = self._most(pair, "renewals/s", lambda rate: self._load.renew(pair, rate), begins_anew=False)
        if best is not None:
            yield f"{best.rate:.0f} renewals/s, {best.cpu_us:.0f} us"

    def _large_pool(self, kind: type[Pair]) -> Iterator[str]:
        if kind is not Ours:
            return
        pair = self._pair(kind, Terms(pool_size=LARGE_POOL))
        best = self._most(pair, "DORA/s of a large pool", lambda rate: self._load.dora(pair, rate))
        if best is not None:
            yield f"{best.rate:.0f} DORA/s"

    def _resync(self, kind: type[Pair]) -> Iterator[str]:
        terms = Terms(
            pool_size=CLIENTS + POOL,
            leases=CLIENTS,
            mclt_s=RESYNC_MCLT_S,
            max_unacked_updates=100,
        )
        pair = self._pair(kind, terms)
        try:
            pair.begin()
            rss_mb = pair.rss_mb()
            pair.kill(1)
            time.sleep(1)  # the survivor sees it
            pair.lose_store(1)
            began_s = time.monotonic()
            pair.start(1)
            time.sleep(1)  # it has begun: what follows is asked of the survivor while bindings are told
            trial = self._load.dora(pair, 50, seconds=3)  # the survivor serves meanwhile
            eventually(
                "all leases are there again", pair.is_ready, within_s=RESYNC_LIMIT_S, every_s=0.1, state=pair.log
            )
            took_s = time.monotonic() - began_s
        finally:
            pair.stop()
        self.figures.add("RSS MB", kind.name, rss_mb)
        self.figures.add("resync s", kind.name, took_s)
        yield f"{took_s:.1f} s, {rss_mb:.0f} MB before, {trial.loss:.0%} of the new clients unserved meanwhile"

    def _pair(self, kind: type[Pair], terms: Terms) -> Pair:
        return kind(self._network, self._folder, terms)

    def _most(
        self, pair: Pair, what: str, trial: Callable[[float], Trial], *, begins_anew: bool = True
    ) -> Trial | None:
        """Find the highest rate, from the last round's on, and keep it. Renewals use no addresses up."""
        guess = self._guess.get((what, pair.name), GUESSES[what, pair.name])
        try:
            pair.begin()
            best = most(pair.begin if begins_anew else lambda: None, trial, guess=guess)
        finally:
            pair.stop()
        if best is not None:
            self._guess[what, pair.name] = best.rate
            self.figures.add(what, pair.name, best.rate)
        return best
