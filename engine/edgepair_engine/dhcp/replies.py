"""From a verdict to the packet that tells it (RFC 2131 4.3.1, table 3)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from edgepair_engine.dhcp.relay import Arrival, Destination, Reach, destination_of
from edgepair_engine.dhcp.scopes import Scope
from edgepair_engine.dhcp.verdict import Ack, Inform, Nak, Offer
from edgepair_engine.wire.dhcp4 import BROADCAST_FLAG, Dhcp4Message, Dhcp4Packet, encode_dhcp4
from edgepair_engine.wire.dhcp4_options import Dhcp4Option, Dhcp4Type, ipv4, u8, u32

PACKET_SIZE_DEFAULT = 576  # what every client takes, headers included (RFC 2131 2)
PACKET_SIZE_MAX = 1500  # more would be cut into fragments on a LAN
_HEADERS_LENGTH = 28 + 240 + 1  # IP and UDP, the fixed part, END

_NOTHING: Mapping[int, bytes] = {}


@dataclass(frozen=True, slots=True)
class Reply:
    """A packet ready to go."""

    data: bytes
    to: Destination


def reply_to(
    packet: Dhcp4Packet, arrival: Arrival, *, verdict: Offer | Ack | Inform | Nak, scope: Scope | None, server_id: int
) -> Reply:
    """Return the packet that tells this verdict. `scope` gives the options; a NAK needs none."""
    if isinstance(verdict, Nak):
        return _nak(packet, arrival, verdict=verdict, server_id=server_id)
    yiaddr = 0 if isinstance(verdict, Inform) else verdict.address
    kind = Dhcp4Type.OFFER if isinstance(verdict, Offer) else Dhcp4Type.ACK
    to = destination_of(packet, arrival, reach=Reach.CLIENT, yiaddr=yiaddr)
    told = _NOTHING if scope is None else scope.options
    must = [*_kind(kind, server_id), *_times(verdict)]
    next_server = scope.config.next_server if scope is not None else None
    message = Dhcp4Message(
        xid=packet.xid,
        chaddr=packet.chaddr,
        htype=packet.htype,
        flags=packet.flags,
        ciaddr=0 if kind is Dhcp4Type.OFFER else packet.ciaddr,
        yiaddr=yiaddr,
        siaddr=0 if next_server is None else int(next_server),
        giaddr=packet.giaddr,
        file=_boot_file(told),
        options=_fitting(packet, must, _asked(packet, told)),
    )
    return Reply(encode_dhcp4(message), to)


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
        options=_fitting(packet, _kind(Dhcp4Type.NAK, server_id), [why]),
    )
    return Reply(encode_dhcp4(message), destination_of(packet, arrival, reach=Reach.EVERYONE, yiaddr=0))


def _kind(kind: Dhcp4Type, server_id: int) -> list[tuple[int, bytes]]:
    return [(Dhcp4Option.MESSAGE_TYPE, u8(kind)), (Dhcp4Option.SERVER_ID, ipv4(server_id))]


def _times(verdict: Offer | Ack | Inform) -> list[tuple[int, bytes]]:
    if isinstance(verdict, Inform):
        return []
    return [
        (Dhcp4Option.LEASE_TIME, u32(verdict.lease_s)),
        (Dhcp4Option.RENEWAL_TIME, u32(verdict.lease_s // 2)),
        (Dhcp4Option.REBINDING_TIME, u32(verdict.lease_s * 7 // 8)),
    ]


def _asked(packet: Dhcp4Packet, told: Mapping[int, bytes]) -> Iterator[tuple[int, bytes]]:
    """Yield what the client asked for in its order; all there is when it asked for nothing particular.

    The mask comes before everything else: it must stand before the routers (RFC 2132 3.3).
    """
    wanted = sorted(dict.fromkeys(packet.parameter_list or told), key=lambda code: code != Dhcp4Option.SUBNET_MASK)
    return ((code, told[code]) for code in wanted if code in told)


def _fitting(
    packet: Dhcp4Packet, must: Sequence[tuple[int, bytes]], may: Iterable[tuple[int, bytes]]
) -> tuple[tuple[int, bytes], ...]:
    """Return what must be told, what else fits the client's limit, and at the end what goes back as it came.

    The client's identifier (RFC 6842) and the relay's option 82 (RFC 3046: whole, last) always go.
    """
    echoed = []
    if packet.client_id is not None:
        echoed.append((int(Dhcp4Option.CLIENT_ID), packet.client_id))
    if packet.relay_agent is not None:
        echoed.append((int(Dhcp4Option.RELAY_AGENT), packet.relay_agent))
    size_max = min(max(packet.message_size_max or 0, PACKET_SIZE_DEFAULT), PACKET_SIZE_MAX)
    room = size_max - _HEADERS_LENGTH - sum(_length(value) for _, value in (*must, *echoed))
    fitting = []
    for code, value in may:
        if _length(value) <= room:
            fitting.append((code, value))
            room -= _length(value)
    return (*must, *fitting, *echoed)


def _length(value: bytes) -> int:
    return len(value) + 2 * max(1, -(-len(value) // 255))  # a code and a length byte for each part of 255


def _boot_file(told: Mapping[int, bytes]) -> bytes:
    # Old boot ROMs read the field, not option 67; a name too long for it goes by the option alone.
    name = told.get(Dhcp4Option.BOOT_FILE, b"")
    return name if len(name) < 128 else b""
