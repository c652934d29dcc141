"""DHCP clients in a simulated life: RFC 2131's machine (4.4), each by its own clock, with what it was promised."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Protocol, assert_never

from edgepair_contract.clock import Now
from edgepair_engine.dhcp.client import Client as Speaker
from edgepair_engine.leases.lease import ClientKey, Lease
from edgepair_engine.wire.dhcp4 import Dhcp4Packet
from edgepair_engine.wire.dhcp4_options import Dhcp4Type
from edgepair_sim.deeds import Act
from edgepair_sim.guises import guises_of
from edgepair_sim.holding import Asker, Holding, Pace, holding_of
from edgepair_sim.lan import Lan
from edgepair_sim.lies import Lie, lie_of
from edgepair_sim.phases import ASKING, PROLONGING, Phase
from edgepair_sim.wording import Wording, bytes_of

FIRST_WAIT_S = 4.0  # RFC 2131 4.1: 4, 8, 16, 32, 64 seconds, each give or take one
LAST_WAIT_S = 64.0
WAIT_JITTER_S = 1.0
REQUESTS_MAX = 4  # then the client begins anew
RENEW_WAIT_MIN_S = 60.0  # between two attempts to renew (4.4.5)
CHOOSING_S = 0.5  # for how long a patient client collects offers
DECLINED_WAIT_S = 10.0  # before a client that declined begins anew (3.1)
BOOT_S = 20.0  # from a boot ROM's lease to the system's first packet
INFORMS = 0.1  # which part of its leases a client follows up with an INFORM
REPEATS_AFTER_S = (0.0, 0.05, 1.0)  # when a packet that is repeated comes again

FORGOTTEN = "it remembers nothing"  # why it gives up what still is promised to it
SYSTEM_STARTS = "its system starts"
UNCONFIRMED = "nobody confirms it"
TOO_LATE = "the answer came when it was over"

_REQUESTED = frozenset({Phase.REQUESTING, Phase.REBOOTING, *PROLONGING})


class Witness(Protocol):
    """Who hears what becomes of a client."""

    def sent(self, client: Client, kind: Dhcp4Type, address: int) -> None:
        """Hear what a client sends; `address` is the one it is about, 0 if none."""

    def lied(self, client: Client, lie: Lie) -> None:
        """Hear that a client sends something that is not true, or nothing that can be read."""

    def promised(self, client: Client, holding: Holding) -> None:
        """Hear that a client has an address, anew or for longer."""

    def refused(self, client: Client, before: Holding | None) -> None:
        """Hear that a client got a NAK, and what it held by its own clock until then."""

    def gave_up(self, client: Client, holding: Holding, why: str) -> None:
        """Hear that a client uses an address no longer."""


class Client:
    """One client machine. `asks_since_s`: since when it has wanted an address and had none.

    `lost_s`: when a packet between it and each server was lost last.
    """

    def __init__(self, number: int, lan: Lan, *, chance: random.Random, witness: Witness, pace: Pace) -> None:
        self.number = number
        self.name = f"c{number}"
        self.mac = bytes([2, 0, 0, 0, number >> 8, number & 0xFF])
        self.relays: tuple[int, ...] = (0,)
        self.relay = 0
        self.phase = Phase.OFF
        self.xid = 0
        self.asks_since_s = 0.0
        self.lost_s: dict[int, float] = {}
        self.guises = guises_of(number, self.mac)
        self.guise = self.guises[0]
        self._lan = lan
        self._timeline = lan.timeline
        self._chance = chance
        self._witness = witness
        self._pace = pace
        self._began_s = 0.0
        self._asked_s = 0.0  # when the first packet of this exchange was sent
        self._offers: list[Dhcp4Packet] = []
        self._offered: tuple[int, int] = (0, 0)  # address, server
        self._attempts = 0
        self._plan = 0  # the number of what is planned; what has an older one is void
        self._latest: Callable[[], None] | None = None  # sends its latest packet again

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
                self._enter(Phase.OFF)
            case Act.REBOOT:
                self._enter(Phase.OFF)
                self._boot()
            case Act.MOVE:
                self._move()
            case Act.DECLINE:
                self._decline()
            case Act.REPEAT:
                self._repeat()
            case Act.LIE:
                self._lie()
            case _:
                assert_never(act)

    def hear(self, packet: Dhcp4Packet) -> None:
        """Take an answer in."""
        if packet.xid != self.xid:
            return
        match packet.message_type:
            case Dhcp4Type.OFFER if self.phase is Phase.SELECTING:
                self._consider(packet)
            case Dhcp4Type.ACK if self.phase in _REQUESTED:
                self._bind(packet)
            case Dhcp4Type.NAK if self.phase in _REQUESTED:
                self._witness.refused(self, self.holding)
                self._begin_anew("refused")
            case _:
                return

    def missed(self, true_s: float, server: int) -> None:
        """Hear that a packet to or from a server was lost."""
        self.lost_s[server] = true_s

    @property
    def now_s(self) -> float:
        """Return true time."""
        return self._timeline.true_s

    @property
    def holding(self) -> Holding | None:
        """Return what it counts on, on or off, as whom it speaks now."""
        return self.guise.holding

    @property
    def chosen_address(self) -> int:
        """Return the address that it takes, while it is REQUESTING."""
        return self._offered[0]

    @property
    def chosen_server(self) -> int:
        """Return whose offer it takes, while it is REQUESTING."""
        return self._offered[1]

    def speaker_of(self, key: ClientKey) -> Speaker:
        """Return as whom this machine speaks under one of its names."""
        return next(guise.speaker for guise in self.guises if guise.key == key)

    def is_bound_by(self, lease: Lease, now: Now) -> bool:
        """Return whether a server that knows this, with these clocks, holds the address for it."""
        return lease.is_held(now) and self.guise.speaker.had(lease)

    # its machine

    def _boot(self) -> None:
        self.guise = self.guises[0]
        self._start_client()

    def _start_client(self) -> None:
        """Begin as whom it speaks now: with the address it had, if it knows of one whose time is not over."""
        holding = self.holding
        if holding is not None and not self.guise.remembers:
            self._give_up(FORGOTTEN)
        elif holding is not None and holding.end_s > self.now_s:
            self._go_on(Phase.REBOOTING)
            return
        self.guise.holding = None
        self._go_on(Phase.SELECTING)

    def _start_system(self) -> None:
        """Hand over from the boot ROM to the system, which knows nothing of the ROM's lease."""
        self._give_up(SYSTEM_STARTS)
        self.guise = self.guises[-1]
        self._start_client()

    def _begin_anew(self, why: str) -> None:
        self._give_up(why)
        self._go_on(Phase.SELECTING)

    def _give_up(self, why: str) -> None:
        holding, self.guise.holding = self.holding, None
        if holding is not None:
            self._witness.gave_up(self, holding, why)

    def _go_on(self, phase: Phase) -> None:
        self._began_s, self._attempts = self.now_s, 0
        self._enter(phase)
        self._ask()

    def _enter(self, phase: Phase) -> None:
        if phase in ASKING and self.phase not in ASKING:
            self.asks_since_s = self.now_s
        self.phase = phase
        self._plan += 1
        self._offers = []
        self._begin_exchange()

    def _begin_exchange(self) -> None:
        self.xid = self._chance.getrandbits(32)
        self._asked_s = self.now_s

    def _ask(self) -> None:
        """Send what this phase sends, and plan what comes when nobody answers."""
        self._attempts += 1
        match self.phase:
            case Phase.SELECTING:
                former = self.guise.former if self.guise.remembers else 0
                self._send(Dhcp4Type.DISCOVER, former)
                self._later(self._backoff_s(), self._ask)
            case Phase.REQUESTING:
                address, server = self._offered
                self._send(Dhcp4Type.REQUEST, address, chosen=server)
                self._ask_again_or(lambda: self._begin_anew("no answer"))
            case Phase.REBOOTING:
                assert self.holding is not None
                self._send(Dhcp4Type.REQUEST, self.holding.address)
                self._ask_again_or(self._unconfirmed)
            case Phase.RENEWING | Phase.REBINDING:
                self._prolong()
            case Phase.OFF | Phase.BOUND | Phase.DECLINED:
                raise AssertionError(self.phase)
            case _:
                assert_never(self.phase)

    def _ask_again_or(self, otherwise: Callable[[], None]) -> None:
        self._later(self._backoff_s(), self._ask if self._attempts < REQUESTS_MAX else otherwise)

    def _consider(self, offer: Dhcp4Packet) -> None:
        """Take an offer, at once or after a while the best of several."""
        self._offers.append(offer)
        if not self.guise.patient:
            self._choose()
        elif len(self._offers) == 1:
            self._later(CHOOSING_S, self._choose)

    def _choose(self) -> None:
        """Take the address it had, else the longest lease, else what came first."""
        best = max(self._offers, key=lambda offer: (offer.yiaddr == self.guise.former, offer.lease_time_s or 0))
        assert best.server_id is not None
        self._offered = best.yiaddr, best.server_id
        self._attempts = 0
        self._enter(Phase.REQUESTING)
        self._ask()

    def _prolong(self) -> None:
        """Ask the server that gave the lease, or everybody, for more of it."""
        assert self.holding is not None
        holding, to_all = self.holding, self.phase is Phase.REBINDING
        self._begin_exchange()
        self._send(Dhcp4Type.REQUEST, holding.address, in_use=True, to=0 if to_all else holding.server)
        end_s = holding.end_s if to_all else holding.rebind_s
        wait_s = max((end_s - self.now_s) / 2, RENEW_WAIT_MIN_S / self._pace.own)
        if self.now_s + wait_s < end_s:
            self._later(wait_s, self._ask)
        elif to_all:
            self._later(end_s - self.now_s, lambda: self._begin_anew("the lease is over"))
        else:
            self._later(max(0.0, end_s - self.now_s), lambda: self._go_on(Phase.REBINDING))

    def _bind(self, packet: Dhcp4Packet) -> None:
        asker = Asker(client=self.number, key=self.guise.key, relay=self.relay, asked_s=self._asked_s, pace=self._pace)
        holding = holding_of(packet, asker)
        if holding.end_s <= self.now_s:  # its time counts from the first request, and the answer took long
            self._begin_anew(TOO_LATE)
            return
        self.guise.holding = holding
        self.guise.former = holding.address
        self._witness.promised(self, holding)
        self._use(holding)

    def _use(self, holding: Holding) -> None:
        self._enter(Phase.BOUND)
        used_s = max(0.0, holding.renew_s - self.now_s)  # an answer can come so late that it is to be renewed at once
        self._later(used_s, lambda: self._go_on(Phase.RENEWING))
        if self.guise is not self.guises[-1]:
            self._later(min(BOOT_S, used_s / 2), self._start_system)
        if self._chance.random() < INFORMS:
            self._later(used_s / 4, self._inform)

    def _unconfirmed(self) -> None:
        """Go on with an address that nobody confirmed, or do without it: RFC 2131 leaves it to the client (3.2)."""
        holding = self.holding
        assert holding is not None
        if not self.guise.patient or holding.end_s <= self.now_s:
            self._begin_anew(UNCONFIRMED)
        elif holding.rebind_s <= self.now_s:
            self._go_on(Phase.REBINDING)
        else:
            self._use(holding)

    # what it does by itself

    def _leave(self) -> None:
        if self.phase is Phase.BOUND or self.phase in PROLONGING:
            assert self.holding is not None
            self._begin_exchange()
            server = self.holding.server
            self._send(Dhcp4Type.RELEASE, self.holding.address, in_use=True, chosen=server, to=server)
            self._give_up("released")
            self._enter(Phase.OFF)

    def _decline(self) -> None:
        if self.phase is Phase.BOUND:
            assert self.holding is not None
            self._begin_exchange()
            self._send(Dhcp4Type.DECLINE, self.holding.address, chosen=self.holding.server)
            self._give_up("declined")
            self._enter(Phase.DECLINED)
            self._later(DECLINED_WAIT_S, lambda: self._go_on(Phase.SELECTING))

    def _move(self) -> None:
        was_on = self.phase is not Phase.OFF
        self._enter(Phase.OFF)
        self.relay = self.relays[(self.relays.index(self.relay) + 1) % len(self.relays)]
        if was_on:
            self._boot()

    def _inform(self) -> None:
        assert self.holding is not None
        self._begin_exchange()
        self._send(Dhcp4Type.INFORM, self.holding.address, in_use=True)

    def _repeat(self) -> None:
        if self._latest is not None:
            for wait_s in REPEATS_AFTER_S:
                self._timeline.after(wait_s, self._latest)

    def _lie(self) -> None:
        """Send something untrue in an exchange of its own: what is answered to it means nothing to this client."""
        held = {guise.former for guise in self.guises}  # what it had by another name it can give back by this one
        held |= {guise.holding.address for guise in self.guises if guise.holding is not None}
        lie = lie_of(self.guise.speaker, self.relay, held=held, chance=self._chance)
        self._witness.lied(self, lie)
        if lie.to:
            self._lan.unicast(self, lie.data, source=lie.source, server=lie.to)
        else:
            self._lan.broadcast(self, lie.data, relay=self.relay)

    # its packets

    def _send(self, kind: Dhcp4Type, address: int, *, in_use: bool = False, chosen: int = 0, to: int = 0) -> None:
        wording = Wording(
            kind=kind,
            xid=self.xid,
            address=address,
            in_use=in_use,
            chosen=chosen,
            to=to,
            secs=int((self.now_s - self._began_s) * self._pace.own),
            wanted_s=self.guise.wanted_s if kind in (Dhcp4Type.DISCOVER, Dhcp4Type.REQUEST) else 0,
        )
        self._witness.sent(self, kind, address)
        data, relay = bytes_of(wording, self.guise.speaker, self.relay), self.relay

        def send() -> None:
            if to:
                self._lan.unicast(self, data, source=address, server=to)
            else:
                self._lan.broadcast(self, data, relay=relay)

        self._latest = send
        send()

    def _backoff_s(self) -> float:
        wait_s = min(LAST_WAIT_S, FIRST_WAIT_S * (1 << min(self._attempts - 1, 8)))
        return (wait_s + self._chance.uniform(-WAIT_JITTER_S, WAIT_JITTER_S)) / self._pace.own

    def _later(self, wait_s: float, do: Callable[[], None]) -> None:
        plan = self._plan

        def due() -> None:
            if self._plan == plan:
                do()

        self._timeline.after(wait_s, due)
