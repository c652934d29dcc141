"""Capture files built by hand: what a frame, a packet and a segment are made of."""

from __future__ import annotations

import struct

MICROSECONDS = 0xA1B2C3D4
NANOSECONDS = 0xA1B23C4D
SYN = 0x02
ACK = 0x10


def a_pcap(*frames: bytes, order: str = "<", magic: int = MICROSECONDS, link_type: int = 1) -> bytes:
    """A file whose frames come one second apart from second 100 on, at 7 ticks past it."""
    head = struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, 262144, link_type)
    rows = [struct.pack(order + "IIII", 100 + n, 7, len(frame), len(frame)) + frame for n, frame in enumerate(frames)]
    return head + b"".join(rows)


def ethernet(packet: bytes, *, ethertype: int = 0x0800) -> bytes:
    return bytes(12) + ethertype.to_bytes(2) + packet


def an_ipv4(payload: bytes, *, protocol: int = 6, fragment: int = 0) -> bytes:
    """A packet from 10.0.0.1 to 10.0.0.2, followed by two bytes of Ethernet padding."""
    head = struct.pack(">BBHHHBBH", 0x45, 0, 20 + len(payload), 1, fragment, 64, protocol, 0)
    return head + bytes([10, 0, 0, 1]) + bytes([10, 0, 0, 2]) + payload + b"\0\0"


def a_tcp(data: bytes, *, sequence: int, flags: int = ACK, ports: tuple[int, int] = (5000, 647)) -> bytes:
    return struct.pack(">HHIIBBHHH", *ports, sequence, 0, 0x50, flags, 1024, 0, 0) + data
