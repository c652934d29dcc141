"""What is told of a group: both states with their times, and MCLT, as dhcpd's management interface has them."""

from __future__ import annotations

import pytest

from edgepair_contract.vocabulary import FailoverState, Role
from edgepair_engine.failover.hashing import hba_of_split
from tests.unit.failover.builders import T0, a_record
from tests.unit.failover.opposite import Opposite

NORMAL = FailoverState.NORMAL
CI = FailoverState.COMMUNICATIONS_INTERRUPTED
PAUSED = FailoverState.PAUSED


@pytest.mark.protocol(156)
def test_the_two_states_and_since_when() -> None:
    """Protocol reference 7.2: my time is when I entered the state, the partner's when I heard of it."""
    record = a_record(CI, NORMAL, since=T0 - 500, partner_state_at=T0 - 900)
    story = Opposite(Role.PRIMARY, record)
    story.wait(10)
    assert shown(story) == ("Communications-Interrupted", -500, "Normal", -900, True, False)
    story.wait(10)
    story.connect(NORMAL)
    assert shown(story) == ("Normal", 20, "Normal", 20, False, True)
    story.wait(10)
    story.tell_state(PAUSED)
    assert shown(story) == ("Communications-Interrupted", 30, "Paused", 30, False, True)
    story.wait(10)
    story.lose_link()
    assert shown(story) == ("Communications-Interrupted", 30, "Paused", 30, False, False)


def shown(story: Opposite) -> tuple[str, int, str, int, bool, bool]:
    """Return my state, since when, the partner's, since when (seconds after T0), starting, connected."""
    view = story.endpoint.view(story.now)
    assert view.partner_state_at is not None
    mine, partners = (
        (view.my_state.label, view.my_state_at - T0),
        (view.partner_state.label, view.partner_state_at - T0),
    )
    return (*mine, *partners, view.starting, view.connected)


@pytest.mark.protocol(156)
def test_a_partner_that_was_never_heard_has_no_time() -> None:
    story = Opposite(Role.PRIMARY, None)
    view = story.endpoint.view(story.now)
    assert (view.my_state.label, view.my_state_at, view.mclt_s) == ("Recover", T0, 30)
    assert (view.partner_state.label, view.partner_state_at) == ("Unknown", None)


@pytest.mark.protocol(52, 53, 156, 157)
def test_a_secondary_shows_and_goes_by_what_its_primary_dictates() -> None:
    """Its own mclt and split are the primary's to say, as with dhcpd."""
    story = Opposite(Role.SECONDARY, a_record(NORMAL, NORMAL, mclt_s=600), mclt_s=600, split=0)
    assert story.endpoint.view(story.now).mclt_s == 600
    story.connect(NORMAL)
    view = story.endpoint.view(story.now)
    assert (view.mclt_s, view.split) == (30, 128)
    rights = story.endpoint.rights(story.now)
    assert (rights.mclt_s, rights.hba) == (30, hba_of_split(128))
