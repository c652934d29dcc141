"""The command `mutants`: hunt every planted defect, or some, and write the table of what caught them."""

from __future__ import annotations

import argparse
import json
import os
import sys
from dataclasses import replace
from pathlib import Path
from typing import TextIO

from edgepair_sim.mutants.hunt import Hunt, Limits, hunts
from edgepair_sim.mutants.mutant import Mutant
from edgepair_sim.mutants.page import facts, line, page
from edgepair_sim.mutants.table import MUTANTS, NOTHING

SEEDS_DEFAULT = 500
LIFE_LIMIT_S = 600.0  # real seconds; a life takes a few, but a defect can keep an engine busy for ever
TOLD_EVERY = 25  # seeds
PAGE = Path("docs/reports/mutants.md")


def add_options(parser: argparse.ArgumentParser) -> None:
    """Declare the options of `mutants`."""
    parser.add_argument("--only", action="append", choices=MUTANTS, metavar="NAME", help="hunt this one (repeatable)")
    parser.add_argument("--seeds", type=int, default=SEEDS_DEFAULT, metavar="N", help="live at most so many (500)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, metavar="N", help="processes (cores)")
    parser.add_argument("--write", action="store_true", help=f"write {PAGE}; only with all defects")
    parser.add_argument("--json", action="store_true", help="print one JSON object, progress on the other stream")


def run(arguments: argparse.Namespace) -> int:
    """Hunt; return 1 if a defect survived, or if something was seen without any."""
    wanted = [MUTANTS[name] for name in arguments.only or MUTANTS]
    out = sys.stderr if arguments.json else sys.stdout
    limits = Limits(arguments.seeds, arguments.jobs, LIFE_LIMIT_S)
    over = _hunt([mutant for mutant in wanted if mutant != NOTHING], limits, out)
    if NOTHING in wanted:
        # What was seen with a defect says something only if the engine as it is lives the same seeds well.
        over += _hunt([NOTHING], replace(limits, seeds=max((hunt.seeds for hunt in over), default=limits.seeds)), out)
    if arguments.json:
        print(json.dumps({"hunts": [facts(hunt) for hunt in over]}, indent=2))
    if arguments.write and not arguments.only:
        PAGE.write_text(page(over))
    wrong = [hunt.mutant.name for hunt in over if not hunt.as_wanted]
    print(f"{len(over) - len(wrong)} of {len(over)} as wanted; not so: {', '.join(wrong) or 'none'}", file=out)
    return 1 if wrong else 0


def _hunt(wanted: list[Mutant], limits: Limits, out: TextIO) -> list[Hunt]:
    """Return the hunts in the order wanted."""

    def tell(stands: Hunt) -> None:
        if stands.seen is None and stands.seeds % TOLD_EVERY == 0:
            print(f"hunting   {stands.mutant.name}: {stands.seeds} seeds in vain", file=out, flush=True)

    over: dict[str, Hunt] = {}
    for hunt in hunts(wanted, limits, tell):
        over[hunt.mutant.name] = hunt
        print(f"{len(over)}/{len(wanted)}  {line(hunt)}", file=out, flush=True)
    return [over[mutant.name] for mutant in wanted]
