"""One turn of an engine: what is due, then what came, in the order that keeps its promises."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

from edgepair_contract.clock import Now
from edgepair_contract.report import MemberReport
from edgepair_engine.core.effects import Effects, joined
from edgepair_engine.core.events import (
    ConfigRefused,
    ConfigReplaced,
    ControlAsked,
    DatagramsDropped,
    DhcpDatagram,
    DialFailed,
    Event,
    InterfacesChanged,
    LinkLost,
    LinkUp,
    PartnerBytes,
    StoreChanged,
    Woken,
)

TURN_EVENTS_MAX = 256  # events of one turn; 64 lost 8-12 % of the packets under load, 256 next to none
DHCP_STALE_S = 5.0  # how long a packet of a client, or to one, counts: the client has asked again by then, or gone on


class Machine(Protocol):
    """What a turn needs of an engine."""

    def handle(self, event: Event, now: Now) -> Effects:
        """Return what this event makes the engine want."""

    def next_wakeup(self, now: Now) -> float | None:
        """Return the monotonic moment of the next planned thing; None when nothing is planned."""

    def report(self, now: Now) -> MemberReport:
        """Return the report; the same object as long as its revision is the same."""


def run_turn(engine: Machine, events: Sequence[Event], now: Now) -> Effects:
    """Return what due timers and these events make the engine want, in this order.

    Timers come first, so that no event meets an endpoint whose time is over; partner bytes before DHCP, so that a
    client is answered with all that the partner has said. Every turn begins with `Woken`, due or not: the engine
    measures by it how long it was away.
    """
    in_order = events if len(events) < 2 else sorted(events, key=_rank)
    return joined([engine.handle(_WOKEN, now), *[engine.handle(event, now) for event in in_order]])


def _rank(event: Event) -> int:
    return _RANKS[type(event)]


_WOKEN = Woken()
_RANKS: Mapping[type[Event], int] = {
    Woken: 0,
    LinkUp: 1,
    PartnerBytes: 1,
    LinkLost: 1,
    DialFailed: 1,
    InterfacesChanged: 1,
    StoreChanged: 1,
    ControlAsked: 2,
    ConfigReplaced: 2,
    ConfigRefused: 2,
    DhcpDatagram: 3,
    DatagramsDropped: 3,
}
