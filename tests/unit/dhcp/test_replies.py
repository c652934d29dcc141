"""What an answer says, and where it goes."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Network

import pytest

from edgepair_contract.config import OptionConfig
from edgepair_engine.dhcp.relay import Arrival, Destination
from edgepair_engine.dhcp.replies import Replies
from edgepair_engine.dhcp.scopes import Scope, Scopes
from edgepair_engine.dhcp.verdict import Ack, Answering, BootReply, Inform, Nak, Offer, Why
from edgepair_engine.wire.dhcp4 import decode_dhcp4
from edgepair_engine.wire.dhcp4_options import Dhcp4Option, Dhcp4Type
from tests.unit.dhcp.counter import GROUP, MEMBER, PLAIN_MEMBER, SUBNET
from tests.unit.dhcp.packets import BY_BROADCAST, BY_UNICAST, PRIMARYS_MAC, SERVER, Terminal, address, read

SCOPE = Scopes(MEMBER).all[0]
A50 = address("10.1.0.50")
OFFER = Offer(A50, 3600, Why.NEW_CLIENT)
ACK = Ack(A50, 3600, Why.SELECTED, None)
NAK = Nak(A50, Why.WRONG_NETWORK)
EVERYONE = b"\xff\xff\xff\xff\xff\xff"
RELAY = address("10.10.0.1")
BY_RELAY = Arrival("lan0", SERVER, RELAY, 67, SERVER)


LAN = b"\x0a\x01\x00\x00"
LAN10 = b"\x0a\x0a\x00\x00"


def scope_of(**fields: object) -> Scope:
    """The scope of lan0, with other contents."""
    group = GROUP.model_copy(update={"subnets": (SUBNET.model_copy(update=fields),)})
    return Scopes(MEMBER.model_copy(update={"groups": (group,)})).all[0]


def reply(
    data: bytes, verdict: Answering, arrival: Arrival = BY_BROADCAST, scope: Scope = SCOPE
) -> tuple[bytes, Destination]:
    made = Replies().to(decode_dhcp4(data), arrival, verdict=verdict, scope=scope, server_id=SERVER)
    return made.data, made.to


def test_an_offer_tells_address_server_times_and_what_was_asked_for_in_that_order() -> None:
    data, to = reply(Terminal().discovers(), OFFER)
    answer = read(data)
    assert (answer.kind, answer.yiaddr, answer.server, answer.lease_s) == ("OFFER", "10.1.0.50", "10.1.0.2", 3600)
    assert list(answer.options.items()) == [
        (53, b"\x02"),
        (54, b"\x0a\x01\x00\x02"),
        (51, bytes.fromhex("00000e10")),
        (58, bytes.fromhex("00000708")),
        (59, bytes.fromhex("00000c4e")),
        (1, b"\xff\xff\xff\x00"),
        (3, b"\x0a\x01\x00\x01"),
        (6, b"\x0a\x01\x00\x08\x0a\x01\x00\x09"),
        (15, b"east.example"),
    ]
    assert to == Destination("lan0", SERVER, 0xFFFFFFFF, 68, EVERYONE)


def test_without_the_broadcast_flag_the_answer_goes_in_a_frame_to_the_client() -> None:
    _, to = reply(Terminal(flags=0).discovers(), OFFER)
    assert to == Destination("lan0", SERVER, A50, 68, PRIMARYS_MAC)


@pytest.mark.parametrize("hardware", [b"", bytes(8), bytes(16)], ids=["none", "eight bytes", "sixteen bytes"])
def test_a_client_without_an_ethernet_address_is_answered_by_broadcast(hardware: bytes) -> None:
    """RFC 2131 4.1: who cannot be addressed in a frame is reached by a broadcast."""
    _, to = reply(Terminal(mac=hardware, client_id=b"\0router", flags=0).discovers(), OFFER)
    assert to == Destination("lan0", SERVER, 0xFFFFFFFF, 68, EVERYONE)


def test_what_goes_back_as_it_came_never_costs_the_kind_of_the_answer_and_its_times() -> None:
    terminal = Terminal(client_id=b"i" * 255, giaddr="10.10.0.1", agent=b"\x01\xfa" + b"a" * 250)
    data, _ = reply(terminal.discovers(), OFFER, BY_RELAY)
    answer = read(data)
    assert (answer.kind, answer.server, answer.lease_s) == ("OFFER", "10.1.0.2", 3600)
    assert list(answer.options) == [53, 54, 51, 58, 59, 61, 82]


def test_a_client_that_uses_its_address_is_answered_there() -> None:
    data, to = reply(Terminal().renews("10.1.0.50"), ACK, BY_UNICAST)
    assert to == Destination("lan0", SERVER, A50, 68)
    assert decode_dhcp4(data).ciaddr == A50


def test_a_relay_gets_the_answer_with_its_option_82_last_and_whole() -> None:
    terminal = Terminal(giaddr="10.10.0.1", agent=b"\x01\x04port", client_id=b"\x01" + PRIMARYS_MAC)
    data, to = reply(terminal.discovers(), OFFER, BY_RELAY)
    assert to == Destination("lan0", SERVER, RELAY, 67)
    packet = decode_dhcp4(data)
    assert packet.giaddr == RELAY
    assert list(packet.options.items())[-2:] == [(61, b"\x01" + PRIMARYS_MAC), (82, b"\x01\x04port")]


def test_a_nak_is_broadcast_and_carries_no_address() -> None:
    data, to = reply(Terminal(flags=0).reboots("192.168.7.7"), NAK)
    assert to == Destination("lan0", SERVER, 0xFFFFFFFF, 68, EVERYONE)
    answer = read(data)
    assert (answer.kind, answer.yiaddr, answer.lease_s) == ("NAK", "0.0.0.0", None)
    assert answer.options[Dhcp4Option.MESSAGE] == b"the address does not belong to this network"


def test_a_nak_by_relay_asks_the_relay_to_broadcast() -> None:
    data, to = reply(Terminal(giaddr="10.10.0.1", flags=0).reboots("192.168.7.7"), NAK, BY_RELAY)
    assert to == Destination("lan0", SERVER, RELAY, 67)
    assert decode_dhcp4(data).wants_broadcast


def test_an_inform_is_told_the_configuration_and_no_lease() -> None:
    data, to = reply(Terminal().informs("10.1.0.77"), Inform())
    answer = read(data)
    assert (answer.kind, answer.yiaddr, answer.lease_s) == ("ACK", "0.0.0.0", None)
    assert answer.options[Dhcp4Option.DNS_SERVERS] == b"\x0a\x01\x00\x08\x0a\x01\x00\x09"
    assert to == Destination("lan0", SERVER, address("10.1.0.77"), 68)


def test_a_client_that_asks_for_nothing_is_told_everything() -> None:
    silent = Terminal().says(Dhcp4Type.DISCOVER, options={Dhcp4Option.PARAMETER_LIST: b""})
    assert set(read(reply(silent, OFFER)[0]).options) == {53, 54, 51, 58, 59, 1, 3, 6, 15}


def test_the_mask_stands_before_the_routers_however_the_client_asks() -> None:
    """RFC 2132 3.3: MUST."""
    asks = Terminal().says(Dhcp4Type.DISCOVER, options={Dhcp4Option.PARAMETER_LIST: bytes([6, 3, 1])})
    assert list(read(reply(asks, OFFER)[0]).options) == [53, 54, 51, 58, 59, 1, 6, 3]


OVERFULL = scope_of(
    domain_name="d" * 216, options=(OptionConfig(code=114, hex="75" * 120), OptionConfig(code=43, hex="76" * 60))
)


def test_what_does_not_fit_stands_in_the_fields_of_the_names() -> None:
    """RFC 2131 4.1: option overload; a client that said nothing takes 576 bytes."""
    asks = Terminal().says(Dhcp4Type.DISCOVER, options={Dhcp4Option.PARAMETER_LIST: bytes([15, 114, 43, 3])})
    data, _ = reply(asks, OFFER, scope=OVERFULL)
    assert len(data) <= 576 - 28
    told = read(data).options
    assert list(told) == [53, 54, 51, 58, 59, 52, 15, 3, 114, 43]
    assert (told[52], told[114], told[43], told[15]) == (b"\x03", b"u" * 120, b"v" * 60, b"d" * 216)


def test_a_client_that_takes_more_gets_all_in_the_options_field() -> None:
    codes = {55: bytes([15, 114, 43, 3]), 57: b"\x05\xdc"}
    data, _ = reply(Terminal().says(Dhcp4Type.DISCOVER, options=codes), OFFER, scope=OVERFULL)
    assert list(read(data).options) == [53, 54, 51, 58, 59, 15, 114, 43, 3]


def test_the_name_of_a_boot_file_keeps_its_field() -> None:
    scope = scope_of(domain_name="d" * 240, boot_file="pxelinux.0", options=(OptionConfig(code=114, hex="75" * 60),))
    data, _ = reply(Terminal().says(Dhcp4Type.DISCOVER, options={55: bytes([15, 114, 3])}), OFFER, scope=scope)
    packet = decode_dhcp4(data)
    assert packet.file == b"pxelinux.0"
    assert (packet.options[52], list(packet.options)[-3:]) == (b"\x02", [15, 3, 114])


def test_a_lease_without_end_is_never_renewed() -> None:
    """RFC 2131 3.3."""
    answer = read(reply(Terminal().discovers(), Offer(A50, 0xFFFFFFFF, Why.NEW_CLIENT))[0])
    assert [answer.options[code] for code in (51, 58, 59)] == [b"\xff\xff\xff\xff"] * 3


@pytest.mark.parametrize(
    ("lease_s", "age_s", "times"),
    [(5850, 1350, (2250, 4950)), (7200, 0, (3600, 6300)), (3000, 4200, (1500, 2625))],
    ids=["at half of the whole time", "a new one", "at half of the rest when that is over"],
)
def test_a_lease_that_is_told_again_is_renewed_when_it_would_have_been(
    lease_s: int, age_s: int, times: tuple[int, int]
) -> None:
    """What the partner knows is reckoned for a renewal at half time: a later one would get less."""
    told = read(reply(Terminal().renews("10.1.0.50"), Ack(A50, lease_s, Why.RENEWED_EARLY, None, age_s))[0]).options
    assert (int.from_bytes(told[58]), int.from_bytes(told[59])) == times


def test_the_subnet_that_a_client_named_goes_back() -> None:
    """RFC 3011."""
    asks = Terminal().says(Dhcp4Type.DISCOVER, options={Dhcp4Option.SUBNET_SELECTION: b"\x0a\x01\x00\x00"})
    assert read(reply(asks, OFFER)[0]).options[118] == b"\x0a\x01\x00\x00"


def test_a_bootp_client_is_told_its_address_in_a_packet_as_long_as_its_own() -> None:
    """RFC 1534: neither a kind nor times, which it would not know."""
    data, to = reply(Terminal(flags=0).boots(), BootReply(address("10.1.0.20")))
    packet = decode_dhcp4(data)
    assert (packet.op, packet.yiaddr, len(data)) == (2, address("10.1.0.20"), 300)
    assert list(packet.options) == [1, 3, 6, 15]
    assert to == Destination("lan0", SERVER, address("10.1.0.20"), 68, PRIMARYS_MAC)


NAMED = {
    "its relay's": (Terminal(giaddr="10.10.0.1").discovers(), "10.10.0.0/24"),
    "the interface's": (Terminal().discovers(), "10.1.0.0/24"),
    "the one that the client names": (Terminal().says(Dhcp4Type.DISCOVER, options={118: LAN10}), "10.10.0.0/24"),
    "the one that the relay names": (Terminal(giaddr="172.16.0.1", agent=b"\5\4" + LAN10).discovers(), "10.10.0.0/24"),
    "the relay's word before the client's": (
        Terminal(giaddr="172.16.0.1", agent=b"\5\4" + LAN10).says(Dhcp4Type.DISCOVER, options={118: LAN}),
        "10.10.0.0/24",
    ),
    "none, where the relay's is unknown": (Terminal(giaddr="172.16.0.1").discovers(), None),
    "none, where the named one is unknown": (
        Terminal(giaddr="10.10.0.1", agent=b"\5\4\xc0\xa8\0\0").discovers(),
        None,
    ),
}


@pytest.mark.parametrize(("data", "prefix"), NAMED.values(), ids=NAMED.keys())
def test_the_subnet_of_a_client_is(data: bytes, prefix: str | None) -> None:
    scope = Scopes(MEMBER).of_packet(decode_dhcp4(data), BY_BROADCAST)
    assert (None if scope is None else scope.prefix) == prefix


@pytest.mark.parametrize("data", [Terminal().discovers("10.0.0.50"), Terminal().renews("10.0.0.50")])
def test_who_was_moved_from_behind_a_relay_belongs_to_the_subnet_of_the_wire(data: bytes) -> None:
    behind = SUBNET.model_copy(update={"prefix": IPv4Network("10.0.0.0/24"), "reservations": ()})
    config = PLAIN_MEMBER.model_copy(update={"subnets": (behind, *PLAIN_MEMBER.subnets)})
    scope = Scopes(config).of_packet(decode_dhcp4(data), BY_BROADCAST)
    assert scope is not None
    assert scope.prefix == "10.1.0.0/24"


def test_an_interface_without_a_subnet_has_none() -> None:
    arrival = Arrival("lan1", 0, 0, 68, 0xFFFFFFFF)
    assert Scopes(MEMBER).of_packet(decode_dhcp4(Terminal().discovers()), arrival) is None


def test_what_was_written_for_one_client_serves_the_next_with_the_same_wishes_and_no_other() -> None:
    replies = Replies()
    wishes: dict[int, bytes] = {Dhcp4Option.PARAMETER_LIST: bytes([15])}
    other = Terminal().says(Dhcp4Type.DISCOVER, options=wishes)
    asks = [Terminal().discovers(), Terminal(client_id=b"\1till").discovers(), other]
    for scope in Scopes(MEMBER).all:
        for verdict in (OFFER, replace(OFFER, lease_s=60), Inform()):
            for data in (*asks, *asks):
                packet = decode_dhcp4(data)
                made = replies.to(packet, BY_BROADCAST, verdict=verdict, scope=scope, server_id=SERVER)
                assert (made.data, made.to) == reply(data, verdict, scope=scope)
