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


class Shortages:
    """The pools that had no address for a client lately, by prefix."""

    def __init__(self) -> None:
        self._now: dict[str, _Shortage] = {}

    def refused(self, desk: Desk, now: Now) -> str | None:
        """Hear that a client got no address; return why, when that is worth telling again."""
        known = self._now.get(desk.scope.prefix)
        if known is not None:
            known.refused_s = now.mono_s
            if now.mono_s - known.told_s < TOLD_EVERY_S:
                return None
        why = why_empty(desk)
        self._now[desk.scope.prefix] = _Shortage(why, now.mono_s, now.mono_s)
        return why

    def over(self, now: Now) -> None:
        """Forget those of which nobody has suffered for a while."""
        for prefix in [prefix for prefix, each in self._now.items() if self._over_at_s(each) <= now.mono_s]:
            del self._now[prefix]

    def next_over_s(self) -> float | None:
        """Return the monotonic moment at which the next one will be over if nobody is refused; None without any."""
        return min(map(self._over_at_s, self._now.values()), default=None)

    def told(self) -> tuple[tuple[str, str], ...]:
        """Return prefix and reason of each."""
        return tuple((prefix, each.why) for prefix, each in self._now.items())

    def _over_at_s(self, shortage: _Shortage) -> float:
        return shortage.refused_s + OVER_AFTER_S


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
