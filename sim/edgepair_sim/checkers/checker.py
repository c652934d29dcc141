"""What every checker is: it hears of a life as it happens, and ends it when a promise is broken."""

from __future__ import annotations

from edgepair_sim.listener import Listener
from edgepair_sim.scene import Scene


class Broken(AssertionError):
    """A promise was broken: by which checker, and how."""

    def __init__(self, checker: str, how: str) -> None:
        super().__init__(f"{checker}: {how}")
        self.checker = checker
        self.how = how


class Checker(Listener):
    """Looks after one promise. `name` is the module's, as tables show it."""

    name = ""

    def __init__(self, scene: Scene) -> None:
        self.scene = scene

    def broken(self, how: str) -> Broken:
        """Return what to raise."""
        return Broken(self.name, how)
