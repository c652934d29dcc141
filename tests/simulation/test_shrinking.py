"""From a failing life to a file that can become a scenario, and the stories written anew: the commands."""

from __future__ import annotations

from pathlib import Path

import pytest

from edgepair_sim.main import main

MORNING = """\
seed=7 mclt_s=60 clients=2
at 30 client client=1 act=join
at 40 client client=2 act=join
end 90
"""
PLANTED = "tests.simulation.planted:"


def a_file(folder: Path, text: str = MORNING) -> Path:
    path = folder / "morning.txt"
    path.write_text(text)
    return path


def test_what_is_found_is_printed_and_written_as_a_scenario_begins(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found = tmp_path / "found.txt"
    words = ["shrink", "--script", str(a_file(tmp_path)), "--out", str(found)]
    assert main([*words, "--checkers", PLANTED + "NobodyIsPromisedAnything"]) == 0
    least = (
        "# nobody-is-promised-anything: c1 was\n"
        "seed=7 mclt_s=60 lease_s=600 clients=1 networks=1 addresses=4 calm=1\n"
        "at 10.000 client client=1 act=join\n"
        "end 11\n"
    )
    assert found.read_text() == least
    told = capsys.readouterr().out
    assert told.startswith("nobody-is-promised-anything: c1 was after 30 s\ntrial 1: 2 deeds, 2 clients, 90 s\n")
    assert told.endswith(least)


def test_a_fault_is_shrunk_as_long_as_it_arises_at_the_same_place(tmp_path: Path) -> None:
    found = tmp_path / "found.txt"
    words = ["shrink", "--script", str(a_file(tmp_path)), "--out", str(found)]
    assert main([*words, "--checkers", PLANTED + "MakesAnEngineStumble"]) == 0
    assert found.read_text().splitlines()[0].startswith("# no-assertion-fired: AssertionError")
    assert found.read_text().splitlines()[1:] == [
        "seed=7 mclt_s=60 lease_s=600 clients=1 networks=1 addresses=4 calm=1",
        "end 1",
    ]


def test_a_life_that_does_not_fail_is_no_wish(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["shrink", "--script", str(a_file(tmp_path))]) == 2
    assert capsys.readouterr().err == "edgepair_sim shrink: this life does not fail: there is nothing to shrink\n"


def test_a_story_is_written_below_its_script(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = a_file(
        tmp_path, "# why\nseed=1 clients=1 calm=1\nat 20 client client=1 act=join\nend 21\n---- from 15\nold\n"
    )
    assert main(["scenarios", "--rewrite", str(path)]) == 0
    assert capsys.readouterr().out == f"{path}: written\n"
    head, _, story = path.read_text().partition("---- from 15\n")
    assert head == "# why\nseed=1 clients=1 calm=1\nat 20.000 client client=1 act=join\nend 21\n"
    assert story.startswith("00:00:20.000  script   c1 is switched on\n00:00:20.000  c1       DISCOVER\n")
    assert main(["scenarios", str(path)]) == 0
    assert capsys.readouterr().out == ""


def test_another_story_is_told_line_by_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = a_file(tmp_path, "# why\nseed=1 clients=1 calm=1\nend 1\n----\n00:00:00.000  east-1   sings\n")
    assert main(["scenarios", str(path)]) == 1
    told = capsys.readouterr().out
    assert told.startswith(f"{path}: another story\n--- kept\n+++ today\n")
    assert "\n-00:00:00.000  east-1   sings\n+00:00:00.000  east-1   starts with an empty store\n" in told


def test_a_scenario_that_cannot_be_read_is_told_and_left_as_it_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = a_file(tmp_path, "seed=1\nat 20 dance\nend 21\n")
    assert main(["scenarios", "--rewrite", str(path)]) == 1
    assert f"{path}: 'dance' must be one of start, kill" in capsys.readouterr().out
    assert path.read_text() == "seed=1\nat 20 dance\nend 21\n"
