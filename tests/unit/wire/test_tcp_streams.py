"""The bytes of a connection come out in order and once, however its segments were captured."""

from __future__ import annotations

from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgepair_engine.wire.pcap import Ipv4Packet
from edgepair_engine.wire.tcp_streams import EARLY_SEGMENTS_MAX, Segment, TcpStream, tcp_segment
from tests.unit.wire.pcap_builder import SYN, a_tcp


def a_segment(sequence: int, data: bytes = b"", *, opens: bool = False) -> Segment:
    return Segment(
        at_us=0,
        source="10.0.0.1:5000",
        destination="10.0.0.2:647",
        ports=frozenset({5000, 647}),
        sequence=sequence % 2**32,
        opens=opens,
        data=data,
    )


def read(*segments: Segment) -> bytes:
    stream = TcpStream()
    return b"".join(stream.take(segment) for segment in segments)


def test_a_packet_gives_its_segment() -> None:
    packet = Ipv4Packet(9, "10.0.0.1", "10.0.0.2", 6, a_tcp(b"abc", sequence=77, flags=SYN))
    assert tcp_segment(packet) == Segment(
        at_us=9,
        source="10.0.0.1:5000",
        destination="10.0.0.2:647",
        ports=frozenset({5000, 647}),
        sequence=77,
        opens=True,
        data=b"abc",
    )


@pytest.mark.parametrize(("protocol", "length"), [(17, 40), (6, 19)], ids=["UDP", "half a header"])
def test_a_packet_without_a_segment_gives_none(protocol: int, length: int) -> None:
    assert tcp_segment(Ipv4Packet(0, "10.0.0.1", "10.0.0.2", protocol, bytes(length))) is None


STREAMS = {
    "in order after a SYN": [a_segment(9, opens=True), a_segment(10, b"abc"), a_segment(13, b"def")],
    "from the middle of a connection": [a_segment(500, b"abc"), a_segment(503), a_segment(503, b"def")],
    "repeated": [a_segment(10, b"abc"), a_segment(10, b"abc"), a_segment(13, b"def"), a_segment(10, b"abcdef")],
    "repeated with more": [a_segment(10, b"abc"), a_segment(11, b"bcdef")],
    "swapped": [a_segment(9, opens=True), a_segment(13, b"def"), a_segment(10, b"abc")],
    "swapped and overlapping": [a_segment(9, opens=True), a_segment(12, b"cdef"), a_segment(10, b"abc")],
    "over the turn of the sequence numbers": [a_segment(2**32 - 2, b"abc"), a_segment(1, b"def")],
}


@pytest.mark.parametrize("segments", STREAMS.values(), ids=STREAMS.keys())
def test_bytes_come_in_order_and_once(segments: list[Segment]) -> None:
    assert read(*segments) == b"abcdef"


def test_bytes_behind_a_gap_wait_and_the_stream_says_so() -> None:
    stream = TcpStream()
    assert stream.take(a_segment(10, b"abc")) == b"abc"
    assert stream.take(a_segment(14, b"ef")) == b""
    assert stream.missing
    assert stream.take(a_segment(13, b"d")) == b"def"
    assert not stream.missing


def test_a_gap_that_is_never_filled_has_a_bound() -> None:
    stream = TcpStream()
    stream.take(a_segment(0, b"a"))
    for n in range(EARLY_SEGMENTS_MAX + 1):
        assert stream.take(a_segment(2 + n, b"x")) == b""
    assert stream.take(a_segment(1, b"b")) == b"b" + b"x" * 256
    assert stream.missing


@given(st.binary(min_size=1, max_size=60), st.integers(0, 2**32 - 1), st.randoms(use_true_random=False))
def test_any_order_of_segments_gives_the_same_bytes(data: bytes, start: int, chance: Random) -> None:
    segments = [a_segment(start + 1 + at, data[at : at + 7]) for at in range(0, len(data), 5)]
    chance.shuffle(segments)
    assert read(a_segment(start, opens=True), *segments) == data
