"""Virtual time: what happens when, in an order that one seed decides."""

from __future__ import annotations

from collections.abc import Callable
from heapq import heappop, heappush
from itertools import count


class Timeline:
    """All that is planned, by true time; of two things at one moment the one planned first comes first."""

    def __init__(self) -> None:
        self.true_s = 0.0
        self._numbers = count()
        self._planned: list[tuple[float, int, Callable[[], None]]] = []

    def after(self, delay_s: float, do: Callable[[], None]) -> None:
        """Plan something a while from now."""
        assert delay_s >= 0, delay_s
        heappush(self._planned, (self.true_s + delay_s, next(self._numbers), do))

    def at(self, true_s: float, do: Callable[[], None]) -> None:
        """Plan something for a moment; one that is past counts as now."""
        heappush(self._planned, (true_s if true_s > self.true_s else self.true_s, next(self._numbers), do))

    def run_until(self, true_s: float) -> None:
        """Let everything happen that is planned up to this moment."""
        planned = self._planned
        while planned and planned[0][0] <= true_s:
            self.true_s, _, do = heappop(planned)
            do()
        self.true_s = true_s
