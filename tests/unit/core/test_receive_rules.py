"""What the partner may send as bytes and what ends the link, from the socket's side of the engine."""

from __future__ import annotations

import random
from ipaddress import IPv4Address, IPv4Network

import pytest

from edgepair_contract.config import PoolConfig, SubnetConfig
from edgepair_contract.notices import NoteCode
from edgepair_contract.vocabulary import RejectReason
from edgepair_engine.core.effects import CloseLink, Effects, SendToPartner, Tell
from edgepair_engine.core.engine import Engine
from edgepair_engine.core.events import Direction, LinkLost, LinkUp, PartnerBytes
from edgepair_engine.core.turn import run_turn
from edgepair_engine.failover.hashing import hba_of_split
from edgepair_engine.failover.outcome import LinkId
from edgepair_engine.leases.record import Restored
from edgepair_engine.wire.failover import (
    BndAck,
    Connect,
    ConnectAck,
    Disconnect,
    State,
    decode_failover,
    encode_failover,
)
from tests.unit.core.pair import group_of, member_of
from tests.unit.dhcp.counter import T0, later

L1, L2 = LinkId(1), LinkId(2)
NOW = "6b056208 00000007"
CONNECT = encode_failover(
    Connect(
        time=T0.wall_s,
        xid=0,
        relationship=b"lan0",
        max_unacked=10,
        receive_timer_s=10,
        vendor_class=b"isc-4.4.3-P1",
        protocol_version=1,
        tls_request=0,
        mclt_s=60,
        hba=hba_of_split(128),
    )
)
STATE = encode_failover(State(time=T0.wall_s, xid=1, state=6, startup=False, stos=T0.wall_s))


def a_secondary() -> Engine:
    """Return a new secondary whose partner is a dhcpd at 10.1.0.2."""
    group = group_of("east-2").model_copy(update={"partner_is_ours": False})
    return Engine(member_of("east-2", group), Restored(), random.Random(7), now=T0)


def up(link: LinkId, remote: str = "10.1.0.2", local: str = "10.1.0.3") -> LinkUp:
    return LinkUp(link, Direction.ACCEPTED, None, local, remote)


def linked() -> Engine:
    engine = a_secondary()
    engine.handle(up(L1), T0)
    answers = [type(decode_failover(data)) for data in said(engine.handle(PartnerBytes(L1, CONNECT + STATE), T0))]
    assert answers[:2] == [ConnectAck, State]
    return engine


def said(effects: Effects, link: LinkId = L1) -> list[bytes]:
    return [output.data for output in effects.outputs if isinstance(output, SendToPartner) and output.link == link]


def closed(effects: Effects) -> list[LinkId]:
    return [output.link for output in effects.outputs if isinstance(output, CloseLink)]


def notes(effects: Effects) -> list[tuple[NoteCode, str]]:
    told = [output.note for output in effects.outputs if isinstance(output, Tell)]
    return [(note.code, str(note.fields["why"])) for note in told if note.code is NoteCode.LINK_DOWN]


ENDING = {
    "a length of 11": ("000b 0b 0c", "length 11, allowed are 12..2048 at offset 0"),
    "a length of nought": ("0000 0b 0c", "length 0, allowed are 12..2048 at offset 0"),
    "a length of 2049": ("0801 0b 0c", "length 2049, allowed are 12..2048 at offset 0"),
    "a payload inside the header": (f"000c 0b 0b {NOW}", "payload offset 11 at offset 3"),
    "a payload beyond the message": (
        f"000c 0b 0d {NOW}",
        "payload offset 13 in a message of 12 bytes at offset 3",
    ),
    "half an option header": (f"000e 0b 0c {NOW} 0001", "an option without length at offset 12"),
    "an option beyond the message": (
        f"0011 0b 0c {NOW} 0001 0002 00",
        "option 1 with 2 bytes, 1 are left at offset 12",
    ),
    "two bindings in one BNDUPD": (
        f"001c 03 0c {NOW} 0002 0004 0a010032 0002 0004 0a010033",
        "option 2 (assigned-ip-address) a second time at offset 20",
    ),
    "an address of three bytes": (
        f"0013 03 0c {NOW} 0002 0003 0a0100",
        "option 2 (assigned-ip-address) has 3 bytes at offset 12",
    ),
    "flags of one byte": (f"0011 03 0c {NOW} 000c 0001 01", "option 12 (ip-flags) has 1 bytes at offset 12"),
    "an unknown type with an option": (f"0010 0d 0c {NOW} 0001 0000", "message type 13 at offset 2"),
}


@pytest.mark.protocol(4, 21, 22, 23, 159, "I7")
@pytest.mark.parametrize(("sent", "why"), ENDING.values(), ids=ENDING.keys())
def test_what_ends_the_link_is_told_to_the_partner_and_to_people(sent: str, why: str) -> None:
    engine = linked()
    effects = engine.handle(PartnerBytes(L1, bytes.fromhex(sent)), T0)
    word = decode_failover(said(effects)[-1])
    assert isinstance(word, Disconnect)
    assert word.reason is RejectReason.OTHER
    assert closed(effects) == [L1]
    assert notes(effects) == [(NoteCode.LINK_DOWN, f"bytes that are no failover message: {why}")]
    assert engine.handle(PartnerBytes(L1, CONNECT), T0) == Effects()
    assert engine.handle(LinkLost(L1, "closed"), T0) == Effects()


PASSING = {
    "header bytes before the payload": f"0010 0b 10 {NOW} deadbeef",
    "an unknown option": f"0012 0b 0c {NOW} 0063 0002 0000",
    "an option that a CONTACT has not": f"0014 0b 0c {NOW} 0001 0004 00000005",
    "the same one twice, of other lengths": f"0015 0b 0c {NOW} 0001 0001 05 0001 0000",
    "an unknown type without options": f"000c 0d 0c {NOW}",
    "type nought without options": f"000c 00 0c {NOW}",
    "a message in the time of another day": "000c 0b 0c 6b000000 00000007",
    "two in one piece": f"000c 0b 0c {NOW} 000c 0b 0c {NOW}",
}


@pytest.mark.protocol(3, 5, 7, 29)
@pytest.mark.parametrize("sent", PASSING.values(), ids=PASSING.keys())
def test_what_a_dhcpd_passes_over_does_not_disturb_the_link(sent: str) -> None:
    engine, data = linked(), bytes.fromhex(sent)
    for at in range(len(data)):
        assert closed(engine.handle(PartnerBytes(L1, data[at : at + 1]), T0)) == []
    assert engine.report(T0).groups[0].connected


@pytest.mark.protocol(4, 37)
def test_bytes_that_break_a_surplus_connection_do_not_disturb_the_link() -> None:
    engine = linked()
    engine.handle(up(L2), T0)
    effects = engine.handle(PartnerBytes(L2, bytes.fromhex("000b 0b 0c")), T0)
    assert closed(effects) == [L2]
    assert engine.report(T0).groups[0].connected


@pytest.mark.protocol(158)
@pytest.mark.parametrize("status", [0, 8, 255])
def test_a_binding_status_that_is_none_is_refused_and_the_link_stays(status: int) -> None:
    engine = linked()
    options = f"0002 0004 0a010032 0003 0001 {status:02x} 0019 0004 6b056208"
    effects = engine.handle(PartnerBytes(L1, bytes.fromhex(f"0021 03 0c {NOW} {options}")), T0)
    (answer,) = [decode_failover(data) for data in said(effects)]
    assert isinstance(answer, BndAck)
    assert (answer.xid, answer.address, answer.reject) == (7, int(IPv4Address("10.1.0.50")), RejectReason.OTHER)
    assert (closed(effects), effects.records) == ([], ())


STRANGERS = {
    "from another address": up(L1, remote="10.1.0.4"),
    "from this server's own": up(L1, remote="10.1.0.3"),
    "to another address of this node": up(L1, local="192.0.2.1"),
}


@pytest.mark.protocol(39, "Q23")
@pytest.mark.parametrize("event", STRANGERS.values(), ids=STRANGERS.keys())
def test_a_connection_that_is_not_the_partners_is_closed_and_not_heard(event: LinkUp) -> None:
    engine = a_secondary()
    effects = engine.handle(event, T0)
    assert closed(effects) == [L1]
    assert engine.handle(PartnerBytes(L1, CONNECT), T0) == Effects()


def a_secondary_of_two_groups() -> Engine:
    """Return a new secondary that shares two groups with the same partner."""
    other = SubnetConfig(
        interface="lan0",
        prefix=IPv4Network("10.2.0.0/24"),
        pools=(PoolConfig(start=IPv4Address("10.2.0.50"), end=IPv4Address("10.2.0.60")),),
    )
    groups = group_of("east-2"), group_of("east-2", other).model_copy(update={"name": "lan1"})
    return Engine(member_of("east-2", *groups), Restored(), random.Random(7), now=T0)


@pytest.mark.protocol(40)
def test_a_connection_that_names_no_group_is_closed_after_fifteen_seconds_too() -> None:
    engine = a_secondary_of_two_groups()
    engine.handle(up(L1), T0)
    assert closed(run_turn(engine, [], later(14))) == []
    assert closed(run_turn(engine, [], later(15))) == [L1]


@pytest.mark.protocol(9, 48)
def test_of_two_groups_with_one_partner_a_connect_means_the_one_that_it_names() -> None:
    engine = a_secondary_of_two_groups()
    engine.handle(up(L1), T0)
    named = CONNECT.replace(b"lan0", b"lan1")
    answers = [decode_failover(data) for data in said(engine.handle(PartnerBytes(L1, named + STATE), T0))]
    assert [message.relationship for message in answers if isinstance(message, ConnectAck)] == [b"lan1"]
    assert [group.connected for group in engine.report(T0).groups] == [False, True]


@pytest.mark.protocol("I8", "Q23")
@pytest.mark.parametrize("sent", [STATE, bytes.fromhex(f"000c 09 0c {NOW}")], ids=["STATE", "UPDREQ"])
def test_the_partner_too_is_heard_only_after_its_connect(sent: bytes) -> None:
    engine = a_secondary()
    engine.handle(up(L1), T0)
    effects = engine.handle(PartnerBytes(L1, sent + CONNECT), T0)
    assert [type(decode_failover(data)) for data in said(effects)] == [Disconnect]
    assert closed(effects) == [L1]


@pytest.mark.protocol("I13")
def test_a_clock_that_drifts_is_told_once_and_again_after_it_was_right() -> None:
    engine = linked()
    told = []
    for seconds, partners in ((1, 6), (2, 8), (3, 9), (4, 4), (5, -1)):
        contact = bytes.fromhex("000c 0b 0c") + (T0.wall_s + partners).to_bytes(4) + bytes(4)
        effects = engine.handle(PartnerBytes(L1, contact), later(seconds))
        fields = [output.note.fields for output in effects.outputs if isinstance(output, Tell)]
        told.append([field["skew_s"] for field in fields if "skew_s" in field])
    assert told == [[], [6], [], [], [-6]]
    assert engine.report(later(5)).groups[0].clock_skew_s == -6
