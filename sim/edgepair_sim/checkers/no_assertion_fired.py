"""No assertion of ours fires, and an engine raises nothing else either: whatever comes in, it answers by a rule."""

from __future__ import annotations

from pathlib import PurePath
from traceback import extract_tb

from edgepair_sim.checkers.checker import Broken, Checker

ENGINE = "edgepair_engine"


class NoAssertionFired(Checker):
    """Stands for what a life sees itself: it ends when an engine raises anything, and that is this promise broken."""

    name = "no-assertion-fired"


def passed_an_engine(error: Exception) -> bool:
    """Return whether an exception came out of an engine: a real one would have died."""
    place = error.__traceback__
    while place is not None:
        if str(place.tb_frame.f_globals.get("__name__", "")).partition(".")[0] == ENGINE:
            return True
        place = place.tb_next
    return False


def fired(error: Exception) -> Broken:
    """Return the broken promise that an exception is: what was raised, and where."""
    where = extract_tb(error.__traceback__)[-1]
    what = f"{type(error).__name__}: {error}".strip().rstrip(":")
    return Broken(NoAssertionFired.name, f"{what} ({PurePath(where.filename).name}:{where.lineno}, {where.name})")
