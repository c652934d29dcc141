"""Connections: CONNECT and CONNECTACK, surplus ones, silence, and whatever a partner should not say."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Any

import pytest

from edgepair_contract.config import GroupConfig
from edgepair_contract.vocabulary import BindingState, FailoverState, RejectReason, Role
from edgepair_engine.failover.endpoint import Endpoint
from edgepair_engine.failover.outcome import NOTHING, Dial, HangUp, LinkId, Outcome
from edgepair_engine.leases.pool import pool_of_subnet
from edgepair_engine.leases.record import StateRecord
from edgepair_engine.leases.table import LeaseTable
from edgepair_engine.wire.failover import (
    BndAck,
    BndUpd,
    ConnectAck,
    Contact,
    Disconnect,
    FailoverMessage,
    PoolReq,
    State,
    UpdDone,
    UpdReq,
    UpdReqAll,
    encode_failover,
)
from tests.unit.failover.builders import T0, a_group, a_lease, a_record, a_table, address, at
from tests.unit.failover.dialogue import a_connect, a_state, an_ack, hung_up, said

L1, L2 = LinkId(1), LinkId(2)
PRIMARY, SECONDARY = Role.PRIMARY, Role.SECONDARY


def an_endpoint(role: Role, restored: StateRecord | None = None, **changes: Any) -> Endpoint:
    config = a_group(role, **changes)
    return started(config, restored)


def started(config: GroupConfig, restored: StateRecord | None) -> Endpoint:
    endpoint = Endpoint(config, a_table(config), restored, chance=random.Random(1), now=at(0))
    assert endpoint.on_timer(at(0)).actions == (Dial(),)
    return endpoint


def a_linked_secondary(**changes: Any) -> Endpoint:
    """Return a secondary in NORMAL, in touch with a primary in NORMAL since T0."""
    endpoint = an_endpoint(SECONDARY, a_record(FailoverState.NORMAL, FailoverState.NORMAL), **changes)
    endpoint.link_up(L1, at(0))
    endpoint.on_message(L1, a_connect(at(0)), at(0))
    outcome = endpoint.on_message(L1, a_state(at(0)), at(0))
    assert [message.state for message in said(outcome) if isinstance(message, State)] == [2]
    return endpoint


@pytest.mark.protocol(8, 12, 33, 41, 42)
def test_the_primary_opens_every_connection() -> None:
    endpoint = an_endpoint(PRIMARY)
    for link in (L1, L2):
        (message,) = said(endpoint.link_up(link, at(5)))
        assert message == a_connect(at(5), vendor_class=b"edgepair")


@pytest.mark.protocol(9, 10, 13, 34, 35, 62)
def test_the_secondary_waits_and_answers_with_its_state() -> None:
    endpoint = an_endpoint(SECONDARY)
    assert endpoint.link_up(L1, at(5)).actions == ()
    ack, state = said(endpoint.on_message(L1, a_connect(at(5), xid=3), at(5)))
    assert ack == an_ack(at(5), xid=3, vendor_class=b"edgepair", protocol_version=1, tls_reply=0)
    assert state == State(time=T0 + 5, xid=0, state=6, startup=True, stos=T0)


@pytest.mark.protocol(8, 36)
def test_the_primary_tells_its_state_after_the_answer() -> None:
    endpoint = an_endpoint(PRIMARY)
    endpoint.link_up(L1, at(5))
    (state,) = said(endpoint.on_message(L1, an_ack(at(5)), at(5)))
    assert state == State(time=T0 + 5, xid=1, state=6, startup=True, stos=T0)


@pytest.mark.protocol(52)
def test_the_state_is_recorded_with_the_first_thing_said() -> None:
    endpoint = an_endpoint(SECONDARY, a_record(FailoverState.NORMAL, mclt_s=3600))
    outcome = endpoint.link_up(L1, at(5)).then(endpoint.on_message(L1, a_connect(at(5)), at(5)))
    (record,) = outcome.records
    assert isinstance(record, StateRecord)
    assert (record.my_state, record.mclt_s) == (FailoverState.NORMAL, 30)


REFUSED = {
    "48 without a name": ({"relationship": None}, 8, "missing relationship-name"),
    "48 with another name": ({"relationship": b"ha-pear"}, 8, "unknown failover relationship name"),
    "49 a clock 61 s behind": ({"time": T0 - 61}, 4, "time offset too large"),
    "49 a clock 61 s ahead": ({"time": T0 + 61}, 4, "time offset too large"),
    "50 without buckets": ({"hba": None}, 18, "invalid HBA"),
    "50 with half the buckets": ({"hba": bytes(16)}, 18, "invalid HBA"),
    "51 without MCLT": ({"mclt_s": None}, 5, "no MCLT provided"),
}


@pytest.mark.protocol(48, 49, 50, 51)
@pytest.mark.parametrize(("changes", "reason", "text"), REFUSED.values(), ids=REFUSED.keys())
def test_a_connect_that_is_refused(changes: dict[str, Any], reason: int, text: str) -> None:
    endpoint = an_endpoint(SECONDARY)
    endpoint.link_up(L1, at(0))
    outcome = endpoint.on_message(L1, a_connect(at(0), **changes), at(0))
    (answer,) = said(outcome)
    assert isinstance(answer, ConnectAck)
    assert (answer.reject, answer.text) == (RejectReason(reason), text)
    assert hung_up(outcome) == [(1, f"CONNECT refused: {text}")]


def test_a_clock_too_far_off_is_told_in_the_report_though_no_link_is_made() -> None:
    endpoint = an_endpoint(SECONDARY)
    endpoint.link_up(L1, at(0))
    endpoint.on_message(L1, a_connect(at(0), time=T0 + 61), at(0))
    assert endpoint.view(at(0)).clock_skew_s == 61


@pytest.mark.protocol(49)
@pytest.mark.parametrize("seconds", [-60, 60])
def test_a_clock_exactly_a_minute_off_is_accepted(seconds: int) -> None:
    endpoint = an_endpoint(SECONDARY)
    endpoint.link_up(L1, at(0))
    outcome = endpoint.on_message(L1, a_connect(at(0), time=T0 + seconds), at(0))
    assert hung_up(outcome) == []
    assert endpoint.view(at(0)).clock_skew_s == seconds


@pytest.mark.protocol(57, 58)
def test_values_of_dhcpd_that_do_not_matter_never_refuse() -> None:
    endpoint = an_endpoint(SECONDARY)
    endpoint.link_up(L1, at(0))
    message = a_connect(at(0), protocol_version=9, vendor_class=None, tls_request=2)
    ack = said(endpoint.on_message(L1, message, at(0)))[0]
    assert isinstance(ack, ConnectAck)
    assert (ack.reject, ack.tls_reply) == (None, 0)


@pytest.mark.protocol(32, 54)
def test_a_refusal_by_the_secondary_is_not_answered() -> None:
    endpoint = an_endpoint(PRIMARY)
    endpoint.link_up(L1, at(0))
    refusal = an_ack(at(0), reject=RejectReason.TIME_MISMATCH, text="time offset too large")
    outcome = endpoint.on_message(L1, refusal, at(0))
    assert outcome.actions == (HangUp(L1, "time offset too large"),)
    assert endpoint.on_timer(at(4)).actions == ()
    assert endpoint.on_timer(at(5)).actions == (Dial(),)


@pytest.mark.protocol(55)
@pytest.mark.parametrize(
    ("changes", "reason"),
    [({"relationship": b"ha-pear"}, 8), ({"relationship": None}, 8), ({"time": T0 - 61}, 4)],
    ids=["another name", "no name", "a clock 61 s behind"],
)
def test_a_secondary_that_does_not_fit_is_disconnected(changes: dict[str, Any], reason: int) -> None:
    endpoint = an_endpoint(PRIMARY)
    endpoint.link_up(L1, at(0))
    outcome = endpoint.on_message(L1, an_ack(at(0), **changes), at(0))
    (word,) = said(outcome)
    assert isinstance(word, Disconnect)
    assert word.reason == reason
    assert len(hung_up(outcome)) == 1


@pytest.mark.protocol(37)
def test_a_surplus_connection_is_closed_and_disturbs_nothing() -> None:
    endpoint = a_linked_secondary()
    endpoint.link_up(L2, at(1))
    outcome = endpoint.on_message(L2, a_connect(at(1)), at(1))
    assert outcome.actions == (HangUp(L2, "CONNECT refused: already connected"),)
    assert endpoint.view(at(1)).connected


@pytest.mark.protocol(38, "Q16")
def test_the_primary_bears_the_end_of_a_surplus_connection() -> None:
    endpoint = an_endpoint(PRIMARY, a_record(FailoverState.NORMAL, FailoverState.NORMAL))
    for link in (L1, L2):
        endpoint.link_up(link, at(0))
    endpoint.on_message(L1, an_ack(at(0)), at(0))
    endpoint.on_message(L1, a_state(at(0)), at(0))
    assert endpoint.link_lost(L2, at(0)).actions == ()
    assert endpoint.view(at(0)).connected
    assert Dial() not in endpoint.on_timer(at(5)).actions


@pytest.mark.protocol("I11")
def test_a_new_connection_replaces_a_link_that_has_gone_quiet() -> None:
    """I11: a CONTACT is due every 3 s."""
    endpoint = a_linked_secondary()
    endpoint.link_up(L2, at(5))
    outcome = endpoint.on_message(L2, a_connect(at(5)), at(5))
    assert hung_up(outcome) == [(1, "quiet, and the partner has connected anew")]
    assert isinstance(said(outcome)[0], ConnectAck)
    assert endpoint.view(at(5)).my_state is FailoverState.COMMUNICATIONS_INTERRUPTED


@pytest.mark.protocol(40)
def test_a_connection_that_says_nothing_for_fifteen_seconds_is_closed() -> None:
    endpoint = an_endpoint(SECONDARY)
    endpoint.link_up(L1, at(1))
    assert hung_up(endpoint.on_timer(at(15))) == []
    assert hung_up(endpoint.on_timer(at(16))) == [(1, "no failover link agreed on within 15 s")]


@pytest.mark.protocol(43, 44, 47)
def test_silence_is_broken_by_contact_at_a_third_of_the_partners_timer() -> None:
    """The partner's timer is 30 s, mine 100 s."""
    endpoint = an_endpoint(SECONDARY, max_response_delay_s=100)
    endpoint.link_up(L1, at(0))
    endpoint.on_message(L1, a_connect(at(0), receive_timer_s=30), at(0))
    assert said(endpoint.on_timer(at(9.9))) == []
    assert said(endpoint.on_timer(at(10))) == [Contact(time=T0 + 10, xid=1)]
    assert said(endpoint.on_timer(at(14.9))) == []


@pytest.mark.protocol("Q5")
@pytest.mark.parametrize("timer_s", [None, 0, 2], ids=["absent", "nought", "two"])
def test_a_partner_with_no_sensible_timer_does_not_make_a_storm(timer_s: int | None) -> None:
    """What dhcpd does there is quirk Q5."""
    endpoint = an_endpoint(SECONDARY)
    endpoint.link_up(L1, at(0))
    endpoint.on_message(L1, a_connect(at(0), receive_timer_s=timer_s), at(0))
    assert said(endpoint.on_timer(at(0.9))) == []
    assert len(said(endpoint.on_timer(at(1)))) == 1


@pytest.mark.protocol(32, 45, 46, 72, "I7", "Q22")
def test_a_silent_partner_is_lost_after_my_own_delay() -> None:
    endpoint = a_linked_secondary()
    endpoint.on_message(L1, Contact(time=T0 + 4, xid=2), at(4))
    assert hung_up(endpoint.on_timer(at(13.9))) == []
    outcome = endpoint.on_timer(at(14))
    assert hung_up(outcome) == [(1, "nothing heard from the partner for 10 s")]
    (word,) = [message for message in said(outcome) if isinstance(message, Disconnect)]
    assert word.reason is RejectReason.NO_TRAFFIC
    (record,) = outcome.records
    assert isinstance(record, StateRecord)
    assert record.my_state is FailoverState.COMMUNICATIONS_INTERRUPTED
    assert Dial() in endpoint.on_timer(at(19)).actions


@pytest.mark.protocol(32)
def test_a_failed_dial_is_repeated_after_five_seconds_and_a_local_fault_after_ninety() -> None:
    endpoint = an_endpoint(PRIMARY)
    assert endpoint.dial_failed(at(0), local=False) == NOTHING
    assert endpoint.on_timer(at(5)).actions == (Dial(),)
    endpoint.dial_failed(at(5), local=True)
    endpoint.on_timer(at(20))
    assert endpoint.on_timer(at(94)).actions == ()
    assert endpoint.on_timer(at(95)).actions == (Dial(),)


@pytest.mark.protocol(56)
def test_a_disconnect_ends_the_link_with_its_reason() -> None:
    endpoint = a_linked_secondary()
    word = Disconnect(time=T0 + 1, xid=9, reason=RejectReason.TIME_MISMATCH)
    outcome = endpoint.on_message(L1, word, at(1))
    assert hung_up(outcome) == [(1, "partner disconnects: time mismatch")]
    assert endpoint.view(at(1)).last_hang_up == "partner disconnects: time mismatch"


SOMETHING: list[FailoverMessage] = [
    a_state(at(0)),
    Contact(time=T0, xid=1),
    PoolReq(time=T0, xid=1),
    UpdReq(time=T0, xid=1),
    UpdReqAll(time=T0, xid=1),
    UpdDone(time=T0, xid=1),
    BndUpd(time=T0, xid=1, address=address(120), state=BindingState.FREE),
    BndAck(time=T0, xid=1, address=address(120)),
]


@pytest.mark.protocol(159, "I8", "Q23")
@pytest.mark.parametrize("message", SOMETHING, ids=lambda message: type(message).__name__)
@pytest.mark.parametrize("role", Role, ids=lambda role: role.value)
def test_nothing_is_taken_before_the_link_is_agreed_on(role: Role, message: FailoverMessage) -> None:
    endpoint = an_endpoint(role)
    endpoint.link_up(L1, at(0))
    outcome = endpoint.on_message(L1, message, at(0))
    assert hung_up(outcome) == [(1, f"{type(message).__name__} before CONNECT and CONNECTACK")]


@pytest.mark.protocol(159, "I8")
def test_two_primaries_tell_each_other_so() -> None:
    endpoint = an_endpoint(PRIMARY)
    endpoint.link_up(L1, at(0))
    outcome = endpoint.on_message(L1, a_connect(at(0)), at(0))
    assert hung_up(outcome) == [(1, "the partner says CONNECT: both servers are configured as primary")]


@pytest.mark.protocol(159, "I6", "Q17")
def test_an_unknown_state_number_ends_the_link_and_not_the_service() -> None:
    endpoint = a_linked_secondary()
    outcome = endpoint.on_message(L1, State(time=T0, xid=5, state=77, startup=False, stos=T0), at(0))
    (word,) = [message for message in said(outcome) if isinstance(message, Disconnect)]
    assert word.reason is RejectReason.OTHER
    assert endpoint.view(at(0)).my_state is FailoverState.COMMUNICATIONS_INTERRUPTED


def test_what_comes_on_a_closed_connection_is_ignored() -> None:
    endpoint = an_endpoint(SECONDARY)
    assert endpoint.on_message(L2, a_connect(at(0)), at(0)) == NOTHING
    assert endpoint.link_lost(L2, at(0)) == NOTHING


@pytest.mark.protocol(19, 138, 139)
def test_an_update_is_acknowledged_in_the_outcome_that_records_it() -> None:
    endpoint = a_linked_secondary()
    update = BndUpd(
        time=T0,
        xid=47,
        address=address(120),
        state=BindingState.ACTIVE,
        hardware=bytes.fromhex("01020000000002"),
        lease_expires_at=T0 + 30,
        potential_expires_at=T0 + 135,
        stos=T0,
        cltt=T0,
    )
    outcome = endpoint.on_message(L1, update, at(0))
    assert len(outcome.records) == 1
    assert said(outcome) == [BndAck(time=T0, xid=47, address=address(120))]


@pytest.mark.protocol(9, 19, "Q2")
def test_an_acknowledgement_repeats_nothing_of_a_client_with_an_identifier() -> None:
    """An echo of option 4 without 18 would leave the client of a dhcpd at MCLT for ever."""
    update = BndUpd(
        time=T0,
        xid=47,
        address=address(120),
        state=BindingState.ACTIVE,
        client_id=b"\x00kiosk-6",
        hardware=bytes.fromhex("01020000000002"),
        lease_expires_at=T0 + 30,
        potential_expires_at=T0 + 135,
        stos=T0,
        cltt=T0,
    )
    (answer,) = said(a_linked_secondary().on_message(L1, update, at(0)))
    assert encode_failover(answer) == bytes.fromhex("0014 04 0c 6b056208 0000002f 0002 0004 0a4d0178")


@pytest.mark.protocol(134)
def test_an_ack_of_nothing_is_ignored() -> None:
    endpoint = a_linked_secondary()
    outcome = endpoint.on_message(L1, BndAck(time=T0, xid=47, address=address(120)), at(0))
    assert (outcome.records, outcome.actions) == ((), ())


@pytest.mark.protocol(99, "Q3")
def test_a_partner_in_conflict_done_hears_no_state_that_would_end_it() -> None:
    """dhcpd's process ends on them."""
    restored = a_record(FailoverState.RECOVER, FailoverState.CONFLICT_DONE)
    endpoint = an_endpoint(SECONDARY, restored)
    endpoint.link_up(L1, at(0))
    outcome = endpoint.on_message(L1, a_connect(at(0)), at(0))
    assert [type(message) for message in said(outcome)] == [ConnectAck]
    assert hung_up(outcome) == []
    assert [type(message) for message in said(endpoint.on_timer(at(3)))] == [Contact]


@pytest.mark.protocol("I1")
def test_every_ten_seconds_it_is_written_down_that_this_server_lives() -> None:
    endpoint = an_endpoint(PRIMARY)
    assert endpoint.on_timer(at(9)).records == ()
    (record,) = endpoint.on_timer(at(10)).records
    assert isinstance(record, StateRecord)
    assert record.alive_until_at == T0 + 20


@pytest.mark.protocol("I1")
def test_with_a_link_that_is_written_down_in_the_turn_of_the_last_contact_before() -> None:
    endpoint = a_linked_secondary()
    stored = {seconds: len(endpoint.on_timer(at(seconds)).records) for seconds in (3, 6, 9)}
    assert stored == {3: 0, 6: 0, 9: 1}


@pytest.mark.protocol(48, 159)
def test_a_name_too_long_to_be_repeated_is_refused_without_it() -> None:
    """The longest name that fits into a CONNECT does not fit into an answer with a reason."""
    endpoint = an_endpoint(SECONDARY)
    endpoint.link_up(L1, at(0))
    outcome = endpoint.on_message(L1, a_connect(at(0), relationship=b"x" * 1900), at(0))
    (refusal,) = said(outcome)
    assert isinstance(refusal, ConnectAck)
    assert (refusal.reject, refusal.relationship) == (RejectReason.INVALID_PARTNER, None)
    assert len(encode_failover(refusal)) < 200
    assert hung_up(outcome) == [(L1, "CONNECT refused: unknown failover relationship name")]


def test_an_update_whose_pool_is_taken_away_does_not_keep_its_place_in_the_window() -> None:
    config, smaller = a_group(SECONDARY), a_group(SECONDARY, first=121)
    table = a_table(config, a_lease(120), a_lease(121))
    endpoint = a_secondary_in_normal(config, table, window=1)
    assert [update.address for update in updates_said(endpoint.last)] == [address(120)]
    table.configure([pool_of_subnet(smaller.subnets[0], smaller.name)])
    endpoint.running.configured(smaller, at(1))
    answer = BndAck(time=T0 + 1, xid=updates_said(endpoint.last)[0].xid, address=address(120))
    outcome = endpoint.running.on_message(L1, answer, at(1))
    assert [update.address for update in updates_said(outcome)] == [address(121)]


def test_bindings_that_come_back_with_their_pool_are_told_at_once() -> None:
    config, larger = a_group(SECONDARY, first=121), a_group(SECONDARY)
    table = a_table(config, a_lease(120))
    endpoint = a_secondary_in_normal(config, table, window=10)
    assert updates_said(endpoint.last) == []
    table.configure([pool_of_subnet(larger.subnets[0], larger.name)])
    outcome = endpoint.running.configured(larger, at(1))
    assert [update.address for update in updates_said(outcome)] == [address(120)]


@dataclass(frozen=True, slots=True)
class Linked:
    running: Endpoint
    last: Outcome


def a_secondary_in_normal(config: GroupConfig, table: LeaseTable, *, window: int) -> Linked:
    """Return a secondary on this table, just come to NORMAL with a partner that takes so many updates at a time."""
    stored = a_record(FailoverState.NORMAL, FailoverState.NORMAL)
    endpoint = Endpoint(config, table, stored, chance=random.Random(1), now=at(0))
    endpoint.link_up(L1, at(0))
    endpoint.on_message(L1, a_connect(at(0), max_unacked=window), at(0))
    return Linked(endpoint, endpoint.on_message(L1, a_state(at(0)), at(0)))


def updates_said(outcome: Outcome) -> list[BndUpd]:
    return [message for message in said(outcome) if isinstance(message, BndUpd)]
