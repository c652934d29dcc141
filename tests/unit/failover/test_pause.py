"""PAUSED and SHUTDOWN: announced at a stop or by order, never stored, and what the partner makes of them."""

from __future__ import annotations

import random

import pytest

from edgepair_contract.clock import Now
from edgepair_contract.control import ControlAction, ControlRequest
from edgepair_contract.vocabulary import FailoverState, Role, Serving
from edgepair_engine.failover import transitions as t
from edgepair_engine.failover.endpoint import Endpoint
from edgepair_engine.failover.outcome import LinkId, Outcome, Send
from edgepair_engine.leases.record import StateRecord
from edgepair_engine.wire.failover import Contact, State, UpdDone, UpdReq
from tests.unit.failover.builders import T0, a_group, a_record, a_table, at
from tests.unit.failover.dialogue import a_connect, a_state, hung_up, said
from tests.unit.failover.opposite import Opposite
from tests.unit.failover.pair import Pair, two_endpoints

L1, L2 = LinkId(1), LinkId(2)
PAUSE, SHUTDOWN, RESUME = ControlAction.PAUSE, ControlAction.SHUTDOWN, ControlAction.RESUME


def a_normal_pair() -> Pair:
    pair = two_endpoints()
    pair.start()
    pair.run(1)
    assert (pair.primary.state, pair.secondary.state) == (t.NORMAL, t.NORMAL)
    return pair


def a_secondary(mine: FailoverState, partner: FailoverState) -> Endpoint:
    """Return a secondary that resumed its state on a link with its partner at T0."""
    config = a_group(Role.SECONDARY)
    stored = a_record(mine, partner)
    endpoint = Endpoint(config, a_table(config), stored, chance=random.Random(1), now=at(0))
    endpoint.link_up(L1, at(0))
    endpoint.on_message(L1, a_connect(at(0)), at(0))
    endpoint.on_message(L1, a_state(at(0), partner), at(0))
    assert endpoint.view(at(0)).my_state is mine
    return endpoint


def ordered(endpoint: Endpoint, action: ControlAction, now: Now) -> Outcome:
    outcome = endpoint.on_control(ControlRequest(action=action), now)
    assert isinstance(outcome, Outcome)
    return outcome


def states_told(outcome: Outcome) -> list[int | None]:
    return [message.state for message in said(outcome) if isinstance(message, State)]


@pytest.mark.protocol(80, "I12")
@pytest.mark.parametrize(
    ("action", "label", "partner"),
    [(PAUSE, "Paused", t.CI), (SHUTDOWN, "Shutdown", t.PD)],
    ids=["paused", "shut down"],
)
def test_a_server_that_announces_its_absence_is_silent_and_stores_nothing_of_it(
    action: ControlAction, label: str, partner: FailoverState
) -> None:
    """The partner serves everybody at once, and the link stays."""
    pair = a_normal_pair()
    pair.order(pair.secondary, action)
    assert pair.secondary.states_said()[-1] == label
    assert (pair.primary.state, pair.secondary.state) == (partner, t.NORMAL)
    pair.run(60)
    view = pair.secondary.running.view(pair.now())
    assert (view.my_state.label, view.serving, view.connected) == (label, Serving.NONE, True)
    assert pair.primary.running.view(pair.now()).serving is Serving.ALL
    assert (pair.primary.state, pair.secondary.state) == (partner, t.NORMAL)


@pytest.mark.protocol("I12")
def test_a_process_killed_while_paused_starts_in_its_stored_state() -> None:
    pair = a_normal_pair()
    pair.order(pair.secondary, PAUSE)
    pair.kill(pair.secondary)
    pair.secondary.said.clear()
    pair.start(pair.secondary)
    pair.run(6)
    assert pair.secondary.states_said() == ["(Normal)", "Normal"]
    assert (pair.primary.state, pair.secondary.state) == (t.NORMAL, t.NORMAL)


@pytest.mark.protocol("I12", 81)
def test_a_process_that_comes_back_from_shutdown_recovers_what_it_missed() -> None:
    pair = a_normal_pair()
    pair.order(pair.secondary, SHUTDOWN)
    pair.kill(pair.secondary)
    pair.run(100)
    assert pair.primary.state is t.PD
    pair.secondary.said.clear()
    pair.start(pair.secondary)
    pair.run(10)
    assert pair.secondary.states_said() == ["(Normal)", "Recover", "Recover-done", "Normal"]
    assert (pair.primary.state, pair.secondary.state) == (t.NORMAL, t.NORMAL)


@pytest.mark.protocol("Q22")
def test_shutdown_is_told_on_the_link_before_anything_else_and_the_link_is_served_on() -> None:
    """dhcpd ordered to shut down leaves its partner to the receive timer."""
    endpoint = a_secondary(t.NORMAL, t.NORMAL)
    outcome = ordered(endpoint, SHUTDOWN, at(1))
    assert [type(action) for action in outcome.actions] == [Send]
    assert states_told(outcome) == [8]
    assert [type(message) for message in said(endpoint.on_timer(at(4)))] == [Contact]


@pytest.mark.protocol("Q22")
def test_a_partner_that_stops_without_a_word_is_borne() -> None:
    endpoint = a_secondary(t.NORMAL, t.NORMAL)
    endpoint.on_timer(at(10))
    assert endpoint.view(at(10)).my_state is t.CI


@pytest.mark.protocol("I12")
def test_no_order_is_ever_stored_as_the_state_to_start_with() -> None:
    for action in (PAUSE, SHUTDOWN):
        endpoint = a_secondary(t.NORMAL, t.NORMAL)
        records = (*ordered(endpoint, action, at(1)).records, *endpoint.on_timer(at(12)).records)
        states = {record.my_state for record in records if isinstance(record, StateRecord)}
        assert states.isdisjoint({t.PAUSED, t.SHUTDOWN})


@pytest.mark.protocol(100, "Q17")
def test_resume_says_no_normal_to_a_partner_in_conflict() -> None:
    """dhcpd in POTENTIAL-CONFLICT shuts down on NORMAL. What was said during the pause counts at its end."""
    endpoint = a_secondary(t.NORMAL, t.NORMAL)
    ordered(endpoint, PAUSE, at(1))
    endpoint.on_message(L1, a_state(at(2), t.PC), at(2))
    assert endpoint.view(at(2)).my_state is t.PAUSED
    assert states_told(ordered(endpoint, RESUME, at(3))) == [5]
    assert endpoint.view(at(3)).my_state is t.PC


@pytest.mark.protocol(93)
def test_resume_goes_on_with_a_conflict_that_the_partner_is_done_with() -> None:
    endpoint = a_secondary(t.PC, t.PC)
    ordered(endpoint, PAUSE, at(1))
    endpoint.on_message(L1, a_state(at(2), t.CD), at(2))
    outcome = ordered(endpoint, RESUME, at(3))
    assert states_told(outcome) == [5]
    assert [type(message) for message in said(outcome)] == [State, UpdReq]


@pytest.mark.protocol(96, 91)
def test_resume_begins_the_conflict_again_for_a_partner_that_would_not_ask() -> None:
    """It asks only a primary that it saw coming from POTENTIAL-CONFLICT, not from PAUSED."""
    story = Opposite(Role.PRIMARY, a_record(t.PC, t.PC))
    story.connect(t.PC)
    story.order(PAUSE)
    story.hear(UpdDone(time=T0, xid=1))
    story.said.clear()
    story.order(RESUME)
    assert [type(message) for message in story.said] == [State, UpdReq]
    assert story.state is t.PC
    story.hear(UpdDone(time=T0, xid=2))
    assert story.state is t.CD


@pytest.mark.protocol(99, "Q3")
@pytest.mark.parametrize(("action", "label"), [(PAUSE, "Paused"), (SHUTDOWN, "Shutdown")], ids=["pause", "shutdown"])
def test_neither_is_told_to_a_partner_in_conflict_done(action: ControlAction, label: str) -> None:
    """dhcpd ends on the one, and shuts down for good on the other. Its link is closed instead, which says enough."""
    endpoint = a_secondary(t.PC, t.CD)
    outcome = ordered(endpoint, action, at(1))
    assert states_told(outcome) == []
    assert hung_up(outcome) == [(1, f"partner in Conflict-done must not hear of {label}")]
    assert endpoint.view(at(1)).my_state.label == label
    ordered(endpoint, RESUME, at(2))
    assert endpoint.view(at(2)).my_state is t.RI


def test_resume_without_a_pause_says_nothing() -> None:
    assert ordered(a_secondary(t.NORMAL, t.NORMAL), RESUME, at(1)) == Outcome()
