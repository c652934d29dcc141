"""Failover messages as bytes: what dhcpd 4.4 writes byte for byte, and what it accepts.

A message is a header of twelve bytes (length of the whole, type, payload offset, sender's clock, xid) and options of
two bytes code, two bytes length and data. The order of options is free on reading; on writing it is dhcpd's.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from typing import assert_never

from edgepair_contract.vocabulary import BindingState, MessageType, RejectReason
from edgepair_engine.wire.errors import BadLength, IgnoredMessage, Truncated, UnknownMessage
from edgepair_engine.wire.failover_messages import (
    BndAck,
    BndUpd,
    Connect,
    ConnectAck,
    Contact,
    Disconnect,
    FailoverMessage,
    PoolReq,
    PoolResp,
    State,
    UpdDone,
    UpdReq,
    UpdReqAll,
)
from edgepair_engine.wire.failover_options import OptionValue, ReceivedOptions, read_options, write_option

__all__ = [
    "HEADER_LENGTH",
    "MESSAGE_LENGTH_MAX",
    "MESSAGE_TYPES",
    "BndAck",
    "BndUpd",
    "Connect",
    "ConnectAck",
    "Contact",
    "Disconnect",
    "FailoverMessage",
    "PoolReq",
    "PoolResp",
    "State",
    "UpdDone",
    "UpdReq",
    "UpdReqAll",
    "decode_failover",
    "encode_failover",
]

HEADER_LENGTH = 12
MESSAGE_LENGTH_MAX = 2048  # dhcpd's limit: it closes the connection on a longer one
STARTUP_FLAG = 0x01  # of option 23

MESSAGE_TYPES: Mapping[type[FailoverMessage], MessageType] = {
    PoolReq: MessageType.POOLREQ,
    PoolResp: MessageType.POOLRESP,
    BndUpd: MessageType.BNDUPD,
    BndAck: MessageType.BNDACK,
    Connect: MessageType.CONNECT,
    ConnectAck: MessageType.CONNECTACK,
    UpdReqAll: MessageType.UPDREQALL,
    UpdDone: MessageType.UPDDONE,
    UpdReq: MessageType.UPDREQ,
    State: MessageType.STATE,
    Contact: MessageType.CONTACT,
    Disconnect: MessageType.DISCONNECT,
}

_HEADER = struct.Struct(">HBBII")


def encode_failover(message: FailoverMessage) -> bytes:
    """Return the message as dhcpd would write it.

    Raises:
        BadLength: it would be longer than a partner accepts.
    """
    payload = b"".join([write_option(code, value) for code, value in _options_of(message)])
    length = HEADER_LENGTH + len(payload)
    if length > MESSAGE_LENGTH_MAX:
        raise BadLength(f"a message of {length} bytes; the limit is {MESSAGE_LENGTH_MAX}", offset=0)
    return _HEADER.pack(length, MESSAGE_TYPES[type(message)], HEADER_LENGTH, message.time, message.xid) + payload


def decode_failover(data: bytes) -> FailoverMessage:
    """Return the message that these bytes are, no more and no less.

    Raises:
        WireError: dhcpd would close the connection on them; IgnoredMessage: it would go on without a word.
    """
    if len(data) < HEADER_LENGTH:
        raise Truncated(f"{len(data)} bytes, a header has {HEADER_LENGTH}", offset=len(data))
    length, number, offset, time, xid = _HEADER.unpack_from(data)
    if length != len(data) or length > MESSAGE_LENGTH_MAX:
        raise BadLength(f"length {length} in a message of {len(data)} bytes", offset=0)
    if offset < HEADER_LENGTH:
        raise BadLength(f"payload offset {offset}", offset=3)
    if offset > length:
        raise Truncated(f"payload offset {offset} in a message of {length} bytes", offset=3)
    builder = _BUILDERS.get(number)
    if builder is None:
        fault = UnknownMessage if offset < length else IgnoredMessage
        raise fault(f"message type {number}", offset=2)
    return builder(time, xid, read_options(number, data, offset))


def _options_of(message: FailoverMessage) -> tuple[tuple[int, OptionValue | None], ...]:
    match message:
        case Contact() | PoolReq() | UpdReqAll() | UpdDone() | UpdReq():
            return ()
        case BndUpd():
            return (
                (2, message.address),
                (3, message.state),
                (4, message.client_id),
                (5, message.hardware),
                (13, message.lease_expires_at),
                (18, message.potential_expires_at),
                (25, message.stos),
                (6, message.cltt or None),
                (12, message.ip_flags or None),
            )
        case BndAck():
            return ((2, message.address), (21, message.reject), (16, message.text))
        case State():
            return (24, message.state), (23, STARTUP_FLAG if message.startup else 0), (25, message.stos)
        case Connect() | ConnectAck():
            return _opening_options(message)
        case Disconnect():
            return (21, message.reason), (16, message.text)
        case PoolResp():
            return ((1, message.addresses_transferred),)
        case _:
            assert_never(message)


def _opening_options(message: Connect | ConnectAck) -> tuple[tuple[int, OptionValue | None], ...]:
    shared = (
        (22, message.relationship),
        (14, message.max_unacked),
        (19, message.receive_timer_s),
        (28, message.vendor_class),
        (20, message.protocol_version),
    )
    if isinstance(message, Connect):
        dictated = ((27, message.tls_request), (15, message.mclt_s), (11, message.hba))
        return (*shared, *dictated, (29, message.vendor_options))
    return (*shared, (26, message.tls_reply), (29, message.vendor_options), (21, message.reject), (16, message.text))


def _pool_resp(time: int, xid: int, options: ReceivedOptions) -> PoolResp:
    return PoolResp(time=time, xid=xid, addresses_transferred=options.number(1) or 0)


def _bnd_upd(time: int, xid: int, options: ReceivedOptions) -> BndUpd:
    status = options.number(3)
    state = _BINDING_STATES.get(status)
    return BndUpd(
        time=time,
        xid=xid,
        address=options.number(2),
        state=state,
        client_id=options.raw(4),
        hardware=options.raw(5),
        lease_expires_at=options.number(13),
        potential_expires_at=options.number(18),
        stos=options.number(25),
        cltt=options.number(6) or None,
        ip_flags=options.number(12) or 0,
        unknown_state=status if state is None else None,
    )


def _bnd_ack(time: int, xid: int, options: ReceivedOptions) -> BndAck:
    return BndAck(time=time, xid=xid, address=options.number(2), reject=_reject_of(options), text=options.text(16))


def _connect(time: int, xid: int, options: ReceivedOptions) -> Connect:
    return Connect(
        time=time,
        xid=xid,
        relationship=options.raw(22),
        max_unacked=options.number(14),
        receive_timer_s=options.number(19),
        vendor_class=options.raw(28),
        protocol_version=options.number(20),
        tls_request=options.number(27),
        mclt_s=options.number(15),
        hba=options.raw(11),
        vendor_options=options.raw(29),
    )


def _connect_ack(time: int, xid: int, options: ReceivedOptions) -> ConnectAck:
    return ConnectAck(
        time=time,
        xid=xid,
        relationship=options.raw(22),
        max_unacked=options.number(14),
        receive_timer_s=options.number(19),
        vendor_class=options.raw(28),
        protocol_version=options.number(20),
        tls_reply=options.number(26),
        vendor_options=options.raw(29),
        reject=_reject_of(options),
        text=options.text(16),
    )


def _state(time: int, xid: int, options: ReceivedOptions) -> State:
    flags = options.number(23) or 0
    return State(
        time=time, xid=xid, state=options.number(24), startup=bool(flags & STARTUP_FLAG), stos=options.number(25)
    )


def _disconnect(time: int, xid: int, options: ReceivedOptions) -> Disconnect:
    return Disconnect(time=time, xid=xid, reason=_reject_of(options), text=options.text(16))


def _reject_of(options: ReceivedOptions) -> RejectReason | None:
    number = options.number(21)
    return None if number is None else _REJECT_REASONS.get(number, RejectReason.UNKNOWN)


_BINDING_STATES: Mapping[int | None, BindingState] = {state.value: state for state in BindingState}
_REJECT_REASONS: Mapping[int, RejectReason] = {reason.value: reason for reason in RejectReason}
_BUILDERS: Mapping[int, Callable[[int, int, ReceivedOptions], FailoverMessage]] = {
    MessageType.POOLREQ: lambda time, xid, _: PoolReq(time=time, xid=xid),
    MessageType.POOLRESP: _pool_resp,
    MessageType.BNDUPD: _bnd_upd,
    MessageType.BNDACK: _bnd_ack,
    MessageType.CONNECT: _connect,
    MessageType.CONNECTACK: _connect_ack,
    MessageType.UPDREQALL: lambda time, xid, _: UpdReqAll(time=time, xid=xid),
    MessageType.UPDDONE: lambda time, xid, _: UpdDone(time=time, xid=xid),
    MessageType.UPDREQ: lambda time, xid, _: UpdReq(time=time, xid=xid),
    MessageType.STATE: _state,
    MessageType.CONTACT: lambda time, xid, _: Contact(time=time, xid=xid),
    MessageType.DISCONNECT: _disconnect,
}
