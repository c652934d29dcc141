"""A scope: one prefix, the addresses given from it, and what its clients are told. The same type in both kinds."""

from __future__ import annotations

from enum import Enum
from typing import Annotated, ClassVar

from pydantic import Field

from edgepair_operator.api.markers import AtomicList, MapList, Rule
from edgepair_operator.api.v1alpha1.addresses import Address, Prefix, are_addresses, number_of
from edgepair_operator.api.v1alpha1.model import Model
from edgepair_operator.api.v1alpha1.options import DhcpOption

INTERFACE_PATTERN = r"^[a-z]+[0-9]+(\.[1-9][0-9]{0,3})?$"
INTERFACE_LENGTH_MAX = 32
DOMAIN_PATTERN = r"^[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_])?\.?$"
SECONDS_MAX = 4294967295  # 32 bits on the wire; this value means for ever
PREFIX_LENGTH_MIN = 8
SIZES = [2 ** (32 - length) for length in range(PREFIX_LENGTH_MIN, 31)]  # addresses in a /8, a /9, ... a /30

InterfaceName = Annotated[str, Field(pattern=INTERFACE_PATTERN, max_length=INTERFACE_LENGTH_MAX)]
DomainName = Annotated[str, Field(pattern=DOMAIN_PATTERN, min_length=1, max_length=253)]
LeaseSeconds = Annotated[int, Field(ge=60, le=SECONDS_MAX)]
Addresses = Annotated[tuple[Address, ...], Field(max_length=8), AtomicList()]


class NetbiosNodeType(Enum):
    """How clients resolve NetBIOS names: broadcast, point to point, mixed, hybrid."""

    BROADCAST = "B"
    POINT_TO_POINT = "P"
    MIXED = "M"
    HYBRID = "H"


class AddressRange(Model):
    """Addresses to give, from start to end, both included."""

    start: Address = Field(description="First address of the range.")
    end: Address = Field(description="Last address of the range.")

    rules: ClassVar = (
        Rule(
            f"!({are_addresses('self.start', 'self.end')}) || {number_of('self.start')} <= {number_of('self.end')}",
            "start must not come after end: write the lower address as start",
        ),
    )


class Reservation(Model):
    """A client that always gets the same address."""

    hostname: str | None = Field(
        None,
        pattern=r"^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$",
        max_length=63,
        description="Name given to the client.",
    )
    mac: str | None = Field(
        None,
        pattern=r"^([0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}$",
        max_length=17,
        description="Hardware address that names the client, such as 02:00:0a:01:00:07.",
    )
    client_id: str | None = Field(
        None,
        pattern=r"^([0-9A-Fa-f]{2})+$",
        max_length=510,
        description="Client identifier (option 61) that names the client, as hexadecimal digits.",
    )
    ip: Address = Field(description="The client's address: inside the prefix, outside the ranges.")

    rules: ClassVar = (
        Rule(
            "has(self.mac) != has(self.clientId)", "a reservation names its client by exactly one of mac and clientId"
        ),
    )


def _addresses_left() -> str:
    """Return CEL text for how many addresses excludeFirst and excludeLast leave, without network and broadcast."""
    return (
        f"{SIZES}[cidr(self.prefix).prefixLength() - {PREFIX_LENGTH_MIN}] - 2"
        " - (has(self.excludeFirst) ? self.excludeFirst : 0) - (has(self.excludeLast) ? self.excludeLast : 0)"
    )


def _guarded_prefix(cel: str) -> str:
    in_bounds = "isCIDR(self.prefix) && cidr(self.prefix).prefixLength() >= 8 && cidr(self.prefix).prefixLength() <= 30"
    return f"!({in_bounds}) || ({cel})"


def _gateway_outside_counted_range() -> str:
    network = number_of("self.prefix.split('/')[0]")
    gateway = number_of("g")
    first = f"{network} + 1 + (has(self.excludeFirst) ? self.excludeFirst : 0)"
    return (
        "!has(self.gateways) || has(self.ranges) || !(has(self.excludeFirst) || has(self.excludeLast)) ||"
        f" self.gateways.all(g, !isIP(g) || {gateway} < {first} || {gateway} >= {first} + {_addresses_left()})"
    )


LEASE_ORDER = (
    "self.minLeaseSeconds <= self.defaultLeaseSeconds"
    " && (!has(self.maxLeaseSeconds) || self.defaultLeaseSeconds <= self.maxLeaseSeconds)"
)
_ILL_FORMED_RANGE = f"!({are_addresses('r.start', 'r.end')}) || {number_of('r.start')} > {number_of('r.end')}"
# Each range overlaps exactly one of all: itself.
NO_OVERLAP = (
    f"!has(self.ranges) || self.ranges.exists(r, {_ILL_FORMED_RANGE}) || self.ranges.all(a, self.ranges.exists_one(b,"
    f" {number_of('a.start')} <= {number_of('b.end')} && {number_of('b.start')} <= {number_of('a.end')}))"
)
NO_GATEWAY_IN_RANGE = (
    "!has(self.gateways) || !has(self.ranges) || self.gateways.all(g, self.ranges.all(r,"
    f" !({are_addresses('g', 'r.start', 'r.end')})"
    f" || {number_of('g')} < {number_of('r.start')} || {number_of('g')} > {number_of('r.end')}))"
)


class Scope(Model):
    """One prefix, the addresses given from it, and what its clients are told."""

    interface: InterfaceName | None = Field(
        None, description="Interface of this prefix: the group's physical one when absent, lan0.N for a tagged one."
    )
    prefix: Prefix = Field(description="The prefix, /8 to /30, without host bits. It holds the interface's address.")
    ranges: Annotated[tuple[AddressRange, ...], Field(min_length=1, max_length=16), AtomicList()] | None = Field(
        None, description="Addresses given to clients: up to 16 ranges inside the prefix, without overlap."
    )
    exclude_first: int | None = Field(
        None, ge=0, le=2**24, description="Instead of ranges: so many host addresses at the start are not given."
    )
    exclude_last: int | None = Field(
        None, ge=0, le=2**24, description="Instead of ranges: so many host addresses at the end are not given."
    )
    default_lease_seconds: LeaseSeconds = Field(86400, description="Lease time when the client asks for none.")
    max_lease_seconds: LeaseSeconds | None = Field(
        None, description="Longest lease a client can ask for; twice defaultLeaseSeconds when absent."
    )
    min_lease_seconds: int = Field(0, ge=0, le=SECONDS_MAX, description="Shortest lease a client can ask for.")
    gateways: Addresses = Field((), description="Routers (option 3), the preferred one first.")
    dns_servers: Addresses = Field((), description="Name servers (option 6), the preferred one first.")
    ntp_servers: Addresses = Field((), description="Time servers (option 42).")
    netbios_servers: Addresses = Field((), description="NetBIOS name servers (option 44).")
    netbios_node_type: NetbiosNodeType | None = Field(
        None, description="NetBIOS node type (option 46); H when absent and netbiosServers are given."
    )
    domain_name: DomainName | None = Field(None, description="Domain name (option 15).")
    domain_search: Annotated[tuple[DomainName, ...], Field(max_length=16), AtomicList()] = Field(
        (), description="Domains to search (option 119), in order."
    )
    options: Annotated[tuple[DhcpOption, ...], Field(max_length=64), MapList("code")] = Field(
        (), description="Further DHCP options by number."
    )
    next_server: Address | None = Field(None, description="Boot server's address (siaddr), for PXE.")
    boot_file: str | None = Field(None, min_length=1, max_length=127, description="Boot file's name, for PXE.")
    tftp_server_name: str | None = Field(
        None, min_length=1, max_length=253, description="Boot server's name (option 66), for PXE."
    )
    reservations: Annotated[tuple[Reservation, ...], Field(max_length=256), MapList("ip")] = Field(
        (), description="Clients with a fixed address."
    )
    abandon_seconds: LeaseSeconds = Field(
        86400, description="How long an address that a client found in use is kept back."
    )
    cache_threshold_percent: int = Field(
        25,
        ge=0,
        le=100,
        description="A renewal earlier than this part of the lease gets the same lease again; 0: never.",
    )
    authoritative: bool = Field(
        True, description="Whether clients with an address from elsewhere are told to ask anew (NAK)."
    )

    rules: ClassVar = (
        Rule(
            "has(self.ranges) != (has(self.excludeFirst) || has(self.excludeLast))",
            "say which addresses are given: write either ranges, or excludeFirst and excludeLast",
        ),
        Rule(
            _guarded_prefix(
                "!has(self.ranges) || self.ranges.all(r, !(isIP(r.start) && isIP(r.end)) ||"
                " (cidr(self.prefix).containsIP(r.start) && cidr(self.prefix).containsIP(r.end)))"
            ),
            "each range must lie inside the scope's prefix: mend the range, or the prefix",
        ),
        Rule(NO_OVERLAP, "ranges must not overlap: join them, or let the second start after the first's end"),
        Rule(NO_GATEWAY_IN_RANGE, "a gateway must not lie inside a range: let the range begin after it"),
        Rule(
            _guarded_prefix(_gateway_outside_counted_range()),
            "a gateway must not lie among the given addresses: raise excludeFirst or excludeLast",
        ),
        Rule(
            _guarded_prefix(f"has(self.ranges) || {_addresses_left()} > 0"),
            "excludeFirst and excludeLast leave no address of this prefix: lower them",
        ),
        Rule(LEASE_ORDER, "lease times must be minLeaseSeconds <= defaultLeaseSeconds <= maxLeaseSeconds"),
        Rule(
            _guarded_prefix(
                "!has(self.reservations) || self.reservations.all(r, !isIP(r.ip) || cidr(self.prefix).containsIP(r.ip))"
            ),
            "each reservation's ip must lie inside the scope's prefix",
        ),
    )
