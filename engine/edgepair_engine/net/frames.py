"""A DHCP answer as an IPv4 packet and as an Ethernet frame: for clients that have no address yet (RFC 2131 4.1)."""

from __future__ import annotations

import struct

BROADCAST_HARDWARE = b"\xff" * 6
SERVER_PORT = 67

_ETHERTYPE_IPV4 = 0x0800
_PROTOCOL_UDP = 17
_TTL = 64
_DONT_FRAGMENT = 0x4000  # with it the identification may be 0 (RFC 6864)


def udp_packet(payload: bytes, *, source: int, destination: int, port: int) -> bytes:
    """Return the IPv4 packet that carries `payload` from our port 67 to `destination`:`port`, checksums filled in."""
    udp_length = 8 + len(payload)
    pseudo = struct.pack("!IIBBH", source, destination, 0, _PROTOCOL_UDP, udp_length)
    udp = struct.pack("!HHHH", SERVER_PORT, port, udp_length, 0)
    # 0 says "no checksum": a sum of 0 goes as its other spelling (RFC 768)
    udp_sum = checksum(pseudo + udp + payload) or 0xFFFF
    header = _header(20 + udp_length, 0, source, destination)
    header = _header(20 + udp_length, checksum(header), source, destination)
    return header + udp[:6] + struct.pack("!H", udp_sum) + payload


def ethernet_frame(packet: bytes, *, source: bytes, destination: bytes) -> bytes:
    """Return the frame that carries an IPv4 packet between two link addresses."""
    assert len(source) == 6, source
    assert len(destination) == 6, destination
    return destination + source + struct.pack("!H", _ETHERTYPE_IPV4) + packet


def checksum(data: bytes) -> int:
    """Return the internet checksum of `data` (RFC 1071)."""
    number = int.from_bytes(data) << 8 * (len(data) % 2)
    # Adding 16-bit words with the carries brought round is counting modulo 0xFFFF; only nothing at all adds up to 0.
    total = number % 0xFFFF or (0xFFFF if number else 0)
    return ~total & 0xFFFF


def _header(length: int, header_sum: int, source: int, destination: int) -> bytes:
    return struct.pack(
        "!BBHHHBBHII", 0x45, 0, length, 0, _DONT_FRAGMENT, _TTL, _PROTOCOL_UDP, header_sum, source, destination
    )
