"""Every failover message reads and writes as dhcpd's, and every malformed one says where it is wrong."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edgepair_contract.vocabulary import BindingState, MessageType, RejectReason
from edgepair_engine.wire.errors import BadLength, BadOption, IgnoredMessage, Truncated, UnknownMessage, WireError
from edgepair_engine.wire.failover import (
    MESSAGE_TYPES,
    BndAck,
    BndUpd,
    Connect,
    Contact,
    Disconnect,
    FailoverMessage,
    PoolResp,
    State,
    decode_failover,
    encode_failover,
)
from edgepair_engine.wire.failover_options import OPTIONS
from tests.unit.wire.failover_cases import CASES, TITLES, Case
from tests.unit.wire.failover_values import failover_messages

NOW = "6b056208 00000001"


def unhex(*parts: str) -> bytes:
    return bytes.fromhex("".join(parts))


@pytest.mark.protocol(1, 2, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 24, 25, 26, 27, 60)
@pytest.mark.parametrize("case", CASES, ids=TITLES)
def test_a_value_becomes_dhcpds_bytes(case: Case) -> None:
    assert encode_failover(case.value) == case.wire


@pytest.mark.protocol(6, 60)
@pytest.mark.parametrize("case", CASES, ids=TITLES)
def test_dhcpds_bytes_become_the_value(case: Case) -> None:
    assert decode_failover(case.wire) == case.value


@pytest.mark.parametrize("case", CASES, ids=TITLES)
def test_a_message_cut_short_anywhere_is_an_error(case: Case) -> None:
    for length in range(len(case.wire)):
        with pytest.raises(WireError):
            decode_failover(case.wire[:length])


def test_the_cases_show_all_twelve_messages() -> None:
    assert {MESSAGE_TYPES[type(case.value)] for case in CASES} == set(MessageType)


TOLERATED = {
    "options in any order": (
        unhex("001e 0a 0c", NOW, "0019 0004 6b056203  0017 0001 01  0018 0001 06"),
        State(time=1795514888, xid=1, state=6, startup=True, stos=1795514883),
    ),
    "header bytes before the payload offset": (
        unhex("0010 0b 10", NOW, "deadbeef"),
        Contact(time=1795514888, xid=1),
    ),
    "an unknown option": (
        unhex("0019 0c 0c", NOW, "001e 0004 00000000  0015 0001 07"),
        Disconnect(time=1795514888, xid=1, reason=RejectReason.DUPLICATE_CONNECTION),
    ),
    "an option of another message, twice and of a wrong length": (
        unhex("001b 0c 0c", NOW, "0018 0001 02  0018 0001 02  0015 0001 07"),
        Disconnect(time=1795514888, xid=1, reason=RejectReason.DUPLICATE_CONNECTION),
    ),
    "options in a message that has none": (
        unhex("0014 0b 0c", NOW, "0001 0004 00000005"),
        Contact(time=1795514888, xid=1),
    ),
    "the DDNS option, which dhcpd dies of": (
        unhex("001a 04 0c", NOW, "0009 0002 0000  0002 0004 0a4d0177"),
        BndAck(time=1795514888, xid=1, address=0x0A4D0177),
    ),
    "an echo of the update in its BNDACK": (
        unhex("001c 04 0c", NOW, "0002 0004 0a4d0177  0012 0004 6b0562c3"),
        BndAck(time=1795514888, xid=1, address=0x0A4D0177),
    ),
    "a reject reason without a name": (
        unhex("0011 0c 0c", NOW, "0015 0001 63"),
        Disconnect(time=1795514888, xid=1, reason=RejectReason.UNKNOWN),
    ),
    "a text closed by NUL, with a byte that is no UTF-8": (
        unhex("001b 0c 0c", NOW, "0015 0001 06  0010 0006 6f6f7073ff00"),
        Disconnect(time=1795514888, xid=1, reason=RejectReason.OTHER, text="oops\N{REPLACEMENT CHARACTER}"),
    ),
    "a binding-status that is none is kept for the answer": (
        unhex("0019 03 0c", NOW, "0002 0004 0a4d0177  0003 0001 08"),
        BndUpd(time=1795514888, xid=1, address=0x0A4D0177, state=None, unknown_state=8),
    ),
    "a BNDUPD without status": (
        unhex("0014 03 0c", NOW, "0002 0004 0a4d0177"),
        BndUpd(time=1795514888, xid=1, address=0x0A4D0177, state=None),
    ),
    "a cltt of nought, which is none": (
        unhex("001c 03 0c", NOW, "0002 0004 0a4d0177  0006 0004 00000000"),
        BndUpd(time=1795514888, xid=1, address=0x0A4D0177, state=None, cltt=None),
    ),
    "a STATE without options": (
        unhex("000c 0a 0c", NOW),
        State(time=1795514888, xid=1, state=None, startup=False, stos=None),
    ),
    "a state that nobody knows": (
        unhex("0011 0a 0c", NOW, "0018 0001 63"),
        State(time=1795514888, xid=1, state=99, startup=False, stos=None),
    ),
    "a POOLRESP without number": (unhex("000c 02 0c", NOW), PoolResp(time=1795514888, xid=1, addresses_transferred=0)),
    "an hba of another length, which CONNECT refuses": (
        unhex("0013 05 0c", NOW, "000b 0003 ffffff"),
        Connect(
            time=1795514888,
            xid=1,
            relationship=None,
            max_unacked=None,
            receive_timer_s=None,
            vendor_class=None,
            protocol_version=None,
            tls_request=None,
            mclt_s=None,
            hba=b"\xff\xff\xff",
        ),
    ),
}


@pytest.mark.protocol(5, 29, 30)
@pytest.mark.parametrize(("wire", "value"), TOLERATED.values(), ids=TOLERATED.keys())
def test_what_a_partner_may_send_is_tolerated(wire: bytes, value: object) -> None:
    assert decode_failover(wire) == value


REFUSED = {
    "nothing": (b"", Truncated, 0),
    "half a header": (unhex("000c 0b 0c 6b05"), Truncated, 6),
    "a length beyond the bytes": (unhex("000d 0b 0c", NOW), BadLength, 0),
    "bytes beyond the length": (unhex("000c 0b 0c", NOW, "00"), BadLength, 0),
    "a payload offset inside the header": (unhex("000c 0b 08", NOW), BadLength, 3),
    "a payload offset beyond the message": (unhex("000c 0b 0d", NOW), Truncated, 3),
    "an option header cut short": (unhex("000f 0c 0c", NOW, "0015 00"), Truncated, 12),
    "an option longer than the message": (unhex("0010 0c 0c", NOW, "0015 0001"), Truncated, 12),
    "an unknown option longer than the message": (unhex("0011 0b 0c", NOW, "0063 0002 00"), Truncated, 12),
    "an accepted option twice": (unhex("001c 04 0c", NOW, "0002 0004 0a4d0177 0002 0004 0a4d0178"), BadOption, 20),
    "an ignored but accepted option twice": (unhex("0014 04 0c", NOW, "0007 0000  0007 0000"), BadOption, 16),
    "a number of a wrong length": (unhex("0013 04 0c", NOW, "0002 0003 0a4d01"), BadLength, 12),
    "IP-flags of one byte": (unhex("0011 03 0c", NOW, "000c 0001 01"), BadLength, 12),
    "type 13 with an option": (unhex("0010 0d 0c", NOW, "0001 0000"), UnknownMessage, 2),
    "type 0 with an option": (unhex("0010 00 0c", NOW, "0001 0000"), UnknownMessage, 2),
    "type 13 without options": (unhex("000c 0d 0c", NOW), IgnoredMessage, 2),
}


@pytest.mark.parametrize(("wire", "fault", "offset"), REFUSED.values(), ids=REFUSED.keys())
def test_a_malformed_message_says_what_and_where(wire: bytes, fault: type[WireError], offset: int) -> None:
    with pytest.raises(WireError) as caught:
        decode_failover(wire)
    assert type(caught.value) is fault
    assert caught.value.offset == offset


@pytest.mark.protocol(26, 27)
def test_a_cltt_of_nought_and_empty_flags_are_left_out() -> None:
    update = BndUpd(time=1795514888, xid=1, address=1, state=BindingState.FREE, cltt=0, ip_flags=0)
    assert encode_failover(update) == unhex("0019 03 0c", NOW, "0002 0004 00000001  0003 0001 01")


@pytest.mark.protocol(158, "Q3")
def test_an_unknown_binding_status_is_never_sent() -> None:
    update = BndUpd(time=1795514888, xid=1, address=1, state=None, unknown_state=8)
    assert encode_failover(update) == unhex("0014 03 0c", NOW, "0002 0004 00000001")


@pytest.mark.protocol(2)
@pytest.mark.parametrize("length", [2033, 65536])
def test_a_message_longer_than_a_partner_accepts_is_never_built(length: int) -> None:
    with pytest.raises(BadLength):
        encode_failover(Disconnect(time=0, xid=0, reason=None, text="x" * length))


def test_the_option_table_holds_all_codes_of_the_protocol() -> None:
    assert list(OPTIONS) == list(range(1, 30))


@given(failover_messages())
def test_every_message_survives_the_wire(message: FailoverMessage) -> None:
    assert decode_failover(encode_failover(message)) == message


@pytest.mark.protocol(159)
@given(failover_messages(), st.data())
def test_a_flipped_byte_makes_a_wire_error_or_a_message(message: FailoverMessage, data: st.DataObject) -> None:
    wire = bytearray(encode_failover(message))
    at = data.draw(st.integers(0, len(wire) - 1))
    wire[at] ^= data.draw(st.integers(1, 255))
    try:
        decode_failover(bytes(wire))
    except WireError:
        return


@pytest.mark.protocol(159)
@given(st.binary(max_size=80))
def test_random_bytes_raise_nothing_but_wire_errors(data: bytes) -> None:
    try:
        decode_failover(data)
    except WireError:
        return


@pytest.mark.protocol(18)
def test_an_update_without_a_client_keeps_its_place_in_the_order() -> None:
    case = next(case for case in CASES if "client identifier" in case.title)
    assert isinstance(case.value, BndUpd)
    without = encode_failover(replace(case.value, client_id=None))
    assert without[12:25] == case.wire[12:25]
    assert without[25:] == case.wire[37:]
