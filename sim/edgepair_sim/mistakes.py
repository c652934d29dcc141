"""What people do to a pair: right, at the worst moment, or by mistake. Each kind as the deeds that bring it about."""

from __future__ import annotations

from collections.abc import Mapping

from edgepair_contract.control import ControlAction
from edgepair_sim import deeds
from edgepair_sim.deeds import BOTH, Change, Deed, StoreFate
from edgepair_sim.dice import NODES, Dice, later, other_than
from edgepair_sim.troubles import returns

ALIVE_AGO_S = (-1, -1, 0, 5, 60, 600, 3600)  # what people believe of a partner's end, whether they are right or not
NEW_VALUES: Mapping[Change, tuple[int, ...]] = {
    Change.MCLT: (60, 120, 600, 1800, 3600),
    Change.LEASE: (1800, 3600, 14_400, 28_800),
    Change.RANGE_SHRINKS: (1, 2, 5),
    Change.RANGE_GROWS: (1, 4, 10),
    Change.SPLIT: (0, 64, 128, 200, 256),
    Change.DELAY: (120, 200, 300, 600),
    Change.WINDOW: (1, 2, 10, 100),
}


def declare_down(dice: Dice, at_s: float) -> tuple[Deed, ...]:
    """A person says that the partner is down, whether it is or not."""
    return (_says_down(dice, at_s, dice.node()),)


def cut_and_declare(dice: Dice, at_s: float) -> tuple[Deed, ...]:
    """The link is cut, and a person takes the living partner for dead: on one side, or on both."""
    for_s = later(dice.settings.max_response_delay_s, dice.away_s())
    first = dice.node()
    said: list[Deed] = [_says_down(dice, _after_silence(dice, at_s, for_s), first)]
    if dice.chance.random() < 0.4:
        said.append(_says_down(dice, _after_silence(dice, at_s, for_s), other_than(first)))
    if dice.chance.random() < 0.4:
        said += returns(dice, at_s, for_s)
    return deeds.Cut(at_s=at_s, node=dice.chance.choice((BOTH, BOTH, *NODES)), for_s=for_s), *said


def freeze_and_declare(dice: Dice, at_s: float) -> tuple[Deed, ...]:
    """A process stands still, is taken for dead, and goes on."""
    for_s, stopped = later(dice.settings.max_response_delay_s, dice.away_s()), dice.node()
    said = _says_down(dice, _after_silence(dice, at_s, for_s), other_than(stopped))
    return deeds.Stop(at_s=at_s, node=stopped, for_s=for_s), said


def lose_and_declare(dice: Dice, at_s: float) -> tuple[Deed, ...]:
    """A server dies, perhaps with its store, and is declared down while it is away, or when it is just back."""
    died = _dies(dice, at_s, dice.chance.choice((StoreFate.KEPT, StoreFate.LOST)))
    return died, _says_down(dice, later(at_s, dice.within_s(died.down_s)), other_than(died.node))


def interrupt_recovery(dice: Dice, at_s: float) -> tuple[Deed, ...]:
    """A server comes back without its store, and while it recovers the link is cut and it is declared down."""
    died = _dies(dice, at_s, StoreFate.LOST)
    cut_s = later(died.whole_at_s, dice.some_s(0, dice.chance.choice((1, 20, dice.settings.mclt_s))))
    for_s = later(dice.settings.max_response_delay_s, dice.away_s())
    said = _says_down(dice, _after_silence(dice, cut_s, for_s), other_than(died.node))
    return died, deeds.Cut(at_s=cut_s, for_s=for_s), said


def lose_survivor(dice: Dice, at_s: float) -> tuple[Deed, ...]:
    """A server dies, and the other serves alone; while the first recovers the survivor dies, perhaps with its store.

    Where words take seconds a recovery takes long enough for that.
    """
    died = _dies(dice, at_s, StoreFate.KEPT)
    survivor = other_than(died.node)
    said = _says_down(dice, later(at_s, dice.within_s(died.down_s)), survivor)
    died_too_s = later(died.whole_at_s, dice.some_s(0, dice.chance.choice((1, 20, 20, dice.settings.mclt_s))))
    store = dice.chance.choice((StoreFate.KEPT, StoreFate.LOST, StoreFate.LOST))
    died_too = deeds.Kill(at_s=died_too_s, node=survivor, power=dice.power(), store=store, down_s=dice.away_s())
    delay_s = dice.chance.choice((0.0, 2.0, 3.0))
    slow = [deeds.Delay(at_s=later(died.whole_at_s, -0.1), for_s=120.0, delay_s=delay_s)] if delay_s else []
    return died, said, *slow, died_too


def interrupt_conflict(dice: Dice, at_s: float) -> tuple[Deed, ...]:
    """Both are in Partner-Down by mistake, and just as they meet again the link breaks, or one of them dies."""
    parted = cut_and_declare(dice, at_s)
    met_s = later(max(deed.whole_at_s for deed in parted), dice.some_s(0, dice.chance.choice((0.1, 5, 30))))
    if dice.chance.random() < 0.5:
        return *parted, *cut_and_declare(dice, met_s)
    died = _dies(dice, met_s, StoreFate.KEPT)
    return *parted, died, _says_down(dice, later(met_s, dice.within_s(died.down_s)), other_than(died.node))


def order(dice: Dice, at_s: float) -> tuple[Deed, ...]:
    """A person fences, pauses or shuts a server, and takes it back."""
    action = dice.chance.choice((ControlAction.FENCE, ControlAction.PAUSE, ControlAction.SHUTDOWN))
    return (deeds.Order(at_s=at_s, node=dice.node(), action=action, for_s=dice.away_s()),)


def configure(dice: Dice, at_s: float) -> tuple[Deed, ...]:
    """A new configuration comes, to one side first."""
    change = dice.chance.choice(tuple(NEW_VALUES))
    lag_s = dice.some_s(*dice.chance.choice(((0, 3), (3, 60), (60, 900)))) * dice.chance.choice((1, -1))
    value, mount_s = dice.chance.choice(NEW_VALUES[change]), dice.chance.choice((0.0, 2.0, 60.0, 90.0))
    return (deeds.Configure(at_s=at_s, change=change, value=value, lag_s=lag_s, mount_s=mount_s),)


def lend_range(dice: Dice, at_s: float) -> tuple[Deed, ...]:
    """Ranges lose their last addresses and get them back; meanwhile a server may lose its store."""
    count, for_s = dice.chance.choice(NEW_VALUES[Change.RANGE_SHRINKS]), dice.some_s(120, 3600)
    taken, given = (
        deeds.Configure(at_s=moment_s, change=change, value=count, lag_s=dice.some_s(-3, 3), mount_s=0.0)
        for moment_s, change in ((at_s, Change.RANGE_SHRINKS), (later(at_s, for_s), Change.RANGE_GROWS))
    )
    died = deeds.Kill(
        at_s=later(at_s, dice.within_s(for_s)),
        node=dice.node(),
        power=dice.power(),
        store=dice.chance.choice((StoreFate.KEPT, StoreFate.LOST)),
        down_s=dice.some_s(1, 60),
    )
    return taken, died, given


def change_mclt_apart(dice: Dice, at_s: float) -> tuple[Deed, ...]:
    """MCLT is changed while the two are apart; when they meet, and one tells the other, the link soon breaks again.

    A word that takes seconds is on its way when it breaks.
    """
    for_s, delay_s = dice.away_s(), dice.chance.choice((0.0, 0.5, 2.0, 8.0))
    value, lag_s = dice.chance.choice(NEW_VALUES[Change.MCLT]), dice.some_s(-3, 3)
    changed = deeds.Configure(
        at_s=later(at_s, dice.some_s(0, for_s)), change=Change.MCLT, value=value, lag_s=lag_s, mount_s=0.0
    )
    met_s = later(at_s, for_s + dice.some_s(0, dice.chance.choice((0.1, 5, 30))))
    again = deeds.Cut(at_s=met_s, node=dice.chance.choice((BOTH, *NODES)), for_s=dice.away_s())
    slow = [deeds.Delay(at_s=at_s, for_s=later(for_s, 60.0), delay_s=delay_s)] if delay_s else []
    return *slow, deeds.Cut(at_s=at_s, for_s=for_s), changed, again


def change_leases_apart(dice: Dice, at_s: float) -> tuple[Deed, ...]:
    """While the two are apart one of them gives leases of another length, and clients ask both."""
    for_s = later(dice.settings.max_response_delay_s, dice.away_s())
    changed = deeds.Configure(
        at_s=later(at_s, dice.some_s(0, for_s / 2)),
        change=Change.LEASE,
        value=dice.chance.choice(NEW_VALUES[Change.LEASE]),
        lag_s=for_s * dice.chance.choice((1, -1)),
        mount_s=0.0,
    )
    return deeds.Cut(at_s=at_s, for_s=for_s), changed, *returns(dice, at_s, for_s)


def _dies(dice: Dice, at_s: float, store: StoreFate) -> deeds.Kill:
    return deeds.Kill(at_s=at_s, node=dice.node(), power=dice.power(), store=store, down_s=dice.away_s())


def _says_down(dice: Dice, at_s: float, node: str) -> deeds.Order:
    alive_s_ago = dice.chance.choice(ALIVE_AGO_S)
    return deeds.Order(at_s=at_s, node=node, action=ControlAction.PARTNER_DOWN, alive_s_ago=alive_s_ago)


def _after_silence(dice: Dice, at_s: float, for_s: float) -> float:
    """Return a moment of a break when it has been noticed: before that, no server takes its partner for down."""
    silence_s = dice.settings.max_response_delay_s
    return later(at_s, silence_s + dice.within_s(for_s - silence_s))
