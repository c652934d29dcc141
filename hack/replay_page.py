"""The page that shows in what our engine differs from dhcpd in its place: from `tests/data/replay/accepted.tsv`."""

from __future__ import annotations

from itertools import groupby
from pathlib import Path

TABLE = Path(__file__).resolve().parents[1] / "tests" / "data" / "replay" / "accepted.tsv"
_HEAD = """# What differs from dhcpd in its place

Each of the nine captures of `tests/data/captures` is replayed with our engine in the place of one of the two dhcpd, and
then of the other: what the partner said, what clients sent and what the laboratory did come when they came. The moves
of state, every message with its options and values, per address in their order, attempts to connect, answers to clients
and the lease table at the end are laid beside those of the server replaced. This is all that differs. A difference that
is not here, or that is met more or less often than it says here, fails `tests/replay`.

*Where*: the thread that is compared, an address for the messages about it. *dhcpd*, *ours*: patterns of the two values;
a dash: not there at all. Times are seconds since the capture began."""


def page() -> str:
    """Return the page: a section for each reason, with its rows."""
    _, *lines = TABLE.read_text().splitlines()
    rows = sorted((line.split("\t") for line in lines), key=lambda row: row[-1])
    parts = [_HEAD]
    for reason, group in groupby(rows, key=lambda row: row[-1]):
        cells = [
            [_code(where), _code(what), _code(dhcpd), _code(ours), cases]
            for cases, where, what, dhcpd, ours, _ in group
        ]
        body = "\n".join(f"| {' | '.join(row)} |" for row in cells)
        head = "| where | what | dhcpd | ours | in which case how often |\n|---|---|---|---|---|"
        parts.append(f"## {reason[0].upper()}{reason[1:]}\n\n{head}\n{body}")
    return "\n\n".join(parts) + "\n"


def _code(pattern: str) -> str:
    return f"`{pattern}`".replace("|", r"\|")
