"""Rules between objects: what one group asks that its servers, or other groups, do not allow.

Each rule is a function; the first that objects wins, so the order is from what is missing to what does not fit. A group
that breaks one is left alone: the last good configuration keeps running.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address

from edgepair_contract.config import NetworkMode
from edgepair_contract.vocabulary import Role
from edgepair_operator.api.conditions import Reason
from edgepair_operator.api.v1alpha1.appliance_dhcp_server import ApplianceDhcpServer
from edgepair_operator.api.v1alpha1.dhcp_failover_group import DhcpFailoverGroup
from edgepair_operator.api.v1alpha1.scope import Reservation, Scope
from edgepair_operator.plan.defaults import find_interface, interface_of, interfaces_of, member, pools_of
from edgepair_operator.plan.options import options_of
from edgepair_operator.plan.precedence import ran, those_before
from edgepair_operator.plan.world import World, servers_of


@dataclass(frozen=True, slots=True)
class Problem:
    """Why something asked for cannot be done: a reason of the closed list, and a sentence that says what to do."""

    reason: Reason
    message: str


Rule = Callable[[DhcpFailoverGroup, World], Problem | None]


def problem_of(group: DhcpFailoverGroup, world: World) -> Problem | None:
    """Return the first rule's objection to a group, None when it can be carried out."""
    for rule in RULES:
        problem = rule(group, world)
        if problem is not None:
            return problem
    return None


def unreadable_problem(server: str, world: World) -> Problem | None:
    """Return the objection to any change of a server that an object of another version decides about, too."""
    found = world.unreadable_about(server)
    if found is None:
        return None
    key, broken = found
    return Problem(
        Reason.SPEC_UNREADABLE,
        f"{key.kind} {key.name} cannot be read by this version ({broken.why}): correct it;"
        f" until then what the server {server} runs stays as it is",
    )


def _unreadable(group: DhcpFailoverGroup, world: World) -> Problem | None:
    found = (unreadable_problem(server, world) for server in servers_of(group))
    return next((problem for problem in found if problem is not None), None)


def _server_missing(group: DhcpFailoverGroup, world: World) -> Problem | None:
    for role in Role:
        named = member(group, role).server_ref
        if named is not None and named.name not in world.servers:
            return Problem(
                Reason.SERVER_MISSING,
                f"{role.value} server {named.name} does not exist in namespace {group.metadata.namespace}:"
                f" create that ApplianceDhcpServer, or correct spec.{role.value}.serverRef.name",
            )
    return None


def _role_swap(group: DhcpFailoverGroup, world: World) -> Problem | None:
    for role in Role:
        named = member(group, role).server_ref
        if (
            named is not None
            and ran(group, role.partner, world) == named.name
            and _may_have_leases(group, named.name, world)
        ):
            return Problem(
                Reason.ROLE_SWAP,
                f"server {named.name} is the {role.partner.value} of this pair, and clients hold leases: each server"
                " would take the other's free addresses for its own; write primary and secondary as they were",
            )
    return None


def _may_have_leases(group: DhcpFailoverGroup, server: str, world: World) -> bool:
    """Return whether a client holds an address, or held one that is not free for both yet; yes where none can say."""
    report = world.servers[server].reach.report
    found = next((each for each in report.groups if each.name == group.group_name), None) if report else None
    return found is None or any(pool.active or pool.expired or pool.released for pool in found.pools)


def _mode_unsupported(group: DhcpFailoverGroup, world: World) -> Problem | None:
    for server in _servers(group, world):
        problem = mode_problem(server)
        if problem is not None:
            return problem
    return None


def mode_problem(server: ApplianceDhcpServer) -> Problem | None:
    """Return the objection to a server's network mode."""
    mode = server.spec.network.mode
    if mode is NetworkMode.HOST_NETWORK:
        return None
    return Problem(
        Reason.MODE_UNSUPPORTED,
        f"server {server.metadata.name} asks for network.mode {mode.value}, which this version does not run:"
        " write HostNetwork",
    )


def _interface_missing(group: DhcpFailoverGroup, world: World) -> Problem | None:
    for server in _servers(group, world):
        for name in interfaces_of(group):
            interface = find_interface(server, name)
            if interface is None:
                return Problem(
                    Reason.INTERFACE_MISSING,
                    f"server {server.metadata.name} has no interface {name}:"
                    " add it to its spec.interfaces with failover: true, or remove the scope",
                )
            if not interface.failover:
                return Problem(
                    Reason.INTERFACE_MISSING,
                    f"interface {name} of server {server.metadata.name} is not for failover:"
                    " write failover: true there",
                )
    return None


def _interface_taken(group: DhcpFailoverGroup, world: World) -> Problem | None:
    for server, earlier in _earlier_groups(group, world):
        if earlier.spec.interface == group.spec.interface:
            return Problem(
                Reason.INTERFACE_TAKEN,
                f"interface {group.spec.interface} of server {server} belongs to group {earlier.metadata.name}:"
                " add the scopes there, or name another interface",
            )
    return None


def _group_name_taken(group: DhcpFailoverGroup, world: World) -> Problem | None:
    for server, earlier in _earlier_groups(group, world):
        if earlier.group_name == group.group_name:
            return Problem(
                Reason.GROUP_NAME_TAKEN,
                f"server {server} already has a group called {group.group_name} ({earlier.metadata.name}):"
                " make this one anew with another groupName",
            )
    return None


def _address_outside_prefix(group: DhcpFailoverGroup, world: World) -> Problem | None:
    for server, scope, name, address in _addressed(group, world):
        if address not in scope.prefix:
            return Problem(
                Reason.ADDRESS_OUTSIDE_PREFIX,
                f"{name} of server {server} has address {address}, which is not in prefix {scope.prefix}:"
                " correct the interface's address, or the scope's prefix",
            )
    return None


def _address_in_range(group: DhcpFailoverGroup, world: World) -> Problem | None:
    for server, scope, name, address in _addressed(group, world):
        for pool in pools_of(scope):
            if pool.start <= address <= pool.end:
                return Problem(
                    Reason.ADDRESS_IN_RANGE,
                    f"{name} of server {server} has address {address}, which lies in range {pool.start}-{pool.end}:"
                    " leave it out of the ranges",
                )
    return None


def _reservation_conflict(group: DhcpFailoverGroup, _: World) -> Problem | None:
    for scope in group.spec.scopes:
        problem = reservation_problem(scope)
        if problem is not None:
            return problem
    return None


def reservation_problem(scope: Scope) -> Problem | None:
    """Return the objection to a scope's reservations: one client twice, or an address inside a range."""
    first: dict[str, Reservation] = {}
    for reservation in scope.reservations:
        client = (reservation.mac or reservation.client_id or "").lower()
        if client in first:
            return Problem(
                Reason.RESERVATION_CONFLICT,
                f"reservations {first[client].ip} and {reservation.ip} in {scope.prefix} name the same client {client}:"
                " remove one of them",
            )
        first[client] = reservation
        for pool in pools_of(scope):
            if pool.start <= reservation.ip <= pool.end:
                return Problem(
                    Reason.RESERVATION_CONFLICT,
                    f"reservation {reservation.ip} of {client} lies in range {pool.start}-{pool.end}:"
                    " leave it out of the ranges",
                )
    return None


def _option_value(group: DhcpFailoverGroup, _: World) -> Problem | None:
    for scope in group.spec.scopes:
        problem = option_problem(scope)
        if problem is not None:
            return problem
    return None


def option_problem(scope: Scope) -> Problem | None:
    """Return the objection to a scope's option values."""
    try:
        options_of(scope)
    except ValueError as error:
        return Problem(Reason.OPTION_VALUE, f"scope {scope.prefix}: {error}")
    return None


RULES: tuple[Rule, ...] = (
    _unreadable,
    _server_missing,
    _role_swap,
    _mode_unsupported,
    _interface_missing,
    _interface_taken,
    _group_name_taken,
    _address_outside_prefix,
    _address_in_range,
    _reservation_conflict,
    _option_value,
)


def _servers(group: DhcpFailoverGroup, world: World) -> Iterator[ApplianceDhcpServer]:
    return (world.servers[name].resource for name in servers_of(group) if name in world.servers)


def _earlier_groups(group: DhcpFailoverGroup, world: World) -> Iterator[tuple[str, DhcpFailoverGroup]]:
    """Go through the groups that come before this one at a server it names, with that server."""
    for server in servers_of(group):
        for other in those_before(group, server, world):
            yield server, other


def _addressed(group: DhcpFailoverGroup, world: World) -> Iterator[tuple[str, Scope, str, IPv4Address]]:
    """Go through each scope of the group at each server, with the interface's name and address there."""
    for server in _servers(group, world):
        for scope in group.spec.scopes:
            interface = find_interface(server, interface_of(group, scope))
            if interface is not None and interface.address is not None:
                yield server.metadata.name, scope, interface.name, interface.address.ip
