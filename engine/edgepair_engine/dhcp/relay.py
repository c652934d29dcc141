"""Where a packet came in, and where its answer must go (RFC 2131 4.1, RFC 1542)."""

from __future__ import annotations

from enum import Enum

from edgepair_contract.value import value
from edgepair_engine.wire.dhcp4 import Dhcp4Packet

SERVER_PORT = 67
CLIENT_PORT = 68
BROADCAST = 0xFFFFFFFF
ETHERNET_LENGTH = 6  # of a link address; a client with another kind is reached by broadcast only
BROADCAST_HARDWARE = b"\xff\xff\xff\xff\xff\xff"


@value
class Arrival:
    """How a DHCP packet reached this server. Addresses are 32-bit numbers.

    `interface` is the configured name (lan0, lan0.10); `local` that interface's address, which the answer leaves from.
    """

    interface: str
    local: int
    source: int
    source_port: int
    destination: int


@value
class Destination:
    """Where an answer goes: by UDP to `address`:`port`, or, with `hardware`, in a frame to that link address.

    `hardware` ff:ff:ff:ff:ff:ff is a broadcast on the wire. `local` is the address it leaves from.
    """

    interface: str
    local: int
    address: int
    port: int
    hardware: bytes | None = None


class Reach(Enum):
    """How an answer may reach its client."""

    CLIENT = "client"  # the client can be addressed, at the latest by what the answer gives it
    EVERYONE = "everyone"  # NAK: the client's address is wrong, so only a broadcast is sure to arrive


def destination_of(packet: Dhcp4Packet, arrival: Arrival, *, reach: Reach, yiaddr: int) -> Destination:
    """Return where the answer to a packet goes: to its relay, to the address it uses, or on to its own wire."""
    here = arrival.interface, arrival.local
    if packet.giaddr:
        return Destination(*here, packet.giaddr, SERVER_PORT)
    if reach is Reach.EVERYONE:
        return Destination(*here, BROADCAST, CLIENT_PORT, BROADCAST_HARDWARE)
    if packet.ciaddr:
        return Destination(*here, packet.ciaddr, CLIENT_PORT)
    if packet.wants_broadcast or not yiaddr or len(packet.chaddr) != ETHERNET_LENGTH:
        return Destination(*here, BROADCAST, CLIENT_PORT, BROADCAST_HARDWARE)
    return Destination(*here, yiaddr, CLIENT_PORT, packet.chaddr)
