"""A state is stored before it is told, and a process that was away starts anew."""

from __future__ import annotations

import pytest

from edgepair_contract.control import ControlAction
from edgepair_contract.vocabulary import FailoverState, Serving
from edgepair_engine.leases.record import StateRecord
from tests.unit.core.pair import Pair

NORMAL = FailoverState.NORMAL
CI = FailoverState.COMMUNICATIONS_INTERRUPTED


def pair_in_normal() -> Pair:
    pair = Pair()
    pair.start("east-1", "east-2")
    pair.advance(20)
    assert pair.states() == [("Normal", "Normal"), ("Normal", "Normal")]
    return pair


@pytest.mark.protocol(65)
def test_a_state_is_told_to_nobody_before_it_is_stored() -> None:
    """East-2 pauses, and east-1 goes to Communications-Interrupted on that, seen by nobody until it is durable."""
    pair = pair_in_normal()
    first, second = pair.members["east-1"], pair.members["east-2"]
    first.disk_is_slow = True
    assert pair.order("east-2", ControlAction.PAUSE).done
    assert second.group.partner_state is NORMAL
    assert first.group.my_state is NORMAL
    pair.finish_commits("east-1")
    assert second.group.partner_state is CI
    assert first.group.my_state is CI


@pytest.mark.protocol(65)
def test_a_crash_between_a_change_and_its_storage_leaves_the_state_that_was_told() -> None:
    pair = pair_in_normal()
    first, second = pair.members["east-1"], pair.members["east-2"]
    first.disk_is_slow = True
    pair.order("east-2", ControlAction.PAUSE)
    first.commits.clear()
    pair.kill("east-1")
    assert second.group.partner_state is NORMAL
    stored = first.disk["lan0"]
    assert isinstance(stored, StateRecord)
    assert stored.my_state is NORMAL


@pytest.mark.protocol("I16")
@pytest.mark.parametrize(
    ("away_s", "starting", "serving"),
    [(9, False, Serving.ALL), (11, True, Serving.NONE)],
    ids=["for less", "for longer"],
)
def test_a_process_that_was_away_for_longer_than_its_partner_waits_serves_nobody_until_it_has_heard_it(
    away_s: int, starting: bool, serving: Serving
) -> None:
    """The response delay is 10 s; the partner may have been told meanwhile that this server is down."""
    pair = pair_in_normal()
    pair.sever()
    assert pair.members["east-1"].group.serving is Serving.ALL
    pair.mono_s += away_s
    pair.advance(0.1)
    first = pair.members["east-1"].group
    assert (first.starting, first.serving) == (starting, serving)
    pair.advance(15)
    first = pair.members["east-1"].group
    assert (first.starting, first.my_state, first.serving) == (False, CI, Serving.ALL)
