"""Clients behind a relay, any number of them through one socket. They remember every ACK, as clients do.

Each request asks for a lease a second longer than the one before: the length of a stored lease then tells which answer
it belongs to, without any clock.
"""

from __future__ import annotations

import random
import select
import socket
import time
from collections.abc import Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address

from edgepair_contract.vocabulary import BindingState
from edgepair_engine.leases.record import LeaseRecord
from edgepair_engine.wire.dhcp4 import decode_dhcp4
from edgepair_engine.wire.dhcp4_options import Dhcp4Option, Dhcp4Type
from tests.interop.netns import inside
from tests.unit.dhcp.packets import Terminal, address

FIRST_LEASE_S = 10_000
AT_ONCE = 32  # exchanges under way
PATIENCE_S = 0.5  # then a client has given up, and another one comes
RENEWALS = 0.4  # which part of the exchanges
ON_THE_WAY_S = 0.05  # for answers that had left when the server ended
BYTES_MAX = 2048
SERVER_PORT = 67


@dataclass(frozen=True, slots=True)
class Promise:
    """What a client was told last: an address, and for how long."""

    address: int
    lease_s: int


@dataclass(slots=True)
class _Exchange:
    mac: bytes
    began_s: float


class Crowd:
    """Clients that come, and renew; `promised` holds the latest ACK to each, by hardware address."""

    def __init__(self, namespace: str, *, relay: str, server: str, chance: random.Random) -> None:
        self.promised: dict[bytes, Promise] = {}
        self.acks = 0
        self.refused: list[bytes] = []
        self._relay, self._server = relay, server
        self._chance = chance
        self._exchanges: dict[int, _Exchange] = {}
        self._numbers = 0
        self._clients = 0
        self._socket = inside(namespace, self._open)

    def live(self, for_s: float) -> None:
        """Ask for so long."""
        until_s = time.monotonic() + for_s
        while (left_s := until_s - time.monotonic()) > 0:
            self._give_up()
            while len(self._exchanges) < AT_ONCE:
                self._begin()
            self._hear(min(left_s, PATIENCE_S))

    def listen(self) -> None:
        """Take what is on its way, and forget what was asked beside it."""
        until_s = time.monotonic() + ON_THE_WAY_S
        while (left_s := until_s - time.monotonic()) > 0:
            self._hear(left_s)
        self._exchanges.clear()

    def confirm(self, within_s: float) -> None:
        """Let every client ask for its own address again, as after a reboot, until each has been answered."""
        former, unasked, asked = dict(self.promised), list(self.promised), set[bytes]()
        until_s = time.monotonic() + within_s
        while unasked or asked:
            assert time.monotonic() < until_s, f"{len(unasked) + len(asked)} clients were not answered: {unasked[:3]}"
            self._give_up()
            while unasked and len(self._exchanges) < AT_ONCE:
                asked.add(unasked[-1])
                self._ask_again(unasked.pop())
            self._hear(PATIENCE_S)
            answered = {mac for mac in asked if self.promised[mac] != former[mac]} | asked.intersection(self.refused)
            unheard = asked - answered - {exchange.mac for exchange in self._exchanges.values()}
            unasked += unheard
            asked -= answered | unheard
        moved = [mac for mac, promise in former.items() if self.promised[mac].address != promise.address]
        assert not moved, f"other addresses than before: {moved[:3]}"

    def lacks(self, stored: Mapping[int, LeaseRecord]) -> list[str]:
        """Return what was promised and is not stored, in words."""
        return lacking(self.promised, stored)

    def close(self) -> None:
        """Close the socket."""
        self._socket.close()

    def _open(self) -> socket.socket:
        opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        opened.bind((self._relay, SERVER_PORT))
        opened.setblocking(False)
        return opened

    def _begin(self) -> None:
        """Let a client ask for its address again, or a new one come."""
        if self.promised and self._chance.random() < RENEWALS:
            mac = self._chance.choice(list(self.promised))
            if all(exchange.mac != mac for exchange in self._exchanges.values()):
                self._ask_again(mac)
                return
        self._clients += 1
        self._send(self._exchange(b"\x02\x00" + self._clients.to_bytes(4, "big")).discovers())

    def _ask_again(self, mac: bytes) -> None:
        speaker = self._exchange(mac)
        wish = {Dhcp4Option.REQUESTED_ADDRESS: self.promised[mac].address.to_bytes(4, "big")}
        self._send(speaker.says(Dhcp4Type.REQUEST, options=wish | _wished_time(speaker)))

    def _exchange(self, mac: bytes) -> Terminal:
        """Begin an exchange and return who speaks in it."""
        self._numbers += 1
        self._exchanges[self._numbers] = _Exchange(mac, time.monotonic())
        return self._speaker(mac, self._numbers)

    def _speaker(self, mac: bytes, number: int) -> Terminal:
        return Terminal(mac=mac, giaddr=self._relay, flags=0, xid=number)

    def _give_up(self) -> None:
        before_s = time.monotonic() - PATIENCE_S
        self._exchanges = {number: each for number, each in self._exchanges.items() if each.began_s > before_s}

    def _hear(self, for_s: float) -> None:
        if not select.select([self._socket], [], [], max(0.0, for_s))[0]:
            return
        while True:
            try:
                data = self._socket.recv(BYTES_MAX)
            except BlockingIOError:
                return
            self._take(data)

    def _take(self, data: bytes) -> None:
        packet = decode_dhcp4(data)
        exchange = self._exchanges.get(packet.xid)
        if exchange is None:
            return
        if packet.message_type == Dhcp4Type.OFFER:
            speaker = self._speaker(exchange.mac, packet.xid)
            wish = {
                Dhcp4Option.REQUESTED_ADDRESS: packet.yiaddr.to_bytes(4, "big"),
                Dhcp4Option.SERVER_ID: address(self._server).to_bytes(4, "big"),
            }
            self._send(speaker.says(Dhcp4Type.REQUEST, options=wish | _wished_time(speaker)))
            return
        del self._exchanges[packet.xid]
        if packet.message_type == Dhcp4Type.ACK:
            assert packet.lease_time_s is not None
            self.acks += 1
            self.promised[exchange.mac] = Promise(packet.yiaddr, packet.lease_time_s)
        else:
            self.refused.append(exchange.mac)

    def _send(self, data: bytes) -> None:
        self._socket.sendto(data, (self._server, SERVER_PORT))


def _wished_time(speaker: Terminal) -> dict[int, bytes]:
    return {Dhcp4Option.LEASE_TIME: (FIRST_LEASE_S + speaker.xid).to_bytes(4, "big")}


def lacking(promised: Mapping[bytes, Promise], stored: Mapping[int, LeaseRecord]) -> list[str]:
    """Return in words what was promised and is not stored, or stored for another client."""
    found = []
    for mac, promise in promised.items():
        record = stored.get(promise.address)
        lease = None if record is None else record.lease
        is_known = (
            lease is not None
            and lease.state is BindingState.ACTIVE
            and lease.hardware == b"\x01" + mac
            and lease.ends_at - lease.starts_at >= promise.lease_s
        )
        if not is_known:
            found.append(f"{_dotted(promise.address)} of {mac.hex(':')} for {promise.lease_s} s; stored is {lease}")
    holders = [promise.address for promise in promised.values()]
    twice = {_dotted(each) for each in holders if holders.count(each) > 1} if len(set(holders)) < len(holders) else ()
    return found + [f"{each} was given to two clients" for each in sorted(twice)]


def _dotted(number: int) -> str:
    return str(IPv4Address(number))
