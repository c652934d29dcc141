"""When both are in Normal and have nothing to tell each other, their disks tell the same of every address.

The same are, for each address that both are configured with: the binding state; while it is leased also the client and
the end of its lease. Each server keeps by itself, and may have otherwise: the times of its own last word (tstp, atsfp),
the client that had an address which is available now, and the host name. No end of a lease
is left that the partner must still be told; what it knows may be told once more.

An address that changed within the last `AT_REST_S` is not looked at: its update may be under way. Looked at every ten
minutes, and at the end, when a pair that was whole for long enough must be in Normal anyway.
"""

from __future__ import annotations

from edgepair_contract.vocabulary import BindingState
from edgepair_engine.leases.binding import ENDED
from edgepair_engine.leases.lease import Lease
from edgepair_sim.addresses import Ranges
from edgepair_sim.bounds import normal_bound_s
from edgepair_sim.checkers.checker import Checker
from edgepair_sim.deeds import Deed
from edgepair_sim.node import Node
from edgepair_sim.page import dotted
from edgepair_sim.rest import are_in_normal, have_told_all
from edgepair_sim.scene import Scene

AT_REST_S = 120  # two looks at claims, two balances' jitter; and an abandoned address ends at each by its own clock


LOOKS_EVERY_S = 600.0


class TablesAreEqual(Checker):
    """Compares both disks from time to time, and at the end of a life."""

    name = "tables-are-equal"

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene)
        self._ranges = Ranges(scene)
        scene.timeline.after(LOOKS_EVERY_S, self._look)

    def done(self, deed: Deed) -> None:
        """Keep the ranges."""
        self._ranges.done(deed)

    def ended(self) -> None:
        """Compare, if there was time enough to become equal."""
        script = self.scene.script
        if self.scene.now_s < script.healed_s + normal_bound_s(script) + AT_REST_S:
            return
        self._compare_all()

    def _look(self) -> None:
        if have_told_all(self.scene):
            self._compare_all()
        self.scene.timeline.after(LOOKS_EVERY_S, self._look)

    def _compare_all(self) -> None:
        first, second = self.scene.nodes.values()
        if not are_in_normal(self.scene) or self._cannot_be_equal():
            return
        for address in sorted(_addresses(first) & _addresses(second)):
            if address in self._ranges.of(address):
                self._compare(address, first, second)

    def _cannot_be_equal(self) -> bool:
        """Return whether an old store was put back beside a partner that cannot find it out."""
        return not self.scene.script.settings.ours and any(
            node.disk.forgot_from_s for node in self.scene.nodes.values()
        )

    def _compare(self, address: int, first: Node, second: Node) -> None:
        mine, theirs = _lease(first, address), _lease(second, address)
        if any(_moved_lately(lease, node) for lease, node in ((mine, first), (theirs, second))):
            return
        if _told(mine) != _told(theirs):
            raise self.broken(f"{dotted(address)}: {first.name} holds {mine}, {second.name} {theirs}")
        for lease, node in ((mine, first), (theirs, second)):
            if lease.state in ENDED:
                raise self.broken(f"{dotted(address)}: {node.name} has not told {lease}")


def _told(lease: Lease) -> tuple[object, ...]:
    if lease.state is BindingState.ACTIVE:
        return lease.state, lease.client, lease.ends_at
    return (lease.state,)


def _moved_lately(lease: Lease, node: Node) -> bool:
    now = node.now().wall_s
    moments = (lease.starts_at, lease.cltt, lease.ends_at if lease.ends_at <= now + AT_REST_S else 0)
    return max(moments) >= now - AT_REST_S


def _lease(node: Node, address: int) -> Lease:
    record = node.disk.lease(address)
    return Lease(address) if record is None else record.lease


def _addresses(node: Node) -> set[int]:
    pools = [pool for subnet in node.config.groups[0].subnets for pool in subnet.pools]
    return {address for pool in pools for address in range(int(pool.start), int(pool.end) + 1)}
