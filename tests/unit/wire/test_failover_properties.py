"""What holds of every failover message: round trips, each option alone, every cut and every changed byte."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgepair_contract.vocabulary import MessageType
from edgepair_engine.wire.errors import BadLength, BadOption, Truncated, WireError
from edgepair_engine.wire.failover import BndUpd, FailoverMessage, decode_failover, encode_failover
from edgepair_engine.wire.failover_options import OPTIONS, FailoverOption, Kind, walk_options
from tests.fuzz import codecs
from tests.unit.wire.failover_cases import CASES, TITLES, Case
from tests.unit.wire.failover_values import bnd_upds, failover_messages

HEADER = bytes.fromhex("0c 6b056208 00000001")

# Which field of which message holds an accepted option, and what it holds when the option's bytes are 01 02 03 04
# or fewer. An option that dhcpd accepts and that means nothing to us stands in no field.
FIELDS = {
    1: "addresses_transferred",
    2: "address",
    4: "client_id",
    5: "hardware",
    6: "cltt",
    11: "hba",
    12: "ip_flags",
    13: "lease_expires_at",
    14: "max_unacked",
    15: "mclt_s",
    16: "text",
    18: "potential_expires_at",
    19: "receive_timer_s",
    20: "protocol_version",
    22: "relationship",
    24: "state",
    25: "stos",
    26: "tls_reply",
    27: "tls_request",
    28: "vendor_class",
}
HELD = {Kind.U8: 1, Kind.U16: 0x0102, Kind.U32: 0x01020304, Kind.BYTES: b"\1\2\3\4", Kind.TEXT: "\1\2\3\4"}
ACCEPTED = [(each, option) for option in OPTIONS.values() for each in sorted(option.accepted_in)]
NUMBERS = [(each, option) for each, option in ACCEPTED if option.kind.length is not None]
SKIPPED = [(each, option) for option in OPTIONS.values() for each in MessageType if each not in option.accepted_in]


def spelled(case: tuple[MessageType, FailoverOption]) -> str:
    return f"{case[1].name} in {case[0].name}"


def with_options(message_type: MessageType, *options: tuple[int, bytes]) -> bytes:
    payload = b"".join(code.to_bytes(2) + len(data).to_bytes(2) + data for code, data in options)
    return (12 + len(payload)).to_bytes(2) + bytes([message_type]) + HEADER + payload


def data_of(option: FailoverOption) -> bytes:
    return b"\1\2\3\4"[: option.kind.length or 4]


@pytest.mark.parametrize("case", ACCEPTED, ids=spelled)
def test_an_option_alone_is_read_by_its_kind(case: tuple[MessageType, FailoverOption]) -> None:
    message_type, option = case
    value = decode_failover(with_options(message_type, (option.code, data_of(option))))
    name = FIELDS.get(option.code)
    if name is not None and hasattr(value, name):
        assert getattr(value, name) == HELD[option.kind]


@pytest.mark.protocol(21)
@pytest.mark.parametrize("case", NUMBERS, ids=spelled)
def test_a_number_of_another_length_ends_the_link(case: tuple[MessageType, FailoverOption]) -> None:
    message_type, option = case
    for wrong in (data_of(option)[:-1], data_of(option) + b"\0"):
        with pytest.raises(BadLength):
            decode_failover(with_options(message_type, (option.code, wrong)))


@pytest.mark.protocol(22, 23)
@pytest.mark.parametrize("case", ACCEPTED, ids=spelled)
def test_an_accepted_option_twice_ends_the_link(case: tuple[MessageType, FailoverOption]) -> None:
    message_type, option = case
    twice = (option.code, data_of(option))
    with pytest.raises(BadOption):
        decode_failover(with_options(message_type, twice, twice))


@pytest.mark.protocol(29)
@pytest.mark.parametrize("case", SKIPPED, ids=spelled)
def test_an_option_of_another_message_is_skipped(case: tuple[MessageType, FailoverOption]) -> None:
    message_type, option = case
    bare = decode_failover(with_options(message_type))
    for data in (data_of(option), b"", bytes(9)):
        assert decode_failover(with_options(message_type, (option.code, data), (option.code, data))) == bare


@pytest.mark.protocol(29)
@pytest.mark.parametrize("message_type", MessageType, ids=lambda message_type: message_type.name)
def test_an_unknown_option_is_skipped(message_type: MessageType) -> None:
    bare = decode_failover(with_options(message_type))
    for code in (0, 30, 255, 0xFFFF):
        assert decode_failover(with_options(message_type, (code, b"?"), (code, b"?"))) == bare


@pytest.mark.protocol(30)
@pytest.mark.parametrize("case", CASES, ids=TITLES)
def test_options_are_read_in_any_order(case: Case) -> None:
    options = [(code, value) for _, code, value in walk_options(case.wire, 12)]
    backwards = b"".join(code.to_bytes(2) + len(value).to_bytes(2) + value for code, value in reversed(options))
    assert decode_failover(case.wire[:12] + backwards) == case.value


@pytest.mark.protocol(1, 2, 21, 22, 23)
@given(failover_messages())
def test_every_message_has_its_header_and_each_option_once_with_its_length(message: FailoverMessage) -> None:
    wire = encode_failover(message)
    assert (int.from_bytes(wire[:2]), wire[3]) == (len(wire), 12)
    options = [(code, value) for _, code, value in walk_options(wire, 12)]
    codes = [code for code, _ in options]
    assert len(codes) == len(set(codes))
    for code, value in options:
        assert OPTIONS[code].kind.length in (None, len(value))


@pytest.mark.protocol(28, "Q1")
@given(failover_messages())
def test_the_option_that_ends_a_link_of_dhcpd_is_never_sent(message: FailoverMessage) -> None:
    assert 9 not in [code for _, code, _ in walk_options(encode_failover(message), 12)]


@pytest.mark.protocol(17, 18, 26, 27)
@given(bnd_upds())
def test_an_update_has_its_options_in_dhcpds_order_and_says_no_noughts(update: BndUpd) -> None:
    given = (
        (2, update.address),
        (3, update.state),
        (4, update.client_id),
        (5, update.hardware),
        (13, update.lease_expires_at),
        (18, update.potential_expires_at),
        (25, update.stos),
        (6, update.cltt or None),
        (12, update.ip_flags or None),
    )
    codes = [code for _, code, _ in walk_options(encode_failover(update), 12)]
    assert codes == [code for code, value in given if value is not None]


@pytest.mark.protocol(159)
@pytest.mark.parametrize("case", CASES, ids=TITLES)
def test_any_byte_changed_to_anything_makes_a_wire_error_or_a_message(case: Case) -> None:
    for at in range(len(case.wire)):
        head, tail = case.wire[:at], case.wire[at + 1 :]
        for byte in range(256):
            try:
                decode_failover(b"%b%c%b" % (head, byte, tail))
            except WireError:
                continue


@pytest.mark.protocol(159)
@given(failover_messages())
def test_any_message_cut_anywhere_is_an_error(message: FailoverMessage) -> None:
    wire = encode_failover(message)
    for length in range(len(wire)):
        with pytest.raises(WireError):
            decode_failover(wire[:length])


@pytest.mark.protocol(159)
@given(failover_messages(), st.data())
def test_any_message_cut_anywhere_that_says_so_reads_or_is_refused(
    message: FailoverMessage, data: st.DataObject
) -> None:
    wire = encode_failover(message)
    length = data.draw(st.integers(12, len(wire)))
    codecs.failover(length.to_bytes(2) + wire[2:length])


def test_an_option_cut_short_is_told_with_its_place() -> None:
    wire = with_options(MessageType.STATE, (24, b"\2"))
    with pytest.raises(Truncated, match="at offset 12"):
        decode_failover(wire[:1] + bytes([16]) + wire[2:16])
