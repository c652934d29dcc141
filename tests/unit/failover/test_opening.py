"""CONNECT and CONNECTACK: the order in which they are judged, and what a refusal says, byte for byte."""

from __future__ import annotations

import random
from typing import Any

import pytest

from edgepair_contract.vocabulary import BindingState, FailoverState, RejectReason, Role
from edgepair_engine.failover.endpoint import Endpoint
from edgepair_engine.failover.hashing import hba_of_split
from edgepair_engine.failover.outcome import HangUp, LinkId, Outcome
from edgepair_engine.leases.record import StateRecord
from edgepair_engine.wire.failover import (
    BndAck,
    BndUpd,
    Connect,
    ConnectAck,
    Contact,
    Disconnect,
    FailoverMessage,
    PoolReq,
    PoolResp,
    State,
    UpdDone,
    UpdReq,
    encode_failover,
)
from tests.unit.failover.builders import T0, a_group, a_lease, a_record, a_table, address, at
from tests.unit.failover.dialogue import L1, L2, a_connect, a_restarted, a_state, an_ack, hung_up, linked, said

PRIMARY, SECONDARY = Role.PRIMARY, Role.SECONDARY


def hear(endpoint: Endpoint, link: LinkId, message: FailoverMessage) -> Outcome:
    """Open a connection at T0 and hear this message on it."""
    endpoint.link_up(link, at(0))
    return endpoint.on_message(link, message, at(0))


# What a refusal holds after its header: options 22, 14, 19, 28, 20, 26, 21 and 16, where it has them.
NAME, OTHER_NAME = "0016 0007 68612d70616972", "0016 0007 68612d70656172"
OURS = "000e 0004 0000000a  0013 0004 0000000a"
VENDOR = "001c 0008 6564676570616972  0014 0001 01"
TLS = "001a 0001 00"
UNKNOWN_NAME = "0010 0022 756e6b6e6f776e206661696c6f7665722072656c6174696f6e73686970206e616d65"
CLOCK = "0010 0015 74696d65206f666673657420746f6f206c61726765"
HBA = "0010 000b 696e76616c696420484241"
NO_MCLT = "0010 0010 6e6f204d434c542070726f7669646564"


def wire_of(head: str, options: str) -> bytes:
    """Return a message of type, payload offset, time, xid and options; its length is what they make."""
    rest = bytes.fromhex(head + options)
    return (2 + len(rest)).to_bytes(2) + rest


REFUSALS: dict[str, tuple[dict[str, Any], str]] = {
    "no name": (
        {"relationship": None},
        f"{VENDOR} {TLS} 0015 0001 08 0010 0019 6d697373696e672072656c6174696f6e736869702d6e616d65",
    ),
    "another name": ({"relationship": b"ha-pear"}, f"{OTHER_NAME} {VENDOR} {TLS} 0015 0001 08 {UNKNOWN_NAME}"),
    "another name, no TLS-request": (
        {"relationship": b"ha-pear", "tls_request": None},
        f"{OTHER_NAME} {VENDOR} 0015 0001 08 {UNKNOWN_NAME}",
    ),
    "a clock 61 s behind": (
        {"time": T0 - 61},
        f"{NAME} {OURS} {VENDOR} {TLS} 0015 0001 04 {CLOCK}",
    ),
    "a clock 61 s ahead, no TLS-request": (
        {"time": T0 + 61, "tls_request": None},
        f"{NAME} {OURS} {VENDOR} 0015 0001 04 {CLOCK}",
    ),
    "no buckets": ({"hba": None}, f"{NAME} {OURS} {VENDOR} {TLS} 0015 0001 12 {HBA}"),
    "31 bytes of buckets": ({"hba": bytes(31)}, f"{NAME} {OURS} {VENDOR} {TLS} 0015 0001 12 {HBA}"),
    "33 bytes of buckets": ({"hba": bytes(33)}, f"{NAME} {OURS} {VENDOR} {TLS} 0015 0001 12 {HBA}"),
    "no MCLT, of which dhcpd would say nothing": (
        {"mclt_s": None},
        f"{NAME} {OURS} {VENDOR} {TLS} 0015 0001 05 {NO_MCLT}",
    ),
}


@pytest.mark.protocol(9, 48, 49, 50, 51, "I13")
@pytest.mark.parametrize(("changes", "wire"), REFUSALS.values(), ids=REFUSALS.keys())
def test_a_refused_connect_is_answered_with_these_bytes_and_closed(changes: dict[str, Any], wire: str) -> None:
    outcome = hear(a_restarted(SECONDARY), L1, a_connect(at(0), xid=5, **changes))
    (answer,) = said(outcome)
    assert encode_failover(answer) == wire_of("060c 6b056208 00000005", wire)
    assert isinstance(outcome.actions[-1], HangUp)


def reasons(outcome: Outcome) -> tuple[str, int | None]:
    """Return with which message and which reason a connection ends; the reason is None when it ends without a word."""
    (last,) = hung_up(outcome)
    words = [word for word in said(outcome) if isinstance(word, ConnectAck | Disconnect)]
    if not words:
        return last[1], None
    (word,) = words
    reason = word.reject if isinstance(word, ConnectAck) else word.reason
    return type(word).__name__, None if reason is None else reason.value


# Every message has all the faults below its own too: the first one counts.
CONNECT_FAULTS: dict[str, tuple[dict[str, Any], tuple[str, int | None]]] = {
    "1 a missing name": ({"relationship": None}, ("ConnectAck", 8)),
    "2 another name": ({"relationship": b"ha-pear"}, ("ConnectAck", 8)),
    "3 a clock too far off": ({"relationship": b"ha-pair"}, ("ConnectAck", 4)),
    "4 no buckets": ({"time": T0}, ("ConnectAck", 18)),
    "5 a link that stands": ({"hba": hba_of_split(128)}, ("CONNECT refused: already connected", None)),
}


@pytest.mark.protocol(37, 48, 49, 50, "Q16")
@pytest.mark.parametrize("number", range(5), ids=CONNECT_FAULTS.keys())
def test_the_faults_of_a_connect_are_judged_in_dhcpds_order(number: int) -> None:
    changes: dict[str, Any] = {"time": T0 - 61, "hba": None, "mclt_s": None}
    for mended, _ in list(CONNECT_FAULTS.values())[: number + 1]:
        changes |= mended
    endpoint = linked(SECONDARY)
    outcome = hear(endpoint, L2, a_connect(at(0), **changes))
    assert reasons(outcome) == list(CONNECT_FAULTS.values())[number][1]
    assert endpoint.view(at(0)).connected


ACK_FAULTS: dict[str, tuple[dict[str, Any], tuple[str, int | None]]] = {
    "1 a missing name": ({"relationship": None}, ("Disconnect", 8)),
    "2 a refusal": ({"relationship": b"ha-pear"}, ("invalid hba", None)),
    "3 another name": ({"reject": None}, ("Disconnect", 8)),
    "4 a link that stands": ({"relationship": b"ha-pair"}, ("Disconnect", 7)),
}


@pytest.mark.protocol(54, 55)
@pytest.mark.parametrize("number", range(4), ids=ACK_FAULTS.keys())
def test_the_faults_of_a_connectack_are_judged_in_dhcpds_order(number: int) -> None:
    changes: dict[str, Any] = {"time": T0 + 61, "reject": RejectReason.HBA_CONFLICT, "text": "invalid hba"}
    for mended, _ in list(ACK_FAULTS.values())[: number + 1]:
        changes |= mended
    endpoint = linked(PRIMARY)
    outcome = hear(endpoint, L2, an_ack(at(0), **changes))
    assert reasons(outcome) == list(ACK_FAULTS.values())[number][1]
    assert endpoint.view(at(0)).connected


DISCONNECTS = {
    "another name": (
        {"relationship": b"ha-pear"},
        f"0015 0001 08 {UNKNOWN_NAME}",
    ),
    "a clock 61 s behind": ({"time": T0 - 61}, f"0015 0001 04 {CLOCK}"),
}


@pytest.mark.protocol(55)
@pytest.mark.parametrize(("changes", "wire"), DISCONNECTS.values(), ids=DISCONNECTS.keys())
def test_a_connectack_that_does_not_fit_is_answered_with_these_bytes(changes: dict[str, Any], wire: str) -> None:
    outcome = hear(a_restarted(PRIMARY), L1, an_ack(at(0), **changes))
    (word,) = said(outcome)
    assert encode_failover(word) == wire_of("0c0c 6b056208 00000001", wire)
    assert isinstance(outcome.actions[-1], HangUp)


@pytest.mark.protocol(51, "I11")
def test_a_link_that_has_gone_quiet_is_not_given_up_for_a_connect_without_mclt() -> None:
    endpoint = linked(SECONDARY)
    endpoint.link_up(L2, at(5))
    outcome = endpoint.on_message(L2, a_connect(at(5), mclt_s=None), at(5))
    assert hung_up(outcome) == [(2, "CONNECT refused: no MCLT provided")]
    assert endpoint.view(at(5)).connected


@pytest.mark.protocol(13, 58)
@pytest.mark.parametrize(
    ("asked", "answered"), [(None, None), (0, 0), (1, 0), (2, 0)], ids=["not asked", "no", "wanted", "required"]
)
def test_tls_is_declined_if_and_only_if_it_is_spoken_of(asked: int | None, answered: int | None) -> None:
    ack, _ = said(hear(a_restarted(SECONDARY), L1, a_connect(at(0), tls_request=asked)))
    assert isinstance(ack, ConnectAck)
    assert ack.tls_reply == answered


@pytest.mark.protocol(12, 13, 14, 35, 36, 41, 42)
def test_what_a_pair_says_first_is_these_bytes() -> None:
    primary, secondary = a_restarted(PRIMARY), a_restarted(SECONDARY)
    (connect,) = said(primary.link_up(L1, at(0)))
    dictated = f"001b 0001 00 000f 0004 0000001e 000b 0020 {'ff' * 16} {'00' * 16}"
    assert encode_failover(connect) == wire_of("050c 6b056208 00000000", f"{NAME} {OURS} {VENDOR} {dictated}")
    ack, state = said(hear(secondary, L1, connect))
    assert encode_failover(ack) == wire_of("060c 6b056208 00000000", f"{NAME} {OURS} {VENDOR} {TLS}")
    assert encode_failover(state) == bytes.fromhex(
        "001e 0a0c 6b056208 00000000 0018 0001 02 0017 0001 01 0019 0004 6b055e20"
    )
    (answer,) = said(primary.on_message(L1, ack, at(0)))
    assert encode_failover(answer) == bytes.fromhex(
        "001e 0a0c 6b056208 00000001 0018 0001 02 0017 0001 01 0019 0004 6b055e20"
    )


@pytest.mark.protocol(34)
def test_the_secondary_is_silent_until_it_hears_a_connect() -> None:
    endpoint = a_restarted(SECONDARY)
    assert said(endpoint.link_up(L1, at(0))) == []
    for seconds in range(1, 16):
        assert said(endpoint.on_timer(at(seconds))) == []


@pytest.mark.protocol(53)
def test_the_secondary_serves_by_the_buckets_of_the_latest_connect() -> None:
    endpoint = linked(SECONDARY)
    before = endpoint.rights(at(0)).hba
    endpoint.link_lost(L1, at(1))
    hear(endpoint, L2, a_connect(at(0), hba=hba_of_split(64)))
    assert (before, endpoint.rights(at(1)).hba) == (hba_of_split(128), hba_of_split(64))


@pytest.mark.protocol(52)
def test_the_secondary_records_the_mclt_of_the_primary_before_it_agrees() -> None:
    endpoint = linked(SECONDARY)
    endpoint.link_lost(L1, at(1))
    outcome = hear(endpoint, L2, a_connect(at(0), mclt_s=600))
    assert [record.mclt_s for record in outcome.records if isinstance(record, StateRecord)] == [600]
    assert endpoint.view(at(1)).mclt_s == 600


@pytest.mark.protocol(57)
def test_an_option_that_a_later_connect_leaves_out_keeps_its_value() -> None:
    """The window and the timer are the partner's until it says otherwise: 10 updates, a CONTACT every 3 s."""
    endpoint = linked(SECONDARY)
    endpoint.link_lost(L1, at(1))
    endpoint.link_up(L2, at(1))
    endpoint.on_message(L2, a_connect(at(1), max_unacked=None, receive_timer_s=None), at(1))
    outcome = endpoint.on_message(L2, a_state(at(1)), at(1))
    assert [type(message) for message in said(outcome)] == [BndUpd, State]
    assert said(endpoint.on_timer(at(3.9))) == []
    assert [type(message) for message in said(endpoint.on_timer(at(4)))] == [Contact]


@pytest.mark.protocol(8, 9, 10, 11, 15, 16, 19, 23)
def test_own_messages_are_counted_and_answers_bear_the_number_of_what_they_answer() -> None:
    """As in b1#17-#20 an answer between two own messages takes no number; the next connection counts from nought."""
    endpoint = linked(SECONDARY)  # CONNECTACK, STATE 0, STATE 1 and, for the lease, BNDUPD 2
    theirs = BndUpd(time=T0, xid=47, address=address(121), state=BindingState.FREE, stos=T0, lease_expires_at=T0)
    endpoint.on_message(L1, BndAck(time=T0, xid=2, address=address(120)), at(0))
    heard: list[FailoverMessage] = []
    for message in (theirs, UpdReq(time=T0, xid=48), PoolReq(time=T0, xid=49)):
        heard += said(endpoint.on_message(L1, message, at(0)))
    heard += said(endpoint.on_timer(at(3)))
    numbers = [(type(message), message.xid) for message in heard]
    moved = [(BndUpd, 3 + number) for number in range(len(numbers) - 4)]
    assert numbers == [(BndAck, 47), (UpdDone, 48), (PoolResp, 49), *moved, (Contact, 3 + len(moved))]
    lengths = {type(message): len(encode_failover(message)) for message in heard}
    assert (lengths[BndAck], lengths[UpdDone], lengths[PoolResp], lengths[Contact]) == (20, 12, 20, 12)
    endpoint.link_lost(L1, at(4))
    endpoint.link_up(L2, at(4))
    again = said(endpoint.on_message(L2, a_connect(at(4), xid=9), at(4)))
    assert [(type(message), message.xid) for message in again] == [(ConnectAck, 9), (State, 0)]


@pytest.mark.protocol(6)
def test_every_message_bears_the_moment_at_which_it_is_built() -> None:
    endpoint = linked(SECONDARY)
    said_later = said(endpoint.on_timer(at(7.9)))
    said_later += said(endpoint.on_message(L1, PoolReq(time=T0, xid=48), at(8.2)))
    assert [message.time - T0 for message in said_later] == [7, 8]


@pytest.mark.protocol(7)
@pytest.mark.parametrize("seconds", [-3600, 3600], ids=["an hour ago", "in an hour"])
def test_what_comes_with_another_time_than_now_is_taken(seconds: int) -> None:
    """As in d2#15, a message that waited for a cut link to heal; only CONNECT and CONNECTACK are judged by it."""
    endpoint = linked(SECONDARY)
    then = T0 + seconds
    heard: list[FailoverMessage] = [
        State(time=then, xid=2, state=FailoverState.PAUSED.wire, startup=False, stos=then),
        Contact(time=then, xid=3),
        BndUpd(time=then, xid=47, address=address(121), state=BindingState.FREE, stos=then, lease_expires_at=then),
    ]
    for message in heard:
        assert hung_up(endpoint.on_message(L1, message, at(0))) == []
    assert endpoint.view(at(0)).partner_state is FailoverState.PAUSED


@pytest.mark.protocol(55, "I8")
def test_a_secondary_hears_no_connectack() -> None:
    outcome = hear(a_restarted(SECONDARY), L1, an_ack(at(0)))
    assert hung_up(outcome) == [(1, "CONNECTACK, but CONNECT is the primary's to send")]


@pytest.mark.protocol("I8", 159)
@pytest.mark.parametrize(
    ("role", "message"),
    [(SECONDARY, a_connect(at(0))), (PRIMARY, an_ack(at(0)))],
    ids=["CONNECT to a secondary", "CONNECTACK to a primary"],
)
def test_a_link_is_made_once(role: Role, message: Connect | ConnectAck) -> None:
    outcome = linked(role).on_message(L1, message, at(0))
    (word,) = [word for word in said(outcome) if isinstance(word, Disconnect)]
    assert word.reason is RejectReason.OTHER
    assert len(hung_up(outcome)) == 1


@pytest.mark.protocol(11, 159, "Q3")
def test_a_state_that_was_held_back_goes_before_the_updates_that_waited() -> None:
    """A partner in CONFLICT-DONE must not hear of CI; it has gone on since, and an update would have had xid 0."""
    config = a_group(SECONDARY)
    stored = a_record(FailoverState.COMMUNICATIONS_INTERRUPTED, FailoverState.CONFLICT_DONE)
    endpoint = Endpoint(config, a_table(config, a_lease(120)), stored, chance=random.Random(1), now=at(0))
    endpoint.on_timer(at(15))
    endpoint.lease_changed(a_lease(120), at(15))
    endpoint.link_up(L1, at(16))
    assert [type(message) for message in said(endpoint.on_message(L1, a_connect(at(16)), at(16)))] == [ConnectAck]
    word = a_state(at(16), FailoverState.RECOVER_DONE)
    heard = [(type(message), message.xid) for message in said(endpoint.on_message(L1, word, at(16)))]
    assert heard[:2] == [(State, 0), (BndUpd, 1)]
