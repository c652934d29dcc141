"""How often one sender may ask: a bucket of tokens for each, with a bound on how many are remembered."""

from __future__ import annotations

from collections import OrderedDict

from edgepair_contract.clock import Now

SENDERS_MAX = 20_000  # remembered at once; beyond it the one that was silent longest starts anew with a full bucket


class RateLimit:
    """Lets each sender through `per_second` times a second, and twice as often in one burst."""

    def __init__(self, per_second: int) -> None:
        self._per_second = per_second
        self._burst = 2.0 * per_second
        self._buckets: OrderedDict[bytes | int, tuple[float, float]] = (
            OrderedDict()
        )  # tokens, and when there were so many

    def lets_through(self, sender: bytes | int, now: Now) -> bool:
        """Return whether this sender may ask once more now, and count it."""
        tokens, at_s = self._buckets.pop(sender, (self._burst, now.mono_s))
        tokens = min(tokens + (now.mono_s - at_s) * self._per_second, self._burst)
        allowed = tokens >= 1.0
        self._buckets[sender] = (tokens - 1.0 if allowed else tokens, now.mono_s)
        if len(self._buckets) > SENDERS_MAX:
            self._buckets.popitem(last=False)
        return allowed

    def __len__(self) -> int:
        return len(self._buckets)
