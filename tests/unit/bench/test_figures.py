"""The bench finds the highest rate that is borne, and says whether a ratio is held."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench import page
from bench.load import Trial, most
from bench.rows import Figures


def a_trial(rate: float, *, held: bool) -> Trial:
    return Trial(rate=rate, loss=0.0, held=held, cpu_us=100.0, offer=None, ack=None)


@pytest.mark.parametrize("limit", [700.0, 1000.0, 1900.0])
def test_the_highest_rate_that_is_borne_is_found_to_a_few_percent(limit: float) -> None:
    begun = []
    found = most(lambda: begun.append(1), lambda rate: a_trial(rate, held=rate <= limit), guess=1000.0)
    assert found is not None
    assert 0.9 * limit <= found.rate <= limit
    assert len(begun) <= 6


def test_who_bears_nothing_has_no_rate() -> None:
    assert most(lambda: None, lambda rate: a_trial(rate, held=False), guess=1000.0) is None


def test_the_page_shows_medians_and_what_is_missed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(page, "PAGE", tmp_path / "page.md")
    monkeypatch.setattr(page, "PICTURE", tmp_path / "page.svg")
    monkeypatch.setattr(page, "_version", lambda program, option: "1")
    figures = Figures()
    for ours, theirs in ((5000, 900), (6000, 1000), (7000, 1100)):
        figures.add("DORA/s", "Edgepair", ours)
        figures.add("DORA/s", "dhcpd", theirs)
        figures.add("CPU us at 500/s", "Edgepair", 1800)
        figures.add("CPU us at 500/s", "dhcpd", 900)
    page.write(figures, rounds=3)
    text = (tmp_path / "page.md").read_text()
    assert "| 6,000 | dhcpd: 1,000 | 6.00 × | ≥ 5 × | held |" in text
    assert "| 1,800 | dhcpd: 900 | 2.00 × | ≤ 0.8 × | **missed** |" in text
    assert "| renewals/s, 100,000 clients | - | dhcpd: - | | | not measured |" in text
    assert ">6,000</text>" in (tmp_path / "page.svg").read_text()
