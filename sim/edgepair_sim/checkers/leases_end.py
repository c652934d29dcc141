"""In Normal, long after the last fault, no address is held for a lease that was over long ago: it is ended, and free.

An end that nobody sees takes the address from the pool for ever.
"""

from __future__ import annotations

from edgepair_contract.vocabulary import BindingState
from edgepair_engine.leases.pool import pools_of
from edgepair_sim.bounds import normal_bound_s
from edgepair_sim.checkers.checker import Checker
from edgepair_sim.node import Node
from edgepair_sim.page import dotted
from edgepair_sim.pair import PRIMARY

SEEN_WITHIN_S = 300  # the primary sees an end within a second or two; its clock may have been stepped meanwhile


class LeasesEnd(Checker):
    """Looks at the primary's disk at the end of a life: in Normal it ends leases for both."""

    name = "leases-end"

    def ended(self) -> None:
        """Look, if there was time enough."""
        script = self.scene.script
        if self.scene.now_s >= script.healed_s + normal_bound_s(script) + SEEN_WITHIN_S:
            self._look(self.scene.nodes[PRIMARY])

    def _look(self, node: Node) -> None:
        now = node.now().wall_s
        for address in (each for pool in pools_of(node.config) for each in pool.addresses()):
            record = node.disk.lease(address)
            if record is None or record.lease.state is not BindingState.ACTIVE:
                continue
            over_s = now - record.lease.ends_at
            if over_s > SEEN_WITHIN_S:
                raise self.broken(f"{node.name} holds {dotted(address)} for a lease that was over {over_s} s ago")
