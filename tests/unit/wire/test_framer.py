"""Messages come out of a connection whole, in order, and none before a bad one is lost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgepair_engine.wire.errors import BadLength, BadOption, WireError
from edgepair_engine.wire.failover import Contact, FailoverMessage, encode_failover
from edgepair_engine.wire.framer import Framer
from tests.unit.wire.failover_cases import CASES, TITLES, Case
from tests.unit.wire.failover_values import failover_messages

CONTACT = Contact(time=1795514891, xid=67)
CONTACT_BYTES = bytes.fromhex("000c0b0c6b05620b00000043")
TWO_ADDRESSES = bytes.fromhex("001c040c6b05620800000001 000200040a4d0177 000200040a4d0178")


@pytest.mark.protocol(3)
@pytest.mark.parametrize("case", CASES, ids=TITLES)
def test_a_message_comes_out_of_single_bytes(case: Case) -> None:
    framer = Framer()
    for byte in case.wire[:-1]:
        assert list(framer.feed(bytes([byte]))) == []
    assert list(framer.feed(case.wire[-1:])) == [case.value]


@pytest.mark.protocol(3)
@pytest.mark.parametrize("case", CASES, ids=TITLES)
def test_bytes_of_the_next_message_wait_for_their_rest(case: Case) -> None:
    framer = Framer()
    assert list(framer.feed(case.wire + CONTACT_BYTES[:5])) == [case.value]
    assert list(framer.feed(CONTACT_BYTES[5:])) == [CONTACT]


@pytest.mark.protocol(3)
def test_all_messages_of_one_segment_come_out_in_order() -> None:
    assert list(Framer().feed(b"".join(case.wire for case in CASES))) == [case.value for case in CASES]


@pytest.mark.protocol(4)
@pytest.mark.parametrize(
    ("bad", "fault"),
    [(TWO_ADDRESSES, BadOption), (bytes.fromhex("000b"), BadLength), (bytes.fromhex("0801"), BadLength)],
    ids=["an option twice", "a length of 11", "a length of 2049"],
)
def test_messages_before_a_bad_one_are_handed_out_and_none_behind_it(bad: bytes, fault: type[WireError]) -> None:
    framer = Framer()
    got = framer.feed(CONTACT_BYTES + bad + CONTACT_BYTES)
    assert next(got) == CONTACT
    with pytest.raises(fault):
        next(got)
    with pytest.raises(fault):
        list(framer.feed(CONTACT_BYTES))
    assert framer.held == 0


def test_half_a_message_is_held_and_no_more() -> None:
    framer = Framer()
    list(framer.feed(CONTACT_BYTES + CONTACT_BYTES[:7]))
    assert framer.held == 7


@pytest.mark.protocol(4)
def test_the_longest_message_is_taken() -> None:
    longest = bytes.fromhex("0800 0b 0c 6b05620b 00000043 ffff 07f0") + bytes(2032)
    assert list(Framer().feed(longest)) == [CONTACT]


def test_a_lower_limit_is_kept() -> None:
    with pytest.raises(BadLength, match=r"length 109, allowed are 12\.\.64"):
        list(Framer(message_size_max=64).feed(CASES[0].wire))


def test_an_unknown_type_without_options_is_passed_over() -> None:
    unknown = bytes.fromhex("000c0d0c6b05620b00000043")
    assert list(Framer().feed(unknown + CONTACT_BYTES)) == [CONTACT]


@pytest.mark.protocol(3)
@given(st.lists(failover_messages(), max_size=6), st.lists(st.integers(1, 40), min_size=1))
def test_any_cutting_gives_the_same_messages(messages: list[FailoverMessage], pieces: list[int]) -> None:
    stream = b"".join(encode_failover(message) for message in messages)
    framer = Framer()
    got: list[FailoverMessage] = []
    at = 0
    while at < len(stream):
        size = pieces[at % len(pieces)]
        got += framer.feed(stream[at : at + size])
        at += size
    assert got == messages


@pytest.mark.protocol(159)
@given(st.lists(st.binary(max_size=60), max_size=8))
def test_random_bytes_raise_nothing_but_wire_errors(pieces: list[bytes]) -> None:
    framer = Framer()
    for piece in pieces:
        try:
            list(framer.feed(piece))
        except WireError:
            return
