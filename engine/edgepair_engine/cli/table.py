"""Rows as columns of text, as kubectl prints them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

_GAP = 3


def format_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return the lines of a table, every column as wide as its widest cell."""
    lines = [header, *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(header))]
    return "\n".join(
        "".join(cell.ljust(width + _GAP) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )


def time_text(at: int | None) -> str:
    """Return a moment in epoch seconds as RFC 3339 has it, in UTC; none, or nought, as a dash."""
    return datetime.fromtimestamp(at, tz=UTC).isoformat().replace("+00:00", "Z") if at else "-"
