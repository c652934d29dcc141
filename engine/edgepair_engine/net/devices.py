"""What the kernel says of its network devices: which exist, which are up, which addresses they have."""

from __future__ import annotations

import fcntl
import os
import socket
import struct
from ipaddress import IPv4Address

from edgepair_contract.value import value

_SIOCGIFFLAGS = 0x8913
_IFF_UP = 0x1
_IFF_RUNNING = 0x40

_RTM_GETADDR = 22
_RTM_NEWADDR = 20
_NLM_F_REQUEST_DUMP = 0x301
_NLMSG_ERROR = 2
_NLMSG_DONE = 3
_IFA_LOCAL = 2
_ANSWER_BYTES_MAX = 65536  # the kernel's own limit for one part of a dump
_ANSWER_LIMIT_S = 1.0


@value
class Device:
    """A device as it is now."""

    index: int
    up: bool
    carrier: bool
    addresses: frozenset[IPv4Address]


def look_up(name: str, addresses: dict[int, frozenset[IPv4Address]]) -> Device | None:
    """Return the device of this name, None when there is none; `addresses` is what `addresses_by_index` said."""
    try:
        index = socket.if_nametoindex(name)
        flags = _flags(name)
    except OSError:
        return None
    return Device(
        index=index,
        up=bool(flags & _IFF_UP),
        carrier=bool(flags & _IFF_RUNNING),
        addresses=addresses.get(index, frozenset()),
    )


def addresses_by_index() -> dict[int, frozenset[IPv4Address]]:
    """Return the IPv4 addresses of every device (rtnetlink(7), RTM_GETADDR).

    Raises:
        OSError: the kernel does not say.
    """
    found: dict[int, set[IPv4Address]] = {}
    request = struct.pack("=IHHIIBBBBI", 24, _RTM_GETADDR, _NLM_F_REQUEST_DUMP, 1, 0, socket.AF_INET, 0, 0, 0, 0)
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) as netlink:
        netlink.settimeout(_ANSWER_LIMIT_S)
        netlink.send(request)
        while _take_addresses(netlink.recv(_ANSWER_BYTES_MAX), found):
            pass
    return {index: frozenset(addresses) for index, addresses in found.items()}


def _flags(name: str) -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        answer = fcntl.ioctl(any_socket, _SIOCGIFFLAGS, struct.pack("16sH22x", name.encode(), 0))
    flags: int = struct.unpack_from("=H", answer, 16)[0]
    return flags


def _take_addresses(part: bytes, found: dict[int, set[IPv4Address]]) -> bool:
    """Add what one part of the answer says; return whether more parts follow."""
    offset = 0
    while offset + 16 <= len(part):
        length, kind = struct.unpack_from("=IH", part, offset)
        if kind == _NLMSG_DONE:
            return False
        if kind == _NLMSG_ERROR or length < 16:
            raise OSError(os.strerror(-struct.unpack_from("=i", part, offset + 16)[0]))
        if kind == _RTM_NEWADDR:
            _take_address(part[offset + 16 : offset + length], found)
        offset += (length + 3) & ~3
    return True


def _take_address(message: bytes, found: dict[int, set[IPv4Address]]) -> None:
    index: int = struct.unpack_from("=I", message, 4)[0]
    offset = 8
    while offset + 4 <= len(message):
        length, kind = struct.unpack_from("=HH", message, offset)
        if kind == _IFA_LOCAL:
            found.setdefault(index, set()).add(IPv4Address(message[offset + 4 : offset + 8]))
        offset += max(4, (length + 3) & ~3)
