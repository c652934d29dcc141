"""Steps of the wall clock: what it does beside the clock that never steps."""

from __future__ import annotations

from edgepair_contract.clock import Now
from edgepair_contract.value import value

STEP_NOTED_S = 3  # readings are whole seconds, so two of them can differ by one without a step
SLEW_MAX = 0.001  # of the time passed; a disciplined clock is slewed by half of it at most


@value
class Step:
    """One jump of the wall clock: by how many seconds, and what it showed right after."""

    by_s: int
    at: int


class ClockWatch:
    """Compares the two clocks from reading to reading. `latest` is the last step since the process began."""

    def __init__(self, now: Now) -> None:
        self._before = now
        self.latest: Step | None = None

    def look(self, now: Now) -> Step | None:
        """Return the step between the reading before and this one; None when both clocks ran alike."""
        passed_s = now.mono_s - self._before.mono_s
        by_s = now.wall_s - self._before.wall_s - passed_s
        self._before = now
        if abs(by_s) <= STEP_NOTED_S + passed_s * SLEW_MAX:
            return None
        self.latest = Step(round(by_s), now.wall_s)
        return self.latest
