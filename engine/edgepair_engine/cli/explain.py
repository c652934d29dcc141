"""`edgepair-engine explain`: what a running engine would answer a client, and why."""

from __future__ import annotations

import json
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

from edgepair_engine.cli.asking import ask, url_argument
from edgepair_engine.cli.command import Command, Exit
from edgepair_engine.cli.table import time_text


def _arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "client", metavar="CLIENT", help="hardware address (02:00:00:00:00:01) or client identifier in hex digits"
    )
    url_argument(parser)
    parser.add_argument("--json", action="store_true", help="one JSON array instead of text")


def _run(arguments: Namespace) -> int:
    try:
        text = ask(arguments.url, f"/v1/explain?client={quote(arguments.client)}")
    except ValueError as error:
        print(f"edgepair-engine: {error}", file=sys.stderr)
        return Exit.USAGE
    lines = [line for subnet in json.loads(text) for line in _lines(subnet)] or ["this server has no subnet"]
    print(text if arguments.json else "\n".join(lines))
    return Exit.OK


def _lines(subnet: Mapping[str, Any]) -> Iterator[str]:
    group = f", group {subnet['group']}" if subnet["group"] else ""
    yield f"{subnet['prefix']} ({subnet['interface']}{group}; this server answers: {subnet['serving']})"
    yield f"  client: {subnet['client']}, bucket {subnet['bucket']} of 0-255"
    if subnet["address"] is not None:
        yield f"  address: {subnet['address']}, {subnet['state']}, ends {time_text(subnet['ends_at'])}"
    for answer in subnet["answers"]:
        yield from _answer_lines(answer)


def _answer_lines(answer: Mapping[str, Any]) -> Iterator[str]:
    if answer["lease_s"] is None:
        yield f"  {answer['to']}: {answer['answer']}: {answer['why']}"
        return
    yield f"  {answer['to']}: {answer['answer']} {answer['address']} for {answer['lease_s']} s"
    yield f"    why this address: {answer['why']}"
    yield f"    why so long: {answer['lease_why']}"


COMMAND = Command("explain", "say what a client would be answered now, and why", _arguments, _run)
