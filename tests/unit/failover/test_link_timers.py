"""The timers of a connection: how long each is, what starts it anew, what happens at its end."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from edgepair_contract.vocabulary import BindingState, FailoverState, RejectReason, Role
from edgepair_engine.failover.endpoint import Endpoint
from edgepair_engine.failover.outcome import Dial
from edgepair_engine.wire.failover import (
    BndAck,
    BndUpd,
    Contact,
    Disconnect,
    FailoverMessage,
    PoolReq,
    PoolResp,
    State,
    UpdDone,
    UpdReq,
    UpdReqAll,
)
from tests.unit.failover.builders import T0, address, at
from tests.unit.failover.dialogue import L1, L2, a_connect, a_restarted, an_ack, hung_up, linked, said

BOTH = pytest.mark.parametrize("role", Role, ids=lambda role: role.value)
NOTHING_HEARD = "nothing heard from the partner for 10 s"


def an_update(seconds: float = 0) -> BndUpd:
    now = T0 + int(seconds)
    return BndUpd(time=now, xid=47, address=address(121), state=BindingState.FREE, stos=T0, lease_expires_at=T0)


@pytest.mark.protocol(40)
@BOTH
def test_a_connection_has_fifteen_seconds_to_become_the_link(role: Role) -> None:
    endpoint = a_restarted(role)
    endpoint.link_up(L1, at(1))
    assert hung_up(endpoint.on_timer(at(15.9))) == []
    assert hung_up(endpoint.on_timer(at(16))) == [(1, "no failover link agreed on within 15 s")]


@pytest.mark.protocol(40)
@BOTH
def test_a_link_is_not_ended_by_the_time_that_a_connection_has(role: Role) -> None:
    endpoint = linked(role)
    for seconds in range(3, 40, 3):
        endpoint.on_message(L1, Contact(time=T0 + seconds, xid=seconds), at(seconds))
        assert hung_up(endpoint.on_timer(at(seconds))) == []


@pytest.mark.protocol(43, 47)
@BOTH
@pytest.mark.parametrize(("partners_s", "every_s"), [(3, 1), (5, 1), (10, 3), (11, 3), (12, 4), (20, 6)])
def test_contact_comes_at_a_third_of_the_partners_timer_in_whole_seconds(
    role: Role, partners_s: int, every_s: int
) -> None:
    endpoint = a_restarted(role, max_response_delay_s=100)
    endpoint.link_up(L1, at(0))
    opening = a_connect if role is Role.SECONDARY else an_ack
    endpoint.on_message(L1, opening(at(0), receive_timer_s=partners_s), at(0))
    assert said(endpoint.on_timer(at(every_s - 0.1))) == []
    assert [type(word) for word in said(endpoint.on_timer(at(every_s)))] == [Contact]
    assert said(endpoint.on_timer(at(2 * every_s - 0.1))) == []
    assert [type(word) for word in said(endpoint.on_timer(at(2 * every_s)))] == [Contact]


@pytest.mark.protocol(44)
@BOTH
@pytest.mark.parametrize("message", [an_update(), PoolReq(time=T0, xid=5)], ids=["an answer", "answers and updates"])
def test_whatever_is_sent_puts_contact_off(role: Role, message: FailoverMessage) -> None:
    endpoint = linked(role)
    assert said(endpoint.on_message(L1, message, at(2))) != []
    assert said(endpoint.on_timer(at(4.9))) == []
    assert [type(word) for word in said(endpoint.on_timer(at(5)))] == [Contact]


HEARD: dict[str, Callable[[int], FailoverMessage]] = {
    "CONTACT": lambda now: Contact(time=now, xid=9),
    "STATE": lambda now: State(time=now, xid=9, state=FailoverState.NORMAL.wire, startup=False, stos=T0),
    "BNDUPD": lambda now: an_update(now - T0),
    "BNDACK of nothing": lambda now: BndAck(time=now, xid=9, address=address(121)),
    "UPDREQ": lambda now: UpdReq(time=now, xid=9),
    "UPDREQALL": lambda now: UpdReqAll(time=now, xid=9),
    "UPDDONE": lambda now: UpdDone(time=now, xid=9),
    "POOLREQ": lambda now: PoolReq(time=now, xid=9),
    "POOLRESP": lambda now: PoolResp(time=now, xid=9, addresses_transferred=0),
}


@pytest.mark.protocol(45, 46, 47, "I7")
@BOTH
@pytest.mark.parametrize("heard", HEARD.values(), ids=HEARD.keys())
def test_the_link_is_lost_ten_seconds_after_the_last_message_whatever_it_was(
    role: Role, heard: Callable[[int], FailoverMessage]
) -> None:
    endpoint = linked(role)
    endpoint.on_message(L1, heard(T0 + 9), at(9))
    assert hung_up(endpoint.on_timer(at(18.9))) == []
    outcome = endpoint.on_timer(at(19))
    assert hung_up(outcome) == [(1, NOTHING_HEARD)]
    words = [word.reason for word in said(outcome) if isinstance(word, Disconnect)]
    assert words == [RejectReason.NO_TRAFFIC]
    assert endpoint.view(at(19)).my_state is FailoverState.COMMUNICATIONS_INTERRUPTED


@pytest.mark.protocol(45)
@BOTH
def test_silence_is_counted_from_the_agreement_when_nothing_comes_after_it(role: Role) -> None:
    endpoint = a_restarted(role)
    endpoint.link_up(L1, at(0))
    endpoint.on_message(L1, a_connect(at(4)) if role is Role.SECONDARY else an_ack(at(4)), at(4))
    assert hung_up(endpoint.on_timer(at(13.9))) == []
    assert hung_up(endpoint.on_timer(at(14))) == [(1, NOTHING_HEARD)]


def dials_at(endpoint: Endpoint, after: float) -> float:
    """Return at which moment, to a tenth of a second, it dials next."""
    moments = [after + tenth / 10 for tenth in range(1, 1000)]
    return next(moment for moment in moments if Dial() in endpoint.on_timer(at(moment)).actions)


ENDS: dict[str, Callable[[Endpoint], Any]] = {
    "the connection is closed": lambda endpoint: endpoint.link_lost(L1, at(7)),
    "a DISCONNECT": lambda endpoint: endpoint.on_message(
        L1, Disconnect(time=T0 + 7, xid=5, reason=RejectReason.OTHER), at(7)
    ),
    "bytes that are no message": lambda endpoint: endpoint.break_link(L1, "length 5", at(7)),
    "a state that nobody knows": lambda endpoint: endpoint.on_message(
        L1, State(time=T0 + 7, xid=5, state=99, startup=False, stos=T0), at(7)
    ),
}


@pytest.mark.protocol(32, 56)
@BOTH
@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS.keys())
def test_five_seconds_after_the_end_of_the_link_it_dials_anew(role: Role, end: Callable[[Endpoint], Any]) -> None:
    endpoint = linked(role)
    endpoint.on_message(L1, Contact(time=T0 + 6, xid=4), at(6))
    end(endpoint)
    assert not endpoint.view(at(7)).connected
    assert dials_at(endpoint, 7) == 12


@pytest.mark.protocol(32)
@BOTH
def test_a_surplus_connection_that_ended_before_the_link_does_not_hurry_the_dial(role: Role) -> None:
    endpoint = linked(role)
    endpoint.link_up(L2, at(0))
    endpoint.on_message(L1, Contact(time=T0 + 6, xid=4), at(6))
    endpoint.link_lost(L2, at(6))
    endpoint.link_lost(L1, at(7))
    assert dials_at(endpoint, 7) == 12


@pytest.mark.protocol(32, 38, "Q16")
@BOTH
def test_while_linked_it_dials_nobody(role: Role) -> None:
    endpoint = linked(role)
    endpoint.link_up(L2, at(0))
    endpoint.link_lost(L2, at(0))
    for seconds in range(1, 30):
        endpoint.on_message(L1, Contact(time=T0 + seconds, xid=seconds), at(seconds))
        assert Dial() not in endpoint.on_timer(at(seconds)).actions


@pytest.mark.protocol(32)
@BOTH
def test_a_dial_that_fails_is_repeated_every_five_seconds(role: Role) -> None:
    """As in a2: the primary alone dials at 0, 5, 10 and 15 s."""
    endpoint, moment = a_restarted(role), 0.0
    for expected in (5, 10, 15):
        endpoint.dial_failed(at(moment), local=False)
        moment = dials_at(endpoint, moment)
        assert moment == expected


@pytest.mark.protocol(32)
@BOTH
def test_a_dial_that_fails_on_this_side_is_repeated_after_ninety_seconds(role: Role) -> None:
    endpoint = a_restarted(role)
    endpoint.dial_failed(at(0), local=True)
    assert dials_at(endpoint, 0) == 90


@pytest.mark.protocol(32, 40)
@BOTH
def test_a_connection_that_came_to_nothing_is_dialled_anew_five_seconds_later(role: Role) -> None:
    endpoint = a_restarted(role)
    endpoint.link_up(L1, at(0))
    endpoint.on_timer(at(15))
    assert dials_at(endpoint, 15) == 20


@pytest.mark.protocol(32, "Q16")
def test_an_end_in_place_of_the_connectack_counts_as_a_refusal() -> None:
    """A dhcpd that has a link, or misses the MCLT, closes without a word."""
    endpoint = a_restarted(Role.PRIMARY)
    endpoint.link_up(L1, at(1))
    endpoint.link_lost(L1, at(2))
    assert endpoint.view(at(2)).my_state is FailoverState.NORMAL
    assert dials_at(endpoint, 2) == 7


@pytest.mark.protocol("Q5")
@BOTH
@pytest.mark.parametrize("timer_s", [None, 0, 1, 2])
def test_no_timer_of_a_partner_makes_a_storm_of_contacts(role: Role, timer_s: int | None) -> None:
    endpoint = a_restarted(role)
    endpoint.link_up(L1, at(0))
    opening = a_connect if role is Role.SECONDARY else an_ack
    endpoint.on_message(L1, opening(at(0), receive_timer_s=timer_s), at(0))
    sent = [word for tenth in range(50) for word in said(endpoint.on_timer(at(tenth / 10)))]
    assert [type(word) for word in sent] == [Contact] * 4
