"""No server gives an address on which its partner, or the client before, may have a claim.

In Communications-Interrupted the partner's pool is left alone altogether, and every address of which the partner was
told a lease, or told one itself, until both know that it is over. In Partner-Down the partner's free addresses are
given when MCLT has passed since it was last alive, and those of a lease that is over when MCLT has passed since the
latest moment that either told the other of it, too. And nobody gets an address within a minute of its last client's
end: whose clock was right nobody knows.

Looked at in offers, by what the server has stored: it knows no more then, or it is not looked at; and by what the two
have said.
"""

from __future__ import annotations

from edgepair_contract.report import MemberReport
from edgepair_contract.vocabulary import BindingState, FailoverState
from edgepair_engine.failover.serving import own_free_state
from edgepair_engine.leases.lease import CLOCK_TOLERANCE_S, Lease
from edgepair_engine.leases.record import StateRecord
from edgepair_engine.wire.dhcp4 import Dhcp4Packet
from edgepair_engine.wire.dhcp4_options import Dhcp4Type
from edgepair_engine.wire.failover import BndUpd, FailoverMessage
from edgepair_sim.acknowledged import Acknowledged
from edgepair_sim.addresses import Ranges, lease_of
from edgepair_sim.checkers.checker import Checker
from edgepair_sim.deeds import Deed
from edgepair_sim.node import Node
from edgepair_sim.page import dotted
from edgepair_sim.pair import GROUP
from edgepair_sim.scene import Scene
from edgepair_sim.stores import Stores

_FREE = (BindingState.FREE, BindingState.BACKUP)
_APART = FailoverState.COMMUNICATIONS_INTERRUPTED.label


class ClaimsAreKept(Checker):
    """Looks at each offer of an address that the client did not have."""

    name = "claims-are-kept"

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene)
        self._acknowledged = Acknowledged()
        self._stores = Stores(scene)
        self._ranges = Ranges(scene)
        self._leased: set[tuple[str, int]] = set()  # by server: the addresses of which its partner may know a lease

    def spoke(self, node: Node, message: FailoverMessage) -> None:
        """Keep of which leases each of the two may know."""
        partner = self.scene.partner_of(node)
        if isinstance(message, BndUpd) and message.state is BindingState.ACTIVE and message.address is not None:
            self._leased.add((node.name, message.address))
        accepted = self._acknowledged.hear(node.name, partner.name, message)
        if accepted is not None and accepted.address is not None:
            both = {(node.name, accepted.address), (partner.name, accepted.address)}
            if accepted.state is BindingState.ACTIVE:
                self._leased |= both
            else:
                self._leased -= both

    def started(self, node: Node) -> None:
        """Hear that a server starts: nobody tells it of leases whose addresses are in no range now (promises.md, 3)."""
        if self._stores.is_blind(node):
            self._leased = {(name, address) for name, address in self._leased if address in self._ranges.of(address)}

    def done(self, deed: Deed) -> None:
        """Hear what is done to the ranges."""
        self._ranges.done(deed)

    def published(self, node: Node, report: MemberReport) -> None:
        """Hear when a store that was lost or put back is whole again."""
        self._stores.published(node, report)

    def answered(self, node: Node, packet: Dhcp4Packet) -> None:
        """Look at an offer."""
        state = node.disk.state(GROUP)
        if packet.message_type != Dhcp4Type.OFFER or state is None or not node.settled or self._stores.is_blind(node):
            return
        lease = lease_of(node, packet.yiaddr)
        if (lease.hardware or b"")[1:] == packet.chaddr or lease.state is BindingState.ABANDONED:
            return  # its last client gave an abandoned one up by itself
        self._look_at_its_last_client(node, lease)
        is_own = lease.state is own_free_state(node.config.groups[0].role)
        match state.my_state:
            case FailoverState.COMMUNICATIONS_INTERRUPTED:
                self._look_apart(node, lease, is_own=is_own)
            case FailoverState.PARTNER_DOWN if not is_own:
                self._look_alone(node, lease, state)
            case _:
                return

    def _look_at_its_last_client(self, node: Node, lease: Lease) -> None:
        over_s = node.now().wall_s - lease.ends_at
        if lease.hardware and abs(over_s) < CLOCK_TOLERANCE_S:
            raise self.broken(f"{node.name} offers {dotted(lease.address)} {over_s} s after the end of another's lease")

    def _look_apart(self, node: Node, lease: Lease, *, is_own: bool) -> None:
        if not is_own and lease.state in _FREE:
            raise self.broken(f"{node.name} offers {dotted(lease.address)}, which is its partner's, in {_APART}")
        if (node.name, lease.address) in self._leased:
            raise self.broken(f"{node.name} offers {dotted(lease.address)}, of which its partner may know a lease")

    def _look_alone(self, node: Node, lease: Lease, state: StateRecord) -> None:
        leased = (node.name, lease.address) in self._leased
        if lease.state not in _FREE and not leased:
            return  # it was this server's before, and the partner has never heard of the lease
        known_at = max(lease.tsfp, lease.tstp) if leased else 0
        ends_at = max(known_at, state.claims_from_at) + max(state.mclt_s, state.mclt_wait_s)
        early_s = ends_at - node.now().wall_s
        if early_s >= 0:
            raise self.broken(
                f"{node.name} offers {dotted(lease.address)} {early_s} s before its partner's claim is over"
            )
