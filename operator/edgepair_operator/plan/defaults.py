"""Derived defaults: what a spec leaves out because it follows from the rest."""

from __future__ import annotations

from ipaddress import IPv4Address

from edgepair_contract.config import PoolConfig
from edgepair_contract.vocabulary import Role
from edgepair_operator.api.v1alpha1.appliance_dhcp_server import ApplianceDhcpServer, Interface
from edgepair_operator.api.v1alpha1.dhcp_failover_group import DhcpFailoverGroup, Member
from edgepair_operator.api.v1alpha1.scope import Scope


def member(group: DhcpFailoverGroup, role: Role) -> Member:
    """Return one side of a group."""
    return group.spec.primary if role is Role.PRIMARY else group.spec.secondary


def interface_of(group: DhcpFailoverGroup, scope: Scope) -> str:
    """Return the interface that a group's scope is on: the physical one if it names none."""
    return scope.interface or group.spec.interface


def interfaces_of(group: DhcpFailoverGroup) -> tuple[str, ...]:
    """Return every interface a group covers: the physical one first, tagged ones by number."""
    names = {group.spec.interface, *(interface_of(group, scope) for scope in group.spec.scopes)}
    return tuple(sorted(names, key=lambda name: int(name.partition(".")[2] or 0)))


def find_interface(server: ApplianceDhcpServer, name: str) -> Interface | None:
    """Return a server's interface of this name."""
    return next((interface for interface in server.spec.interfaces if interface.name == name), None)


def device_of(interface: Interface) -> str:
    """Return the device that carries an interface: the one of the same name if none is given."""
    return interface.device or interface.name


def max_lease_s(scope: Scope) -> int:
    """Return the longest lease of a scope: twice the usual one if none is given, as far as 32 bits go."""
    return scope.max_lease_seconds or min(2 * scope.default_lease_seconds, 4294967295)


def pools_of(scope: Scope) -> tuple[PoolConfig, ...]:
    """Return the addresses of a scope: its ranges, or all hosts but so many at either end."""
    if scope.ranges is not None:
        return tuple(PoolConfig(start=given.start, end=given.end) for given in scope.ranges)
    first = int(scope.prefix.network_address) + 1 + (scope.exclude_first or 0)
    last = int(scope.prefix.broadcast_address) - 1 - (scope.exclude_last or 0)
    return (PoolConfig(start=IPv4Address(first), end=IPv4Address(last)),)
