"""Checkers that go wrong on purpose: what a run tells of a failure is only seen when there is one."""

from __future__ import annotations

import os

from edgepair_engine.core.pipeline import BatchId
from edgepair_sim.checkers.checker import Checker
from edgepair_sim.clients import Client
from edgepair_sim.holding import Holding
from edgepair_sim.node import Node


class NobodyIsPromisedAnything(Checker):
    """A promise that the first client breaks."""

    name = "nobody-is-promised-anything"

    def promised(self, client: Client, holding: Holding) -> None:
        raise self.broken(f"{client.name} was")


class StumblesItself(Checker):
    """A fault of the simulator."""

    name = "stumbles-itself"

    def promised(self, client: Client, holding: Holding) -> None:
        raise KeyError(client.name)


class MakesAnEngineStumble(Checker):
    """Tells an engine something that cannot be, and so trips one of its assertions."""

    name = "makes-an-engine-stumble"

    def turned(self, node: Node) -> None:
        assert node.pipeline is not None
        node.pipeline.committed(BatchId(4711), node.now())


class TakesItsProcessWithIt(Checker):
    """Ends the process."""

    name = "takes-its-process-with-it"

    def turned(self, node: Node) -> None:
        os._exit(9)
