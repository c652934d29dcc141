"""What a client is promised and for how long (protocol reference 5.2 and 5.3)."""

from __future__ import annotations

from dataclasses import replace

from edgepair_contract.clock import Now
from edgepair_contract.vocabulary import BindingState
from edgepair_engine.dhcp.client import Client
from edgepair_engine.dhcp.desk import Desk
from edgepair_engine.dhcp.scopes import Scope
from edgepair_engine.failover.serving import granted_s, potential_expiry
from edgepair_engine.leases.binding import ENDED
from edgepair_engine.leases.lease import FOREVER_AT, Lease
from edgepair_engine.wire.dhcp4 import Dhcp4Packet

_KNOWN_AS_HELD = (BindingState.ACTIVE, *ENDED)


def wanted_s(packet: Dhcp4Packet, scope: Scope) -> int:
    """Return the lease time that client and configuration agree on, before any failover rule."""
    asked = packet.lease_time_s
    if not asked:  # a lease of nought seconds is no wish either
        return scope.config.default_lease_s
    return min(max(asked, scope.config.min_lease_s), scope.config.max_lease_s)


def keeps_its_end(lease: Lease, client: Client, *, granted_s: int, scope: Scope, now: Now) -> bool:
    """Return whether a running lease is so young that its end is repeated, with nothing to store and nobody to tell.

    Not one that ends later than what can be had now: a lease time that was lowered would hold at every other renewal.
    """
    if not now.wall_s < lease.ends_at <= now.wall_s + granted_s or (lease.client_id, lease.hardware) != (
        client.client_id,
        client.hardware,
    ):
        return False
    age_s = now.wall_s - lease.starts_at
    return 0 <= age_s * 100 < scope.config.cache_threshold_percent * (lease.ends_at - lease.starts_at)


def may_take(lease: Lease, client: Client, *, desk: Desk, now: Now) -> bool:
    """Return whether this client may have an address that nobody holds."""
    if lease.may_be_in_use(now) and not client.had(lease):
        return False
    return desk.rights.may_allocate(lease, now)


def may_reactivate(lease: Lease) -> bool:
    """Return whether the partner can still know the lease as running, so that its client may have it back."""
    ended = lease.state in {BindingState.EXPIRED, BindingState.RELEASED}
    return ended and lease.rewind is BindingState.ACTIVE


def granted_for(lease: Lease, client: Client, *, wanted_s: int, desk: Desk, now: Now) -> int:
    """Return for how long this client can have the address now."""
    if desk.rights.mclt_s is None:
        return wanted_s
    return granted_s(wanted_s, tsfp=_acknowledged(lease, client), mclt_s=desk.rights.mclt_s, now=now)


def bind(lease: Lease, client: Client, *, wanted_s: int, desk: Desk, now: Now) -> tuple[int, Lease]:
    """Return the granted seconds, and the address as bound to this client from now on."""
    lease_s = granted_for(lease, client, wanted_s=wanted_s, desk=desk, now=now)
    tsfp = _acknowledged(lease, client)
    ends_at = max(min(now.wall_s + lease_s, FOREVER_AT), _promised_until(lease, client))
    tstp = max(potential_expiry(wanted_s, ends_at - now.wall_s, now), ends_at, _told_until(lease, client))
    bound = replace(
        lease,
        state=BindingState.ACTIVE,
        client_id=client.client_id,
        hardware=client.hardware,
        hostname=client.hostname,
        starts_at=now.wall_s,
        ends_at=ends_at,
        tstp=tstp,
        tsfp=min(tsfp, tstp),
        atsfp=0,
        cltt=now.wall_s,
    )
    return lease_s, bound


def _promised_until(lease: Lease, client: Client) -> int:
    """Return until when this client may hold the address already: the shorter word may be lost on its way to it."""
    return min(lease.ends_at, FOREVER_AT) if lease.state is BindingState.ACTIVE and client.had(lease) else 0


def _told_until(lease: Lease, client: Client) -> int:
    """Return until when the partner was told that this client may come to hold it, while it may go by that word.

    It is never told less: until it has heard so it may renew by the longer word, which we would then know nothing of.
    """
    if lease.state not in _KNOWN_AS_HELD or not client.had(lease):
        return 0
    return min(max(lease.tsfp, lease.tstp), FOREVER_AT)


def _acknowledged(lease: Lease, client: Client) -> int:
    """Return up to when the partner knows of this client; what it knew of another one does not count."""
    return lease.tsfp if client.had(lease) else 0
