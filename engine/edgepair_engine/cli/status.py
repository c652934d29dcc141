"""`edgepair-engine status`: the failover states that a running engine reports."""

from __future__ import annotations

import sys
from argparse import ArgumentParser, Namespace
from datetime import UTC, datetime
from urllib.error import URLError
from urllib.request import urlopen

from pydantic import ValidationError

from edgepair_contract.report import GroupReport, MemberReport
from edgepair_engine.cli.command import Command, Exit
from edgepair_engine.cli.table import format_table

ANSWER_LIMIT_S = 5.0
COLUMNS = ["GROUP", "MY STATE", "MY STATE TIME", "PARTNER STATE", "PARTNER STATE TIME", "MCLT", "SERVING"]


def _arguments(parser: ArgumentParser) -> None:
    parser.add_argument(
        "--url", default="http://127.0.0.1:8443", help="where the engine's admin interface listens (%(default)s)"
    )
    parser.add_argument("--json", action="store_true", help="the whole report as JSON")


def _run(arguments: Namespace) -> int:
    if not arguments.url.startswith(("http://", "https://")):
        print(f"{arguments.url}: must begin with http:// or https://", file=sys.stderr)
        return Exit.USAGE
    try:
        with urlopen(f"{arguments.url}/v1/report", timeout=ANSWER_LIMIT_S) as answer:
            text = answer.read().decode()
        report = MemberReport.model_validate_json(text)
    except (URLError, TimeoutError, ValidationError) as error:
        print(f"{arguments.url}: no report: {error}: is the engine running, and is this its address?", file=sys.stderr)
        return Exit.UNAVAILABLE
    print(text if arguments.json else _table(report))
    return Exit.OK


def _table(report: MemberReport) -> str:
    lines = [format_table(COLUMNS, [_row(group) for group in report.groups])]
    if not report.ready:
        lines.append(f"not ready: {report.ready_why}")
    if report.clock_stepped_at is not None:
        lines.append(f"clock: jumped by {report.clock_step_s:+d} s, to {_time(report.clock_stepped_at)}")
    lines += [f"{port.name} ({port.device}): {port.problem}" for port in report.interfaces if port.problem]
    return "\n".join(lines)


def _row(group: GroupReport) -> list[str]:
    return [
        group.name,
        f"{group.my_state.label}{' (starting)' if group.starting else ''}",
        _time(group.my_state_at),
        group.partner_state.label,
        _time(group.partner_state_at),
        str(group.mclt_s),
        group.serving.value,
    ]


def _time(at: int | None) -> str:
    return datetime.fromtimestamp(at, tz=UTC).isoformat().replace("+00:00", "Z") if at else "-"


COMMAND = Command("status", "print the failover states of a running engine", _arguments, _run)
