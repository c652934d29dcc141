"""A recorded pair as one of its two servers met it: what came to it, what it said, did and kept.

Everything is read from the files of the capture: messages and DHCP packets with their moments, connections that were
opened and closed, what the laboratory did (events.log), the moves of state (the log) and the lease file.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

from edgepair_contract.vocabulary import Role
from edgepair_engine.wire.dhcp4 import decode_dhcp4
from edgepair_engine.wire.dhcp4_options import Dhcp4Type
from edgepair_engine.wire.failover import FailoverMessage, decode_failover
from edgepair_engine.wire.pcap import TCP, UDP, Ipv4Packet, ipv4_packet, read_frames

CAPTURES = Path(__file__).parents[1] / "data" / "captures"
ADDRESSES = {Role.PRIMARY: "10.77.1.2", Role.SECONDARY: "10.77.1.3"}
EVERYBODY = "255.255.255.255"
FAILOVER_END = ":647"
ANSWERED_WITHIN_S = 0.2  # between a packet and its answer; the laboratory's clients wait for no longer
_FIN, _SYN, _RST, _ACK = 1, 2, 4, 16
_CUT, _RESTORED = "link to secondary cut", "link to secondary restored"
_MOVE = re.compile(r"^(\d+\.\d+) failover peer \S+: I move from (\S+) to (\S+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Spoken:
    """A failover message on a connection, which is named by the end that dialled."""

    at: float
    source: str
    connection: str
    data: bytes

    @property
    def message(self) -> FailoverMessage:
        """Return what it says."""
        return decode_failover(self.data)


@dataclass(frozen=True, slots=True)
class Dialled:
    """An attempt to connect; `up_at` is None when it was refused or never answered."""

    at: float
    connection: str
    up_at: float | None


@dataclass(frozen=True, slots=True)
class Closed:
    """The first FIN or RST of one side on a connection."""

    at: float
    connection: str


@dataclass(frozen=True, slots=True)
class Packet:
    """A DHCP packet from a client to a server, or to all."""

    at: float
    source: str
    destination: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server told a client."""

    at: float
    kind: Dhcp4Type
    client: bytes
    address: str
    lease_s: int | None


@dataclass(frozen=True, slots=True)
class Event:
    """What the laboratory did."""

    at: float
    text: str


class Recording:
    """One capture, seen from the place of one of the two servers."""

    def __init__(self, capture: str, role: Role) -> None:
        (self.folder,) = CAPTURES.glob(f"{capture}-*")
        self.role = role
        self.mine, self.partners = ADDRESSES[role], ADDRESSES[role.partner]

    @cached_property
    def events(self) -> list[Event]:
        """Return the laboratory's log."""
        lines = (line.split(" ", 1) for line in (self.folder / "events.log").read_text().splitlines())
        return [Event(float(at), text) for at, text in lines]

    @property
    def began_at(self) -> float:
        """Return when the capture began."""
        return self._event("capture start")

    @property
    def ended_at(self) -> float:
        """Return when the capture ended; the servers were stopped right after it."""
        return self._event("capture stop")

    @property
    def begins_linked(self) -> bool:
        """Return whether the two were linked and in NORMAL when the capture began."""
        return any(event.text == "both normal" and event.at < self.began_at for event in self.events)

    @property
    def normal_at(self) -> float:
        """Return when the server became NORMAL for the first time."""
        return next(float(at) for at, _, new in self._all_moves if new == "normal")

    @property
    def name_in_events(self) -> str:
        """Return how the laboratory calls this server."""
        return "pri" if self.role is Role.PRIMARY else "sec"

    @cached_property
    def said(self) -> list[Spoken]:
        """Return the messages of the server whose place is taken."""
        return [spoken for spoken in self._messages if spoken.source == self.mine]

    @cached_property
    def heard(self) -> list[Spoken]:
        """Return the partner's messages that reached it: not those sent towards a link that was cut."""
        cut = self._deaf()
        return [each for each in self._messages if each.source == self.partners and not _within(each.at, cut)]

    @cached_property
    def conversation(self) -> list[Spoken]:
        """Return what was said and heard, in its order."""
        return [spoken for spoken in self._messages if spoken in self.said or spoken in self.heard]

    @cached_property
    def dialled(self) -> list[Dialled]:
        """Return the server's own attempts to connect."""
        return list(self._dialled_by(self.mine))

    @cached_property
    def accepted(self) -> list[Dialled]:
        """Return the partner's attempts that this server took."""
        return [each for each in self._dialled_by(self.partners) if each.up_at is not None]

    @cached_property
    def closed(self) -> list[Closed]:
        """Return what this server closed."""
        return list(self._closed_by(self.mine))

    @cached_property
    def closed_by_partner(self) -> list[Closed]:
        """Return what the partner closed."""
        return list(self._closed_by(self.partners))

    @cached_property
    def packets(self) -> list[Packet]:
        """Return the DHCP packets that reached the server: all broadcasts, unless its link was cut, and its own."""
        cut = self._deaf()
        return [
            Packet(packet.at_us / 1e6, packet.source, packet.destination, packet.payload[8:])
            for packet in self._wire
            if _port_to(packet) == 67 and packet.destination in (self.mine, EVERYBODY)
            if not _within(packet.at_us / 1e6, cut)
        ]

    @cached_property
    def answers(self) -> list[Answer]:
        """Return what the server told clients."""
        return [
            answer_of(packet.at_us / 1e6, packet.payload[8:])
            for packet in self._wire
            if _port_to(packet) == 68 and packet.source == self.mine
        ]

    @cached_property
    def moves(self) -> list[tuple[float, str]]:
        """Return when the server moved to which state, by dhcpd's names; starting is no move."""
        found: list[tuple[float, str]] = []
        before = ""
        for at, old, new in self._all_moves:
            if new == "startup":
                before = old
            elif self.began_at <= float(at) <= self.ended_at and (old != "startup" or new != before):
                found.append((float(at), new))
        return found

    def offer_to(self, packet: Packet) -> Answer | None:
        """Return the server's offer that followed a packet at once."""
        client = decode_dhcp4(packet.data).chaddr
        for answer in self.answers:
            soon = 0 <= answer.at - packet.at < ANSWERED_WITHIN_S
            if soon and answer.client == client and answer.kind is Dhcp4Type.OFFER:
                return answer
        return None

    @cached_property
    def _all_moves(self) -> list[tuple[str, str, str]]:
        return _MOVE.findall((self.folder / f"{self.role.value}.log").read_text())

    def _event(self, beginning: str) -> float:
        return next(event.at for event in self.events if event.text.startswith(beginning))

    def _deaf(self) -> list[tuple[float, float]]:
        """Return when nothing came through: the cable that was cut is the secondary's."""
        if self.role is Role.PRIMARY or not any(event.text == _CUT for event in self.events):
            return []
        return [(self._event(_CUT), self._event(_RESTORED))]

    @cached_property
    def _messages(self) -> list[Spoken]:
        lines = (self.folder / "messages.jsonl").read_text().splitlines()
        records: list[dict[str, Any]] = [json.loads(line) for line in lines]
        return [
            Spoken(
                record["abs"],
                record["src"].split(":")[0],
                _dialler(record["src"], record["dst"]),
                bytes.fromhex(record["hex"]),
            )
            for record in records
        ]

    @cached_property
    def _wire(self) -> list[Ipv4Packet]:
        frames = read_frames((self.folder / "capture.pcap").read_bytes())
        return [packet for frame in frames if (packet := ipv4_packet(frame)) is not None]

    @cached_property
    def _flags(self) -> list[tuple[float, str, str, int]]:
        """Return (moment, source, connection, flags) of the TCP segments that open or close one."""
        found = []
        for packet in self._wire:
            if packet.protocol == TCP and packet.payload[13] & (_SYN | _FIN | _RST):
                ports = int.from_bytes(packet.payload[:2]), int.from_bytes(packet.payload[2:4])
                ends = f"{packet.source}:{ports[0]}", f"{packet.destination}:{ports[1]}"
                found.append((packet.at_us / 1e6, packet.source, _dialler(*ends), packet.payload[13]))
        return found

    def _dialled_by(self, address: str) -> Iterator[Dialled]:
        seen = set()
        for at, source, connection, flags in self._flags:
            if source == address and flags & _SYN and not flags & _ACK and connection not in seen:
                seen.add(connection)
                yield Dialled(at, connection, self._up_at(connection))

    def _up_at(self, connection: str) -> float | None:
        ups = [at for at, _, name, flags in self._flags if name == connection and flags & _SYN and flags & _ACK]
        return ups[0] if ups else None

    def _closed_by(self, address: str) -> Iterator[Closed]:
        seen: set[str] = set()
        refused = {each.connection for each in [*self.dialled, *self._dialled_by(self.partners)] if each.up_at is None}
        for at, source, connection, flags in self._flags:
            if flags & (_FIN | _RST) and connection not in seen | refused:
                seen.add(connection)
                if source == address:
                    yield Closed(at, connection)


def answer_of(at: float, data: bytes) -> Answer:
    """Return the parts of a server's packet that count."""
    packet = decode_dhcp4(data)
    kind = packet.message_type
    assert kind is not None
    return Answer(at, Dhcp4Type(kind), packet.chaddr, str(IPv4Address(packet.yiaddr)), packet.lease_time_s)


def _dialler(one: str, other: str) -> str:
    return other if one.endswith(FAILOVER_END) else one


def _port_to(packet: Ipv4Packet) -> int:
    return int.from_bytes(packet.payload[2:4]) if packet.protocol == UDP else 0


def _within(at: float, spans: list[tuple[float, float]]) -> bool:
    return any(start <= at < end for start, end in spans)
