"""How wrong the servers' wall clocks are and were: drift from the settings, steps from the deeds of a script.

What a client holds is a time by its own clock, which is right here. A server goes by its wall clock, so an address can
become free too early by as much as the clocks of the two servers differ, or by what one of them was stepped meanwhile.
"""

from __future__ import annotations

from collections.abc import Iterator

from edgepair_sim.deeds import BOTH, StepClock
from edgepair_sim.pair import PRIMARY, SECONDARY
from edgepair_sim.script import Script

READING_S = 1.0  # a clock is read in whole seconds: two that are not exactly alike can differ by one


class Skew:
    """The errors of both wall clocks in one life, as known from its script."""

    def __init__(self, script: Script) -> None:
        settings = script.settings
        self._rates = {PRIMARY: settings.primary_ppm / 1e6, SECONDARY: settings.secondary_ppm / 1e6}
        self._steps = {name: sorted(_steps_of(script, name)) for name in self._rates}
        self.exact = not any(self._rates.values()) and not any(self._steps.values())

    def error_s(self, server: str, true_s: float) -> float:
        """Return how far ahead of true time this server's clock is at a moment."""
        return true_s * self._rates[server] + sum(by_s for at_s, by_s in self._steps[server] if at_s <= true_s)

    def spread_s(self, since_s: float, until_s: float) -> float:
        """Return by how much any two readings in this time, of whichever server, can be at odds with true time."""
        if self.exact:
            return 0.0
        errors = [
            self.error_s(server, at_s) for server in self._rates for at_s in self._moments(server, since_s, until_s)
        ]
        return max(errors) - min(errors) + READING_S

    def stepped_s(self, server: str, since_s: float, until_s: float) -> int:
        """Return by how many seconds this server's clock was stepped in this time, either way."""
        return sum(abs(by_s) for at_s, by_s in self._steps[server] if since_s <= at_s <= until_s)

    def stepped_back_s(self, server: str, until_s: float) -> int:
        """Return how many seconds this server's clock was put back until a moment, in all."""
        return -sum(by_s for at_s, by_s in self._steps[server] if by_s < 0 and at_s <= until_s)

    def _moments(self, server: str, since_s: float, until_s: float) -> list[float]:
        within = [at_s for at_s, _ in self._steps[server] if since_s <= at_s <= until_s]
        return [since_s, *within, until_s]


def _steps_of(script: Script, server: str) -> Iterator[tuple[float, int]]:
    for deed in script.deeds:
        if isinstance(deed, StepClock) and deed.node in (server, BOTH):
            yield deed.at_s, deed.by_s
            if deed.for_s:
                yield deed.at_s + deed.for_s, -deed.by_s
