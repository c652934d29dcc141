"""The lab for stories that need namespaces, real servers and real clients; the figures they measure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.interop.lab import Lab, why_not_here

FIGURE = "figure"


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    """Give a fresh LAN, and remove it with all that runs on it."""
    why_not = why_not_here()
    if why_not is not None:
        pytest.skip(why_not)
    fresh = Lab(tmp_path)
    yield fresh
    fresh.close()


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
