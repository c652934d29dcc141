"""From a packet to a verdict: what is answered to DISCOVER, REQUEST, RELEASE, DECLINE, INFORM, and to plain BOOTP.

Which server of a pair answers is decided here by the rights alone (protocol reference 4.3): a DISCOVER is left to the
partner when load balancing says so, a REQUEST never is, and INFORM is answered in every state, to who is in the subnet.
"""

from __future__ import annotations

from edgepair_contract.clock import Now
from edgepair_contract.vocabulary import BindingState, Serving
from edgepair_engine.dhcp.allocation import find_address, partner_can_give
from edgepair_engine.dhcp.desk import Ask, Desk
from edgepair_engine.dhcp.requests import request
from edgepair_engine.dhcp.terms import granted_for, wanted_s
from edgepair_engine.dhcp.verdict import BootReply, Freed, Inform, Offer, Silent, Verdict, Why
from edgepair_engine.leases.binding import abandoned, freed, released
from edgepair_engine.wire.dhcp4 import BOOTREQUEST
from edgepair_engine.wire.dhcp4_options import Dhcp4Type


def respond(ask: Ask, desk: Desk, now: Now) -> Verdict:
    """Return the verdict on a packet."""
    if ask.packet.op != BOOTREQUEST:
        return Silent(Why.NOT_A_REQUEST, "it is an answer")
    if ask.packet.message_type == Dhcp4Type.INFORM:
        if ask.packet.ciaddr and not desk.scope.holds(ask.packet.ciaddr):  # an answer there would be sent to anybody
            return Silent(Why.WRONG_NETWORK)
        return Inform()
    if desk.rights.serving is Serving.NONE:
        return Silent(Why.NOT_SERVING, desk.rights.why)
    match ask.packet.message_type:
        case Dhcp4Type.DISCOVER:
            return _discover(ask, desk, now)
        case Dhcp4Type.REQUEST:
            return request(ask, desk, now)
        case Dhcp4Type.RELEASE:
            return _release(ask, desk, now)
        case Dhcp4Type.DECLINE:
            return _decline(ask, desk, now)
        case None:
            return _boot(ask, desk)
        case other:
            return Silent(Why.NOT_A_REQUEST, f"message type {other}")


def is_partners(ask: Ask, desk: Desk) -> bool:
    """Return whether this is a DISCOVER that load balancing leaves to the partner."""
    packet = ask.packet
    if packet.message_type != Dhcp4Type.DISCOVER or desk.rights.serving is not Serving.HALF:
        return False
    return not desk.rights.answers(ask.client.hash_key, packet.secs) and partner_can_give(desk)


def _discover(ask: Ask, desk: Desk, now: Now) -> Offer | Silent:
    if is_partners(ask, desk):
        return Silent(Why.PARTNERS_CLIENT)
    wanted = wanted_s(ask.packet, desk.scope)
    reserved = desk.scope.reserved_for(ask.client)
    if reserved is not None:
        return Offer(reserved, wanted, Why.RESERVED)
    found = find_address(ask, desk, now)
    if found is None:
        return Silent(Why.NO_ADDRESS, desk.scope.prefix)
    lease, why = found
    return Offer(lease.address, granted_for(lease, ask.client, wanted_s=wanted, desk=desk, now=now), why)


def _boot(ask: Ask, desk: Desk) -> BootReply | Silent:
    """Answer plain BOOTP, for a reserved address only: it has no lease times, and never gives an address back."""
    reserved = desk.scope.reserved_for(ask.client)
    if reserved is None:
        return Silent(Why.NOT_RESERVED)
    if not desk.rights.answers(ask.client.hash_key, ask.packet.secs):
        return Silent(Why.PARTNERS_CLIENT)
    return BootReply(reserved)


def _release(ask: Ask, desk: Desk, now: Now) -> Freed | Silent:
    lease = desk.lease(ask.packet.ciaddr)
    if lease is None:
        return Silent(Why.NOT_MANAGED)
    if lease.state is not BindingState.ACTIVE or not ask.client.had(lease) or lease.ends_at <= now.wall_s:
        return Silent(Why.NOT_THE_HOLDER)
    given_back = released(lease, now)
    return Freed(given_back if desk.scope.group else freed(given_back), Why.CLIENT_RELEASED)


def _decline(ask: Ask, desk: Desk, now: Now) -> Freed | Silent:
    """Keep the address back: some host uses it that the server does not know."""
    lease = desk.lease(ask.packet.requested_address or 0)
    if lease is None:
        return Silent(Why.NOT_MANAGED)
    if lease.state is not BindingState.ACTIVE or not ask.client.had(lease):
        return Silent(Why.NOT_THE_HOLDER)
    return Freed(abandoned(lease, now, abandon_s=desk.scope.config.abandon_s), Why.CLIENT_DECLINED)
