"""From custom resources to the one document an engine reads: the only place that turns one into the other."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address

from pydantic import ValidationError

from edgepair_contract.config import (
    AdminConfig,
    GroupConfig,
    InterfaceConfig,
    MemberConfig,
    ReservationConfig,
    SubnetConfig,
)
from edgepair_contract.vocabulary import Role
from edgepair_operator.api.conditions import Reason
from edgepair_operator.api.v1alpha1.appliance_dhcp_server import ApplianceDhcpServer
from edgepair_operator.api.v1alpha1.dhcp_failover_group import DhcpFailoverGroup, PartnerDownPolicy
from edgepair_operator.api.v1alpha1.scope import Reservation, Scope
from edgepair_operator.plan.defaults import (
    device_of,
    find_interface,
    interface_of,
    max_lease_s,
    member,
    pools_of,
)
from edgepair_operator.plan.options import options_of
from edgepair_operator.plan.rules import Problem, mode_problem, option_problem, reservation_problem, unreadable_problem
from edgepair_operator.plan.running import groups_run_by, stands_still
from edgepair_operator.plan.world import ServerFacts, World

CONFIG_BYTES_MAX = 900 * 1024  # an object of the API server holds 1 MiB


@dataclass(frozen=True, slots=True)
class Wanted:
    """The configuration a server should run, its revision set. `problem`: why it is an older one, or none at all."""

    config: MemberConfig | None
    problem: Problem | None = None


def wanted_config(server: ServerFacts, world: World) -> Wanted:
    """Return what a server should run: what the objects ask, or the last good one while they ask what cannot be."""
    last = server.config.config if server.config is not None else None
    problem = unreadable_problem(server.name, world) or _server_problem(server.resource)
    if problem is not None:
        return Wanted(last, problem)
    try:
        config = _build(server, world, last)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        return Wanted(last, Problem(Reason.CONFIG_INVALID, f"server {server.name}: {first['msg']}"))
    size = len(config.model_dump_json())
    if size > CONFIG_BYTES_MAX:
        text = f"the configuration of server {server.name} has {size} bytes, more than {CONFIG_BYTES_MAX}: divide it"
        return Wanted(last, Problem(Reason.CONFIG_TOO_LARGE, text))
    return Wanted(config.model_copy(update={"revision": _revision(server, config.digest)}))


def _revision(server: ServerFacts, digest: str) -> int:
    """Return the revision of a content: the known one while nothing differs, else one more than any that was seen."""
    stored = server.config
    report = server.reach.report
    reported = report.config_revision if report is not None else 0
    if stored is None or stored.config is None or stored.config.digest != digest:
        return max(stored.revision if stored else 0, reported) + 1
    if report is not None and reported >= stored.revision and report.config_digest != digest:
        return reported + 1
    return stored.revision


def _server_problem(server: ApplianceDhcpServer) -> Problem | None:
    problem = mode_problem(server)
    for interface in server.spec.interfaces:
        if interface.scope is not None:
            problem = problem or reservation_problem(interface.scope) or option_problem(interface.scope)
    return problem


def _build(server: ServerFacts, world: World, last: MemberConfig | None) -> MemberConfig:
    resource = server.resource
    limits = resource.spec.limits
    return MemberConfig(
        server=server.name,
        appliance=resource.appliance_name,
        mode=resource.spec.network.mode,
        server_identifier=resource.spec.network.server_identifier,
        admin=AdminConfig(port=resource.spec.network.admin_port),
        interfaces=tuple(
            InterfaceConfig(name=interface.name, device=device_of(interface), address=interface.address)
            for interface in resource.spec.interfaces
            if interface.address is not None
        ),
        groups=_groups(server, world, last),
        subnets=tuple(
            _subnet(interface.name, interface.scope)
            for interface in resource.spec.interfaces
            if interface.scope is not None
        ),
        per_client_per_second=limits.per_client_per_second,
        per_relay_per_second=limits.per_relay_per_second,
    )


def _groups(server: ServerFacts, world: World, last: MemberConfig | None) -> tuple[GroupConfig, ...]:
    """Return the server's groups; one that cannot be carried out, or is to be left alone, is what it was before."""
    before = {group.name: group for group in last.groups} if last is not None else {}
    found: dict[str, GroupConfig] = {}
    for group, role in groups_run_by(server.name, world):
        if not stands_still(group, world):
            found[group.group_name] = _group(group, role, world)
        elif group.group_name in before:
            found.setdefault(group.group_name, before[group.group_name])
    return tuple(found[name] for name in sorted(found))


def _group(group: DhcpFailoverGroup, role: Role, world: World) -> GroupConfig:
    spec = group.spec
    mine, partner = member(group, role), member(group, role.partner)
    external = partner.external
    return GroupConfig(
        name=group.group_name,
        role=role,
        my_address=_link_address(group, role, world),
        my_port=mine.port,
        partner_address=str(external.address if external else _link_address(group, role.partner, world)),
        partner_port=external.port if external else partner.port,
        partner_is_ours=external is None,
        mclt_s=spec.mclt_seconds,
        split=spec.split,
        max_response_delay_s=spec.max_response_delay_seconds,
        max_unacked_updates=spec.max_unacked_updates,
        load_balance_max_s=spec.load_balance_max_seconds,
        max_lease_misbalance_percent=spec.balance.max_lease_misbalance_percent,
        max_lease_ownership_percent=spec.balance.max_lease_ownership_percent,
        min_balance_s=spec.balance.min_seconds,
        max_balance_s=spec.balance.max_seconds,
        auto_partner_down_s=(spec.partner_down.after_seconds or 0)
        if spec.partner_down.policy is PartnerDownPolicy.AFTER
        else 0,
        subnets=tuple(_subnet(interface_of(group, scope), scope) for scope in spec.scopes),
    )


def _link_address(group: DhcpFailoverGroup, role: Role, world: World) -> IPv4Address:
    """Return the address of one of our sides: as given, or the one of the group's interface at that server."""
    side = member(group, role)
    if side.address is not None:
        return side.address
    assert side.server_ref is not None, "a side is ours or external"
    interface = find_interface(world.servers[side.server_ref.name].resource, group.spec.interface)
    assert interface is not None, "the rules ask for the interface"
    assert interface.address is not None, "with HostNetwork the schema asks for the address"
    return interface.address.ip


def _subnet(interface: str, scope: Scope) -> SubnetConfig:
    return SubnetConfig(
        interface=interface,
        prefix=scope.prefix,
        pools=pools_of(scope),
        default_lease_s=scope.default_lease_seconds,
        max_lease_s=max_lease_s(scope),
        min_lease_s=scope.min_lease_seconds,
        gateways=scope.gateways,
        dns_servers=scope.dns_servers,
        domain_name=scope.domain_name,
        options=options_of(scope),
        next_server=scope.next_server,
        boot_file=scope.boot_file,
        tftp_server_name=scope.tftp_server_name,
        reservations=tuple(_reservation(reservation) for reservation in scope.reservations),
        abandon_s=scope.abandon_seconds,
        cache_threshold_percent=scope.cache_threshold_percent,
        authoritative=scope.authoritative,
    )


def _reservation(reservation: Reservation) -> ReservationConfig:
    return ReservationConfig(
        ip=reservation.ip,
        mac=reservation.mac.lower() if reservation.mac else None,
        client_id=reservation.client_id.lower() if reservation.client_id else None,
        hostname=reservation.hostname,
    )
