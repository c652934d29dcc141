"""From a life that fails to the simplest one that can be found and fails alike: what remains is the reason."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from edgepair_sim.script import Script
from edgepair_sim.simpler import WAYS

Fails = Callable[[Script], float | None]  # when a script's life fails as the first one did; None: it does not
TRIALS_MAX = 2000
AFTER_S = 1.0  # a life ends so long after it has failed


def shrink(
    script: Script,
    fails: Fails,
    tell: Callable[[str], None],
    *,
    trials_max: int = TRIALS_MAX,
    spent: Callable[[], bool] = lambda: False,
) -> Script:
    """Return the simplest script found that fails as this one does; `tell` hears of progress.

    Ends when nothing simpler fails, after so many trials, or once `spent` says that there is no time left.

    Raises:
        ValueError: this script does not fail.
    """
    search = _Search(fails, tell, trials_max, spent)
    if not search.still(script):
        raise ValueError("this life does not fail")
    try:
        search.run()
    except _Spent as end:
        tell(f"stopped: {end}")
    assert search.best is not None
    return search.best


class _Spent(Exception):
    """No more trials, or no more time."""


class _Search:
    """What was tried, and the best so far."""

    def __init__(self, fails: Fails, tell: Callable[[str], None], trials_max: int, spent: Callable[[], bool]) -> None:
        self.best: Script | None = None
        self._fails = fails
        self._tell = tell
        self._trials_max = trials_max
        self._spent = spent
        self._broke_s = 0.0
        self._tried: set[Script] = set()

    def run(self) -> None:
        """Go all ways again and again, until none leads any further."""
        before = None
        while self.best != before:
            before = self.best
            for way in WAYS:
                self._end_sooner()
                assert self.best is not None
                way(self.best, self.still)

    def still(self, candidate: Script) -> bool:
        """Return whether a candidate fails too; then it is the best so far."""
        if candidate in self._tried:
            return candidate == self.best
        if len(self._tried) >= self._trials_max:
            raise _Spent(f"{self._trials_max} trials")
        if self._spent():
            raise _Spent("no time left")
        self._tried.add(candidate)
        broke_s = self._fails(candidate)
        if broke_s is None:
            return False
        self.best, self._broke_s = candidate, broke_s
        self._tell(f"trial {len(self._tried)}: {in_words(candidate)}")
        return True

    def _end_sooner(self) -> None:
        """End the life just after it fails; what would be done later is not needed."""
        assert self.best is not None
        end_s = float(int(self._broke_s + AFTER_S))
        if end_s < self.best.end_s:
            deeds = tuple(deed for deed in self.best.deeds if deed.at_s <= end_s)
            self.still(replace(self.best, deeds=deeds, end_s=end_s))


def in_words(script: Script) -> str:
    """Return how long and how full a script is."""
    return f"{len(script.deeds)} deeds, {script.settings.clients} clients, {script.end_s:.0f} s"
