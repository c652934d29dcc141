"""dhcpd resumes a state that a person wrote into its lease file: we live with every one of them."""

from __future__ import annotations

import pytest

from edgepair_contract.vocabulary import FailoverState
from tests.interop.live.conftest import PairOf
from tests.interop.live.pair import NORMAL, Pair, settled
from tests.interop.live.terms import Terms

ALONE = FailoverState.COMMUNICATIONS_INTERRUPTED
DOWN = FailoverState.PARTNER_DOWN
CONFLICT = FailoverState.POTENTIAL_CONFLICT
INTERRUPTED = FailoverState.RESOLUTION_INTERRUPTED
RECOVER = FailoverState.RECOVER
RECOVERED = FailoverState.RECOVER_DONE
PAUSED = FailoverState.PAUSED
SHUTDOWN = FailoverState.SHUTDOWN

Ends = tuple[FailoverState, FailoverState]
WELL = (NORMAL, NORMAL)
# What dhcpd is to resume and the state of ours that it has recorded; where both end when we are in NORMAL (we start too
# and resume it), in COMMUNICATIONS-INTERRUPTED, in PARTNER-DOWN.
CASES: dict[str, tuple[FailoverState, FailoverState, Ends, Ends, Ends]] = {
    "normal": (NORMAL, NORMAL, WELL, WELL, WELL),
    "communications-interrupted": (ALONE, NORMAL, WELL, WELL, WELL),
    "partner-down": (DOWN, NORMAL, WELL, WELL, WELL),
    "potential-conflict": (CONFLICT, CONFLICT, (DOWN, SHUTDOWN), WELL, WELL),  # it hears NORMAL in a conflict (Q17)
    "resolution-interrupted": (INTERRUPTED, CONFLICT, WELL, WELL, WELL),
    "recover": (RECOVER, DOWN, WELL, WELL, WELL),
    "recover-done": (RECOVERED, DOWN, WELL, WELL, WELL),
    "paused": (PAUSED, NORMAL, (ALONE, PAUSED), (ALONE, PAUSED), (DOWN, PAUSED)),
    "shutdown": (SHUTDOWN, NORMAL, (DOWN, SHUTDOWN), (DOWN, SHUTDOWN), (DOWN, SHUTDOWN)),
}


@pytest.mark.parametrize("mine", [NORMAL, ALONE, DOWN], ids=lambda state: f"we-are-in-{state.edgeconnect}")
@pytest.mark.parametrize("case", CASES)
@pytest.mark.protocol(75, 77, 78, 83, 84, 97, "I6", "Q17")
def test_we_live_with_whatever_state_dhcpd_resumes(pair_of: PairOf, case: str, mine: FailoverState) -> None:
    saved, recorded, *ends = CASES[case]
    pair = pair_of(Terms(mclt_s=5))
    pair.start()
    leave_alone(pair, mine)
    pair.theirs.save_state(saved, recorded)
    pair.theirs.start()
    if mine is NORMAL:
        pair.ours.start()
    settled(pair, *ends[(NORMAL, ALONE, DOWN).index(mine)])
    assert pair.theirs.runs()


def leave_alone(pair: Pair, mine: FailoverState) -> None:
    """Stop dhcpd, and have us in this state or, if that is NORMAL, about to resume it."""
    if mine is NORMAL:
        pair.ours.kill()
        pair.wait("dhcpd notices", lambda: pair.theirs.state() is ALONE)
    pair.theirs.end()
    if mine is not NORMAL:
        pair.wait("we notice", lambda: pair.ours.state() is ALONE)
    if mine is DOWN:
        pair.ours.partner_down()
