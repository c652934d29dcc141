"""The next addresses to offer, looked up for many clients at once.

Addresses that are offered and not taken yet still stand first among the longest unused ones. Passing over them for
each new client would make a crowd of them costly, so one look fetches enough for the next AHEAD clients.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable

from edgepair_contract.clock import Now
from edgepair_contract.vocabulary import BindingState
from edgepair_engine.leases.pool import Pool

AHEAD = 256  # addresses fetched by one look; more when it had to pass over more, so that looks become rarer
COSTLY = 1000  # a look that passed over so many addresses in vain is not repeated within VAIN_S
VAIN_S = 1.0  # a client asks again later than that


class Shelf:
    """Addresses that could be offered when they were looked up, by pool and binding state, longest unused first."""

    def __init__(self) -> None:
        self._ahead: dict[tuple[str, BindingState], deque[int]] = {}
        self._vain_until_s: dict[tuple[str, BindingState], float] = {}

    def ahead(self, pool: Pool, state: BindingState) -> deque[int]:
        """Return what is left of the latest look; whoever takes from it leaves the rest."""
        return self._ahead.setdefault((pool.prefix, state), deque())

    def is_worth_a_look(self, pool: Pool, state: BindingState, now: Now) -> bool:
        """Return whether addresses should be looked up; not so soon after a costly look in vain."""
        return self._vain_until_s.get((pool.prefix, state), now.mono_s) <= now.mono_s

    def fill(self, pool: Pool, state: BindingState, *, found: Iterable[int], passed: int, now: Now) -> None:
        """Take the result of a look that passed over so many addresses."""
        ahead = self.ahead(pool, state)
        ahead.extend(found)
        if not ahead and passed >= COSTLY:
            self._vain_until_s[pool.prefix, state] = now.mono_s + VAIN_S

    def __len__(self) -> int:
        return sum(map(len, self._ahead.values()))
