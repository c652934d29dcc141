"""Tables as a reader sees them: rows and columns by name, a word in each cell."""

from __future__ import annotations

from collections.abc import Iterator


def cells(grid: str) -> Iterator[tuple[str, str, str]]:
    """Yield (row, column, word) for every cell. The first line names the columns, the first word of a line its row."""
    head, *lines = (line.split() for line in grid.strip().splitlines())
    for row, *words in lines:
        for column, word in zip(head[1:], words, strict=True):
            yield row, column, word
