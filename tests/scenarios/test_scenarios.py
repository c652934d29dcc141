"""Stories of the protocol that stay: each script must tell line by line what is kept below it, and break no promise.

When a change of behaviour is meant, `make scenarios-rewrite` writes the stories anew; read the difference, and say in
the commit why it is right.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from edgepair_sim.checkers.table import CHECKERS
from edgepair_sim.scenario import Scenario, difference, scenario_of, told
from edgepair_sim.script import script_of, text_of

SCENARIOS = sorted(Path(__file__).parent.glob("*.txt"))


def read(name: str) -> Scenario:
    return scenario_of((Path(__file__).parent / f"{name}.txt").read_text())


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_the_story_is_the_one_that_is_kept(path: Path) -> None:
    changed = difference(scenario_of(path.read_text()), CHECKERS.values())
    assert not changed, f"{path.name} tells another story; if that is right: make scenarios-rewrite\n{changed}"


@pytest.mark.parametrize("path", SCENARIOS, ids=lambda path: path.stem)
def test_a_scenario_says_why_it_is_kept_and_is_written_as_scripts_are(path: Path) -> None:
    scenario = scenario_of(path.read_text())
    assert scenario.text == path.read_text()
    why = [line for line in scenario.head.splitlines() if line.startswith("#")]
    assert why
    assert scenario.head == "".join(f"{line}\n" for line in why) + text_of(script_of(scenario.head))


def test_a_changed_line_is_told() -> None:
    kept = read("first-start")
    (line,) = (line for line in kept.story.splitlines() if line.endswith("east-1   UPDDONE"))
    changed = Scenario(kept.head, kept.from_s, kept.story.replace(line, line.replace("UPDDONE", "UPDREQ")))
    told_today = difference(changed, CHECKERS.values()).splitlines()
    assert told_today[:2] == ["--- kept", "+++ today"]
    assert [each for each in told_today[2:] if each[0] in "-+"] == ["-" + line.replace("DONE", "REQ"), "+" + line]


def test_a_missing_last_line_is_told() -> None:
    kept = read("first-start")
    shorter = Scenario(kept.head, kept.from_s, "".join(kept.story.splitlines(keepends=True)[:-1]))
    assert difference(shorter, CHECKERS.values())


def test_a_story_may_be_told_from_a_moment_on() -> None:
    kept = read("first-start")
    later = told(Scenario(kept.head, 15.0, ""), CHECKERS.values())
    assert later.story.startswith("00:00:20.000  script   c1 is switched on\n")
    assert kept.story.endswith(later.story)
    assert later.text == f"{kept.head}---- from 15\n{later.story}"
    assert scenario_of(later.text) == later


def test_the_story_that_the_page_explains_is_the_one_that_is_kept() -> None:
    page = (Path(__file__).parents[2] / "docs" / "simulation.md").read_text()
    explained = re.findall(r"^\| `(\S+) (.*?)` \|", page, re.MULTILINE)
    assert len(explained) > 20
    lines = iter(line[14:].split(maxsplit=1) for line in read("store-lost").story.splitlines())
    for who, what in explained:  # each further down than the one before
        assert any(line[0] == who and line[1].startswith(what) for line in lines), f"{who} {what}"
