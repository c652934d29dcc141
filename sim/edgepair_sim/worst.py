"""Values that troubles push aside for a while."""

from __future__ import annotations


class Worst:
    """How bad something is now: the worst of all troubles that last counts, in whatever order they come and go."""

    def __init__(self, usual: float = 0.0) -> None:
        self.now = usual
        self._usual = usual
        self._lasting: list[float] = []

    def add(self, value: float) -> None:
        """Let a trouble begin."""
        self._lasting.append(value)
        self.now = max([self._usual, *self._lasting])

    def remove(self, value: float) -> None:
        """Let one end that was added with this value."""
        self._lasting.remove(value)
        self.now = max([self._usual, *self._lasting])
