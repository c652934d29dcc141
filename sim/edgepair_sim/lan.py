"""The clients' networks: packets between clients, relays and servers, some of them late, doubled or lost."""

from __future__ import annotations

import random
from ipaddress import IPv4Address
from typing import Protocol

from edgepair_contract.value import value
from edgepair_engine.core.effects import SendDhcp
from edgepair_engine.core.events import DhcpDatagram
from edgepair_engine.dhcp.relay import BROADCAST, CLIENT_PORT, SERVER_PORT, Arrival
from edgepair_engine.wire.dhcp4 import Dhcp4Packet, decode_dhcp4
from edgepair_sim.node import Node
from edgepair_sim.timeline import Timeline


@value
class Losses:
    """Which part of the packets is lost, and which part comes twice."""

    lost: float = 0.02
    doubled: float = 0.01
    delay_s: float = 0.001
    jitter_s: float = 0.004


class Host(Protocol):
    """Whoever has a hardware address on a clients' network."""

    mac: bytes

    def hear(self, packet: Dhcp4Packet) -> None:
        """Take an answer in."""

    def missed(self, true_s: float, server: int) -> None:
        """Hear that a packet between this host and a server was lost."""


class Lan:
    """All clients' networks: the servers' own one, and those behind relays."""

    def __init__(self, timeline: Timeline, chance: random.Random, losses: Losses) -> None:
        self.timeline = timeline
        self._chance = chance
        self._losses = losses
        self._nodes: dict[int, Node] = {}
        self._addresses: dict[str, int] = {}
        self._hosts: dict[bytes, Host] = {}

    def join(self, node: Node) -> None:
        """Connect a server."""
        self._addresses[node.name] = address = int(IPv4Address(node.address))
        self._nodes[address] = node

    def address_of(self, node: Node) -> int:
        """Return the address by which clients know a server."""
        return self._addresses[node.name]

    def plug_in(self, host: Host) -> None:
        """Connect a client."""
        self._hosts[host.mac] = host

    def broadcast(self, host: Host, data: bytes, *, relay: int = 0) -> None:
        """Bring a packet to every server: on their own network, or through a relay."""
        for address in self._nodes:
            arrival = Arrival("lan0", address, relay, SERVER_PORT, address)
            if not relay:
                arrival = Arrival("lan0", address, 0, CLIENT_PORT, BROADCAST)
            self._send(host, address, data, arrival)

    def unicast(self, host: Host, data: bytes, *, source: int, server: int) -> None:
        """Bring a packet to one server; one that no server has is lost."""
        if server in self._nodes:
            self._send(host, server, data, Arrival("lan0", server, source, CLIENT_PORT, server))

    def answer(self, node: Node, output: SendDhcp) -> Dhcp4Packet:
        """Bring a server's answer to its client, and return it."""
        packet = decode_dhcp4(output.data)
        host = self._hosts.get(packet.chaddr)
        if host is not None:
            for delay_s in self._copies(host, node, self._addresses[node.name]):
                self.timeline.after(delay_s, lambda: host.hear(packet))
        return packet

    def _send(self, host: Host, server: int, data: bytes, arrival: Arrival) -> None:
        node = self._nodes[server]
        for delay_s in self._copies(host, node, server):
            self.timeline.after(delay_s, lambda: node.offer(DhcpDatagram(data, arrival)))

    def _copies(self, host: Host, node: Node, server: int) -> list[float]:
        """Return after how long each copy of a packet arrives: none of a lost one."""
        losses, fate = self._losses, self._chance.random()
        if node.unplugged or fate < losses.lost:
            host.missed(self.timeline.true_s, server)
            return []
        count = 2 if fate > 1 - losses.doubled else 1
        return [losses.delay_s + losses.jitter_s * self._chance.random() for _ in range(count)]
