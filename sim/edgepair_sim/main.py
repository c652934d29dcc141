"""The simulator's command line: `python -m edgepair_sim COMMAND`, behind the sim targets of the Makefile."""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Callable, Sequence

from edgepair_contract.value import value
from edgepair_sim import retelling, running, shrinking
from edgepair_sim.mutants import hunting
from edgepair_sim.running import INTERRUPTED, BadWish

USAGE = 2


@value
class Command:
    """One command: what it is for, its options, and what it does; it returns the exit code."""

    what: str
    add_options: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace], int]


COMMANDS: dict[str, Command] = {
    "run": Command("live random lives of a pair, and check what must hold in them", running.add_options, running.run),
    "shrink": Command("shrink a life that fails to what it takes to fail", shrinking.add_options, shrinking.run),
    "scenarios": Command(
        "live the scenarios, and compare or rewrite their stories", retelling.add_options, retelling.run
    ),
    "mutants": Command("plant defects in the engine, and hunt each", hunting.add_options, hunting.run),
}


def main(words: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code: 0 all is well, 1 something failed, 2 asked for what cannot be."""
    arguments = _parser().parse_args(words)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # so that the processes begun here end, too
    try:
        return COMMANDS[arguments.command].run(arguments)
    except BadWish as error:
        print(f"edgepair_sim {arguments.command}: {error}", file=sys.stderr)
        return USAGE
    except KeyboardInterrupt:
        return INTERRUPTED
    except BrokenPipeError:  # whoever reads has read enough
        sys.stderr.close()
        return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m edgepair_sim", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, command in COMMANDS.items():
        command.add_options(commands.add_parser(name, help=command.what, description=command.what))
    return parser
