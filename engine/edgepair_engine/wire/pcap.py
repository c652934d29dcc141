"""Frames of a capture file (classic pcap), and the IPv4 packets in them."""

from __future__ import annotations

import struct
from collections.abc import Iterator

from edgepair_contract.value import value
from edgepair_engine.wire.cursor import Cursor
from edgepair_engine.wire.errors import BadField, Truncated

TCP = 6
UDP = 17

_MICROSECONDS = 0xA1B2C3D4
_NANOSECONDS = 0xA1B23C4D
_PCAPNG = b"\x0a\x0d\x0d\x0a"
_FILE_HEADER_LENGTH = 24
_FRAME_HEADER_LENGTH = 16

_ETHERNET = 1
_LINUX_COOKED = 113
_LINUX_COOKED_2 = 276
_ETHERTYPE_IPV4 = 0x0800
_ETHERTYPE_VLAN = 0x8100
# Where the ethertype stands and where the packet begins, by link type.
_LINK_LAYOUTS = {_ETHERNET: (12, 14), _LINUX_COOKED: (14, 16), _LINUX_COOKED_2: (0, 20)}


@value
class Frame:
    """What was seen on the wire at one moment, in microseconds since the epoch."""

    at_us: int
    link_type: int
    data: bytes


@value
class Ipv4Packet:
    """An unfragmented IPv4 packet: dotted addresses, the protocol's number, what it carries."""

    at_us: int
    source: str
    destination: str
    protocol: int
    payload: bytes


def read_frames(data: bytes) -> Iterator[Frame]:
    """Yield the frames of a capture file in their order.

    Raises:
        BadField: this is no pcap file, or one of a link type that we do not read.
        Truncated: on reaching a frame that is cut off, as when the capturing program was killed.
    """
    order, ticks_per_us = _format_of(data)
    link_type = struct.unpack_from(order + "I", data, 20)[0] & 0xFFFF
    if link_type not in _LINK_LAYOUTS:
        raise BadField(f"link type {link_type}, read are {sorted(_LINK_LAYOUTS)}", offset=20)
    header = struct.Struct(order + "IIII")
    cursor = Cursor(data, _FILE_HEADER_LENGTH)
    while cursor.left:
        second, tick, length, _ = header.unpack(cursor.take(_FRAME_HEADER_LENGTH))
        yield Frame(second * 1_000_000 + tick // ticks_per_us, link_type, cursor.take(length))


def ipv4_packet(frame: Frame) -> Ipv4Packet | None:
    """Return the packet in a frame; None when it holds another protocol, a fragment or less than its headers."""
    type_at, packet_at = _LINK_LAYOUTS[frame.link_type]
    ethertype = int.from_bytes(frame.data[type_at : type_at + 2])
    if ethertype == _ETHERTYPE_VLAN and frame.link_type == _ETHERNET:
        ethertype, packet_at = int.from_bytes(frame.data[16:18]), packet_at + 4
    packet = frame.data[packet_at:]
    if ethertype != _ETHERTYPE_IPV4 or len(packet) < 20:
        return None
    header_length = (packet[0] & 0x0F) * 4
    length = int.from_bytes(packet[2:4])
    more_or_offset = int.from_bytes(packet[6:8]) & 0x3FFF
    if more_or_offset or not 20 <= header_length <= length <= len(packet):
        return None
    source, destination = _dotted(packet[12:16]), _dotted(packet[16:20])
    return Ipv4Packet(frame.at_us, source, destination, packet[9], packet[header_length:length])


def _format_of(data: bytes) -> tuple[str, int]:
    """Return the byte order, as struct spells it, and how many ticks a microsecond has."""
    if data[:4] == _PCAPNG:
        raise BadField("a pcapng file; rewrite it as classic pcap (editcap -F pcap)", offset=0)
    for order in ("<", ">"):
        magic = data[:4]
        if magic == struct.pack(order + "I", _MICROSECONDS):
            ticks_per_us = 1
        elif magic == struct.pack(order + "I", _NANOSECONDS):
            ticks_per_us = 1000
        else:
            continue
        if len(data) < _FILE_HEADER_LENGTH:
            raise Truncated("a pcap header cut off", offset=len(data))
        return order, ticks_per_us
    raise BadField("no pcap file", offset=0)


def _dotted(address: bytes) -> str:
    return ".".join(map(str, address))
