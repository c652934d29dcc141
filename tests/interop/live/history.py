"""What clients were promised and refused, and the judgement over it: one client an address, no promise broken."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import pairwise


@dataclass(frozen=True, slots=True, kw_only=True)
class Promise:
    """An address that a client may use: from when (it heard the ACK) until when (it asked, whole seconds, + lease)."""

    mac: str
    address: str
    server: str
    at: float
    until: float
    lease_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """A DHCPNAK that a client heard, or an address that it gave up (by release, decline, or taking another)."""

    mac: str
    address: str
    at: float
    server: str = ""


class History:
    """All that a scenario's clients were told, in order."""

    def __init__(self) -> None:
        self.promises: list[Promise] = []
        self.given_up: list[Event] = []
        self.refusals: list[Event] = []

    def faults(self) -> list[str]:
        """Return in sentences what no client may live to see; empty when all was well."""
        return [*self._shared(), *self._broken()]

    def uses(self) -> list[Promise]:
        """Return every use of an address as it was: renewals joined, ended by what the client gave up."""
        found: list[Promise] = []
        running: dict[tuple[str, str], int] = {}
        for promise in self.promises:
            key = (promise.mac, promise.address)
            last = found[running[key]] if key in running else None
            if last is not None and promise.at <= last.until and not self._ended(last, promise.at):
                found[running[key]] = replace(last, until=promise.until)
            else:
                running[key] = len(found)
                found.append(promise)
        return [self._cut(use) for use in found]

    def _shared(self) -> Iterator[str]:
        uses = sorted(self.uses(), key=lambda use: (use.address, use.at))
        for first, second in pairwise(uses):
            if first.address == second.address and first.mac != second.mac and second.at < first.until:
                yield (
                    f"{first.address} belonged to {first.mac} until {first.until:.2f} ({first.server}), "
                    f"and {second.server} gave it to {second.mac} at {second.at:.2f}"
                )

    def _broken(self) -> Iterator[str]:
        uses = self.uses()
        for refusal in self.refusals:
            for use in uses:
                if (use.mac, use.address) == (refusal.mac, refusal.address) and use.at < refusal.at < use.until:
                    yield (
                        f"{refusal.server} refused {refusal.address} to {refusal.mac} at {refusal.at:.2f}, "
                        f"which {use.server} had promised until {use.until:.2f}"
                    )

    def _ended(self, use: Promise, at: float) -> bool:
        return any(use.at <= end.at <= at for end in self.given_up if (end.mac, end.address) == (use.mac, use.address))

    def _cut(self, use: Promise) -> Promise:
        ends = [end.at for end in self.given_up if (end.mac, end.address) == (use.mac, use.address)]
        return replace(use, until=min([use.until, *(end for end in ends if end >= use.at)]))
