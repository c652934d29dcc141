"""What an endpoint has planned."""

from __future__ import annotations

from edgepair_contract.clock import Now
from edgepair_contract.value import value


@value
class Plan:
    """When the next timer is due (monotonic), and at which epoch second the next lease is to be ended.

    `changes`: the lease table's when this was planned.
    """

    timer_at: float
    end_at: int | None
    changes: int

    def moment(self, now: Now) -> float:
        """Return the monotonic moment of what comes first. The wall clock may step, so it is asked each time."""
        if self.end_at is None:
            return self.timer_at
        return min(self.timer_at, now.mono_s + max(0, self.end_at - now.wall_s))
