"""`edgepair-engine leases`: what the store holds, while the engine runs or not."""

from __future__ import annotations

import json
from argparse import ArgumentParser, Namespace

from edgepair_engine.admin.http import lease_view
from edgepair_engine.cli.command import Command, Exit, store_argument
from edgepair_engine.cli.table import format_table, time_text
from edgepair_engine.store.journal import read_store


def _arguments(parser: ArgumentParser) -> None:
    store_argument(parser)
    parser.add_argument("--json", action="store_true", help="one JSON array instead of a table")


def _run(arguments: Namespace) -> int:
    records = read_store(arguments.store).leases
    views = [lease_view(record) for record in records]
    if arguments.json:
        print(json.dumps(views))
        return Exit.OK
    rows = [
        [
            str(view["address"]),
            str(view["state"]),
            time_text(record.lease.ends_at),
            str(view["hardware"] or "-"),
            str(view["hostname"] or "-"),
            str(view["group"] or "-"),
        ]
        for record, view in zip(records, views, strict=True)
    ]
    print(format_table(["ADDRESS", "STATE", "ENDS", "HARDWARE", "HOSTNAME", "GROUP"], rows))
    return Exit.OK


COMMAND = Command("leases", "list the stored leases", _arguments, _run)
