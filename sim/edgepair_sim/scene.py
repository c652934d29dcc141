"""What a life consists of, for all who act on it or look at it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from edgepair_sim.clients import Client
from edgepair_sim.lan import Lan
from edgepair_sim.network import Network
from edgepair_sim.node import Node
from edgepair_sim.pair import Wishes
from edgepair_sim.script import Script
from edgepair_sim.timeline import Timeline
from edgepair_sim.trace import Trace


@dataclass(slots=True)
class Scene:
    """The servers, the clients, the networks between them and time. `wishes` is the newest configuration."""

    script: Script
    trace: Trace
    timeline: Timeline
    network: Network
    lan: Lan
    nodes: Mapping[str, Node]
    clients: tuple[Client, ...]
    wishes: Wishes

    @property
    def now_s(self) -> float:
        """Return the true time, seconds since the beginning."""
        return self.timeline.true_s

    def partner_of(self, node: Node) -> Node:
        """Return the other server."""
        return next(each for each in self.nodes.values() if each is not node)

    def tell(self, who: str, what: str) -> None:
        """Put a line into the trace."""
        self.trace.tell(self.timeline.true_s, who, what)
