"""Frames come out of capture files of either byte order, and IPv4 packets out of frames."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgepair_engine.wire.errors import BadField, Truncated, WireError
from edgepair_engine.wire.pcap import Frame, Ipv4Packet, ipv4_packet, read_frames
from tests.unit.wire.pcap_builder import MICROSECONDS, NANOSECONDS, a_pcap, an_ipv4, ethernet

PACKET = Ipv4Packet(at_us=0, source="10.0.0.1", destination="10.0.0.2", protocol=6, payload=b"payload")


@pytest.mark.parametrize("order", ["<", ">"], ids=["little endian", "big endian"])
@pytest.mark.parametrize(("magic", "at_us"), [(MICROSECONDS, 7), (NANOSECONDS, 0)], ids=["microseconds", "nanoseconds"])
def test_a_file_gives_its_frames_with_their_times(order: str, magic: int, at_us: int) -> None:
    frames = list(read_frames(a_pcap(b"one", b"", order=order, magic=magic)))
    assert frames == [Frame(100_000_000 + at_us, 1, b"one"), Frame(101_000_000 + at_us, 1, b"")]


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (b"", "no pcap file"),
        (b"\x0a\x0d\x0d\x0a" + bytes(20), "a pcapng file; rewrite it as classic pcap"),
        (a_pcap()[:20], "a pcap header cut off"),
        (a_pcap(link_type=105), r"link type 105, read are \[1, 113, 276\]"),
    ],
    ids=["empty", "pcapng", "half a header", "wireless"],
)
def test_what_is_no_readable_capture_says_why(data: bytes, text: str) -> None:
    with pytest.raises(WireError, match=text):
        next(read_frames(data))


def test_frames_before_a_cut_are_read() -> None:
    frames = read_frames(a_pcap(b"one", b"two")[:-1])
    assert next(frames).data == b"one"
    with pytest.raises(Truncated):
        next(frames)


@pytest.mark.parametrize(
    ("link_type", "data"),
    [
        (1, ethernet(an_ipv4(b"payload"))),
        (1, ethernet(bytes.fromhex("000a 0800") + an_ipv4(b"payload"), ethertype=0x8100)),
        (113, bytes(14) + b"\x08\x00" + an_ipv4(b"payload")),
        (276, b"\x08\x00" + bytes(18) + an_ipv4(b"payload")),
    ],
    ids=["Ethernet", "Ethernet with a VLAN tag", "Linux cooked", "Linux cooked, version 2"],
)
def test_a_frame_of_each_link_type_gives_its_packet(link_type: int, data: bytes) -> None:
    assert ipv4_packet(Frame(0, link_type, data)) == PACKET


@pytest.mark.parametrize(
    "data",
    [
        b"",
        ethernet(an_ipv4(b"payload"), ethertype=0x86DD),
        ethernet(an_ipv4(b"payload")[:19]),
        ethernet(an_ipv4(b"payload")[:25]),
        ethernet(an_ipv4(b"payload", fragment=0x2000)),
        ethernet(an_ipv4(b"payload", fragment=0x0003)),
    ],
    ids=["empty", "IPv6", "half a header", "cut off", "a first fragment", "a later fragment"],
)
def test_a_frame_without_a_whole_packet_gives_none(data: bytes) -> None:
    assert ipv4_packet(Frame(0, 1, data)) is None


def test_don_t_fragment_is_no_fragment() -> None:
    assert ipv4_packet(Frame(0, 1, ethernet(an_ipv4(b"payload", fragment=0x4000)))) == PACKET


@given(st.binary(max_size=120), st.sampled_from([1, 113, 276]))
def test_random_frames_raise_nothing(data: bytes, link_type: int) -> None:
    ipv4_packet(Frame(0, link_type, data))


@given(st.binary(max_size=80))
def test_random_files_raise_nothing_but_wire_errors(data: bytes) -> None:
    try:
        list(read_frames(a_pcap()[:24] + data))
        list(read_frames(data))
    except WireError:
        return


def test_the_error_of_a_wrong_file_points_at_its_beginning() -> None:
    with pytest.raises(BadField) as caught:
        next(read_frames(b"#!/bin/sh and more than four bytes"))
    assert caught.value.offset == 0
