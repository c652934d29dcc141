"""What two of ours say of themselves travels in option 29, and nothing in there can do harm."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgepair_engine.failover.introduction import Introduction, decode_introduction, encode_introduction

EAST = Introduction(
    version="0.1.0", store="5d0c3a9e", partner="b7", count=2, sent=70, acked=68, received=12, config="cafe", behind=True
)
WIRE = (
    b'edgepair {"version":"0.1.0","store":"5d0c3a9e","partner":"b7","count":2,"sent":70,"acked":68,"received":12,'
    b'"config":"cafe","behind":true}'
)


@pytest.mark.protocol("I17")
def test_an_introduction_travels_whole() -> None:
    assert encode_introduction(EAST) == WIRE
    assert decode_introduction(WIRE) == EAST


def test_what_a_newer_version_says_beside_it_is_passed_over_and_what_an_older_one_lacks_is_empty() -> None:
    newer = b'edgepair {"store":"5d0c3a9e","mood":"good"}'
    assert decode_introduction(newer) == Introduction(store="5d0c3a9e")


@pytest.mark.parametrize(
    "data",
    [
        None,
        b"",
        b"other vendor",
        b"edgepair ",
        b"edgepair 7",
        b"edgepair " + b"[" * 2000,
        b'edgepair {"count":-1}',
        b'edgepair {"count":true}',
        b'edgepair {"count":4503599627370497}',
        b'edgepair {"store":["a"]}',
        b'edgepair {"store":"' + b"a" * 65 + b'"}',
        b'edgepair {"store":"\\ud800"}',
        b'edgepair {"version":"0.1\\n"}',
    ],
    ids=str,
)
def test_what_is_no_introduction_counts_as_none(data: bytes | None) -> None:
    assert decode_introduction(data) is None


@given(st.binary(max_size=200))
def test_no_bytes_do_harm(data: bytes) -> None:
    for received in (data, b"edgepair " + data):
        said = decode_introduction(received)
        assert said is None or decode_introduction(encode_introduction(said)) == said
