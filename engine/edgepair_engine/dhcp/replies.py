"""From a verdict to the packet that tells it (RFC 2131 4.3.1, table 3)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import assert_never

from edgepair_contract.value import value
from edgepair_engine.dhcp.layout import Layout, lay_out, option_length
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
from edgepair_engine.wire.dhcp4_options import Dhcp4Option, Dhcp4Type, ipv4, u8, u32, write_dhcp4_options

PACKET_SIZE_DEFAULT = 576  # what every client takes, headers included (RFC 2131 2)
PACKET_SIZE_MAX = 1500  # more would be cut into fragments on a LAN
_UDP_LENGTH = 28  # IP and UDP headers
_FIXED_LENGTH = OPTIONS_AT + 1  # and END

WRITTEN_KEPT = 1024  # different sets of options kept as bytes: for each lease time and list of wishes one, 100 kB

Told = Offer | Ack | Inform | BootReply  # a verdict that gives a client options


@value
class Reply:
    """A packet ready to go."""

    data: bytes
    to: Destination


class Replies:
    """Makes the answers under one configuration. Most clients of a subnet are told the same options."""

    def __init__(self) -> None:
        self._written: dict[tuple[object, ...], bytes] = {}

    def to(self, packet: Dhcp4Packet, arrival: Arrival, *, verdict: Answering, scope: Scope, server_id: int) -> Reply:
        """Return the packet that tells this verdict."""
        if isinstance(verdict, Nak):
            return _nak(packet, arrival, verdict=verdict, server_id=server_id)
        echoed, room = _echoed(packet), _room(packet)
        written = self._written_for(packet, verdict, scope, server_id=server_id)
        if len(written) + sum(option_length(value) for _, value in echoed) <= room:
            layout = Layout(tuple(echoed), file=_boot_file(scope.options))
        else:
            must, asked = _must(verdict, server_id), _asked(packet, scope.options)
            layout, written = lay_out(must, asked, echoed, room=room, file=_boot_file(scope.options)), b""
        return _reply(packet, arrival, verdict=verdict, scope=scope, layout=layout, written=written)

    def _written_for(self, packet: Dhcp4Packet, verdict: Told, scope: Scope, *, server_id: int) -> bytes:
        """Return the options of an answer but for what it echoes, as if there were room for all of them."""
        lease_s = verdict.lease_s if isinstance(verdict, Offer | Ack) else 0
        age_s = verdict.age_s if isinstance(verdict, Ack) else 0
        key = (scope.prefix, type(verdict), lease_s, age_s, server_id, packet.parameter_list)
        written = self._written.get(key)
        if written is None:
            if len(self._written) >= WRITTEN_KEPT:
                self._written.clear()
            options = [*_must(verdict, server_id), *_asked(packet, scope.options)]
            written = self._written[key] = write_dhcp4_options(options)
        return written


def _reply(
    packet: Dhcp4Packet, arrival: Arrival, *, verdict: Told, scope: Scope, layout: Layout, written: bytes
) -> Reply:
    yiaddr = 0 if isinstance(verdict, Inform) else verdict.address
    next_server = scope.config.next_server
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
    data = encode_dhcp4(message, written=written)
    return Reply(data, destination_of(packet, arrival, reach=Reach.CLIENT, yiaddr=yiaddr))


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


def _must(verdict: Told, server_id: int) -> list[tuple[int, bytes]]:
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
