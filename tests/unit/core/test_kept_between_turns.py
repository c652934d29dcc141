"""What an engine keeps from turn to turn, its report and its plan, is what it would make anew, whatever happens."""

from __future__ import annotations

import random
from ipaddress import IPv4Address

import pytest

from edgepair_contract.clock import Now
from edgepair_contract.config import PoolConfig
from edgepair_contract.control import ControlAction
from edgepair_contract.report import GroupReport, MemberReport, PoolReport
from edgepair_engine.core.engine import Engine
from edgepair_engine.core.report import Identity, Reporter
from tests.unit.core.pair import ADDRESSES, START_AT, Pair, group_of
from tests.unit.dhcp.counter import SUBNET
from tests.unit.dhcp.packets import Terminal

STEPS = 120
WIDER = SUBNET.model_copy(update={"pools": (PoolConfig(start=IPv4Address("10.1.0.50"), end=IPv4Address("10.1.0.55")),)})
COUNTS = ("active", "free", "backup", "expired", "released", "abandoned")


class Doubter(Engine):
    """An engine that makes anew, whenever it is asked, what it has kept, and compares."""

    told = 0
    counted_s = 0.0

    def report(self, now: Now) -> MemberReport:
        given = super().report(now)
        fresh = Reporter(Identity(), self._leases, self._partners, now=now).report(self._facts(now), now)
        assert worth_telling(given) == worth_telling(fresh)
        if given.revision != self.told:
            self.told, self.counted_s = given.revision, now.mono_s
        if now.mono_s - self.counted_s >= 60:
            assert all(is_close(*each) for each in zip(pools(given), pools(fresh), strict=True))
        return given

    def next_wakeup(self, now: Now) -> float | None:
        for group in self._config.groups:
            running = self._partners.get(group.name)
            assert running is not None
            assert running.endpoint.next_wakeup(now) == running.endpoint.plan().moment(now)
        return super().next_wakeup(now)


class DoubtedPair(Pair):
    engine = Doubter
    stepped_s = 0

    @property
    def now(self) -> Now:
        return Now(START_AT + int(self.mono_s - 1000.0) + self.stepped_s, self.mono_s)


def worth_telling(report: MemberReport) -> MemberReport:
    groups = tuple(without_counts(group) for group in report.groups)
    return report.model_copy(update={"revision": 0, "started_at": 0, "groups": groups, "subnets": ()})


def without_counts(group: GroupReport) -> GroupReport:
    skew_s = group.clock_skew_s if abs(group.clock_skew_s) >= 5 else 0
    return group.model_copy(update={"pools": (), "last_contact_at": None, "clock_skew_s": skew_s})


def pools(report: MemberReport) -> list[PoolReport]:
    return [*(pool for group in report.groups for pool in group.pools), *report.subnets]


def is_close(given: PoolReport, fresh: PoolReport) -> bool:
    """Return whether no count is another one by 5 % of the pool or more: so much is told after a minute."""
    apart = [abs(getattr(given, name) - getattr(fresh, name)) for name in COUNTS]
    return all(each == 0 or each * 20 < fresh.total for each in apart)


class Life:
    """A pair, and all that can be done to it."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.pair = DoubtedPair()
        self.pair.start(*ADDRESSES)

    def step(self) -> None:
        deeds = [self.waits] * 6 + [self.joins] * 4 + [self.leaves] * 2
        deeds += [self.cuts, self.dies, self.orders, self.configures, self.steps]
        self.chance.choice(deeds)()

    def waits(self) -> None:
        self.pair.advance(self.chance.choice([0.3, 2.5, 7, 21, 70]))

    def joins(self) -> None:
        client = self._client()
        name = self._somebody()
        offer = self.pair.hear(name, client.discovers())
        if offer is not None:
            self.pair.hear(name, client.selects(offer.yiaddr, offer.server))

    def leaves(self) -> None:
        text = f"10.1.0.{self.chance.randint(50, 53)}"
        client = self._client()
        self.pair.hear(self._somebody(), self.chance.choice([client.releases, client.declines])(text))

    def cuts(self) -> None:
        self.chance.choice([self.pair.sever, self.pair.mend, self.pair.mend])()

    def dies(self) -> None:
        name = self._somebody()
        if self.pair.members[name].pipeline is not None and self.chance.random() < 0.5:
            self.pair.kill(name)
        else:
            self.pair.start(*(name for name in ADDRESSES if self.pair.members[name].pipeline is None))

    def orders(self) -> None:
        name = self._somebody()
        if self.pair.members[name].pipeline is not None:
            self.pair.order(name, self.chance.choice([*ControlAction, ControlAction.UNFENCE, ControlAction.RESUME]))

    def configures(self) -> None:
        name = self._somebody()
        group = group_of(name, self.chance.choice([SUBNET, WIDER]))
        changed = {"mclt_s": self.chance.choice([30, 60]), "auto_partner_down_s": self.chance.choice([0, 40])}
        self.pair.configure(name, group.model_copy(update=changed))

    def steps(self) -> None:
        self.pair.stepped_s += self.chance.choice([-20, -4, 4, 20])

    def _somebody(self) -> str:
        return self.chance.choice(list(ADDRESSES))

    def _client(self) -> Terminal:
        return Terminal(mac=bytes([2, 0, 0, 0, 0, self.chance.randint(1, 6)]))


@pytest.mark.parametrize("seed", range(8))
def test_what_is_kept_is_what_would_be_made_anew(seed: int) -> None:
    life = Life(seed)
    for _ in range(STEPS):
        life.step()
