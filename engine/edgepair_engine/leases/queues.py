"""The addresses of one pool in one binding state, oldest end first."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from heapq import heapify, heappop, heappush

SLACK = 64  # outdated entries a small queue may carry before it is made anew


class EndQueue:
    """A heap of (ends_at, address), each packed into one number, with outdated entries left in until they surface.

    `is_current` says whether an entry still holds; the table knows. An address can stand in it twice with the same
    end (it left and came back): readers see it once.
    """

    __slots__ = ("_heap", "_is_current", "count")

    def __init__(self, is_current: Callable[[int, int], bool]) -> None:
        self._heap: list[int] = []
        self._is_current = is_current
        self.count = 0  # addresses that are in the queue now

    def add(self, address: int, ends_at: int) -> None:
        """Put an address in. It must not be in with this end already."""
        heappush(self._heap, ends_at << 32 | address)
        self.count += 1
        if len(self._heap) > 2 * self.count + SLACK:
            self._heap = [entry for entry in set(self._heap) if self._holds(entry)]
            heapify(self._heap)

    def dropped(self) -> None:
        """Hear that an address has left: its entry is outdated from now on."""
        assert self.count > 0
        self.count -= 1

    @property
    def entries(self) -> int:
        """Return how many entries there are, outdated ones included."""
        return len(self._heap)

    def first_end(self) -> int | None:
        """Return the oldest end."""
        while self._heap:
            if self._holds(self._heap[0]):
                return self._heap[0] >> 32
            heappop(self._heap)
        return None

    def __iter__(self) -> Iterator[int]:
        """Yield addresses, oldest end first, in O(k log k) for the first k. Nothing may change meanwhile."""
        heap = self._heap
        front = [(heap[0], 0)] if heap else []
        last = -1
        while front:
            entry, index = heappop(front)
            for child in (2 * index + 1, 2 * index + 2):
                if child < len(heap):
                    heappush(front, (heap[child], child))
            if entry != last and self._holds(entry):
                yield entry & 0xFFFFFFFF
            last = entry

    def _holds(self, entry: int) -> bool:
        return self._is_current(entry & 0xFFFFFFFF, entry >> 32)
