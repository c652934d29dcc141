"""What can go wrong with a pair, one kind of trouble after the other: each drawn as the deeds that bring it about."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from edgepair_contract.control import ControlAction
from edgepair_sim import deeds
from edgepair_sim.crash import CrashPoint, Power
from edgepair_sim.deeds import BOTH, Act, Change, Deed, StoreFate
from edgepair_sim.pair import PRIMARY, SECONDARY
from edgepair_sim.script import Settings

NODES = (PRIMARY, SECONDARY)
AFTER_WORK = (CrashPoint.SENDING, CrashPoint.BEFORE_COMMIT, CrashPoint.AFTER_COMMIT, CrashPoint.TWO_BATCHES)
COPY_AGES_S = (60.0, 900.0, 3600.0, 14_400.0)
# Steps that the partner still tolerates are the interesting ones; 61 it does not, 3600 is a wrong time zone.
STEPS_S = (1, 4, 10, 20, 30, 45, 55, 59, 61, 120, 3600)
STEP_WEIGHTS = (2, 3, 4, 4, 4, 4, 3, 2, 3, 1, 2)


@dataclass(frozen=True, slots=True)
class Dice:
    """Where numbers come from, with the settings that make some of them interesting."""

    chance: random.Random
    settings: Settings

    def node(self) -> str:
        """Return one of the two servers."""
        return self.chance.choice(NODES)

    def some_s(self, low_s: float, high_s: float) -> float:
        """Return a duration, as a script can say it."""
        return round(self.chance.uniform(low_s, high_s), 3)

    def away_s(self) -> float:
        """Return for how long something is away: often short, often about as long as the pair's own waits."""
        mclt_s, silence_s = self.settings.mclt_s, self.settings.max_response_delay_s
        low_s, high_s = self.chance.choice(
            (
                (0.5, 5),
                (5, 30),
                (0.5 * silence_s, 1.5 * silence_s),
                (60, 300),
                (0.3 * mclt_s, 1.2 * mclt_s),
                (600, 3600),
            )
        )
        return self.some_s(low_s, high_s)


Trouble = Callable[[Dice, float], tuple[Deed, ...]]


def crash(dice: Dice, at_s: float) -> tuple[Deed, ...]:
    """A server dies somewhere in its work and comes back."""
    return (_kill(dice, at_s),)


def lose_store(dice: Dice, at_s: float) -> tuple[Deed, ...]:
    """A server comes back with an empty disk."""
    return (_kill(dice, at_s, StoreFate.LOST),)


def roll_back(dice: Dice, at_s: float) -> tuple[Deed, ...]:
    """A server comes back with an old copy of its disk."""
    return (_kill(dice, at_s, StoreFate.ROLLED_BACK),)


def storm(dice: Dice, at_s: float) -> tuple[Deed, ...]:
    """One server, or both in turns, dies again and again, sometimes before it is quite there."""
    count, pause_s = dice.chance.randint(3, 8), dice.chance.choice((4.0, 16.0, 20.0, 70.0))
    mine = dice.chance.choice((None, dice.node()))
    storms: list[Deed] = []
    for _ in range(count):
        node = mine or dice.node()
        down_s = dice.some_s(0.2, pause_s)
        storms.append(deeds.Kill(at_s=at_s, node=node, power=_power(dice), down_s=down_s))
        at_s = round(at_s + dice.some_s(0.1, 2 * pause_s), 3)
    return tuple(storms)


def rollout(dice: Dice, at_s: float) -> tuple[Deed, ...]:
    """Both servers are restarted in order, one after the other."""
    first = dice.node()
    second = SECONDARY if first == PRIMARY else PRIMARY
    down_s, pause_s = dice.some_s(0.5, 20), dice.some_s(1, 90)
    later_s = round(at_s + down_s + pause_s, 3)
    return deeds.Restart(at_s=at_s, node=first, down_s=down_s), deeds.Restart(at_s=later_s, node=second, down_s=down_s)


def freeze(dice: Dice, at_s: float) -> tuple[Deed, ...]:
    """A process stands still: shorter or longer than its partner waits."""
    silence_s = dice.settings.max_response_delay_s
    part = dice.chance.choice((0.1, 0.5, 0.9, 1.0, 1.1, 1.5, 4.0))
    return (deeds.Stop(at_s=at_s, node=dice.node(), for_s=round(part * silence_s + dice.some_s(0, 2), 3)),)


def fill_disk(dice: Dice, at_s: float) -> tuple[Deed, ...]:
    """A disk is full for a while."""
    return (deeds.FillDisk(at_s=at_s, node=dice.node(), for_s=dice.away_s()),)


def slow_disk(dice: Dice, at_s: float) -> tuple[Deed, ...]:
    """A disk is slow: batches form while others are written."""
    commit_s = dice.chance.choice((0.05, 0.5, 3.0, 10.0))
    return (deeds.SlowDisk(at_s=at_s, node=dice.node(), for_s=dice.away_s(), commit_s=commit_s),)


def busy(dice: Dice, at_s: float) -> tuple[Deed, ...]:
    """A machine has too much to do."""
    turn_s = dice.chance.choice((0.01, 0.2, 2.0))
    return (deeds.Busy(at_s=at_s, node=dice.node(), for_s=dice.away_s(), turn_s=turn_s),)


def cut(dice: Dice, at_s: float) -> tuple[Deed, ...]:
    """Nothing gets through, one way or both ways."""
    node = dice.chance.choice((BOTH, BOTH, *NODES))
    return (deeds.Cut(at_s=at_s, node=node, for_s=dice.away_s()),)


def delay(dice: Dice, at_s: float) -> tuple[Deed, ...]:
    """Everything between the two takes long."""
    delay_s = dice.chance.choice((0.05, 0.5, 2.0, 8.0))
    return (deeds.Delay(at_s=at_s, for_s=dice.away_s(), delay_s=delay_s),)


def resets(dice: Dice, at_s: float) -> tuple[Deed, ...]:
    """Connections are reset, once or several times in a row."""
    gaps_s = [dice.some_s(0.001, 15) for _ in range(dice.chance.choice((1, 1, 3)))]
    return tuple(deeds.Reset(at_s=round(at_s + sum(gaps_s[:number]), 3)) for number in range(len(gaps_s)))


def unplug(dice: Dice, at_s: float) -> tuple[Deed, ...]:
    """A server is cut off from the clients."""
    return (deeds.Unplug(at_s=at_s, node=dice.node(), for_s=dice.away_s()),)


def step(dice: Dice, at_s: float) -> tuple[Deed, ...]:
    """A clock is put forward or back; only steps of both together stay for ever."""
    node = dice.chance.choice((BOTH, *NODES, *NODES))
    (by_s,) = dice.chance.choices(STEPS_S, STEP_WEIGHTS)
    for_s = 0.0 if node == BOTH and dice.chance.random() < 0.5 else dice.away_s()
    return (deeds.StepClock(at_s=at_s, node=node, by_s=by_s * dice.chance.choice((1, -1)), for_s=for_s),)


def declare_down(dice: Dice, at_s: float) -> tuple[Deed, ...]:
    """A person says that the partner is down: of one that lives, most often, and sometimes of both at once."""
    alive_s_ago = dice.chance.choice((-1, -1, 0, 5, 60, 600, 3600))
    first = deeds.Order(at_s=at_s, node=dice.node(), action=ControlAction.PARTNER_DOWN, alive_s_ago=alive_s_ago)
    if dice.chance.random() < 0.8:
        return (first,)
    other = SECONDARY if first.node == PRIMARY else PRIMARY
    later_s = round(at_s + dice.some_s(0, 30), 3)
    return first, deeds.Order(at_s=later_s, node=other, action=ControlAction.PARTNER_DOWN)


def lose_and_declare(dice: Dice, at_s: float) -> tuple[Deed, ...]:
    """A server dies for long, and a person declares it down at a moment that may be the worst one."""
    died = _kill(dice, at_s, dice.chance.choice((StoreFate.KEPT, StoreFate.KEPT, StoreFate.LOST)))
    other = SECONDARY if died.node == PRIMARY else PRIMARY
    said_s = round(at_s + dice.chance.choice((0.5, 0.9, 1.0, 1.0, 1.1)) * died.down_s + dice.some_s(0, 20), 3)
    alive_s_ago = dice.chance.choice((-1, max(0, int(said_s - at_s))))
    return died, deeds.Order(at_s=said_s, node=other, action=ControlAction.PARTNER_DOWN, alive_s_ago=alive_s_ago)


def order(dice: Dice, at_s: float) -> tuple[Deed, ...]:
    """A person fences, pauses or shuts a server, and takes it back."""
    action = dice.chance.choice((ControlAction.FENCE, ControlAction.PAUSE, ControlAction.SHUTDOWN))
    return (deeds.Order(at_s=at_s, node=dice.node(), action=action, for_s=dice.away_s()),)


def configure(dice: Dice, at_s: float) -> tuple[Deed, ...]:
    """A new configuration comes, to one side first."""
    values: Mapping[Change, tuple[int, ...]] = {
        Change.MCLT: (60, 120, 600, 1800, 3600),
        Change.LEASE: (300, 900, 3600, 28_800),
        Change.RANGE_SHRINKS: (1, 2, 5),
        Change.RANGE_GROWS: (1, 4, 10),
        Change.SPLIT: (0, 64, 128, 200, 256),
        Change.DELAY: (30, 60, 120),
        Change.WINDOW: (1, 2, 10, 100),
    }
    change = dice.chance.choice(tuple(values))
    lag_s = dice.some_s(*dice.chance.choice(((0, 3), (3, 60), (60, 900)))) * dice.chance.choice((1, -1))
    value, mount_s = dice.chance.choice(values[change]), dice.chance.choice((0.0, 2.0, 60.0, 90.0))
    return (deeds.Configure(at_s=at_s, change=change, value=value, lag_s=lag_s, mount_s=mount_s),)


def flood(dice: Dice, at_s: float) -> tuple[Deed, ...]:
    """Hosts that nobody knows ask, and take nothing."""
    return (deeds.Flood(at_s=at_s, count=dice.chance.choice((10, 50, 200)), for_s=dice.some_s(1, 120)),)


def wildness(dice: Dice, at_s: float) -> tuple[Deed, ...]:
    """A few clients do what they should not, all in a minute."""
    acts = (Act.LIE, Act.LIE, Act.REPEAT, Act.REPEAT, Act.DECLINE, Act.MOVE, Act.VANISH, Act.REBOOT, Act.LEAVE)
    return tuple(
        deeds.ClientDoes(
            at_s=round(at_s + dice.some_s(0, 60), 3),
            client=dice.chance.randint(1, dice.settings.clients),
            act=dice.chance.choice(acts),
        )
        for _ in range(dice.chance.randint(2, 12))
    )


def _kill(dice: Dice, at_s: float, store: StoreFate = StoreFate.KEPT) -> deeds.Kill:
    point = dice.chance.choice((CrashPoint.NOW, *AFTER_WORK))
    back_s = dice.chance.choice(COPY_AGES_S) if store is StoreFate.ROLLED_BACK else 0.0
    return deeds.Kill(
        at_s=at_s,
        node=dice.node(),
        point=point,
        power=_power(dice),
        store=store,
        back_s=back_s,
        down_s=dice.away_s(),
    )


def _power(dice: Dice) -> Power:
    return dice.chance.choice((Power.PROCESS, Power.MACHINE))
