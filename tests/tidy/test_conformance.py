"""Tests name what they show of the protocol by numbers that exist, and nothing is left unshown."""

from __future__ import annotations

import pytest

from hack.conformance import entries, missing, proofs, unknown

IMPROVEMENTS = [number for number, _ in entries("improvements.tsv")]


def test_every_number_that_a_test_names_is_in_a_list() -> None:
    assert unknown() == []


def test_every_statement_quirk_and_improvement_is_shown() -> None:
    assert missing() == []


@pytest.mark.parametrize("number", IMPROVEMENTS)
def test_a_real_dhcpd_is_shown_to_live_with_every_improvement(number: str) -> None:
    assert "live" in {proof.kind for proof in proofs()[number]}
