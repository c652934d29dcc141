"""Where and how a server dies."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum


class CrashPoint(Enum):
    """Where in its work a server dies."""

    NOW = "now"  # between two turns
    SENDING = "sending"  # after the first of a turn's outputs has left; what goes to the partner leaves together
    BEFORE_COMMIT = "before-commit"  # a batch is handed to the disk, and nothing of it is written
    AFTER_COMMIT = "after-commit"  # it is durable, and nobody knows
    TWO_BATCHES = "two-batches"  # one is being written and another one forms: both are lost


class Power(Enum):
    """What becomes of the machine when its server dies."""

    PROCESS = "process"  # only the process ends: the kernel closes its connections
    MACHINE = "machine"  # no last word to anybody


class Fuse:
    """Waits for one point in the work of a process, and lets it die there."""

    def __init__(self) -> None:
        self.point: CrashPoint | None = None
        self._crash: Callable[[], None] | None = None

    def lay(self, point: CrashPoint, crash: Callable[[], None]) -> None:
        """Call `crash`, which must end the process, at this point; one laid before is forgotten."""
        self.point, self._crash = point, crash

    def burns_at(self, point: CrashPoint) -> bool:
        """Return whether the process has died at this point just now."""
        if self.point is not point:
            return False
        assert self._crash is not None
        crash, self.point, self._crash = self._crash, None, None
        crash()
        return True
