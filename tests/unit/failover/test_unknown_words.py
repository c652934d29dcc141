"""State numbers that nobody knows, and a link that is taken over while it only looks alive."""

from __future__ import annotations

import pytest

from edgepair_contract.vocabulary import FailoverState, RejectReason, Role
from edgepair_engine.failover.outcome import Outcome
from edgepair_engine.wire.failover import ConnectAck, Contact, Disconnect, FailoverMessage, State
from tests.unit.failover.builders import T0, at
from tests.unit.failover.dialogue import L1, L2, a_connect, a_state, an_ack, hung_up, linked, said

BOTH = pytest.mark.parametrize("role", Role, ids=lambda role: role.value)
UNKNOWN = (*range(12, 254), 255)  # 0 and 1 are no states either, but no reason to part
QUIET = "quiet, and the partner has connected anew"


def last_word(outcome: Outcome) -> RejectReason | None:
    (word,) = [message for message in said(outcome) if isinstance(message, Disconnect)]
    return word.reason


@pytest.mark.protocol(159, "I6", "Q17")
@BOTH
def test_a_state_that_nobody_knows_ends_the_link_and_not_the_service(role: Role) -> None:
    for number in (None, *UNKNOWN):
        endpoint = linked(role)
        outcome = endpoint.on_message(L1, State(time=T0, xid=5, state=number, startup=False, stos=T0), at(0))
        assert last_word(outcome) is RejectReason.OTHER
        assert hung_up(outcome) == [(1, f"STATE names state {number}")]
        view = endpoint.view(at(0))
        assert (view.my_state, view.partner_state) == (FailoverState.COMMUNICATIONS_INTERRUPTED, FailoverState.NORMAL)


@pytest.mark.protocol("I6", 61)
@BOTH
@pytest.mark.parametrize("number", [0, 1])
def test_the_numbers_of_no_state_change_nothing(role: Role, number: int) -> None:
    endpoint = linked(role)
    outcome = endpoint.on_message(L1, State(time=T0, xid=5, state=number, startup=False, stos=T0), at(0))
    assert hung_up(outcome) == []
    assert endpoint.view(at(0)).my_state is FailoverState.NORMAL


def opening(role: Role, seconds: float) -> FailoverMessage:
    return a_connect(at(seconds)) if role is Role.SECONDARY else an_ack(at(seconds))


@pytest.mark.protocol(37, "I11")
@BOTH
def test_a_link_that_was_heard_within_a_contact_and_a_second_is_kept(role: Role) -> None:
    """The partner owes a CONTACT every 3 s."""
    endpoint = linked(role)
    endpoint.link_up(L2, at(1))
    endpoint.on_message(L1, Contact(time=T0 + 3, xid=2), at(3))
    outcome = endpoint.on_message(L2, opening(role, 7), at(7))
    assert [link for link, _ in hung_up(outcome)] == [2]
    assert endpoint.view(at(7)).my_state is FailoverState.NORMAL


@pytest.mark.protocol("I11")
@BOTH
def test_a_link_that_owes_its_contact_for_more_than_a_second_gives_way_to_a_new_one(role: Role) -> None:
    endpoint = linked(role)
    endpoint.link_up(L2, at(1))
    endpoint.on_message(L1, Contact(time=T0 + 3, xid=2), at(3))
    outcome = endpoint.on_message(L2, opening(role, 7.1), at(7.1))
    assert hung_up(outcome) == [(1, QUIET)]
    assert [type(message) for message in said(outcome)] == ([ConnectAck, State] if role is Role.SECONDARY else [State])
    assert endpoint.view(at(7.1)).my_state is FailoverState.COMMUNICATIONS_INTERRUPTED
    endpoint.on_message(L2, a_state(at(7.2)), at(7.2))
    assert endpoint.view(at(7.2)).my_state is FailoverState.NORMAL


@pytest.mark.protocol("I11")
@BOTH
def test_a_new_connection_that_is_refused_does_not_cost_a_quiet_link_its_place(role: Role) -> None:
    endpoint = linked(role)
    endpoint.link_up(L2, at(8))
    bad = a_connect(at(8), hba=None) if role is Role.SECONDARY else an_ack(at(8), relationship=b"ha-pear")
    assert [link for link, _ in hung_up(endpoint.on_message(L2, bad, at(8)))] == [2]
    assert endpoint.view(at(8)).connected
