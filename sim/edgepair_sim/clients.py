"""DHCP clients in a simulated life: RFC 2131's machine (4.4), each by its own clock, with what it was promised."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from edgepair_engine.wire.dhcp4 import BOOTREQUEST, BROADCAST_FLAG, Dhcp4Message, Dhcp4Packet, encode_dhcp4
from edgepair_engine.wire.dhcp4_options import Dhcp4Option, Dhcp4Type, ipv4
from edgepair_sim.deeds import Act
from edgepair_sim.lan import Lan
from edgepair_sim.timeline import Timeline

FIRST_WAIT_S = 4.0  # RFC 2131 4.1: 4, 8, 16, 32, 64 seconds, each give or take one
LAST_WAIT_S = 64.0
REQUESTS_MAX = 4  # then the client begins anew
RENEW_WAIT_MIN_S = 60.0  # between two attempts to renew (4.4.5)


class Phase(Enum):
    """Where in RFC 2131's machine a client is."""

    OFF = "off"
    SELECTING = "selecting"
    REQUESTING = "requesting"
    REBOOTING = "rebooting"
    BOUND = "bound"
    RENEWING = "renewing"
    REBINDING = "rebinding"


@dataclass(frozen=True, slots=True)
class Holding:
    """What a client was promised: an address, by which server, from the moment it asked to the end. True seconds."""

    client: int
    address: int
    server: int
    relay: int
    asked_s: float
    until_s: float
    lease_s: int


class Witness(Protocol):
    """Who hears what becomes of a client."""

    def sent(self, client: Client, kind: Dhcp4Type, address: int) -> None:
        """Hear what a client sends; `address` is the one it is about, 0 if none."""

    def promised(self, client: Client, holding: Holding) -> None:
        """Hear that a client has an address, anew or for longer."""

    def refused(self, client: Client, before: Holding | None) -> None:
        """Hear that a client got a NAK, and what it held by its own clock until then."""

    def gave_up(self, client: Client, holding: Holding, why: str) -> None:
        """Hear that a client uses an address no longer."""


class Client:
    """One client machine."""

    def __init__(self, number: int, timeline: Timeline, lan: Lan, *, chance: random.Random, witness: Witness) -> None:
        self.number = number
        self.name = f"c{number}"
        self.mac = bytes([2, 0, 0, 0, number >> 8, number & 0xFF])
        self.relays: tuple[int, ...] = (0,)
        self.relay = 0
        self.phase = Phase.OFF
        self.holding: Holding | None = None
        self.missed_s = -1.0  # when a packet to or from it was lost last
        self._timeline = timeline
        self._lan = lan
        self._chance = chance
        self._witness = witness
        self._xid = 0
        self._began_s = 0.0
        self._asked_s = 0.0
        self._offered: tuple[int, int] = (0, 0)  # address, server
        self._attempts = 0
        self._plan = 0  # the number of what is planned; what has an older one is void

    # what happens to it

    def does(self, act: Act) -> None:
        """Do something by itself."""
        match act:
            case Act.JOIN:
                if self.phase is Phase.OFF:
                    self._boot()
            case Act.LEAVE:
                self._leave()
            case Act.VANISH:
                self._off()
            case Act.REBOOT:
                self._off()
                self._boot()
            case Act.MOVE:
                self._move()
            case Act.DECLINE:
                self._decline()
            case Act.REPEAT | Act.LIE:
                return

    def hear(self, packet: Dhcp4Packet) -> None:
        """Take an answer in."""
        if packet.xid != self._xid:
            return
        match packet.message_type:
            case Dhcp4Type.OFFER if self.phase is Phase.SELECTING:
                assert packet.server_id is not None
                self._offered = packet.yiaddr, packet.server_id
                self._attempts = 0
                self._enter(Phase.REQUESTING)
                self._ask()
            case Dhcp4Type.ACK if self.phase not in (Phase.OFF, Phase.SELECTING, Phase.BOUND):
                self._bind(packet)
            case Dhcp4Type.NAK if self.phase not in (Phase.OFF, Phase.SELECTING, Phase.BOUND):
                self._refused()
            case _:
                return

    def missed(self, true_s: float) -> None:
        """Hear that a packet to or from it was lost."""
        self.missed_s = true_s

    @property
    def now_s(self) -> float:
        """Return true time."""
        return self._timeline.true_s

    # its machine

    def _boot(self) -> None:
        self._began_s, self._attempts = self.now_s, 0
        if self.holding is not None and self.holding.until_s > self.now_s:
            self._enter(Phase.REBOOTING)
        else:
            self.holding = None
            self._enter(Phase.SELECTING)
        self._ask()

    def _begin_anew(self, why: str) -> None:
        if self.holding is not None:
            self._witness.gave_up(self, self.holding, why)
        self.holding = None
        self._began_s, self._attempts = self.now_s, 0
        self._enter(Phase.SELECTING)
        self._ask()

    def _enter(self, phase: Phase) -> None:
        self.phase = phase
        self._plan += 1
        if phase is not Phase.BOUND:
            self._xid = self._chance.getrandbits(32)

    def _ask(self) -> None:
        """Send what this phase sends, and plan what comes when nobody answers."""
        self._attempts += 1
        self._asked_s = self.now_s
        match self.phase:
            case Phase.SELECTING:
                self._send(Dhcp4Type.DISCOVER, 0)
                self._later(self._backoff_s(), self._ask)
            case Phase.REQUESTING:
                address, server = self._offered
                options: dict[int, bytes] = {Dhcp4Option.SERVER_ID: ipv4(server)}
                self._send(Dhcp4Type.REQUEST, address, options=options)
                again = self._ask if self._attempts < REQUESTS_MAX else lambda: self._begin_anew("no answer")
                self._later(self._backoff_s(), again)
            case Phase.REBOOTING:
                assert self.holding is not None
                self._send(Dhcp4Type.REQUEST, self.holding.address)
                again = self._ask if self._attempts < REQUESTS_MAX else lambda: self._begin_anew("no answer")
                self._later(self._backoff_s(), again)
            case Phase.RENEWING | Phase.REBINDING:
                self._prolong()
            case Phase.OFF | Phase.BOUND:
                raise AssertionError(self.phase)

    def _prolong(self) -> None:
        """Ask the server that gave the lease, or everybody, for more of it."""
        assert self.holding is not None
        holding, to_all = self.holding, self.phase is Phase.REBINDING
        self._send(Dhcp4Type.REQUEST, holding.address, in_use=True, server=0 if to_all else holding.server)
        until_s = holding.until_s if to_all else holding.asked_s + holding.lease_s * 0.875
        wait_s = max((until_s - self.now_s) / 2, RENEW_WAIT_MIN_S)
        if self.now_s + wait_s < until_s:
            self._later(wait_s, self._ask)
        elif to_all:
            self._later(until_s - self.now_s, lambda: self._begin_anew("the lease is over"))
        else:
            self._later(until_s - self.now_s, lambda: self._go_on(Phase.REBINDING))

    def _go_on(self, phase: Phase) -> None:
        self._began_s, self._attempts = self.now_s, 0
        self._enter(phase)
        self._ask()

    def _bind(self, packet: Dhcp4Packet) -> None:
        lease_s = packet.lease_time_s
        assert lease_s is not None
        assert packet.server_id is not None
        self.holding = Holding(
            client=self.number,
            address=packet.yiaddr,
            server=packet.server_id,
            relay=self.relay,
            asked_s=self._asked_s,
            until_s=self._asked_s + lease_s,
            lease_s=lease_s,
        )
        self._enter(Phase.BOUND)
        self._witness.promised(self, self.holding)
        renew_s = self._asked_s + lease_s / 2
        self._later(max(0.0, renew_s - self.now_s), lambda: self._go_on(Phase.RENEWING))

    def _refused(self) -> None:
        before = self.holding
        self._witness.refused(self, before)
        self._begin_anew("refused")

    def _leave(self) -> None:
        if self.phase in (Phase.BOUND, Phase.RENEWING, Phase.REBINDING):
            assert self.holding is not None
            self._enter(Phase.RENEWING)  # a transaction of its own
            self._send(Dhcp4Type.RELEASE, self.holding.address, in_use=True, server=self.holding.server)
            self._witness.gave_up(self, self.holding, "released")
            self.holding = None
            self._off()

    def _decline(self) -> None:
        if self.phase is Phase.BOUND:
            assert self.holding is not None
            self._enter(Phase.REQUESTING)
            options: dict[int, bytes] = {Dhcp4Option.SERVER_ID: ipv4(self.holding.server)}
            self._send(Dhcp4Type.DECLINE, self.holding.address, options=options)
            self._begin_anew("declined")

    def _move(self) -> None:
        was_on = self.phase is not Phase.OFF
        self._off()
        self.relay = self.relays[(self.relays.index(self.relay) + 1) % len(self.relays)]
        if was_on:
            self._boot()

    def _off(self) -> None:
        self._enter(Phase.OFF)

    # its packets

    def _send(
        self,
        kind: Dhcp4Type,
        address: int,
        *,
        options: Mapping[int, bytes] | None = None,
        in_use: bool = False,
        server: int = 0,
    ) -> None:
        told: dict[int, bytes] = {Dhcp4Option.MESSAGE_TYPE: bytes([kind])}
        if address and not in_use:
            told[Dhcp4Option.REQUESTED_ADDRESS] = ipv4(address)
        message = Dhcp4Message(
            op=BOOTREQUEST,
            xid=self._xid,
            chaddr=self.mac,
            secs=min(0xFFFF, int(self.now_s - self._began_s)),
            flags=BROADCAST_FLAG,
            ciaddr=address if in_use else 0,
            giaddr=0 if server else self.relay,
            options=tuple({**told, **(options or {})}.items()),
        )
        self._witness.sent(self, kind, address)
        if server:
            self._lan.unicast(self, encode_dhcp4(message), source=address, server=server)
        else:
            self._lan.broadcast(self, encode_dhcp4(message), relay=self.relay)

    def _backoff_s(self) -> float:
        wait_s = min(LAST_WAIT_S, FIRST_WAIT_S * (1 << self._attempts - 1))
        return wait_s + self._chance.uniform(-1, 1)

    def _later(self, wait_s: float, do: Callable[[], None]) -> None:
        plan = self._plan

        def due() -> None:
            if self._plan == plan:
                do()

        self._timeline.after(wait_s, due)
