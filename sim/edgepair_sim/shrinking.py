"""The command `shrink`: from a life that fails to the simplest script that fails alike."""

from __future__ import annotations

import argparse
import re
import time
from collections.abc import Iterable
from pathlib import Path

from edgepair_sim.checkers.checker import Checker
from edgepair_sim.checkers.table import CHECKERS, checkers_named
from edgepair_sim.lives import Failure, live
from edgepair_sim.running import BadWish, checker_names, checkers_help, one_script, positive, whole
from edgepair_sim.script import Script, text_of
from edgepair_sim.shrink import TRIALS_MAX, Fails, shrink

MINUTES = 20
HEARTBEAT_S = 30.0  # of work without a word
_PLACE = re.compile(r'^  File "(.*)", line \d+, in (.*)$', re.MULTILINE)


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `shrink`."""
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--seed", type=whole, metavar="N", help="shrink the life of this seed")
    which.add_argument("--script", type=Path, metavar="FILE", help="shrink the life that a script file tells")
    parser.add_argument("--hours", type=positive, metavar="N", help="only so many virtual hours of it")
    parser.add_argument(
        "--checkers", type=checker_names, default=tuple(CHECKERS), metavar="NAME,...", help=checkers_help()
    )
    parser.add_argument("--out", type=Path, metavar="FILE", help="write what is found to a file, as a scenario begins")
    parser.add_argument("--trials", type=positive, default=TRIALS_MAX, metavar="N", help=f"lives to try ({TRIALS_MAX})")
    minutes = f"minutes of a core to spend ({MINUTES}); what was found until then counts"
    parser.add_argument("--minutes", type=positive, default=MINUTES, metavar="N", help=minutes)


def run(arguments: argparse.Namespace) -> int:
    """Shrink what is asked for, and print what is left.

    Raises:
        BadWish: there is no such script, or it does not fail.
    """
    script = one_script(arguments)
    assert script is not None, arguments
    checkers = checkers_named(arguments.checkers)
    failure = live(script, checkers).failure
    if failure is None:
        raise BadWish("this life does not fail: there is nothing to shrink")
    _say(f"{failure.checker}: {failure.how} after {failure.at_s:.0f} s")
    end_s = time.process_time() + arguments.minutes * 60
    fails = _heard(fails_like(failure, checkers))
    least = shrink(script, fails, _say, trials_max=arguments.trials, spent=lambda: time.process_time() > end_s)
    text = f"# {failure.checker}: {failure.how}\n{text_of(least)}"
    if arguments.out is not None:
        arguments.out.write_text(text)
    _say(text.rstrip())
    return 0


def fails_like(failure: Failure, checkers: Iterable[type[Checker]]) -> Fails:
    """Return what tells when a script fails as this one did: by the same checker, or by a fault at the same place."""
    all_of_them = tuple(checkers)
    needed = tuple(kind for kind in all_of_them if kind.name == failure.checker) or all_of_them

    def fails(script: Script) -> float | None:
        later = live(script, needed).failure
        if later is None or (later.checker, _place(later)) != (failure.checker, _place(failure)):
            return None
        return later.at_s

    return fails


def _place(failure: Failure) -> tuple[str, ...]:
    """Return where a fault arose; line numbers apart, so that a comment does not change it."""
    places = _PLACE.findall(failure.traceback)
    return places[-1] if places else ()


def _heard(fails: Fails) -> Fails:
    """Return the same with a word now and then, so that nobody thinks it hangs."""
    trials, told_s = 0, time.process_time()

    def heard(script: Script) -> float | None:
        nonlocal trials, told_s
        trials += 1
        if time.process_time() - told_s > HEARTBEAT_S:
            told_s = time.process_time()
            _say(f"{trials} tried")
        return fails(script)

    return heard


def _say(text: str) -> None:
    print(text, flush=True)
