"""The differences from dhcpd that are meant: which, where, how often, and why."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tests.replay.comparison import Difference

TABLE = Path(__file__).parents[1] / "data" / "replay" / "accepted.tsv"


@dataclass(frozen=True, slots=True)
class Accepted:
    """A row of the table. `times`: in which case ("c1/secondary") how often; the others are patterns, but `reason`."""

    times: dict[str, int]
    thread: str
    what: str
    dhcpd: str
    ours: str
    reason: str

    def covers(self, difference: Difference) -> bool:
        """Return whether this row is about a difference."""
        pairs = (
            (self.thread, difference.thread),
            (self.what, difference.what),
            (self.dhcpd, difference.dhcpd),
            (self.ours, difference.ours),
        )
        return all(re.fullmatch(pattern, text) for pattern, text in pairs)


def accepted_table() -> list[Accepted]:
    """Return the rows."""
    _, *lines = TABLE.read_text().splitlines()
    return [Accepted(_times(cases), *others) for cases, *others in (line.split("\t") for line in lines)]


def unexplained(case: str, found: Iterable[Difference]) -> tuple[list[Difference], list[str]]:
    """Return the differences of a case that no row explains, and the rows that are not met as often as they say."""
    rows = [row for row in accepted_table() if case in row.times]
    met = Counter[int]()
    left = []
    for difference in found:
        row = next((row for row in rows if row.covers(difference)), None)
        if row is None:
            left.append(difference)
        else:
            met[rows.index(row)] += 1
    wrong = [
        f"{row.thread}: {row.what} ({row.dhcpd}, ours {row.ours}) is met {met[place]} times, not {row.times[case]}"
        for place, row in enumerate(rows)
        if met[place] != row.times[case]
    ]
    return left, wrong


def _times(cases: str) -> dict[str, int]:
    return {case: int(count) for case, count in (each.split(":") for each in cases.split())}
