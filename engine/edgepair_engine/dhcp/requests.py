"""DHCPREQUEST in all its forms: selecting, init-reboot, renewing, rebinding (RFC 2131 4.3.2).

It is never load balanced. A client that names another server in option 54 has taken that one's offer and is left
alone: dhcpd would look at the binding only (protocol reference 4.4), with the same result as far as the address is
the partner's, and a duel of two updates otherwise. Where a relay has clients know each server by the relay's own
address (RFC 5107), option 54 tells nothing: there the offer that waits tells who was chosen, else the client's hash.
"""

from __future__ import annotations

from edgepair_contract.clock import Now
from edgepair_contract.vocabulary import BindingState
from edgepair_engine.dhcp.desk import Ask, Desk
from edgepair_engine.dhcp.terms import bind, granted_for, keeps_its_end, may_reactivate, may_take, wanted_s
from edgepair_engine.dhcp.verdict import Ack, Nak, Silent, Why
from edgepair_engine.leases.lease import Lease


def request(ask: Ask, desk: Desk, now: Now) -> Ack | Nak | Silent:
    """Return the verdict on a DHCPREQUEST."""
    packet = ask.packet
    address = packet.ciaddr or packet.requested_address
    if not address:
        return Silent(Why.NOT_A_REQUEST, "it names no address")
    if _chose_another(ask, address, desk, now):
        return Silent(Why.OTHER_SERVER)
    if not desk.scope.holds(address):
        # Without authority it may be another server's matter; an address of this server's own never is.
        if desk.scope.config.authoritative:
            return Nak(address, Why.WRONG_NETWORK)
        return Silent(Why.WRONG_NETWORK)
    reserved = desk.scope.reserved_for(ask.client)
    if reserved is not None:
        if reserved != address:
            return Nak(address, Why.RESERVED_ELSEWHERE)
        return Ack(address, wanted_s(packet, desk.scope), Why.RESERVED, None)
    lease = desk.lease(address)
    if lease is None:
        return Silent(Why.NOT_MANAGED)
    return _on_binding(lease, ask, desk, now)


def _chose_another(ask: Ask, address: int, desk: Desk, now: Now) -> bool:
    packet = ask.packet
    if packet.ciaddr or packet.server_id is None:
        return False
    if packet.server_id == packet.server_id_override:
        offered = desk.offers.of_client(ask.key, now) == address
        return not offered and not desk.rights.answers(ask.client.hash_key, packet.secs)
    return packet.server_id not in desk.server_ids


def _on_binding(lease: Lease, ask: Ask, desk: Desk, now: Now) -> Ack | Nak | Silent:
    """Protocol reference 4.4: the binding state says who may confirm."""
    holds = ask.client.had(lease)
    if lease.state is BindingState.ACTIVE and holds:
        granted_s = granted_for(lease, ask.client, wanted_s=wanted_s(ask.packet, desk.scope), desk=desk, now=now)
        # One that does not use the address may have given it back, to the partner alone: only a new word outdoes that.
        uses = ask.packet.ciaddr != 0
        if uses and keeps_its_end(lease, ask.client, granted_s=granted_s, scope=desk.scope, now=now):
            left_s, age_s = lease.ends_at - now.wall_s, now.wall_s - lease.starts_at
            return Ack(lease.address, left_s, Why.RENEWED_EARLY, None, age_s)
        return _confirm(lease, Why.RENEWED, ask=ask, desk=desk, now=now)
    if may_reactivate(lease) and holds:
        return _confirm(lease, Why.REACTIVATED, ask=ask, desk=desk, now=now)
    if may_take(lease, ask.client, desk=desk, now=now):
        if not desk.offers.is_open_to(lease.address, ask.key, now):
            return Silent(Why.OFFERED_ELSEWHERE)
        return _confirm(lease, Why.SELECTED, ask=ask, desk=desk, now=now)
    if lease.state is BindingState.ACTIVE:
        return Nak(lease.address, Why.ANOTHER_CLIENT)
    if lease.state is BindingState.RESET:
        return Nak(lease.address, Why.BINDING_RESET)
    return Silent(Why.PARTNERS_ADDRESS)


def _confirm(lease: Lease, why: Why, *, ask: Ask, desk: Desk, now: Now) -> Ack:
    lease_s, bound = bind(lease, ask.client, wanted_s=wanted_s(ask.packet, desk.scope), desk=desk, now=now)
    return Ack(lease.address, lease_s, why, bound)
