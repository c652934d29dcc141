"""Pools that have no address for a new client: why, and for how long that is told."""

from __future__ import annotations

from dataclasses import dataclass

from edgepair_contract.clock import Now
from edgepair_contract.vocabulary import BindingState
from edgepair_engine.dhcp.desk import Desk
from edgepair_engine.leases.binding import ENDED

TOLD_EVERY_S = 60.0  # the counts in it change with every client: at most one notice and one new report in a minute
OVER_AFTER_S = 130.0  # without a refused client: one that waits asks every 64 s


@dataclass(slots=True)
class _Shortage:
    why: str
    told_s: float
    refused_s: float

    @property
    def over_at_s(self) -> float:
        """Return the monotonic moment from which on nobody has suffered from it for a while."""
        return self.refused_s + OVER_AFTER_S


class Shortages:
    """The pools that had no address for a client lately, by prefix."""

    def __init__(self) -> None:
        self._known: dict[str, _Shortage] = {}

    def refused(self, desk: Desk, now: Now) -> str | None:
        """Hear that a client got no address; return why, when that is worth telling again."""
        known = self._known.get(desk.scope.prefix)
        if known is not None:
            known.refused_s = now.mono_s
            if now.mono_s - known.told_s < TOLD_EVERY_S:
                return None
        why = why_empty(desk)
        self._known[desk.scope.prefix] = _Shortage(why, now.mono_s, now.mono_s)
        return why

    def told(self, now: Now) -> tuple[tuple[str, str], ...]:
        """Return prefix and reason of each that a client has suffered from lately."""
        return tuple((prefix, each.why) for prefix, each in self._known.items() if each.over_at_s > now.mono_s)

    def next_over_s(self, now: Now) -> float | None:
        """Return the monotonic moment at which the next one will be over if nobody is refused; None without any."""
        ends_s = (each.over_at_s for each in self._known.values())
        return min((over_s for over_s in ends_s if over_s > now.mono_s), default=None)


def why_empty(desk: Desk) -> str:
    """Return where the addresses of a pool are that has none for a new client, in words for people."""
    pool, rights = desk.scope.pool, desk.rights

    def count(*states: BindingState) -> int:
        return sum(desk.leases.count(pool, state) for state in states)

    partners = 0 if rights.partner_state is None else count(rights.partner_state)
    said = [
        (count(BindingState.ACTIVE), "leased"),
        (partners, "the partner's"),
        (count(*ENDED), "ended, but the partner has not acknowledged it"),
        (count(BindingState.ABANDONED), "abandoned: used by an unknown host"),
        (count(rights.own_state), "offered, or ended a moment ago"),
    ]
    said.append((pool.total - sum(number for number, _ in said), "reserved"))
    return f"of {pool.total} addresses " + ", ".join(f"{number} {what}" for number, what in said if number)
