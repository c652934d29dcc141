"""Fuzz targets for what reads bytes: the framer, the failover decoder and the DHCP decoder.

A target takes arbitrary bytes and fails by an exception: any but WireError, or an assert of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import cycle
from typing import TypeVar

from edgepair_engine.wire.describe import describe_failover
from edgepair_engine.wire.dhcp4 import OPTIONS_AT, Dhcp4Message, Dhcp4Packet, decode_dhcp4, encode_dhcp4
from edgepair_engine.wire.dhcp4_options import Dhcp4Option
from edgepair_engine.wire.errors import BadLength, IgnoredMessage, WireError
from edgepair_engine.wire.failover import (
    HEADER_LENGTH,
    MESSAGE_LENGTH_MAX,
    BndUpd,
    FailoverMessage,
    decode_failover,
    encode_failover,
)
from edgepair_engine.wire.framer import Framer

CUTS = 4  # the first bytes of the framer's input are the sizes of the pieces in turn
DHCP4_PROPERTIES = [name for name, held in vars(Dhcp4Packet).items() if isinstance(held, property)]

CONTACT = bytes.fromhex("000c0b0c6b05620b00000043")

T = TypeVar("T")
Heard = tuple[list[FailoverMessage], str]


def framer(data: bytes) -> None:
    """Whole or in any pieces, a stream gives the same messages and the same end, and less than a message is held."""
    cuts, stream = data[:CUTS], data[CUTS:]
    messages, end = _by_length(stream)
    assert _heard(Framer(), [stream]) == (messages, end)
    assert _heard(Framer(), _pieces(stream, cuts)) == (messages, end)
    for message in messages:
        _survives(message)


def failover(data: bytes) -> None:
    """What decodes survives being sent on; what does not is a WireError; both can be shown to people."""
    _reads_or_refuses(data)
    if len(data) >= HEADER_LENGTH:
        _reads_or_refuses(len(data).to_bytes(2) + data[2:])
        describe_failover(data)


def dhcp4(data: bytes) -> None:
    """What decodes can be asked for everything, and survives being sent on."""
    read = _read(decode_dhcp4, data)
    if isinstance(read, WireError):
        assert 0 <= read.offset <= max(len(data), OPTIONS_AT)
        return
    for name in DHCP4_PROPERTIES:
        getattr(read, name)
    message = _sent_on(read)
    assert _sent_on(decode_dhcp4(encode_dhcp4(message))) == message


def _reads_or_refuses(data: bytes) -> None:
    read = _read(decode_failover, data)
    if isinstance(read, WireError):
        assert 0 <= read.offset <= len(data)
    else:
        _survives(read)


def _read(decode: Callable[[bytes], T], data: bytes) -> T | WireError:
    try:
        return decode(data)
    except WireError as error:
        return error


def _by_length(stream: bytes) -> Heard:
    """Return what a stream holds, read in the plainest way."""
    messages: list[FailoverMessage] = []
    at = 0
    while at + 2 <= len(stream):
        length = int.from_bytes(stream[at : at + 2])
        if not HEADER_LENGTH <= length <= MESSAGE_LENGTH_MAX:
            return messages, f"length {length}, allowed are 12..2048 at offset 0"
        if at + length > len(stream):
            break
        read = _read(decode_failover, stream[at : at + length])
        if isinstance(read, WireError) and not isinstance(read, IgnoredMessage):
            return messages, str(read)
        if not isinstance(read, WireError):
            messages.append(read)
        at += length
    return messages, ""


def _heard(framer: Framer, pieces: Iterator[bytes] | list[bytes]) -> Heard:
    """Return the messages of a stream and how it ended; a fault is final, whatever comes behind it."""
    messages: list[FailoverMessage] = []
    end = ""
    for piece in pieces:
        try:
            for message in framer.feed(piece):
                messages.append(message)  # one by one: those before a fault count
        except WireError as fault:
            end = str(fault)
            break
        assert framer.held < MESSAGE_LENGTH_MAX
    if end:
        assert str(_read(lambda more: list(framer.feed(more)), CONTACT)) == end, "read on behind a fault"
        assert framer.held == 0
    return messages, end


def _pieces(stream: bytes, cuts: bytes) -> Iterator[bytes]:
    at = 0
    for size in cycle(cuts or b"\0"):
        if at >= len(stream):
            return
        yield stream[at : at + size + 1]
        at += size + 1


def _survives(message: FailoverMessage) -> None:
    """Check that a message encodes to bytes that decode to it again, but for what is never sent."""
    if isinstance(message, BndUpd):
        message = replace(message, unknown_state=None)
    try:
        wire = encode_failover(message)
    except BadLength:
        # A byte that is no UTF-8 is replaced by a sign of three: a long text of them grows beyond a message.
        assert "\N{REPLACEMENT CHARACTER}" in (getattr(message, "text", None) or "")
        return
    assert len(wire) <= MESSAGE_LENGTH_MAX
    assert decode_failover(wire) == message


def _sent_on(read: Dhcp4Packet) -> Dhcp4Message:
    """Return the packet as one to send, with all options in their own field."""
    overloaded = Dhcp4Option.OVERLOAD in read.options
    return Dhcp4Message(
        op=read.op,
        htype=read.htype,
        hops=read.hops,
        xid=read.xid,
        secs=read.secs,
        flags=read.flags,
        ciaddr=read.ciaddr,
        yiaddr=read.yiaddr,
        siaddr=read.siaddr,
        giaddr=read.giaddr,
        chaddr=read.chaddr,
        sname=b"" if overloaded else read.sname,
        file=b"" if overloaded else read.file,
        options=tuple((code, value) for code, value in read.options.items() if code != Dhcp4Option.OVERLOAD),
    )
