"""Frames as a client's machine sends and reads them: DHCP over UDP, and the ARP that finds it."""

from __future__ import annotations

import struct
from ipaddress import IPv4Address

from edgepair_engine.net.frames import checksum, ethernet_frame

BROADCAST = b"\xff" * 6
ETHERTYPE_ARP = 0x0806
ETHERTYPE_IPV4 = 0x0800
CLIENT_PORT = 68
SERVER_PORT = 67

_PROTOCOL_UDP = 17
_ARP_ETHERNET_IPV4 = struct.pack("!HHBB", 1, ETHERTYPE_IPV4, 6, 4)
_ARP_REQUEST = 1
_ARP_REPLY = 2


def client_frame(payload: bytes, *, hardware: bytes, source: str, to_hardware: bytes, to: str) -> bytes:
    """Return the frame that carries a client's DHCP packet; it has no UDP checksum, as RFC 768 allows."""
    length = 28 + len(payload)
    ends = IPv4Address(source).packed + IPv4Address(to).packed
    header = struct.pack("!BBHHHBBH", 0x45, 0, length, 0, 0, 64, _PROTOCOL_UDP, 0) + ends
    header = header[:10] + struct.pack("!H", checksum(header)) + ends
    udp = struct.pack("!HHHH", CLIENT_PORT, SERVER_PORT, length - 20, 0)
    return ethernet_frame(header + udp + payload, source=hardware, destination=to_hardware)


def dhcp_payload(frame: bytes) -> bytes | None:
    """Return the DHCP packet that a frame brings to a client or a relay, None when it brings none."""
    if len(frame) < 42 or int.from_bytes(frame[12:14]) != ETHERTYPE_IPV4 or frame[23] != _PROTOCOL_UDP:
        return None
    udp_at = 14 + 4 * (frame[14] & 0x0F)
    _source, port, length, _sum = struct.unpack_from("!HHHH", frame, udp_at)
    return frame[udp_at + 8 : udp_at + length] if port in (CLIENT_PORT, SERVER_PORT) else None


def who_is_sought(frame: bytes) -> str | None:
    """Return the address that an ARP request asks for, None when the frame is none."""
    if len(frame) < 42 or int.from_bytes(frame[12:14]) != ETHERTYPE_ARP or frame[21] != _ARP_REQUEST:
        return None
    return str(IPv4Address(frame[38:42]))


def arp_answer(frame: bytes, hardware: bytes) -> bytes:
    """Return the answer to an ARP request: the address it seeks is at `hardware`."""
    asker = frame[22:32]
    head = asker[:6] + hardware + struct.pack("!H", ETHERTYPE_ARP) + _ARP_ETHERNET_IPV4
    return head + struct.pack("!H", _ARP_REPLY) + hardware + frame[38:42] + asker
