"""`edgepair-engine status`: the failover states that a running engine reports."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace

from pydantic import ValidationError

from edgepair_contract.report import GroupReport, MemberReport
from edgepair_engine.cli.asking import EngineUnavailable, ask, url_argument
from edgepair_engine.cli.command import Command, Exit
from edgepair_engine.cli.table import format_table, time_text

COLUMNS = ["GROUP", "MY STATE", "MY STATE TIME", "PARTNER STATE", "PARTNER STATE TIME", "MCLT", "SERVING"]


def _arguments(parser: ArgumentParser) -> None:
    url_argument(parser)
    parser.add_argument("--json", action="store_true", help="the whole report as JSON")


def _run(arguments: Namespace) -> int:
    text = ask(arguments.url, "/v1/report")
    try:
        report = MemberReport.model_validate_json(text)
    except ValidationError as error:
        raise EngineUnavailable(f"{arguments.url}: what it answers is no report: {error}") from error
    print(text if arguments.json else _table(report))
    return Exit.OK


def _table(report: MemberReport) -> str:
    lines = [format_table(COLUMNS, [_row(group) for group in report.groups])]
    if not report.ready:
        lines.append(f"not ready: {report.ready_why}")
    if report.clock_stepped_at is not None:
        lines.append(f"clock: jumped by {report.clock_step_s:+d} s, to {time_text(report.clock_stepped_at)}")
    lines += [f"{port.name} ({port.device}): {port.problem}" for port in report.interfaces if port.problem]
    short = [pool for pool in report.pools if pool.empty_why]
    lines += [f"{pool.prefix}: no address for a new client: {pool.empty_why}" for pool in short]
    return "\n".join(lines)


def _row(group: GroupReport) -> list[str]:
    return [
        group.name,
        f"{group.my_state.label}{' (starting)' if group.starting else ''}",
        time_text(group.my_state_at),
        group.partner_state.label,
        time_text(group.partner_state_at),
        str(group.mclt_s),
        group.serving.value,
    ]


COMMAND = Command("status", "print the failover states of a running engine", _arguments, _run)
