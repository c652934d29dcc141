"""The command `run`: many drawn lives on all cores, or one of them, with its script and its story."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from edgepair_contract.value import value
from edgepair_sim.checkers.table import CHECKERS, UnknownChecker, checkers_named
from edgepair_sim.draw import draw
from edgepair_sim.lives import HUNG, Failure, Lived, cut, live
from edgepair_sim.progress import Progress
from edgepair_sim.scenario import scenario_of
from edgepair_sim.script import Script, script_of, text_of
from edgepair_sim.tally import Tally, as_json, page, summary, summary_of, told
from edgepair_sim.workers import Ended, Workers

SEEDS_DEFAULT = 40
TWICE_EVERY = 10  # every tenth seed lives twice
INTERRUPTED = 130  # the exit code, as of a shell
LIFE_LIMIT_S = 120  # real seconds; a life takes two to four, the busiest a dozen


class BadWish(ValueError):
    """Something was asked for that cannot be; the text tells why."""


@value
class Task:
    """A seed that is to live, for the first time or again."""

    seed: int
    again: bool = False


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `run`."""
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--seeds", type=positive, metavar="N", help=f"live so many drawn lives ({SEEDS_DEFAULT})")
    which.add_argument("--seed", type=whole, metavar="N", help="live this one alone")
    which.add_argument("--script", type=Path, metavar="FILE", help="live the life that a script file tells")
    parser.add_argument("--seed-start", type=whole, default=1, metavar="N", help="the first of the seeds (1)")
    parser.add_argument("--hours", type=positive, metavar="N", help="live only so many virtual hours of each life")
    parser.add_argument("--print", action="store_true", help="print the script of the one life, and do not live it")
    parser.add_argument("--trace", action="store_true", help="print the script of the one life, and tell its story")
    parser.add_argument(
        "--checkers", type=checker_names, default=tuple(CHECKERS), metavar="NAME,...", help=checkers_help()
    )
    ends = parser.add_mutually_exclusive_group()
    ends.add_argument("--first", action="store_true", help="stop at the first failure")
    ends.add_argument("--keep-going", action="store_true", help="live all seeds, whatever fails (so it is anyway)")
    parser.add_argument("--jobs", type=positive, default=os.cpu_count() or 1, metavar="N", help="processes (cores)")
    slow = f"real seconds after which a life counts as hanging ({LIFE_LIMIT_S})"
    parser.add_argument("--limit", type=positive, default=LIFE_LIMIT_S, metavar="S", help=slow)
    parser.add_argument("--json", action="store_true", help="print one JSON object, progress on the other stream")
    parser.add_argument("--page", type=Path, metavar="FILE", help="write the figures as a table of Markdown, too")


def run(arguments: argparse.Namespace) -> int:
    """Live what is asked for; return 1 if anything failed.

    Raises:
        BadWish: what is asked for cannot be.
    """
    script = one_script(arguments)
    if script is None and (arguments.trace or arguments.print):
        raise BadWish("--trace and --print are about one life: name it by --seed or --script")
    if script is not None and arguments.print:
        print(text_of(script), end="")
        return 0
    tally = _live_many(arguments) if script is None else _live_one(arguments, script)
    if arguments.json:
        print(as_json(tally), flush=True)
    elif script is None:
        print(summary(tally), flush=True)
    if arguments.page is not None:
        arguments.page.parent.mkdir(parents=True, exist_ok=True)
        arguments.page.write_text(page(tally))
    return INTERRUPTED if tally.interrupted else min(1, len(tally.failed))


def one_script(arguments: argparse.Namespace) -> Script | None:
    """Return the one script that is asked for, None for many seeds."""
    if arguments.seed is not None:
        return cut(draw(arguments.seed), arguments.hours)
    if arguments.script is None:
        return None
    try:
        return cut(script_of(scenario_of(arguments.script.read_text()).head), arguments.hours)
    except OSError as error:
        raise BadWish(f"cannot read {arguments.script}: {error.strerror}") from error
    except ValueError as error:
        raise BadWish(f"{arguments.script}: {error}") from error


def _live_one(arguments: argparse.Namespace, script: Script) -> Tally:
    """Live one life in this process, where it can be looked at."""
    tally, say = Tally(), partial(print, file=sys.stderr if arguments.json else sys.stdout)
    if arguments.trace:
        say(text_of(script))
    lived = live(script, checkers_named(arguments.checkers), tell=say if arguments.trace else None)
    tally.took_s = lived.core_s
    if tally.add(lived, again=False) is not None:
        say(told(lived))
    say(summary_of(lived))
    return tally


def _live_many(arguments: argparse.Namespace) -> Tally:
    """Live many seeds on all cores."""
    count = arguments.seeds or SEEDS_DEFAULT
    tally = Tally()
    progress = Progress(tally, of=count, to=sys.stderr if arguments.json else sys.stdout)
    work = partial(_live_task, checkers=arguments.checkers, hours=arguments.hours)
    workers: Workers[Task, Lived] = Workers(work, count=arguments.jobs, limit_s=arguments.limit)
    try:
        for end in workers.each(_tasks(arguments.seed_start, count)):
            failed = end is not None and _take(end, tally, progress)
            progress.tick()
            if failed and arguments.first:
                break
    except KeyboardInterrupt:
        tally.interrupted = True
    progress.end()
    return tally


def _take(end: Ended[Task, Lived], tally: Tally, progress: Progress) -> bool:
    """Take in what became of a task; return whether it failed."""
    failed = tally.add(_what_became(end), again=end.task.again)
    if failed is not None:
        progress.say(told(failed))
    return failed is not None


def _tasks(start: int, count: int) -> Iterator[Task]:
    """Yield the seeds in order; the second life of one comes right after the first, and so on another core."""
    for seed in range(start, start + count):
        yield Task(seed)
        if seed % TWICE_EVERY == 0:
            yield Task(seed, again=True)


def _live_task(task: Task, checkers: tuple[str, ...], hours: int | None) -> Lived:
    return live(cut(draw(task.seed), hours), checkers_named(checkers))


def _what_became(end: Ended[Task, Lived]) -> Lived:
    if end.result is not None:
        return end.result
    return Lived(end.task.seed, "", 0.0, 0.0, Failure(HUNG, end.why))


def positive(text: str) -> int:
    """Return the whole number above 0 that an option's text holds."""
    number = whole(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"must be 1 or more, not {number}")
    return number


def whole(text: str) -> int:
    """Return the whole number that an option's text holds."""
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"must be a whole number, not {text!r}")
    return int(text)


def checker_names(text: str) -> tuple[str, ...]:
    """Return the names of checkers that an option's text holds."""
    names = tuple(name for name in text.split(",") if name)
    try:
        checkers_named(names)
    except UnknownChecker as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    return names


def checkers_help() -> str:
    """Return what the option for checkers says of itself."""
    return f"watch with these only: {', '.join(CHECKERS)}; package.module:Class names one of your own"
