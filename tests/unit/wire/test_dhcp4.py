"""DHCP packets: what goes out, what is read, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgepair_engine.wire.dhcp4 import Dhcp4Message, Dhcp4Packet, decode_dhcp4, encode_dhcp4
from edgepair_engine.wire.errors import BadField, BadLength, BadOption, Truncated, WireError
from tests.fuzz import codecs
from tests.unit.wire.dhcp4_cases import CASES, COOKIE, NAMES, TITLES, Case, packet

HEAD = "01 01 06 00 00000001 0000 0000" + "00" * 32
REQUEST = packet(
    "01 01 06 02 ab8a207c 0102 8000 0a4d0101 0a4d0102 0a4d0103 0a4d0104",
    "020000000a00 00000000000000000000",
    NAMES,
    COOKIE,
    "35 01 03  32 04 0a4d016f  36 04 0a4d0103  33 04 00000e10  39 02 05dc  3d 07 01020000000a00",
    "37 03 010306  0c 05 6b696f736b  3c 04 4d534654  76 04 0a4d0100  52 04 01026c30  ff",
)


def with_options(options: str, *, names: str = NAMES) -> bytes:
    return packet(HEAD, names, COOKIE, options)


def again(read: Dhcp4Packet) -> Dhcp4Message:
    """The same packet, to be sent."""
    names = ("xid", "chaddr", "op", "htype", "hops", "secs", "flags", "ciaddr", "yiaddr", "siaddr", "giaddr")
    fields: dict[str, Any] = {name: getattr(read, name) for name in (*names, "sname", "file")}
    return Dhcp4Message(options=tuple(read.options.items()), **fields)


@pytest.mark.parametrize("case", CASES, ids=TITLES)
def test_a_value_becomes_the_packet(case: Case) -> None:
    assert encode_dhcp4(case.value) == case.wire


@pytest.mark.parametrize("case", CASES, ids=TITLES)
def test_the_packet_becomes_the_value(case: Case) -> None:
    assert again(decode_dhcp4(case.wire)) == case.value


@pytest.mark.parametrize("case", CASES, ids=TITLES)
def test_bytes_behind_the_end_change_nothing(case: Case) -> None:
    assert again(decode_dhcp4(case.wire + b"\x35\x01\x07trailing")) == case.value


def test_every_field_and_option_of_a_request_can_be_asked_for() -> None:
    read = decode_dhcp4(REQUEST)
    assert (read.op, read.htype, read.hops, read.xid, read.secs) == (1, 1, 2, 0xAB8A207C, 258)
    assert (read.ciaddr, read.yiaddr, read.siaddr, read.giaddr) == (0x0A4D0101, 0x0A4D0102, 0x0A4D0103, 0x0A4D0104)
    assert (read.flags, read.wants_broadcast) == (0x8000, True)
    assert (read.chaddr, read.hardware) == (b"\2\0\0\0\x0a\0", b"\1\2\0\0\0\x0a\0")
    assert (read.message_type, read.requested_address, read.server_id) == (3, 0x0A4D016F, 0x0A4D0103)
    assert (read.lease_time_s, read.message_size_max, read.subnet_selection) == (3600, 1500, 0x0A4D0100)
    assert (read.client_id, read.parameter_list) == (b"\1\2\0\0\0\x0a\0", b"\1\3\6")
    assert (read.hostname, read.vendor_class, read.relay_agent) == (b"kiosk", b"MSFT", b"\1\2l0")


def test_without_the_cookie_the_last_field_is_a_vendors_and_holds_no_options() -> None:
    """RFC 951: plain BOOTP."""
    assert dict(decode_dhcp4(packet(HEAD, NAMES, "00000000 35 01 01 ff")).options) == {}


RELAYED = "01 01 06 01 00000001 0000 0000" + "00" * 12 + "0a4d0001" + "00" * 16


@pytest.mark.parametrize(
    ("agent", "link", "server"),
    [
        ("05 04 0a4d0200 0b 04 0a4d0001", 0x0A4D0200, 0x0A4D0001),
        ("01 02 6c30 0b 04 0a4d0001 0b 04 0a4d0009", None, 0x0A4D0001),
        ("05 03 0a4d02 0b 00", None, None),
        ("01 02 6c30 05 04 0a4d", None, None),
        ("05", None, None),
    ],
    ids=["both", "the first of two alike", "wrong lengths", "beyond the option", "no length"],
)
def test_the_relay_names_the_subnet_and_the_server(agent: str, link: int | None, server: int | None) -> None:
    """RFC 3527, RFC 5107."""
    value = bytes.fromhex(agent)
    read = decode_dhcp4(packet(RELAYED, NAMES, COOKIE, f"35 01 01 52 {len(value):02x} {agent} ff"))
    assert (read.link_selection, read.server_id_override, read.relay_agent) == (link, server, value)


def test_without_a_relay_nobody_names_the_subnet_or_the_server_in_its_place() -> None:
    read = decode_dhcp4(with_options("35 01 01 52 0c 05 04 0a4d0200 0b 04 0a4d0001 ff"))
    assert (read.link_selection, read.server_id_override) == (None, None)


def test_what_is_absent_is_none() -> None:
    read = decode_dhcp4(with_options("ff"))
    assert [read.message_type, read.requested_address, read.server_id, read.lease_time_s] == [None] * 4
    assert [read.message_size_max, read.subnet_selection, read.client_id, read.hostname] == [None] * 4
    assert [read.vendor_class, read.relay_agent] == [None] * 2
    assert (read.parameter_list, read.wants_broadcast, read.sname, read.file) == (b"", False, b"", b"")


def test_an_empty_client_identifier_counts_as_none() -> None:
    assert decode_dhcp4(with_options("35 01 01  3d 00  ff")).client_id is None


def test_pad_bytes_between_options_are_passed_over() -> None:
    assert dict(decode_dhcp4(with_options("00 35 01 01 00 00 0c 01 61 ff")).options) == {53: b"\1", 12: b"a"}


def test_options_without_an_end_are_read() -> None:
    bare = bytes.fromhex(HEAD + NAMES + COOKIE + "35 01 01")
    assert decode_dhcp4(bare).message_type == 1


def test_parts_of_one_option_are_joined_in_order() -> None:
    assert decode_dhcp4(with_options("0c 02 6b69  35 01 01  0c 03 6f736b  ff")).hostname == b"kiosk"


SNAME_HOST = "0c 02 6e61 ff".replace(" ", "").ljust(128, "0")
FILE_HOST = "0c 02 6669 ff".replace(" ", "").ljust(256, "0")


@pytest.mark.parametrize(
    ("overload", "hostname"),
    [("01", b"opfi"), ("02", b"opna"), ("03", b"opfina")],
    ids=["file", "sname", "file, then sname"],
)
def test_options_go_on_in_the_fields_that_overload_names(overload: str, hostname: bytes) -> None:
    data = with_options(f"0c 02 6f70  34 01 {overload} ff", names=SNAME_HOST + FILE_HOST)
    assert decode_dhcp4(data).hostname == hostname


def test_an_overload_option_inside_an_overloaded_field_means_nothing() -> None:
    inside = "34 01 02 ff".replace(" ", "").ljust(256, "0")
    data = with_options("34 01 01 ff", names=SNAME_HOST + inside)
    assert dict(decode_dhcp4(data).options) == {52: b"\1"}


REFUSED = {
    "nothing": (b"", Truncated, 0),
    "a packet without options field": (bytes.fromhex(HEAD + NAMES), Truncated, 236),
    "an op that is neither": (packet("03", HEAD[2:], NAMES, COOKIE, "ff"), BadField, 0),
    "a hardware address of 17 bytes": (packet("01 01 11", HEAD[8:], NAMES, COOKIE, "ff"), BadLength, 2),
    "an option without length": (bytes.fromhex(HEAD + NAMES + COOKIE + "35"), Truncated, 240),
    "an option beyond the packet": (bytes.fromhex(HEAD + NAMES + COOKIE + "35 01 01 0c 05 6b"), Truncated, 243),
    "a message type of two bytes": (with_options("35 02 0101 ff"), BadLength, 240),
    "two message types, which make one of two bytes": (with_options("35 01 01 35 01 03 ff"), BadLength, 240),
    "a client identifier beyond one option": (
        with_options(f"3d ff {'61' * 255} 3d 01 61 ff"),
        BadLength,
        240,
    ),
    "a requested address of three bytes": (with_options("32 03 0a4d01 ff"), BadLength, 240),
    "an overload of nought": (with_options("34 01 00 ff"), BadOption, 240),
    "an option beyond its overloaded field": (
        with_options("34 01 02 ff", names="0c 40".replace(" ", "").ljust(128, "0") + "00" * 128),
        Truncated,
        44,
    ),
}


@pytest.mark.parametrize(("data", "fault", "offset"), REFUSED.values(), ids=REFUSED.keys())
def test_a_malformed_packet_says_what_and_where(data: bytes, fault: type[WireError], offset: int) -> None:
    with pytest.raises(WireError) as caught:
        decode_dhcp4(data)
    assert type(caught.value) is fault
    assert caught.value.offset == offset


@pytest.mark.parametrize(
    "field", [{"chaddr": bytes(17)}, {"sname": bytes(65)}, {"file": bytes(129)}], ids=["chaddr", "sname", "file"]
)
def test_a_field_longer_than_its_place_is_not_sent(field: dict[str, Any]) -> None:
    with pytest.raises(BadLength):
        encode_dhcp4(replace(Dhcp4Message(xid=1, chaddr=bytes(6), options=()), **field))


@pytest.mark.parametrize("code", [0, 255])
def test_pad_and_end_are_no_options(code: int) -> None:
    with pytest.raises(BadOption):
        encode_dhcp4(Dhcp4Message(xid=1, chaddr=bytes(6), options=((code, b""),)))


U32 = st.integers(0, 0xFFFF_FFFF)
NAME = st.binary(max_size=60).map(lambda name: name.split(b"\0")[0])
FREE_CODES = st.integers(128, 254)


@st.composite
def messages(draw: st.DrawFn) -> Dhcp4Message:
    options = draw(st.dictionaries(FREE_CODES, st.binary(max_size=600), max_size=5))
    u32s = {name: draw(U32) for name in ("xid", "ciaddr", "yiaddr", "siaddr", "giaddr")}
    return Dhcp4Message(
        op=draw(st.sampled_from([1, 2])),
        htype=draw(st.integers(0, 255)),
        hops=draw(st.integers(0, 255)),
        secs=draw(st.integers(0, 0xFFFF)),
        flags=draw(st.integers(0, 0xFFFF)),
        chaddr=draw(st.binary(max_size=16)),
        sname=draw(NAME),
        file=draw(NAME),
        options=((53, b"\1"), *options.items()),
        **u32s,
    )


@given(messages())
def test_every_packet_survives_the_wire(message: Dhcp4Message) -> None:
    wire = encode_dhcp4(message)
    assert len(wire) >= 300
    assert again(decode_dhcp4(wire)) == message


def test_any_byte_of_a_request_changed_to_anything_makes_a_wire_error_or_a_packet() -> None:
    for at in range(len(REQUEST)):
        head, tail = REQUEST[:at], REQUEST[at + 1 :]
        for byte in range(256):
            try:
                decode_dhcp4(b"%b%c%b" % (head, byte, tail))
            except WireError:
                continue


@given(messages(), st.data())
def test_any_packet_changed_or_cut_makes_a_wire_error_or_a_packet(message: Dhcp4Message, data: st.DataObject) -> None:
    wire = bytearray(encode_dhcp4(message))
    wire[data.draw(st.integers(0, len(wire) - 1))] = data.draw(st.integers(0, 255))
    codecs.dhcp4(bytes(wire[: data.draw(st.integers(0, len(wire)))]))


@given(st.binary(max_size=400))
def test_random_bytes_raise_nothing_but_wire_errors(data: bytes) -> None:
    try:
        decode_dhcp4(data)
    except WireError:
        return


@given(st.binary(max_size=192), st.binary(max_size=300), st.integers(1, 3))
def test_random_options_raise_nothing_but_wire_errors(names: bytes, options: bytes, overload: int) -> None:
    data = bytes.fromhex(HEAD) + names.ljust(192, b"\0") + bytes.fromhex(COOKIE) + b"\x34\1" + bytes([overload])
    try:
        read = decode_dhcp4(data + options)
    except WireError:
        return
    assert read.message_type is None or 0 <= read.message_type <= 255
