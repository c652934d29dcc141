"""What all tests share.

A skipped test says why; where `CI` is set it counts as a failure unless tests/may_skip.txt names it.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import settings

# Properties try the same examples in every run, however slow the machine is: what is red is red for everybody.
settings.register_profile("check", derandomize=True, deadline=None)
settings.load_profile("check")

FIGURE = "figure"
MAY_SKIP = Path(__file__).with_name("may_skip.txt")


def may_skip() -> set[str]:
    lines = (line.split("#")[0].strip() for line in MAY_SKIP.read_text().splitlines())
    return {line for line in lines if line}


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is None or not os.environ.get("CI"):
        return
    allowed = may_skip()
    wrong = [report.nodeid for report in reporter.stats.get("skipped", []) if report.nodeid not in allowed]
    for nodeid in wrong:
        reporter.write_line(f"skipped in CI, which is a failure: {nodeid}", red=True)
    if wrong and exitstatus == 0:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture
def figure(record_property: Callable[[str, object], None]) -> Callable[[str], None]:
    """Keep a measured figure for the end of the run, in whichever process the test runs."""
    return lambda text: record_property(FIGURE, text)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the figures."""
    reports = [*terminalreporter.getreports("passed"), *terminalreporter.getreports("failed")]
    figures = [
        text for report in reports if report.when == "call" for name, text in report.user_properties if name == FIGURE
    ]
    if figures:
        terminalreporter.section("figures")
    for line in figures:
        terminalreporter.write_line(str(line))
