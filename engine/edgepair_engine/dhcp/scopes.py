"""The configured subnets as rules use them: which one a packet belongs to, and what its clients are told."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from ipaddress import IPv4Address

from edgepair_contract.config import MemberConfig, ReservationConfig, SubnetConfig
from edgepair_contract.value import value
from edgepair_engine.dhcp.client import Client
from edgepair_engine.dhcp.relay import BROADCAST, Arrival
from edgepair_engine.leases.pool import NO_GROUP, Pool, pool_of_subnet
from edgepair_engine.wire.dhcp4 import Dhcp4Packet
from edgepair_engine.wire.dhcp4_options import Dhcp4Option


@value
class Scope:
    """One subnet. `pool` is what may be leased of it; `options` is what its clients can be told."""

    config: SubnetConfig
    pool: Pool
    first: int
    last: int
    options: Mapping[int, bytes]
    reserved: Mapping[bytes, int]

    @property
    def prefix(self) -> str:
        """Return the subnet in dotted form with its length."""
        return self.pool.prefix

    @property
    def group(self) -> str:
        """Return the name of the failover group that shares this subnet; "" without failover."""
        return self.pool.group

    def holds(self, address: int) -> bool:
        """Return whether the address belongs to this subnet."""
        return self.first <= address <= self.last

    def reserved_for(self, client: Client) -> int | None:
        """Return the address that is kept for this client."""
        if client.client_id is not None and b"\x01" + client.client_id in self.reserved:
            return self.reserved[b"\x01" + client.client_id]
        return self.reserved.get(b"\x00" + client.hardware)


class Scopes:
    """All subnets of a configuration, found by where a packet came from."""

    def __init__(self, config: MemberConfig) -> None:
        scopes = [_scope(subnet, group.name) for group in config.groups for subnet in group.subnets]
        scopes += [_scope(subnet, NO_GROUP) for subnet in config.subnets]
        self.all: tuple[Scope, ...] = tuple(sorted(scopes, key=lambda scope: scope.first))
        self._firsts = [scope.first for scope in self.all]

    def of_address(self, address: int) -> Scope | None:
        """Return the subnet that holds this address."""
        place = bisect_right(self._firsts, address) - 1
        if place < 0 or not self.all[place].holds(address):
            return None
        return self.all[place]

    def of_packet(self, packet: Dhcp4Packet, arrival: Arrival) -> Scope | None:
        """Return the subnet whose client sent this: as it is named, by relay, by the address it uses, or by interface.

        What the relay names (RFC 3527) goes before what the client names (RFC 3011); a name that we do not know is not
        replaced by a guess.
        """
        if packet.link_selection is not None:
            return self.of_address(packet.link_selection)
        if packet.subnet_selection is not None:
            return self.of_address(packet.subnet_selection)
        if packet.giaddr:
            return self.of_address(packet.giaddr)
        if packet.ciaddr and arrival.destination != BROADCAST:
            return self.of_address(packet.ciaddr)
        return self._of_interface(arrival)

    def _of_interface(self, arrival: Arrival) -> Scope | None:
        # Several subnets can share an interface: the one that holds the interface's own address is on its wire, and the
        # others are behind relays. Whoever asks here for an address of theirs has been moved.
        here = [scope for scope in self.all if scope.config.interface == arrival.interface]
        return next((scope for scope in here if scope.holds(arrival.local)), here[0] if here else None)


def _scope(subnet: SubnetConfig, group: str) -> Scope:
    return Scope(
        config=subnet,
        pool=pool_of_subnet(subnet, group),
        first=int(subnet.prefix.network_address),
        last=int(subnet.prefix.broadcast_address),
        options=_options(subnet),
        reserved={_named(reservation): int(reservation.ip) for reservation in subnet.reservations},
    )


def _options(subnet: SubnetConfig) -> dict[int, bytes]:
    options: dict[int, bytes] = {Dhcp4Option.SUBNET_MASK: subnet.prefix.netmask.packed}
    if subnet.gateways:
        options[Dhcp4Option.ROUTERS] = _packed(subnet.gateways)
    if subnet.dns_servers:
        options[Dhcp4Option.DNS_SERVERS] = _packed(subnet.dns_servers)
    texts = {
        Dhcp4Option.DOMAIN_NAME: subnet.domain_name,
        Dhcp4Option.TFTP_SERVER_NAME: subnet.tftp_server_name,
        Dhcp4Option.BOOT_FILE: subnet.boot_file,
    }
    options |= {code: text.encode() for code, text in texts.items() if text}
    return options | {option.code: bytes.fromhex(option.hex) for option in subnet.options}


def _packed(addresses: Sequence[IPv4Address]) -> bytes:
    return b"".join(address.packed for address in addresses)


def _named(reservation: ReservationConfig) -> bytes:
    # A tag byte keeps the two kinds of names apart.
    if reservation.client_id is not None:
        return b"\x01" + bytes.fromhex(reservation.client_id)
    assert reservation.mac is not None, reservation
    return b"\x00\x01" + bytes.fromhex(reservation.mac.replace(":", ""))
