"""No address is promised to two clients at once, whatever servers, link and clients do."""

from __future__ import annotations

import random
from collections.abc import Hashable
from dataclasses import dataclass, field
from ipaddress import IPv4Address

import pytest

from edgepair_contract.config import PoolConfig
from edgepair_contract.control import ControlAction
from edgepair_engine.leases.record import Record
from tests.unit.core.pair import ADDRESSES, Pair, group_of, member_of
from tests.unit.dhcp.counter import SUBNET
from tests.unit.dhcp.packets import Answer, Terminal

STEPS = 150
SMALL = SUBNET.model_copy(
    update={
        "pools": (PoolConfig(start=IPv4Address("10.1.0.50"), end=IPv4Address("10.1.0.55")),),
        "reservations": (),
        "default_lease_s": 300,
    }
)


@dataclass(slots=True)
class Host:
    """A client that keeps to what it was promised, and no longer."""

    terminal: Terminal
    address: str = ""
    until_s: float = 0.0


@dataclass(slots=True)
class Story:
    """One run: a pair, six hosts for six addresses, and what has happened so far."""

    chance: random.Random
    pair: Pair
    hosts: list[Host]
    severed: bool = False
    snapshots: dict[str, dict[Hashable, Record]] = field(default_factory=dict)
    diary: list[str] = field(default_factory=list)

    def step(self) -> None:
        if self.chance.random() < 0.05:
            name = self.chance.choice(list(ADDRESSES))
            self.snapshots[name] = dict(self.pair.members[name].disk)
        deed = self.chance.choice(
            [self.joins] * 6 + [self.renews] * 6 + [self.leaves] * 2 + [self.waits] * 5 + [self.breaks]
        )
        deed()

    def joins(self) -> None:
        host = self.chance.choice(self.hosts)
        offers = [offer for name in self._alive() if (offer := self.pair.hear(name, host.terminal.discovers()))]
        if not offers:
            return
        offer = self.chance.choice(offers)
        for name in self._alive():
            self._heard(host, self.pair.hear(name, host.terminal.selects(offer.yiaddr, offer.server)), "selects")

    def renews(self) -> None:
        host = self.chance.choice(self.hosts)
        if self._holds(host):
            for name in self.chance.sample(self._alive(), self.chance.randint(0, len(self._alive()))):
                self._heard(host, self.pair.hear(name, host.terminal.renews(host.address)), "renews")

    def leaves(self) -> None:
        host = self.chance.choice(self.hosts)
        if self._holds(host) and self._alive():
            self.pair.hear(self.chance.choice(self._alive()), host.terminal.releases(host.address))
            self._write(f"{host.terminal.mac.hex()} releases {host.address}")
            host.address = ""

    def waits(self) -> None:
        self.pair.advance(self.chance.choice([1, 5, 20, 61, 130]))

    def breaks(self) -> None:
        dead = [name for name in ADDRESSES if name not in self._alive()]
        if dead:
            self._ends_a_death(dead[0])
        elif self.severed:
            self.pair.mend()
            self.severed = False
            self._write("the network is mended")
        elif self.chance.random() < 0.5:
            self.pair.sever()
            self.severed = True
            self._write("the network is cut")
        else:
            victim = self.chance.choice(list(ADDRESSES))
            self.pair.kill(victim)
            self._write(f"{victim} is killed")

    def _ends_a_death(self, dead: str) -> None:
        if self.chance.random() < 0.2:
            self.pair.members[dead].disk = self.snapshots[dead]
            self._write(f"the disk of {dead} is put back from a snapshot")
        survivor = next(iter(self._alive()))
        if self.chance.random() < 0.4:
            answer = self.pair.order(survivor, ControlAction.PARTNER_DOWN)
            self._write(f"{survivor} is told that its partner is down: {answer}")
            return
        self.pair.start(dead)
        self._write(f"{dead} starts")

    def _heard(self, host: Host, answer: Answer | None, deed: str) -> None:
        if answer is None:
            return
        if answer.kind == "NAK":
            host.address = ""
            return
        assert answer.lease_s is not None
        self._write(f"{host.terminal.mac.hex()} {deed} {answer.yiaddr} at {answer.server} for {answer.lease_s}")
        others = [other for other in self.hosts if other is not host and self._holds(other)]
        assert answer.yiaddr not in {other.address for other in others}, "\n".join(self.diary[-60:])
        host.address, host.until_s = answer.yiaddr, self.pair.mono_s + answer.lease_s

    def _holds(self, host: Host) -> bool:
        return host.address != "" and host.until_s > self.pair.mono_s

    def _alive(self) -> list[str]:
        return [name for name, member in self.pair.members.items() if member.pipeline is not None]

    def _write(self, line: str) -> None:
        states = [
            f"{name}: {member.group.my_state.label}"
            for name, member in self.pair.members.items()
            if member.pipeline is not None
        ]
        self.diary.append(f"{self.pair.mono_s:8.1f} {line}   ({', '.join(states)})")


@pytest.mark.parametrize("seed", range(12))
def test_no_address_is_promised_to_two_clients_at_once(seed: int) -> None:
    pair = Pair({name: member_of(name, group_of(name, SMALL)) for name in ADDRESSES})
    hosts = [Host(Terminal(mac=bytes([2, 0, 0, 0, 0, number]))) for number in range(8)]
    story = Story(random.Random(seed), pair, hosts)
    pair.start(*ADDRESSES)
    pair.advance(20)
    story.snapshots = {name: dict(member.disk) for name, member in pair.members.items()}
    for _ in range(STEPS):
        story.step()
