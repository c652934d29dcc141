"""What can go wrong with machines, networks, clocks and clients: each kind as the deeds that bring it about."""

from __future__ import annotations

from edgepair_sim import deeds
from edgepair_sim.crash import CrashPoint, Power
from edgepair_sim.deeds import BOTH, Act, Deed, StoreFate
from edgepair_sim.dice import NODES, Dice, later, other_than

AFTER_WORK = (CrashPoint.SENDING, CrashPoint.BEFORE_COMMIT, CrashPoint.AFTER_COMMIT, CrashPoint.TWO_BATCHES)
COPY_AGES_S = (60.0, 900.0, 3600.0, 14_400.0)
# Steps that the partner still tolerates are the interesting ones; 61 it does not, 3600 is a wrong time zone.
STEPS_S = (1, 4, 10, 20, 30, 45, 55, 59, 61, 120, 3600)
STEP_WEIGHTS = (2, 3, 4, 4, 4, 4, 3, 2, 3, 1, 2)


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
        storms.append(deeds.Kill(at_s=at_s, node=node, power=dice.power(), down_s=down_s))
        at_s = later(at_s, dice.some_s(0.1, 2 * pause_s))
    return tuple(storms)


def blackout(dice: Dice, at_s: float) -> tuple[Deed, ...]:
    """Both machines lose power in the same second, and come back at different times."""
    return tuple(
        deeds.Kill(at_s=later(at_s, dice.some_s(0, 1)), node=node, power=Power.MACHINE, down_s=dice.away_s())
        for node in NODES
    )


def rollout(dice: Dice, at_s: float) -> tuple[Deed, ...]:
    """Both servers are restarted in order, one after the other."""
    first = dice.node()
    down_s, pause_s = dice.some_s(0.5, 20), dice.some_s(1, 90)
    later_s = later(at_s, down_s + pause_s)
    return deeds.Restart(at_s=at_s, node=first, down_s=down_s), deeds.Restart(
        at_s=later_s, node=other_than(first), down_s=down_s
    )


def freeze(dice: Dice, at_s: float) -> tuple[Deed, ...]:
    """A process stands still: shorter or longer than its partner waits.

    Sometimes the network comes back only after it, and clients ask as soon as it goes on.
    """
    silence_s = dice.settings.max_response_delay_s
    part = dice.chance.choice((0.1, 0.5, 0.9, 1.0, 1.1, 1.5, 4.0))
    stop = deeds.Stop(at_s=at_s, node=dice.node(), for_s=round(part * silence_s + dice.some_s(0, 2), 3))
    if dice.chance.random() < 0.75:
        return (stop,)
    asked = (
        deeds.ClientDoes(
            at_s=later(stop.whole_at_s, dice.some_s(0, 15)),
            client=dice.chance.randint(1, dice.settings.clients),
            act=Act.REBOOT,
        )
        for _ in range(3)
    )
    return stop, deeds.Cut(at_s=at_s, for_s=later(stop.for_s, dice.some_s(1, 120))), *asked


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


def restless(dice: Dice, at_s: float) -> tuple[Deed, ...]:
    """While nothing gets through clients go and come."""
    for_s = later(dice.settings.max_response_delay_s, dice.away_s())
    return deeds.Cut(at_s=at_s, for_s=for_s), *returns(dice, at_s, for_s)


def fickle(dice: Dice, at_s: float) -> tuple[Deed, ...]:
    """Words between the two take seconds, and connections break, while clients go and come."""
    slow = deeds.Delay(at_s=at_s, for_s=dice.some_s(60, 900), delay_s=dice.chance.choice((0.5, 2.0, 8.0)))
    moments_s = [later(at_s, dice.within_s(slow.for_s)) for _ in range(dice.chance.randint(1, 6))]
    return slow, *returns(dice, at_s, slow.for_s), *(deeds.Reset(at_s=moment_s) for moment_s in moments_s)


def delay(dice: Dice, at_s: float) -> tuple[Deed, ...]:
    """Everything between the two takes long."""
    delay_s = dice.chance.choice((0.05, 0.5, 2.0, 8.0))
    return (deeds.Delay(at_s=at_s, for_s=dice.away_s(), delay_s=delay_s),)


def resets(dice: Dice, at_s: float) -> tuple[Deed, ...]:
    """Connections are reset, once or several times in a row."""
    gaps_s = [dice.some_s(0.001, 15) for _ in range(dice.chance.choice((1, 1, 3)))]
    return tuple(deeds.Reset(at_s=later(at_s, sum(gaps_s[:number]))) for number in range(len(gaps_s)))


def unplug(dice: Dice, at_s: float) -> tuple[Deed, ...]:
    """A server is cut off from the clients."""
    return (deeds.Unplug(at_s=at_s, node=dice.node(), for_s=dice.away_s()),)


def step(dice: Dice, at_s: float) -> tuple[Deed, ...]:
    """A clock is put forward or back; only steps of both together stay for ever."""
    node = dice.chance.choice((BOTH, *NODES, *NODES))
    (by_s,) = dice.chance.choices(STEPS_S, STEP_WEIGHTS)
    for_s = 0.0 if node == BOTH and dice.chance.random() < 0.5 else dice.away_s()
    return (deeds.StepClock(at_s=at_s, node=node, by_s=by_s * dice.chance.choice((1, -1)), for_s=for_s),)


def flood(dice: Dice, at_s: float) -> tuple[Deed, ...]:
    """Hosts that nobody knows ask, and take nothing."""
    return (deeds.Flood(at_s=at_s, count=dice.chance.choice((10, 50, 200)), for_s=dice.some_s(1, 120)),)


def wildness(dice: Dice, at_s: float) -> tuple[Deed, ...]:
    """A few clients do what they should not, all in a minute."""
    acts = (Act.LIE, Act.LIE, Act.REPEAT, Act.REPEAT, Act.DECLINE, Act.MOVE, Act.VANISH, Act.REBOOT, Act.LEAVE)
    return tuple(
        deeds.ClientDoes(
            at_s=later(at_s, dice.some_s(0, 60)),
            client=dice.chance.randint(1, dice.settings.clients),
            act=dice.chance.choice(acts),
        )
        for _ in range(dice.chance.randint(2, 12))
    )


def returns(dice: Dice, at_s: float, for_s: float) -> tuple[Deed, ...]:
    """Within some time clients go, and take their addresses again soon: from one server, or from both.

    Some are then gone without a word, with a lease that is known to one server only.
    """
    done: list[Deed] = []
    for _ in range(dice.chance.randint(2, 8)):
        client, left_s = dice.chance.randint(1, dice.settings.clients), later(at_s, dice.within_s(for_s))
        back_s = later(left_s, dice.some_s(0.5, 60))
        done.append(deeds.ClientDoes(at_s=left_s, client=client, act=dice.chance.choice((Act.LEAVE, Act.VANISH))))
        done.append(deeds.ClientDoes(at_s=back_s, client=client, act=Act.JOIN))
        if dice.chance.random() < 0.3:
            done.append(deeds.ClientDoes(at_s=later(back_s, dice.some_s(1, 60)), client=client, act=Act.VANISH))
    return tuple(done)


def _kill(dice: Dice, at_s: float, store: StoreFate = StoreFate.KEPT) -> deeds.Kill:
    point = dice.chance.choice((CrashPoint.NOW, *AFTER_WORK))
    back_s = dice.chance.choice(COPY_AGES_S) if store is StoreFate.ROLLED_BACK else 0.0
    return deeds.Kill(
        at_s=at_s,
        node=dice.node(),
        point=point,
        power=dice.power(),
        store=store,
        back_s=back_s,
        down_s=dice.away_s(),
    )
