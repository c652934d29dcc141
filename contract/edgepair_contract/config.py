"""The configuration of one member: the only schema the engine reads. Names follow EdgeConnect and dhcpd.

Whoever builds one has applied every default of the custom resources; only protocol constants live in the engine.
Addresses are strings in canonical dotted form, durations whole seconds, percents whole numbers.
"""

from __future__ import annotations

import hashlib
import json
from enum import Enum
from ipaddress import IPv4Address, IPv4Interface, IPv4Network
from itertools import pairwise
from typing import Annotated, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from edgepair_contract.errors import ConfigError
from edgepair_contract.vocabulary import Role

Seconds = Annotated[int, Field(ge=0, le=4294967295)]
LeaseSeconds = Annotated[int, Field(ge=60, le=4294967295)]
Port = Annotated[int, Field(ge=1, le=65535)]
Percent = Annotated[int, Field(ge=0, le=100)]
InterfaceName = Annotated[str, Field(pattern=r"^[a-z]+[0-9]+(\.[1-9][0-9]{0,3})?$", max_length=32)]

_LABEL = r"[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?"
HostName = Annotated[str, Field(min_length=1, max_length=253, pattern=rf"^{_LABEL}(\.{_LABEL})*\.?$")]
Revision = Annotated[int, Field(ge=0, le=2**53 - 1)]  # what JSON carries without loss

FAILOVER_PORT = 647
ADDRESSES_MAX = 1_048_576  # of one server: about 150 MB, and seconds to lay out
RATE_MAX = 1_000_000  # packets a second of one sender: no limit any more
VALUE_SHOWN_MAX = 100  # characters of a wrong value
SERVERS_OWN_OPTIONS = frozenset({50, 51, 52, 53, 54, 55, 57, 58, 59, 61, 82})


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class NetworkMode(Enum):
    """How DHCP packets reach the server."""

    HOST_NETWORK = "HostNetwork"
    MULTUS = "Multus"
    RELAY = "Relay"


class PoolConfig(_Model):
    """One range of addresses, both ends included."""

    start: IPv4Address
    end: IPv4Address

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.start > self.end:
            raise ValueError(f"start {self.start} must not come after end {self.end}")
        return self


class OptionConfig(_Model):
    """One DHCP option as it goes on the wire: code and data in hexadecimal digits."""

    code: Annotated[int, Field(ge=1, le=254)]
    hex: Annotated[str, Field(pattern=r"^([0-9a-f]{2})*$", max_length=2040)]

    @model_validator(mode="after")
    def _of_the_subnet(self) -> Self:
        if self.code in SERVERS_OWN_OPTIONS:
            raise ValueError(f"option {self.code} is the server's own to write")
        return self


class ReservationConfig(_Model):
    """A client that always gets the same address; exactly one of `mac` and `client_id` (hexadecimal) names it."""

    ip: IPv4Address
    mac: Annotated[str, Field(pattern=r"^([0-9a-f]{2}:){5}[0-9a-f]{2}$")] | None = None
    client_id: Annotated[str, Field(pattern=r"^([0-9a-f]{2})+$", max_length=510)] | None = None
    hostname: str | None = None

    @model_validator(mode="after")
    def _named_once(self) -> Self:
        if (self.mac is None) == (self.client_id is None):
            raise ValueError("needs exactly one of mac and client_id")
        return self


class SubnetConfig(_Model):
    """One prefix on one interface, with its ranges and what its clients are told."""

    interface: InterfaceName
    prefix: IPv4Network
    pools: Annotated[tuple[PoolConfig, ...], Field(min_length=1, max_length=16)]
    default_lease_s: LeaseSeconds = 86400
    max_lease_s: LeaseSeconds = 172800
    min_lease_s: Seconds = 0
    gateways: tuple[IPv4Address, ...] = ()
    dns_servers: tuple[IPv4Address, ...] = ()
    domain_name: str | None = None
    options: tuple[OptionConfig, ...] = ()
    next_server: IPv4Address | None = None
    boot_file: str | None = None
    tftp_server_name: str | None = None
    reservations: tuple[ReservationConfig, ...] = ()
    abandon_s: LeaseSeconds = 86400
    cache_threshold_percent: Percent = 25
    authoritative: bool = True

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        for pool in self.pools:
            for address in (pool.start, pool.end):
                if address not in self.prefix:
                    raise ValueError(f"range address {address} must lie in {self.prefix}")
        ordered = sorted(self.pools, key=lambda pool: pool.start)
        for first, second in pairwise(ordered):
            if second.start <= first.end:
                raise ValueError(f"ranges {first.start}-{first.end} and {second.start}-{second.end} overlap")
        if not self.min_lease_s <= self.default_lease_s <= self.max_lease_s:
            raise ValueError(
                "lease times must be min <= default <= max, "
                f"not {self.min_lease_s}, {self.default_lease_s}, {self.max_lease_s}"
            )
        return self

    @model_validator(mode="after")
    def _reserved_for_one(self) -> Self:
        for reservation in self.reservations:
            if reservation.ip not in self.prefix:
                raise ValueError(f"reservation {reservation.ip} must lie in {self.prefix}")
            for pool in self.pools:
                if pool.start <= reservation.ip <= pool.end:
                    raise ValueError(f"reservation {reservation.ip} must lie outside range {pool.start}-{pool.end}")
        _unique("reserved addresses", [str(reservation.ip) for reservation in self.reservations])
        clients = [reservation.mac or reservation.client_id or "" for reservation in self.reservations]
        _unique("clients with a reservation", clients)
        return self


class InterfaceConfig(_Model):
    """A LAN interface: its name as people know it, the device that carries it, its address with prefix length."""

    name: InterfaceName
    device: Annotated[str, Field(min_length=1, max_length=15, pattern=r"^[!-.0-~]+$")]  # ASCII without space and slash
    address: IPv4Interface


class GroupConfig(_Model):
    """One failover relationship and the subnets it covers (`failover peer` of dhcpd)."""

    name: Annotated[str, Field(min_length=1, max_length=63, pattern=r"^[^\x00-\x1f\"\x7f]+$")]
    role: Role
    my_address: IPv4Address
    my_port: Port = FAILOVER_PORT
    listen_address: IPv4Address | None = None  # None: my_address; 0.0.0.0 in a pod whose address is not known here
    partner_address: HostName  # an address, or a Service's name
    partner_port: Port = FAILOVER_PORT
    partner_is_ours: bool = False
    mclt_s: Annotated[int, Field(ge=1, le=86400)] = 3600
    split: Annotated[int, Field(ge=0, le=256)] = 128
    max_response_delay_s: Annotated[int, Field(ge=3, le=3600)] = 10
    max_unacked_updates: Annotated[int, Field(ge=1, le=65535)] = 10
    load_balance_max_s: Annotated[int, Field(ge=0, le=65535)] = 5
    max_lease_misbalance_percent: Percent = 15
    max_lease_ownership_percent: Percent = 10
    min_balance_s: Seconds = 60
    max_balance_s: Seconds = 3600
    auto_partner_down_s: Seconds = 0  # 0: never by itself
    subnets: Annotated[tuple[SubnetConfig, ...], Field(min_length=1, max_length=64)]

    @property
    def shared_digest(self) -> str:
        """Return 16 hexadecimal digits that name what both servers of the group must be configured with alike."""
        subnets = sorted((subnet.model_dump(mode="json") for subnet in self.subnets), key=lambda each: each["prefix"])
        return _digest(subnets)


class AdminConfig(_Model):
    """Where the admin interface listens."""

    address: IPv4Address = IPv4Address("127.0.0.1")
    port: Annotated[int, Field(ge=0, le=65535)] = 8443  # 0: any free port, for tests


class MemberConfig(_Model):
    """All that one server needs to know. The highest revision it has seen wins."""

    revision: Revision = 0
    server: Annotated[str, Field(min_length=1, max_length=253)]
    appliance: Annotated[str, Field(max_length=253)] = ""
    mode: NetworkMode = NetworkMode.HOST_NETWORK
    server_identifier: IPv4Address | None = None  # None: the address of the interface a packet came by
    admin: AdminConfig = AdminConfig()
    interfaces: Annotated[tuple[InterfaceConfig, ...], Field(max_length=64)] = ()
    groups: Annotated[tuple[GroupConfig, ...], Field(max_length=64)] = ()
    subnets: tuple[SubnetConfig, ...] = ()  # interfaces without failover
    per_client_per_second: Annotated[int, Field(ge=1, le=RATE_MAX)] = 10
    per_relay_per_second: Annotated[int, Field(ge=1, le=RATE_MAX)] = 1000

    @model_validator(mode="after")
    def _references(self) -> Self:
        _unique("groups", [group.name for group in self.groups])
        _unique("interfaces", [interface.name for interface in self.interfaces])
        subnets = [*self.subnets, *(subnet for group in self.groups for subnet in group.subnets)]
        _unique("prefixes", [str(subnet.prefix) for subnet in subnets])
        _apart([subnet.prefix for subnet in subnets])
        held = sum(int(pool.end) - int(pool.start) + 1 for subnet in subnets for pool in subnet.pools)
        if held > ADDRESSES_MAX:
            raise ValueError(f"the ranges hold {held} addresses, {ADDRESSES_MAX} are possible")
        known = {interface.name for interface in self.interfaces}
        for subnet in subnets:
            if self.mode is not NetworkMode.RELAY and subnet.interface not in known:
                raise ValueError(f"subnet {subnet.prefix} names interface {subnet.interface}, which this server lacks")
        return self

    @property
    def digest(self) -> str:
        """Return 16 hexadecimal digits that name this content, whatever its revision."""
        return _digest(self.model_dump(mode="json", exclude={"revision"}))


def parse_member_config(text: str | bytes) -> MemberConfig:
    """Return the configuration that a JSON document holds.

    Raises:
        ConfigError: the document is no JSON, or its first wrong field with path, value and limit.
    """
    try:
        return MemberConfig.model_validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in first["loc"]).lstrip(".")
        raise ConfigError(path or "document", _shown(first["input"]), f"is refused: {first['msg']}") from error


def _digest(content: object) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]


def _shown(value: object) -> object:
    """Return the value, or its beginning: a rule about many fields is broken by all of them, bad JSON by the text."""
    text = str(value)
    return value if len(text) <= VALUE_SHOWN_MAX else f"{text[:VALUE_SHOWN_MAX]}…"


def _apart(prefixes: list[IPv4Network]) -> None:
    for first, second in pairwise(sorted(prefixes)):
        if first.overlaps(second):
            raise ValueError(f"prefixes {first} and {second} overlap")


def _unique(what: str, names: list[str]) -> None:
    doubled = sorted({name for name in names if names.count(name) > 1})
    if doubled:
        raise ValueError(f"{what} must differ, but there are two of {', '.join(doubled)}")
