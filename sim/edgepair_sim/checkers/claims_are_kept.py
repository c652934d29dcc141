"""No server gives an address on which its partner has a claim: none of its pool, and none that it may have prolonged.

In Communications-Interrupted the partner's pool is left alone altogether. In Partner-Down its free addresses are given
when MCLT has passed since it was last alive, and an address of a client whose lease is over when MCLT has passed since
the latest moment that either server told the other of it, too.

Looked at in offers, by what the server has stored: it knows no more then, or it is not looked at.
"""

from __future__ import annotations

from edgepair_contract.vocabulary import BindingState, FailoverState
from edgepair_engine.failover.serving import own_free_state
from edgepair_engine.leases.lease import Lease
from edgepair_engine.leases.record import StateRecord
from edgepair_engine.wire.dhcp4 import Dhcp4Packet
from edgepair_engine.wire.dhcp4_options import Dhcp4Type
from edgepair_sim.addresses import lease_of
from edgepair_sim.checkers.checker import Checker
from edgepair_sim.node import Node
from edgepair_sim.page import dotted
from edgepair_sim.pair import GROUP

_ENDED = (BindingState.EXPIRED, BindingState.RELEASED)


class ClaimsAreKept(Checker):
    """Looks at each offer of an address that the client did not have."""

    name = "claims-are-kept"

    def answered(self, node: Node, packet: Dhcp4Packet) -> None:
        """Look at an offer."""
        state = node.disk.state(GROUP)
        if packet.message_type != Dhcp4Type.OFFER or state is None or not node.settled:
            return
        lease = lease_of(node, packet.yiaddr)
        if (lease.hardware or b"")[1:] == packet.chaddr:
            return
        own = own_free_state(node.config.groups[0].role)
        match state.my_state:
            case FailoverState.COMMUNICATIONS_INTERRUPTED:
                self._look_apart(node, lease, own)
            case FailoverState.PARTNER_DOWN:
                self._look_alone(node, lease, own, state)
            case _:
                return

    def _look_apart(self, node: Node, lease: Lease, own: BindingState) -> None:
        if _is_free(lease) and lease.state is not own:
            raise self.broken(f"{node.name} offers {dotted(lease.address)}, which is its partner's, in {_APART}")

    def _look_alone(self, node: Node, lease: Lease, own: BindingState, state: StateRecord) -> None:
        known_at = _known_at(lease, own)
        if known_at is None:
            return
        ends_at = max(known_at, state.claims_from_at) + max(state.mclt_s, state.mclt_wait_s)
        early_s = ends_at - node.now().wall_s
        if early_s >= 0:
            raise self.broken(
                f"{node.name} offers {dotted(lease.address)} {early_s} s before its partner's claim is over"
            )


_APART = FailoverState.COMMUNICATIONS_INTERRUPTED.label


def _is_free(lease: Lease) -> bool:
    return lease.state in (BindingState.FREE, BindingState.BACKUP)


def _known_at(lease: Lease, own: BindingState) -> int | None:
    """Return until when the partner was told, or told itself, that a client may hold it; None: it has no claim."""
    if lease.state in _ENDED:
        return None if lease.rewind is own else max(lease.tsfp, lease.tstp)
    return 0 if _is_free(lease) and lease.state is not own else None
