"""Which objects to look at next: keys, each at most once, with the time before which they must wait."""

from __future__ import annotations

import asyncio
from heapq import heappop, heappush
from math import inf

from edgepair_contract.clock import Chance
from edgepair_operator.api.keys import ObjectKey

RETRY_FIRST_S = 0.5  # a conflict or a hiccup is over by then
RETRY_MAX_S = 60.0  # an API server that is down for an hour is met by one call a minute and object
JITTER = 0.5  # up to half as long again, so that many keys do not come back together


class KeyQueue:
    """Keys that wait to be reconciled. A key is held once: asking again can only bring its time forward.

    A key that is being worked on and is asked for meanwhile comes again afterwards, so no change is lost. Time is the
    running loop's. The heap may hold outdated entries: `_due_s` has the word.
    """

    def __init__(self, chance: Chance) -> None:
        self._chance = chance
        self._due_s: dict[ObjectKey, float] = {}
        self._heap: list[tuple[float, int, ObjectKey]] = []
        self._busy: set[ObjectKey] = set()
        self._failures: dict[ObjectKey, int] = {}
        self._sequence = 0
        self._changed = asyncio.Event()

    def __len__(self) -> int:
        """Return how many keys wait, those of later times included."""
        return len(self._due_s)

    def add(self, key: ObjectKey, *, after_s: float = 0.0) -> None:
        """Ask for a key, at the earliest `after_s` from now."""
        due_s = asyncio.get_running_loop().time() + after_s
        if self._due_s.get(key, inf) <= due_s:
            return
        self._due_s[key] = due_s
        if key not in self._busy:
            self._push(key, due_s)

    async def take(self) -> ObjectKey:
        """Return the key that has been due longest, and hold it until `done` or `failed`."""
        while True:
            next_s = self._next_due_s()
            if next_s is not None and next_s <= asyncio.get_running_loop().time():
                key = heappop(self._heap)[2]
                del self._due_s[key]
                self._busy.add(key)
                return key
            await self._sleep(next_s)

    def done(self, key: ObjectKey) -> None:
        """Give a key back after success: its next failure is its first again."""
        self._failures.pop(key, None)
        self._release(key)

    def failed(self, key: ObjectKey, *, retry_after_s: float | None = None) -> float:
        """Give a key back after a failure, ask for it again later, and return in how many seconds."""
        failures = self._failures.get(key, 0)
        self._failures[key] = failures + 1
        pause_s = min(RETRY_MAX_S, RETRY_FIRST_S * 2.0 ** min(failures, 16))
        pause_s = max(pause_s, retry_after_s or 0.0) * (1.0 + JITTER * self._chance.random())
        self._release(key)
        self.add(key, after_s=pause_s)
        return pause_s

    def _push(self, key: ObjectKey, due_s: float) -> None:
        self._sequence += 1
        heappush(self._heap, (due_s, self._sequence, key))
        self._changed.set()

    def _release(self, key: ObjectKey) -> None:
        self._busy.discard(key)
        if key in self._due_s:
            self._push(key, self._due_s[key])

    def _next_due_s(self) -> float | None:
        """Return when the first key is due, after dropping heap entries that were overtaken."""
        while self._heap:
            due_s, _, key = self._heap[0]
            if self._due_s.get(key) == due_s and key not in self._busy:
                return due_s
            heappop(self._heap)
        return None

    async def _sleep(self, until_s: float | None) -> None:
        """Wait until something is asked for or given back, or the given time comes."""
        self._changed.clear()
        try:
            async with asyncio.timeout_at(until_s):
                await self._changed.wait()
        except TimeoutError:
            return
