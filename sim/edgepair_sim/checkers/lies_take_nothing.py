"""Nothing that a client says takes from another one what it holds: no untrue REQUEST, RELEASE or DECLINE.

Looked at for a few seconds after such a word, at each server that has the true holder's lease on its disk, until the
holder itself says something, or the partner does of this address.
"""

from __future__ import annotations

from edgepair_contract.value import value
from edgepair_contract.vocabulary import BindingState
from edgepair_engine.wire.failover import BndAck, FailoverMessage
from edgepair_sim.addresses import lease_of
from edgepair_sim.checkers.checker import Checker
from edgepair_sim.clients import Client
from edgepair_sim.guises import Guise
from edgepair_sim.holding import Holding
from edgepair_sim.lies import Lie
from edgepair_sim.node import Node
from edgepair_sim.page import dotted
from edgepair_sim.scene import Scene

WITHIN_S = 5.0  # a packet that is not handled by then is dropped
RUNS_ON_S = 2 * WITHIN_S  # a lease that ends sooner may end meanwhile


@value
class _Watch:
    """What a server must go on to know until a moment."""

    until_s: float
    what: str
    victim: Client
    guise: Guise
    holding: Holding


class LiesTakeNothing(Checker):
    """Watches the leases that lies are about."""

    name = "lies-take-nothing"

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene)
        self._watched: dict[str, list[_Watch]] = {name: [] for name in scene.nodes}

    def lied(self, client: Client, lie: Lie) -> None:
        """Watch the lease of whoever else holds this address."""
        if not lie.address:
            return
        until_s = self.scene.now_s + WITHIN_S
        for victim in self.scene.clients:
            for guise in victim.guises if victim is not client else ():
                holding = guise.holding
                if holding is None or holding.address != lie.address or holding.until_s < until_s:
                    continue
                watch = _Watch(until_s, f"{client.name} says {lie.what}", victim, guise, holding)
                for node in self.scene.nodes.values():
                    if self._knows(node, watch):
                        self._watched[node.name].append(watch)

    def turned(self, node: Node) -> None:
        """Look whether the server still knows what it knew."""
        watched = self._watched[node.name]
        if not watched:
            return
        now_s = self.scene.now_s
        watched[:] = [each for each in watched if each.until_s >= now_s and each.guise.holding is each.holding]
        for each in watched:
            lease = lease_of(node, each.holding.address)
            if lease.state is not BindingState.ACTIVE or not each.guise.speaker.had(lease):
                address = dotted(each.holding.address)
                raise self.broken(f"{each.what}, and {node.name} takes {address} from {each.victim.name}")

    def crashed(self, node: Node) -> None:
        """Begin anew: who knows what a disk holds next."""
        self._watched[node.name].clear()

    def spoke(self, node: Node, message: FailoverMessage) -> None:
        """Leave an address to the two that tell each other of it."""
        if isinstance(message, BndAck):
            for watched in self._watched.values():
                watched[:] = [each for each in watched if each.holding.address != message.address]

    def _knows(self, node: Node, watch: _Watch) -> bool:
        lease = lease_of(node, watch.holding.address)
        runs_on = lease.ends_at > node.now().wall_s + RUNS_ON_S
        return node.settled and lease.state is BindingState.ACTIVE and runs_on and watch.guise.speaker.had(lease)
