"""`edgepair-engine check`: is this configuration usable?"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path

from edgepair_engine.cli.command import Command, Exit
from edgepair_engine.shell.config_watch import read_config


def _arguments(parser: ArgumentParser) -> None:
    parser.add_argument("--config", type=Path, required=True, metavar="FILE", help="the JSON document to check")


def _run(arguments: Namespace) -> int:
    config = read_config(arguments.config)
    subnets = len(config.subnets) + sum(len(group.subnets) for group in config.groups)
    print(
        f"{arguments.config}: revision {config.revision} ({config.digest}) of {config.server}: "
        f"{len(config.interfaces)} interfaces, {len(config.groups)} failover groups, {subnets} subnets"
    )
    return Exit.OK


COMMAND = Command("check", "read a configuration and say whether it can be used", _arguments, _run)
