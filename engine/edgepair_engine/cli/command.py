"""What a subcommand is: its name, its words for --help, its arguments, and what it does."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from enum import IntEnum
from pathlib import Path

from edgepair_contract.value import value

DEFAULT_STORE = Path("/var/lib/edgepair")


class Exit(IntEnum):
    """How a process ends (architecture section 9; the numbers are those of sysexits.h)."""

    OK = 0
    USAGE = 2
    LOSSES = 3
    UNAVAILABLE = 69
    BUG = 70
    STORE = 74
    CONFIG = 78


@value
class Command:
    """One subcommand. `run` returns the exit code; a ConfigError or StoreError is turned into one by main."""

    name: str
    summary: str
    arguments: Callable[[ArgumentParser], None]
    run: Callable[[Namespace], int]


def store_argument(parser: ArgumentParser) -> None:
    """Add --store."""
    parser.add_argument(
        "--store", type=Path, default=DEFAULT_STORE, metavar="DIR", help="folder of the lease store (%(default)s)"
    )
