"""The times within which a pair must be well again, as the documentation publishes them."""

from __future__ import annotations

from edgepair_engine.failover.link import LINK_STARTUP_S
from edgepair_engine.failover.links import REDIAL_S
from edgepair_engine.failover.machine import STARTUP_S
from edgepair_sim.deeds import Change, Configure
from edgepair_sim.network import CATCH_UP_MAX_S, DIAL_LIMIT_S
from edgepair_sim.script import Script

SETTLING_S = 30.0  # for all bindings of a small pair to go both ways, in as many messages as it takes


def normal_bound_s(script: Script) -> float:
    """Return how long after the last fault both servers are in NORMAL at the latest.

    The bytes of a mended way come with the next retransmission; a link that only one side believes in is given up after
    max-response-delay, and a new one is dialled and agreed on; a server that has just started waits for its partner;
    and whoever recovers waits MCLT. Of values that were changed the largest counts.
    """
    link_s = CATCH_UP_MAX_S + silence_max_s(script) + REDIAL_S + DIAL_LIMIT_S + LINK_STARTUP_S
    return link_s + STARTUP_S + mclt_max_s(script) + SETTLING_S


def mclt_max_s(script: Script) -> int:
    """Return the largest MCLT that is ever in force in a life."""
    return max(script.settings.mclt_s, *_values(script, Change.MCLT), 0)


def silence_max_s(script: Script) -> int:
    """Return the largest max-response-delay that is ever configured in a life."""
    return max(script.settings.max_response_delay_s, *_values(script, Change.DELAY), 0)


def _values(script: Script, change: Change) -> list[int]:
    return [deed.value for deed in script.deeds if isinstance(deed, Configure) and deed.change is change]
