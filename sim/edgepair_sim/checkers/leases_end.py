"""In Normal the primary ends leases for both: it alone, and each of them.

An end that nobody sees takes the address from the pool for ever; this is looked at long after the last fault. An end
that both see is told by both, and by two clocks.
"""

from __future__ import annotations

from edgepair_contract.vocabulary import BindingState, FailoverState
from edgepair_engine.leases.lease import CLOCK_TOLERANCE_S
from edgepair_engine.leases.pool import pools_of
from edgepair_engine.wire.failover import BndUpd, FailoverMessage
from edgepair_sim.bounds import normal_bound_s
from edgepair_sim.checkers.checker import Checker
from edgepair_sim.node import Node
from edgepair_sim.page import dotted
from edgepair_sim.pair import GROUP, PRIMARY, SECONDARY
from edgepair_sim.scene import Scene
from edgepair_sim.skew import Skew

SEEN_WITHIN_S = 300  # the primary sees an end within a second or two; its clock may have been stepped meanwhile


class LeasesEnd(Checker):
    """Looks at what the secondary tells, and at the primary's disk at the end of a life."""

    name = "leases-end"

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene)
        self._skew = Skew(scene.script)

    def spoke(self, node: Node, message: FailoverMessage) -> None:
        """Look at the end of a lease that the secondary tells: it was over before the two were in Normal.

        By its clock of then: one that was put back since has it in the future.
        """
        if node.name != SECONDARY or not isinstance(message, BndUpd) or message.state is not BindingState.EXPIRED:
            return
        state, ended_at = node.disk.state(GROUP), message.lease_expires_at or 0
        in_normal = state is not None and state.my_state is FailoverState.NORMAL
        put_back_s = self._skew.stepped_back_s(SECONDARY, self.scene.now_s)
        if state is not None and in_normal and ended_at - put_back_s > state.my_state_at + CLOCK_TOLERANCE_S:
            raise self.broken(f"{node.name} ends the lease of {dotted(message.address or 0)} in Normal by itself")

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
