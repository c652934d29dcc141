"""From a verdict to the packet that tells it (RFC 2131 4.3.1, table 3)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import assert_never

from edgepair_contract.value import value
from edgepair_engine.dhcp.layout import lay_out
from edgepair_engine.dhcp.relay import Arrival, Destination, Reach, destination_of
from edgepair_engine.dhcp.scopes import Scope
from edgepair_engine.dhcp.verdict import Ack, Answering, BootReply, Inform, Nak, Offer
from edgepair_engine.failover.serving import INFINITE_S
from edgepair_engine.wire.dhcp4 import (
    BROADCAST_FLAG,
    OPTIONS_AT,
    PACKET_LENGTH_MIN,
    Dhcp4Message,
    Dhcp4Packet,
    encode_dhcp4,
)
from edgepair_engine.wire.dhcp4_options import Dhcp4Option, Dhcp4Type, ipv4, u8, u32

PACKET_SIZE_DEFAULT = 576  # what every client takes, headers included (RFC 2131 2)
PACKET_SIZE_MAX = 1500  # more would be cut into fragments on a LAN
_UDP_LENGTH = 28  # IP and UDP headers
_FIXED_LENGTH = OPTIONS_AT + 1  # and END

_NOTHING: Mapping[int, bytes] = {}


@value
class Reply:
    """A packet ready to go."""

    data: bytes
    to: Destination


def reply_to(
    packet: Dhcp4Packet, arrival: Arrival, *, verdict: Answering, scope: Scope | None, server_id: int
) -> Reply:
    """Return the packet that tells this verdict. `scope` gives the options; a NAK needs none."""
    if isinstance(verdict, Nak):
        return _nak(packet, arrival, verdict=verdict, server_id=server_id)
    yiaddr = 0 if isinstance(verdict, Inform) else verdict.address
    told = _NOTHING if scope is None else scope.options
    next_server = scope.config.next_server if scope is not None else None
    layout = lay_out(
        _must(verdict, server_id),
        _asked(packet, told),
        _echoed(packet),
        room=_room(packet),
        file=_boot_file(told),
    )
    message = Dhcp4Message(
        xid=packet.xid,
        chaddr=packet.chaddr,
        htype=packet.htype,
        flags=packet.flags,
        ciaddr=0 if isinstance(verdict, Offer) else packet.ciaddr,
        yiaddr=yiaddr,
        siaddr=0 if next_server is None else int(next_server),
        giaddr=packet.giaddr,
        sname=layout.sname,
        file=layout.file,
        options=layout.options,
    )
    return Reply(encode_dhcp4(message), destination_of(packet, arrival, reach=Reach.CLIENT, yiaddr=yiaddr))


def _nak(packet: Dhcp4Packet, arrival: Arrival, *, verdict: Nak, server_id: int) -> Reply:
    # A relay learns by the flag that it must broadcast, for the client's address is no good (RFC 2131 4.3.2).
    flags = packet.flags | BROADCAST_FLAG if packet.giaddr else packet.flags
    why = (int(Dhcp4Option.MESSAGE), verdict.why.value.encode())
    message = Dhcp4Message(
        xid=packet.xid,
        chaddr=packet.chaddr,
        htype=packet.htype,
        flags=flags,
        giaddr=packet.giaddr,
        options=(*_kind(Dhcp4Type.NAK, server_id), why, *_echoed(packet)),
    )
    return Reply(encode_dhcp4(message), destination_of(packet, arrival, reach=Reach.EVERYONE, yiaddr=0))


def _must(verdict: Offer | Ack | Inform | BootReply, server_id: int) -> list[tuple[int, bytes]]:
    match verdict:
        case Offer():
            return [*_kind(Dhcp4Type.OFFER, server_id), *_times(verdict.lease_s)]
        case Ack():
            return [*_kind(Dhcp4Type.ACK, server_id), *_times(verdict.lease_s, verdict.age_s)]
        case Inform():
            return _kind(Dhcp4Type.ACK, server_id)
        case BootReply():
            return []  # BOOTP knows no kinds and no times
        case _:
            assert_never(verdict)


def _kind(kind: Dhcp4Type, server_id: int) -> list[tuple[int, bytes]]:
    return [(Dhcp4Option.MESSAGE_TYPE, u8(kind)), (Dhcp4Option.SERVER_ID, ipv4(server_id))]


def _times(lease_s: int, age_s: int = 0) -> list[tuple[int, bytes]]:
    """Return the lease time, T1 and T2; a lease without end is never renewed (RFC 2131 3.3).

    A lease that is told again is renewed at half of its whole time, not of the rest: for then the partner knows of it.
    """
    renew_s, rebind_s = (lease_s + age_s) // 2 - age_s, (lease_s + age_s) * 7 // 8 - age_s
    if renew_s <= 0:
        renew_s, rebind_s = lease_s // 2, lease_s * 7 // 8
    if lease_s == INFINITE_S:
        renew_s = rebind_s = lease_s
    return [
        (Dhcp4Option.LEASE_TIME, u32(lease_s)),
        (Dhcp4Option.RENEWAL_TIME, u32(renew_s)),
        (Dhcp4Option.REBINDING_TIME, u32(rebind_s)),
    ]


def _asked(packet: Dhcp4Packet, told: Mapping[int, bytes]) -> Iterator[tuple[int, bytes]]:
    """Yield what the client asked for in its order; all there is when it asked for nothing particular.

    The mask comes before everything else: it must stand before the routers (RFC 2132 3.3).
    """
    wanted = sorted(dict.fromkeys(packet.parameter_list or told), key=lambda code: code != Dhcp4Option.SUBNET_MASK)
    return ((code, told[code]) for code in wanted if code in told)


def _echoed(packet: Dhcp4Packet) -> list[tuple[int, bytes]]:
    """Return what goes back as it came: identifier (RFC 6842), subnet (RFC 3011), last option 82 (RFC 3046)."""
    codes = (Dhcp4Option.CLIENT_ID, Dhcp4Option.SUBNET_SELECTION, Dhcp4Option.RELAY_AGENT)
    return [(int(code), packet.options[code]) for code in codes if packet.options.get(code)]


def _room(packet: Dhcp4Packet) -> int:
    """Return how many bytes of options the client takes."""
    if packet.message_type is None:  # BOOTP: as long as its own packet
        size_max = max(len(packet.data), PACKET_LENGTH_MIN) + _UDP_LENGTH
    else:
        size_max = max(packet.message_size_max or 0, PACKET_SIZE_DEFAULT)
    return min(size_max, PACKET_SIZE_MAX) - _UDP_LENGTH - _FIXED_LENGTH


def _boot_file(told: Mapping[int, bytes]) -> bytes:
    # Old boot ROMs read the field, not option 67; a name too long for it goes by the option alone.
    name = told.get(Dhcp4Option.BOOT_FILE, b"")
    return name if len(name) < 128 else b""
