"""Random lives: one seed draws the settings, the mood of a day, the troubles it brings and how the clients live."""

from __future__ import annotations

import random
from collections.abc import Mapping

from edgepair_contract.value import value
from edgepair_sim import deeds
from edgepair_sim import mistakes as m
from edgepair_sim import troubles as t
from edgepair_sim.deeds import Act, Deed
from edgepair_sim.dice import Dice, Trouble, later
from edgepair_sim.script import Script, Settings

DAY_S = 86_400.0
FIRST_TROUBLE_S = 120.0
QUIET_S = 14_400.0  # at the end of each day nothing is broken for so long, or longer after a long MCLT
ADDRESSES = (16, 20, 22, 24, 27, 30, 36)  # of all networks, for 20 clients that are not all there at a time
QUICK_PART = 0.05  # of the lives have quick timers, or short leases
TRIPS_MAX = 6  # how often a client goes and comes again in a day

_NETWORK: Mapping[Trouble, int] = {t.cut: 5, t.restless: 3, t.fickle: 3, t.delay: 2, t.resets: 3, t.unplug: 1}
_STORE: Mapping[Trouble, int] = {t.lose_store: 3, t.roll_back: 3, t.fill_disk: 3, t.slow_disk: 3, t.crash: 2}
_PROCESS: Mapping[Trouble, int] = {t.crash: 5, t.freeze: 4, t.busy: 1, t.rollout: 2}
_PEOPLE: Mapping[Trouble, int] = {
    m.declare_down: 2, m.cut_and_declare: 5, m.freeze_and_declare: 2, m.lose_and_declare: 4,
    m.interrupt_recovery: 3, m.lose_survivor: 3, m.interrupt_conflict: 3, m.order: 4,
}  # fmt: skip
_ALL: Mapping[Trouble, int] = {
    **_NETWORK, **_STORE, **_PROCESS, **_PEOPLE,
    t.storm: 1, t.blackout: 2, t.step: 2, t.flood: 1, t.wildness: 2,
    m.configure: 3, m.change_mclt_apart: 1, m.change_leases_apart: 1, m.lend_range: 1,
}  # fmt: skip


@value
class Mood:
    """A kind of day: which troubles there are, how often they come, and how many in one go."""

    name: str
    weight: int
    troubles: Mapping[Trouble, int]
    clusters: tuple[int, int]
    sizes: tuple[int, int]


MOODS = (
    Mood("one bad hour", 3, _ALL, (1, 1), (3, 8)),
    Mood("restart storm", 2, {t.storm: 3, t.blackout: 3, **_PROCESS}, (2, 5), (1, 3)),
    Mood("stores", 3, _STORE, (3, 8), (1, 3)),
    Mood("network", 3, _NETWORK, (4, 12), (1, 4)),
    Mood("crashes", 3, {**_PROCESS, t.cut: 1, t.slow_disk: 1}, (4, 12), (1, 3)),
    Mood("clocks", 2, {t.step: 5, t.cut: 1, t.crash: 1}, (2, 6), (1, 3)),
    Mood("people", 4, {**_PEOPLE, t.cut: 2, t.crash: 2}, (2, 6), (1, 4)),
    Mood(
        "configuration",
        3,
        {
            m.configure: 6,
            m.change_mclt_apart: 3,
            m.change_leases_apart: 3,
            m.lend_range: 3,
            t.crash: 1,
            t.rollout: 1,
            t.flood: 1,
        },
        (3, 8),
        (1, 3),
    ),
    Mood("wild clients", 2, {t.wildness: 5, t.flood: 3, t.crash: 1, t.restless: 2}, (6, 16), (1, 3)),
    Mood("everything", 4, _ALL, (5, 15), (1, 5)),
)


def draw(seed: int) -> Script:
    """Return the day that a seed stands for."""
    dice, mood = _begin(seed)
    settings = dice.settings
    quiet_s = max(QUIET_S, 6.0 * settings.mclt_s)
    done = [*_everyday_life(dice), *_bad_times(dice, mood, DAY_S - quiet_s)]
    return Script(settings, tuple(sorted(done, key=lambda deed: deed.at_s)), DAY_S)


def mood_of(seed: int) -> str:
    """Return the name of a seed's mood."""
    return _begin(seed)[1].name


def _begin(seed: int) -> tuple[Dice, Mood]:
    chance = random.Random(f"{seed} script")
    settings = _settings(seed, chance)
    (mood,) = chance.choices(MOODS, [mood.weight for mood in MOODS])
    return Dice(chance, settings), mood


def _settings(seed: int, chance: random.Random) -> Settings:
    networks = chance.choice((1, 2, 2, 3))
    return Settings(
        seed=seed,
        mclt_s=chance.choice((60, 60, 120, 120, 300, 300, 600, 900, 1800, 3600)),
        lease_s=_rarely(chance, (300, 600, 1200), (3600, 7200, 7200, 14_400, 14_400, 28_800, 86_400)),
        max_response_delay_s=_rarely(chance, (10, 30, 60), (180, 300, 300, 600)),
        max_unacked_updates=chance.choice((1, 2, 5, 10, 10, 10, 100)),
        load_balance_max_s=chance.choice((0, 3, 3, 3, 10, 60)),
        split=chance.choice((0, 1, 64, 128, 128, 128, 128, 200, 255, 256)),
        auto_partner_down_s=chance.choice((0, 0, 0, 0, 0, 0, 60, 300, 1800)),
        ours=chance.random() < 0.7,
        quiet=seed % 2 == 1,  # not drawn: a seed's day stays what it was
        networks=networks,
        addresses=chance.choice(ADDRESSES) // networks,
        lost=chance.choice((0.0, 0.01, 0.02, 0.02, 0.1)),
        doubled=chance.choice((0.0, 0.01, 0.05)),
        chopped=chance.choice((0.0, 0.1, 0.1, 0.5)),
        primary_ppm=_drift_ppm(chance),
        secondary_ppm=_drift_ppm(chance),
    )


def _rarely(chance: random.Random, quick: tuple[int, ...], slow: tuple[int, ...]) -> int:
    """Return one of the slow values, or in few lives a quick one: those cost ten times as much, and find little more.

    A pair that says CONTACT every three seconds, or clients that renew every few minutes, fill a day with repetition.
    """
    return chance.choice(quick if chance.random() < QUICK_PART else slow)


def _drift_ppm(chance: random.Random) -> int:
    return chance.choice((0, 0, 0, chance.randint(-20, 20), chance.randint(-200, 200)))


def _everyday_life(dice: Dice) -> list[Deed]:
    """Return what the clients do on any day: all come in the morning, some go and come, all are there at the end."""
    done: list[Deed] = []
    for client in range(1, dice.settings.clients + 1):
        done.append(_does(client, Act.JOIN, dice.some_s(0, dice.chance.choice((60, 600, 7200)))))
        for _ in range(dice.chance.randint(0, TRIPS_MAX)):
            done += _comes_and_goes(dice, client)
        done.append(_does(client, Act.JOIN, dice.some_s(DAY_S - 9000, DAY_S - 7200)))
    return done


def _comes_and_goes(dice: Dice, client: int) -> list[Deed]:
    at_s = dice.some_s(600, DAY_S - 9600)
    act = dice.chance.choice((Act.LEAVE, Act.LEAVE, Act.VANISH, Act.VANISH, Act.REBOOT, Act.REBOOT, Act.MOVE))
    away_s = dice.some_s(*dice.chance.choice(((1, 60), (60, 3600), (3600, 20_000))))
    return [_does(client, act, at_s), _does(client, Act.JOIN, later(at_s, away_s))]


def _does(client: int, act: Act, at_s: float) -> Deed:
    return deeds.ClientDoes(at_s=at_s, client=client, act=act)


def _bad_times(dice: Dice, mood: Mood, end_s: float) -> list[Deed]:
    """Return a day's troubles, in clusters: the second within seconds of the first, or while its effects last."""
    done: list[Deed] = []
    for _ in range(dice.chance.randint(*mood.clusters)):
        at_s = dice.some_s(FIRST_TROUBLE_S, end_s)
        for _ in range(dice.chance.randint(*mood.sizes)):
            (trouble,) = dice.chance.choices(tuple(mood.troubles), tuple(mood.troubles.values()))
            done += trouble(dice, at_s)
            at_s = later(at_s, _gap_s(dice))
    return [deed for deed in done if deed.whole_at_s <= end_s]


def _gap_s(dice: Dice) -> float:
    mclt_s = dice.settings.mclt_s
    return dice.some_s(*dice.chance.choice(((0, 0.1), (0, 5), (5, 60), (0, 300), (0, mclt_s), (mclt_s, 2 * mclt_s))))
