"""The command `scenarios`: whether the kept stories are still told, or all of them written anew."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from edgepair_sim.checkers.table import CHECKERS
from edgepair_sim.scenario import difference, rewritten, scenario_of

SCENARIOS = Path("tests/scenarios")


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `scenarios`."""
    parser.add_argument("files", nargs="*", type=Path, metavar="FILE", help=f"scenarios (all in {SCENARIOS})")
    parser.add_argument("--rewrite", action="store_true", help="write the stories as they are told today")


def run(arguments: argparse.Namespace) -> int:
    """Live the scenarios; return 1 if a promise is broken in one, or if one is told otherwise and not rewritten."""
    tell = _rewrite if arguments.rewrite else _compare
    told = [_told(path, tell) for path in arguments.files or sorted(SCENARIOS.glob("*.txt"))]
    return 0 if all(told) else 1


def _told(path: Path, tell: Callable[[Path], bool]) -> bool:
    try:
        return tell(path)
    except (AssertionError, ValueError) as error:
        print(f"{path}: {error}")
        return False


def _rewrite(path: Path) -> bool:
    today = rewritten(scenario_of(path.read_text()), CHECKERS.values())
    if today.text != path.read_text():
        path.write_text(today.text)
        print(f"{path}: written")
    return True


def _compare(path: Path) -> bool:
    changed = difference(scenario_of(path.read_text()), CHECKERS.values())
    if changed:
        print(f"{path}: another story\n{changed}")
    return not changed
