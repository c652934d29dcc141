"""Whether the partner holds the same addresses: two servers with different ranges each own what the other never gives.

Told in two ways: a partner asked for everything tells every address that it has, used or not; and it refuses an update
of an address that it has not (reason 1). Of a partner that is not ours the configuration shows in no other way (I14).
"""

from __future__ import annotations

from collections.abc import Iterable

STRANGE_KEPT_MAX = 1000  # addresses of the partner that no range of ours holds; more of them only make "at least" true


class Ranges:
    """What the partner's words say of its ranges. `difference`: how they differ from ours; None: not at all."""

    def __init__(self) -> None:
        self.difference: str | None = None
        self._told: set[int] | None = None  # while the partner tells everything
        self._only_there: set[int] = set()
        self._only_here: set[int] = set()

    def begin(self) -> None:
        """Hear that the partner is about to tell everything it has."""
        self._told = set()

    def stop(self) -> None:
        """Hear that it was interrupted: what it did not tell says nothing."""
        self._told = None

    def heard(self, address: int, *, known: bool) -> None:
        """Hear that the partner tells an address; `known`: a range of ours holds it."""
        if known:
            self.accepted(address)
            if self._told is not None:
                self._told.add(address)
        elif address not in self._only_there and len(self._only_there) < STRANGE_KEPT_MAX:
            self._only_there.add(address)
            self._describe()

    def refused(self, address: int) -> None:
        """Hear that the partner does not know an address of ours."""
        self._only_here.add(address)
        self._describe()

    def accepted(self, address: int) -> None:
        """Hear that the partner knows an address of ours."""
        if address in self._only_here:
            self._only_here.discard(address)
            self._describe()

    def untold(self, ours: Iterable[int]) -> set[int]:
        """Return which of our addresses a partner that tells everything has not told yet."""
        return set() if self._told is None else set(ours) - self._told

    def complete(self, ours: Iterable[int]) -> None:
        """Hear that the partner has told everything; `ours` are all addresses in our ranges."""
        if self._told is not None:
            self._only_here = set(ours) - self._told
        self._told = None
        self._describe()

    def changed(self) -> None:
        """Start anew: our ranges are others now."""
        self._told, self._only_there, self._only_here = None, set(), set()
        self._describe()

    def _describe(self) -> None:
        here, there = _named(self._only_here), _named(self._only_there)
        if here and there:
            self.difference = f"only this server has {here}; only its partner has {there}"
        elif here:
            self.difference = f"only this server has {here}"
        else:
            self.difference = f"only its partner has {there}" if there else None


def _named(addresses: set[int]) -> str:
    if not addresses:
        return ""
    first = ".".join(str(byte) for byte in min(addresses).to_bytes(4, "big"))
    others = len(addresses) - 1
    return f"{first} and {others} more" if others else first
