"""Which promise of an address still holds when people, disks or clocks have failed, as small rules with names.

In general no address is validly held by two clients at once, by the clients' own clocks. Each rule below says of two
promises of one address that nobody could keep them apart, and why; `docs/reference/promises.md` tells them to people.
"""

from __future__ import annotations

from edgepair_contract.value import value
from edgepair_sim.holding import Holding

REACH = 1.5  # an update tells the partner of an end that is up to 1.5 lease times ahead (protocol reference 5.3)


@value
class Circumstances:
    """How a server stood when it made a promise. True seconds; None: not so.

    `partner_gone_s`: it was in Partner-Down, MCLT had passed, and from this moment on its partner was said to be gone.
    `apart`: the two had not come to Normal since one of them had its partner declared down.
    `lacking_from_s`: its store may lack what was written from this moment on, and it had not met its partner since.
    """

    server: str
    made_s: float
    partner_gone_s: float | None = None
    apart: bool = False
    lacking_from_s: float | None = None


def partner_was_declared_down(later: Circumstances, earlier: Circumstances) -> bool:
    """Return whether one took the address from a partner that was said to be gone, and the other is that partner's.

    Only what a server promised after it was said to be gone is at stake; what it promised before is waited for.
    """
    return _was_taken(later, earlier) or _was_taken(earlier, later)


def store_lacked_it(later: Circumstances, earlier: Circumstances) -> bool:
    """Return whether one server promised by a store that may lack the other promise, or what it rests on."""
    return _was_unknown(later, earlier) or _was_unknown(earlier, later)


def _was_taken(taker: Circumstances, other: Circumstances) -> bool:
    if taker.partner_gone_s is None or taker.server == other.server:
        return False
    return other.made_s >= taker.partner_gone_s and (other.apart or other.made_s <= taker.made_s)


def _was_unknown(blind: Circumstances, other: Circumstances) -> bool:
    return blind.lacking_from_s is not None and other.made_s >= blind.lacking_from_s


def reach_s(earlier: Holding, mclt_s: int) -> float:
    """Return for how long before a promise moments were written down on which it rests."""
    return REACH * earlier.lease_s + mclt_s
