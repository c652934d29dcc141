"""What DHCP clients send, and what they read in the answers."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address

from edgepair_engine.dhcp.relay import BROADCAST, Arrival
from edgepair_engine.wire.dhcp4 import (
    BOOTREQUEST,
    BROADCAST_FLAG,
    OPTIONS_AT,
    PACKET_LENGTH_MIN,
    Dhcp4Message,
    decode_dhcp4,
    encode_dhcp4,
)
from edgepair_engine.wire.dhcp4_options import Dhcp4Option, Dhcp4Type

PRIMARYS_MAC = bytes.fromhex("020000000002")  # hashes to 45
SECONDARYS_MAC = bytes.fromhex("020000000001")  # hashes to 133
ASKED = bytes([1, 3, 6, 15])
XID = 0xAB8A207C
COOKIE = b"\x63\x82\x53\x63"


def address(dotted: str) -> int:
    return int(IPv4Address(dotted))


SERVER = address("10.1.0.2")
BY_BROADCAST = Arrival("lan0", SERVER, 0, 68, BROADCAST)
BY_UNICAST = Arrival("lan0", SERVER, address("10.1.0.50"), 68, SERVER)


@dataclass(frozen=True, slots=True, kw_only=True)
class Terminal:
    """A client machine that can write each DHCP message."""

    mac: bytes = PRIMARYS_MAC
    client_id: bytes | None = None
    giaddr: str = "0.0.0.0"
    secs: int = 0
    flags: int = BROADCAST_FLAG
    agent: bytes | None = None
    xid: int = XID

    def says(self, kind: Dhcp4Type, *, ciaddr: str = "0.0.0.0", options: dict[int, bytes] | None = None) -> bytes:
        told: dict[int, bytes] = {Dhcp4Option.MESSAGE_TYPE: bytes([kind]), Dhcp4Option.PARAMETER_LIST: ASKED}
        if self.client_id is not None:
            told[Dhcp4Option.CLIENT_ID] = self.client_id
        told |= options or {}
        if self.agent is not None:
            told[Dhcp4Option.RELAY_AGENT] = self.agent
        message = Dhcp4Message(
            op=BOOTREQUEST,
            xid=self.xid,
            chaddr=self.mac,
            secs=self.secs,
            flags=self.flags,
            ciaddr=address(ciaddr),
            giaddr=address(self.giaddr),
            options=tuple(told.items()),
        )
        return encode_dhcp4(message)

    def boots(self) -> bytes:
        """Plain BOOTP, without DHCP's cookie."""
        asked = Dhcp4Message(
            op=BOOTREQUEST, xid=self.xid, chaddr=self.mac, secs=self.secs, flags=self.flags, options=()
        )
        return encode_dhcp4(asked)[:OPTIONS_AT].removesuffix(COOKIE).ljust(PACKET_LENGTH_MIN, b"\0")

    def discovers(self, wanted: str | None = None) -> bytes:
        return self.says(Dhcp4Type.DISCOVER, options=_requested(wanted))

    def selects(self, wanted: str, server: str = "10.1.0.2") -> bytes:
        options = _requested(wanted) | {Dhcp4Option.SERVER_ID: address(server).to_bytes(4)}
        return self.says(Dhcp4Type.REQUEST, options=options)

    def reboots(self, wanted: str) -> bytes:
        return self.says(Dhcp4Type.REQUEST, options=_requested(wanted))

    def renews(self, held: str) -> bytes:
        return self.says(Dhcp4Type.REQUEST, ciaddr=held)

    def releases(self, held: str) -> bytes:
        return self.says(Dhcp4Type.RELEASE, ciaddr=held)

    def declines(self, held: str) -> bytes:
        return self.says(Dhcp4Type.DECLINE, options=_requested(held))

    def informs(self, held: str) -> bytes:
        return self.says(Dhcp4Type.INFORM, ciaddr=held)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The parts of an answer that a client acts on."""

    kind: str
    yiaddr: str
    server: str
    lease_s: int | None
    options: dict[int, bytes]


def read(data: bytes, *, xid: int = XID) -> Answer:
    packet = decode_dhcp4(data)
    assert packet.xid == xid
    options = dict(packet.options)
    kind = packet.message_type
    server_id = packet.server_id
    assert kind is not None
    assert server_id is not None
    return Answer(
        kind=Dhcp4Type(kind).name,
        yiaddr=str(IPv4Address(packet.yiaddr)),
        server=str(IPv4Address(server_id)),
        lease_s=packet.lease_time_s,
        options=options,
    )


def _requested(wanted: str | None) -> dict[int, bytes]:
    return {} if wanted is None else {Dhcp4Option.REQUESTED_ADDRESS: address(wanted).to_bytes(4)}
