"""The runner reads libFuzzer's words right, and says it when it cannot run."""

from __future__ import annotations

import pytest

from tests.fuzz import __main__ as runner

TOLD = """INFO: seed corpus: files: 18 min: 14b max: 500b total: 2048b rss: 62Mb
#19	INITED cov: 120 ft: 200 corp: 15/1450b exec/s: 0 rss: 63Mb
#296644	REDUCE cov: 141 ft: 320 corp: 75/6667b lim: 2060 exec/s: 32960 rss: 63Mb L: 748/1174 MS: 1 EraseBytes-
#1000000	DONE   cov: 148 ft: 326 corp: 77/10513b lim: 2060 exec/s: 28169 rss: 63Mb
Done 1000000 runs in 35 second(s)
"""


def test_the_last_status_counts() -> None:
    assert runner.last_status(TOLD) == {"runs": 1_000_000, "cov": 148, "corp": 77}


def test_without_a_status_nothing_has_run() -> None:
    assert runner.last_status("sh: python: not found") == {"runs": 0, "cov": 0, "corp": 0}


@pytest.mark.parametrize(("ci", "code"), [("", 0), ("1", 1)], ids=["at home", "in CI"])
def test_a_machine_without_atheris_is_told_and_fails_in_ci_only(
    ci: str, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CI", ci)
    assert runner.run_all(["framer"], limit="-runs=1", instrumented=False) == code
    assert capsys.readouterr().err.startswith("fuzz: atheris is not installed here.")


def test_figures_name_what_failed() -> None:
    done = runner.Figures("framer", 1_000_000, took_s=71.4, coverage=148, corpus=77, committed=14, failed=None)
    broken = runner.Figures("dhcp4", 312, took_s=0.2, coverage=94, corpus=9, committed=9, failed="IndexError: at")
    assert runner.table([done, broken]).splitlines() == [
        "fuzz:",
        "  framer       1000000 executions     71 s   148 branches    77 inputs (14 committed)   ok",
        "  dhcp4            312 executions      0 s    94 branches     9 inputs (9 committed)   FAILED",
        "",
        "== dhcp4",
        "IndexError: at",
    ]
    assert runner.page([done, broken]).splitlines()[2:] == [
        "| framer | 1,000,000 | 71 s | 148 | 77 | 0 |",
        "| dhcp4 | 312 | 0 s | 94 | 9 | failed |",
    ]
