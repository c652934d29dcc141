"""Where the numbers of a drawn life come from."""

from __future__ import annotations

import random
from collections.abc import Callable

from edgepair_contract.value import value
from edgepair_sim.crash import Power
from edgepair_sim.deeds import Deed
from edgepair_sim.pair import PRIMARY, SECONDARY
from edgepair_sim.script import Settings

NODES = (PRIMARY, SECONDARY)


@value
class Dice:
    """Where numbers come from, with the settings that make some of them interesting."""

    chance: random.Random
    settings: Settings

    def node(self) -> str:
        """Return one of the two servers."""
        return self.chance.choice(NODES)

    def power(self) -> Power:
        """Return whether the machine or only the process dies."""
        return self.chance.choice((Power.PROCESS, Power.MACHINE))

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

    def within_s(self, for_s: float) -> float:
        """Return a moment of something that lasts so long: often close to its beginning or its end."""
        low, high = self.chance.choice(((0.0, 0.1), (0.0, 1.0), (0.5, 1.0), (0.95, 1.0), (1.0, 1.05)))
        return self.some_s(low * for_s, high * for_s)


def other_than(node: str) -> str:
    """Return the partner of a server."""
    return SECONDARY if node == PRIMARY else PRIMARY


def later(at_s: float, by_s: float) -> float:
    """Return a moment after another one, as a script can say it."""
    return round(at_s + by_s, 3)


# What brings a trouble about from a moment on.
Trouble = Callable[[Dice, float], tuple[Deed, ...]]
