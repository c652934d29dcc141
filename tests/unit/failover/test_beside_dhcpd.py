"""Random lives beside a dhcpd: it never hears from us what would end it, as far as we can know, and all ends well."""

from __future__ import annotations

import random
from dataclasses import dataclass, field, replace

import pytest

from edgepair_contract.clock import Now
from edgepair_contract.control import ControlAction, ControlRequest
from edgepair_contract.vocabulary import FailoverState, Role
from edgepair_engine.failover import transitions as t
from edgepair_engine.failover.outcome import Outcome, Send
from edgepair_engine.wire.failover import State
from tests.unit.failover.builders import a_group
from tests.unit.failover.dhcpd import Dhcpd
from tests.unit.failover.pair import Pair, Side

STEPS = 60
SAFE_IN_CONFLICT_DONE = {t.NORMAL, t.PC, t.RI}


class DhcpdSide(Side):
    """A dhcpd and its lease file."""

    def start(self, now: Now) -> None:
        self.endpoint = Dhcpd(self.config, self.stored_state, now)


@dataclass
class Told:
    """A state that we told, what we had recorded of dhcpd then, and what it was in."""

    state: FailoverState
    recorded: FailoverState
    actual: FailoverState | None


@dataclass
class Life:
    """Our server and a dhcpd, or another of ours, and what can happen to them."""

    role: Role
    chance: random.Random
    with_dhcpd: bool = True
    told: list[Told] = field(default_factory=list)
    unknowable: list[Told] = field(default_factory=list)  # the words on which dhcpd gave up

    def __post_init__(self) -> None:
        self.ours = Side(a_group(self.role))
        self.theirs = (DhcpdSide if self.with_dhcpd else Side)(a_group(self.role.partner))
        sides = (self.ours, self.theirs) if self.role is Role.PRIMARY else (self.theirs, self.ours)
        self.pair = WatchedPair(*sides, life=self)

    def run(self, seconds: float) -> None:
        """Let time pass, and start a dhcpd that has given up anew, as a supervisor or a person does."""
        for _ in range(int(seconds)):
            self.pair.run(1)
            if isinstance(self.theirs.endpoint, Dhcpd) and self.theirs.endpoint.gave_up is not None:
                self.bury(self.theirs.endpoint)

    def bury(self, dhcpd: Dhcpd) -> None:
        """Judge why dhcpd gave up: only what we could not know is forgiven."""
        fatal = [told for told in self.told if told.state is dhcpd.gave_up_on][-1]
        assert fatal.recorded is not fatal.actual, (fatal, dhcpd.gave_up)
        self.unknowable.append(fatal)
        self.pair.kill(self.theirs)
        stored = self.theirs.stored_state
        if stored is not None and stored.my_state is t.SHUTDOWN:
            self.theirs.stored_state = replace(stored, my_state=t.RECOVER)
        self.pair.start(self.theirs)

    def disturb(self) -> None:
        """Let one of the things happen that happen to servers and wires."""
        pair, side = self.pair, self.chance.choice([self.ours, self.theirs])
        match self.chance.randrange(11):
            case 0:
                pair.cut()
            case 1 | 2:
                pair.heal()
            case 3:
                pair.cut_after(self.chance.randrange(20))
            case 4 if side.endpoint is not None:
                pair.kill(side)
            case 5 | 6 if side.endpoint is None:
                pair.start(side)
            case 7 if side.endpoint is None and self.store_may_be_lost(side):
                side.stored_state = None
                side.stored_leases = {}
            case 8:
                self.say_partner_down(side)
            case 9 | 10:
                actions = [ControlAction.PAUSE, ControlAction.SHUTDOWN, ControlAction.RESUME, ControlAction.RESUME]
                self.order(self.ours if self.with_dhcpd else side, self.chance.choice(actions))
            case _:
                pass

    def store_may_be_lost(self, side: Side) -> bool:
        """Return whether a store may go: not ours while dhcpd is in Conflict-done, which we would not know then."""
        theirs = self.theirs.stored_state
        return side is self.theirs or theirs is None or theirs.my_state is not t.CD

    def say_partner_down(self, side: Side) -> None:
        """Say so, whether true or not."""
        if isinstance(side.endpoint, Dhcpd):
            self.pair.perform(side, side.endpoint.order_partner_down(self.pair.now()))
        else:
            self.order(side, ControlAction.PARTNER_DOWN)

    def order(self, side: Side, action: ControlAction) -> None:
        """Give a server of ours, if it runs, an order that it may refuse."""
        if side.endpoint is None:
            return
        outcome = side.running.on_control(ControlRequest(action=action), self.pair.now())
        if isinstance(outcome, Outcome):
            self.pair.perform(side, outcome)

    def settle(self) -> None:
        """End all trouble, and let the two find together."""
        self.pair.cut_after(None)
        self.pair.heal()
        for side in (self.ours, self.theirs):
            if side.endpoint is None:
                self.pair.start(side)
            if not isinstance(side.endpoint, Dhcpd):
                self.order(side, ControlAction.RESUME)
        self.run(240)


class WatchedPair(Pair):
    """A pair that looks at each state we tell."""

    def __init__(self, primary: Side, secondary: Side, *, life: Life) -> None:
        super().__init__(primary, secondary)
        self._life = life

    def _send(self, side: Side, action: Send) -> None:
        if isinstance(action.message, State) and not isinstance(side.endpoint, Dhcpd):
            self._look_at(side, action.message)
        super()._send(side, action)

    def _look_at(self, side: Side, message: State) -> None:
        assert message.state is not None
        state = FailoverState.from_wire(message.state)
        assert state is not None
        ours, theirs = side.stored_state, self.other(side).stored_state
        assert ours is not None
        recorded = ours.partner_state
        if recorded is t.CD:
            assert state in SAFE_IN_CONFLICT_DONE, state
        if recorded is t.PC:
            assert state is not t.NORMAL
        if state is t.RW and self._life.with_dhcpd:
            assert recorded not in (t.NORMAL, t.CI)
        self._life.told.append(Told(state, recorded, theirs.my_state if theirs is not None else None))


def lived(life: Life) -> tuple[FailoverState, FailoverState]:
    """Return the states after a life full of trouble and some minutes of peace."""
    life.pair.start()
    life.run(10)
    for _ in range(STEPS):
        life.disturb()
        life.run(life.chance.choice([0, 1, 1, 2, 3, 6, 17]))
    life.settle()
    return life.ours.state, life.theirs.state


@pytest.mark.protocol(99, 100, 159, "Q3", "Q8", "Q17", "Q19", "I6")
@pytest.mark.parametrize("role", Role, ids=lambda role: role.value)
@pytest.mark.parametrize("seed", range(25))
def test_whatever_happens_dhcpd_hears_nothing_that_would_end_it_and_all_ends_in_normal(seed: int, role: Role) -> None:
    assert lived(Life(role, random.Random(seed))) == (t.NORMAL, t.NORMAL)


@pytest.mark.protocol(99, 100)
@pytest.mark.parametrize("seed", range(25))
def test_two_of_ours_tell_each_other_nothing_that_would_end_a_dhcpd_and_end_in_normal(seed: int) -> None:
    assert lived(Life(Role.PRIMARY, random.Random(seed), with_dhcpd=False)) == (t.NORMAL, t.NORMAL)
