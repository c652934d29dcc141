"""Tests name what they show of the protocol by numbers that exist."""

from __future__ import annotations

from hack.conformance import unknown


def test_every_number_that_a_test_names_is_in_a_list() -> None:
    assert unknown() == []
