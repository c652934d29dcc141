"""A life lived to its end, and what became of it: a value that processes can hand to each other."""

from __future__ import annotations

import time
import traceback
from collections.abc import Callable, Iterable
from dataclasses import replace

from edgepair_contract.value import value
from edgepair_sim.checkers.checker import Broken, Checker
from edgepair_sim.checkers.table import CHECKERS
from edgepair_sim.life import Life
from edgepair_sim.script import Script
from edgepair_sim.trace import Trace

SIMULATOR_FAULT = "simulator-fault"
HUNG = "hung"  # it took too long in real time, or took its process with it
TWO_LIVES = "two-lives"  # the same seed lived two different lives


@value
class Failure:
    """Why a life failed: which checker said what, at which true second; `traceback` is told of faults only."""

    checker: str
    how: str
    at_s: float = 0.0
    traceback: str = ""


@value
class Lived:
    """What became of a life. `core_s` is what it took of a core."""

    seed: int
    digest: str
    virtual_s: float
    core_s: float
    failure: Failure | None = None


def live(
    script: Script,
    checkers: Iterable[type[Checker]] = tuple(CHECKERS.values()),
    *,
    tell: Callable[[str], None] | None = None,
) -> Lived:
    """Live a script; `tell` takes the lines of its story."""
    trace, began_s = Trace(tell), time.process_time()
    failure, now_s = _lived(script, trace, tuple(checkers))
    return Lived(script.settings.seed, trace.digest, now_s, time.process_time() - began_s, failure)


def cut(script: Script, hours: int | None) -> Script:
    """Return the first hours of a script; None: all of it."""
    return script if hours is None else replace(script, end_s=min(script.end_s, hours * 3600.0))


def _lived(script: Script, trace: Trace, checkers: tuple[type[Checker], ...]) -> tuple[Failure | None, float]:
    """Return why it failed, if it did, and its last moment."""
    life: Life | None = None
    try:
        life = Life(script, trace, checkers)
        life.run()
    except Exception as error:  # noqa: BLE001 - whatever goes wrong belongs to this seed; the others live on
        now_s = life.scene.now_s if life is not None else 0.0
        return _failure(error, now_s), now_s
    return None, life.scene.now_s


def _failure(error: Exception, now_s: float) -> Failure:
    if not isinstance(error, Broken):
        told = "".join(traceback.format_exception(error))
        return Failure(SIMULATOR_FAULT, f"{type(error).__name__}: {error}".strip(), now_s, told)
    told = "" if error.__cause__ is None else "".join(traceback.format_exception(error.__cause__))
    return Failure(error.checker, error.how, now_s, told)
