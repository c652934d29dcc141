"""`edgepair-engine backup`: a copy of the store as one file, while the engine serves."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path

from edgepair_engine.cli.command import Command, Exit, store_argument
from edgepair_engine.store.backup import back_up
from edgepair_engine.store.journal import DATABASE


def _arguments(parser: ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE", help="where the copy goes; an earlier one is replaced")
    store_argument(parser)


def _run(arguments: Namespace) -> int:
    copied = back_up(arguments.store, arguments.file)
    print(f"{arguments.file}: {copied.leases} leases, {copied.size} bytes")
    print(f"to restore: end the engine, remove all files of its store, put this one there as {DATABASE}, start it")
    return Exit.OK


COMMAND = Command("backup", "copy the store to a file while the engine serves", _arguments, _run)
