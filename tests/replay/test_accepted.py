"""The table of accepted differences covers what it names and nothing else, and only as often as it says."""

from __future__ import annotations

from tests.replay.accepted import unexplained
from tests.replay.comparison import Difference

VENDOR = Difference("opening", "CONNECTACK, vendor", "isc-4.4.3-P1", "edgepair")


def test_what_no_row_names_is_left() -> None:
    lost = Difference("moves", "normal", "said", "-")
    left, _ = unexplained("a2/secondary", [VENDOR, lost])
    assert left == [lost]


def test_a_row_counts_for_the_cases_that_it_names_only() -> None:
    left, _ = unexplained("b1/secondary", [VENDOR])
    assert left == [VENDOR]


def test_a_row_that_is_met_as_often_as_it_says_is_right() -> None:
    assert unexplained("a2/secondary", [VENDOR]) == ([], [])


def test_a_row_that_is_not_needed_any_more_is_wrong() -> None:
    told = "opening: CONNECTACK, vendor (isc-4\\.4\\.3-P1, ours edgepair) is met 0 times, not 1"
    assert unexplained("a2/secondary", []) == ([], [told])


def test_a_row_that_is_met_more_often_than_it_says_is_wrong() -> None:
    _, wrong = unexplained("a2/secondary", [VENDOR, VENDOR])
    assert len(wrong) == 1
