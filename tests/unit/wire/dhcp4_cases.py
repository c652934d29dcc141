"""DHCP packets as values and as bytes, laid out by hand after RFC 2131 section 2 and RFC 2132."""

from __future__ import annotations

from dataclasses import dataclass

from edgepair_engine.wire.dhcp4 import Dhcp4Message

COOKIE = "63825363"
NAMES = "00" * 192  # sname and file, empty


@dataclass(frozen=True, slots=True)
class Case:
    """One packet, both ways."""

    title: str
    value: Dhcp4Message
    wire: bytes


def packet(*fields: str) -> bytes:
    return bytes.fromhex("".join(fields)).ljust(300, b"\0")


CASES = [
    Case(
        "a DISCOVER by broadcast",
        Dhcp4Message(
            op=1,
            xid=0xAB8A207C,
            secs=3,
            flags=0x8000,
            chaddr=bytes.fromhex("020000000a00"),
            options=((53, b"\1"), (61, bytes.fromhex("01020000000a00")), (55, b"\1\3\x33\x36")),
        ),
        packet(
            "01 01 06 00 ab8a207c 0003 8000 00000000 00000000 00000000 00000000",
            "020000000a00 00000000000000000000",
            NAMES,
            COOKIE,
            "35 01 01  3d 07 01020000000a00  37 04 01033336  ff",
        ),
    ),
    Case(
        "an OFFER through a relay, its option given back",
        Dhcp4Message(
            xid=0xAB8A207C,
            hops=1,
            yiaddr=0x0A4D016F,
            siaddr=0x0A4D0105,
            giaddr=0x0A4D0101,
            chaddr=bytes.fromhex("020000000a00"),
            sname=b"boot",
            file=b"pxe.0",
            options=(
                (53, b"\2"),
                (54, bytes.fromhex("0a4d0103")),
                (51, bytes.fromhex("0000001e")),
                (82, bytes.fromhex("0104706f7274")),
            ),
        ),
        packet(
            "02 01 06 01 ab8a207c 0000 0000 00000000 0a4d016f 0a4d0105 0a4d0101",
            "020000000a00 00000000000000000000",
            "626f6f74" + "00" * 60,
            "7078652e30" + "00" * 123,
            COOKIE,
            "35 01 02  36 04 0a4d0103  33 04 0000001e  52 06 0104706f7274  ff",
        ),
    ),
    Case(
        "a renewing REQUEST, address in ciaddr, a client without Ethernet",
        Dhcp4Message(
            op=1,
            htype=32,
            xid=1,
            ciaddr=0x0A4D016F,
            chaddr=b"",
            options=((53, b"\3"), (61, bytes.fromhex("ff00000001000300010200"))),
        ),
        packet(
            "01 20 00 00 00000001 0000 0000 0a4d016f 00000000 00000000 00000000",
            "00000000000000000000000000000000",
            NAMES,
            COOKIE,
            "35 01 03  3d 0b ff00000001000300010200  ff",
        ),
    ),
    Case(
        "an option of 300 bytes in two parts (RFC 3396)",
        Dhcp4Message(xid=1, chaddr=bytes(6), options=((53, b"\5"), (43, b"v" * 300))),
        packet(
            "02 01 06 00 00000001 0000 0000 00000000 00000000 00000000 00000000",
            "00000000000000000000000000000000",
            NAMES,
            COOKIE,
            "35 01 05",
            "2b ff" + "76" * 255,
            "2b 2d" + "76" * 45,
            "ff",
        ),
    ),
]
TITLES = [case.title for case in CASES]
