"""A scenario: a script that is kept, why it is kept, and the story that it must tell.

The file has the script as `script.py` reads it, with the reasons in comments above; then a line `----`; then the story.
`---- from 15` tells the story from that second on: the first start of two servers is the same in all of them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from difflib import unified_diff

from edgepair_contract.value import value
from edgepair_sim.checkers.checker import Checker
from edgepair_sim.life import Life
from edgepair_sim.page import clock_time
from edgepair_sim.script import script_of, text_of
from edgepair_sim.trace import Trace

MARK = "----"


@value
class Scenario:
    """One file: what stands above the mark, from when on the story is told, and the story."""

    head: str
    from_s: float
    story: str

    @property
    def text(self) -> str:
        """Return the file."""
        mark = f"{MARK} from {self.from_s:g}" if self.from_s else MARK
        return f"{self.head}{mark}\n{self.story}"


def scenario_of(text: str) -> Scenario:
    """Return the scenario that a file holds; one without a mark has no story yet.

    Raises:
        ValueError: what stands behind `from` is no number.
    """
    head, _, rest = text.partition(f"\n{MARK}")
    mark, _, story = rest.partition("\n")
    return Scenario(head.rstrip("\n") + "\n", float(mark.partition("from")[2] or 0), story)


def told(scenario: Scenario, checkers: Iterable[type[Checker]]) -> Scenario:
    """Return the scenario with the story that its script tells today.

    Raises:
        BadLine: the script cannot be read.
        Broken: a checker saw a promise broken.
    """
    lines: list[str] = []
    Life(script_of(scenario.head), Trace(lines.append), tuple(checkers)).run()
    first = clock_time(scenario.from_s)
    return replace(scenario, story="".join(f"{line}\n" for line in lines if line >= first))


def rewritten(scenario: Scenario, checkers: Iterable[type[Checker]]) -> Scenario:
    """Return the scenario with its script as scripts are written, below its reasons, and with the story of today."""
    reasons = [f"{line}\n" for line in scenario.head.splitlines() if line.startswith("#")]
    head = "".join([*reasons, text_of(script_of(scenario.head))])
    return told(replace(scenario, head=head), checkers)


def difference(scenario: Scenario, checkers: Iterable[type[Checker]]) -> str:
    """Return how the story of today differs from the one that is kept, line by line; nothing if it does not."""
    kept_lines = scenario.story.splitlines()
    lines = told(scenario, checkers).story.splitlines()
    return "\n".join(unified_diff(kept_lines, lines, "kept", "today", n=2, lineterm=""))
