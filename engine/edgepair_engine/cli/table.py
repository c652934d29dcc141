"""Rows as columns of text, as kubectl prints them."""

from __future__ import annotations

from collections.abc import Sequence

_GAP = 3


def format_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return the lines of a table, every column as wide as its widest cell."""
    lines = [header, *rows]
    widths = [max(len(line[column]) for line in lines) for column in range(len(header))]
    return "\n".join(
        "".join(cell.ljust(width + _GAP) for cell, width in zip(line, widths, strict=True)).rstrip() for line in lines
    )
