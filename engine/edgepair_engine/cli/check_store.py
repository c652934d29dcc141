"""`edgepair-engine check-store`: whether a store can be believed, and what it holds in all."""

from __future__ import annotations

import json
from argparse import ArgumentParser, Namespace
from collections import Counter
from collections.abc import Iterator
from typing import Any

from edgepair_engine.cli.command import Command, Exit, store_argument
from edgepair_engine.cli.table import time_text
from edgepair_engine.leases.record import Restored
from edgepair_engine.store.journal import DATABASE, Check, read_store


def _arguments(parser: ArgumentParser) -> None:
    store_argument(parser)
    parser.add_argument("--json", action="store_true", help="one JSON object instead of text")


def _run(arguments: Namespace) -> int:
    summary = _summary(read_store(arguments.store, check=Check.WHOLE))
    if arguments.json:
        print(json.dumps(summary))
    else:
        print("\n".join([f"{arguments.store / DATABASE}: sound", *_lines(summary)]))
    return Exit.OK


def _summary(restored: Restored) -> dict[str, Any]:
    """Return the totals; a damaged store has ended the program before this."""
    counts = Counter(record.lease.state.name.lower() for record in restored.leases)
    return {
        "incarnation": restored.incarnation,
        "config_revision": None if restored.config is None else restored.config.revision,
        "leases": dict(sorted(counts.items())),
        "groups": [
            {
                "name": state.group,
                "my_state": state.my_state.label,
                "my_state_at": state.my_state_at,
                "partner_state": state.partner_state.label,
                "partner_state_at": state.partner_state_at,
                "mclt_s": state.mclt_s,
                "fenced": state.fenced,
            }
            for state in restored.states
        ],
    }


def _lines(summary: dict[str, Any]) -> Iterator[str]:
    yield f"store {summary['incarnation']}"
    revision = summary["config_revision"]
    yield "configuration: none" if revision is None else f"configuration: revision {revision}"
    total = sum(summary["leases"].values())
    parts = ", ".join(f"{count} {state}" for state, count in summary["leases"].items())
    yield f"leases: {total}" + (f" ({parts})" if parts else "")
    for group in summary["groups"]:
        mine, partners = group["my_state"], group["partner_state"]
        since = f"{mine} since {time_text(group['my_state_at'])}"
        heard = f"partner {partners} since {time_text(group['partner_state_at'])}"
        fenced = ", fenced" if group["fenced"] else ""
        yield f"group {group['name']}: {since}, {heard}, MCLT {group['mclt_s']} s{fenced}"


COMMAND = Command("check-store", "say whether the store can be believed, and what it holds", _arguments, _run)
