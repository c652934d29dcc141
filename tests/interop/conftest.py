"""The lab for stories that need namespaces, real servers and real clients; the figures they measure."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.interop.lab import Lab, why_not_here

FIGURES: list[str] = []


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
def figure() -> Callable[[str], None]:
    """Keep a measured figure for the end of the run."""
    return FIGURES.append


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the figures."""
    if FIGURES:
        terminalreporter.section("figures")
    for line in FIGURES:
        terminalreporter.write_line(line)
