"""Hosts with fixed addresses become reservations of the subnets that hold them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from ipaddress import IPv4Address
from typing import Any

from edgepair_engine.importing.loss import Losses
from edgepair_engine.importing.ranges import RANGES_MAX, Network, Span, without
from edgepair_engine.importing.scopes import Host, ScopeKind, Setting, lookup

ETHERNET = 1
ETHERNET_LENGTH = 6


@dataclass(slots=True, eq=False)
class Reserved:
    """A subnet's ranges and reservations while hosts are put into it. `split`: who stood in a range."""

    network: Network
    spans: tuple[Span, ...]
    fields: list[dict[str, Any]] = field(default_factory=list)
    taken: set[str] = field(default_factory=set)
    split: dict[int, str] = field(default_factory=dict)


class Reservations:
    """Puts hosts into subnets."""

    def __init__(self, networks: Sequence[Network], losses: Losses) -> None:
        self.by_network = {network: Reserved(network, network.spans) for network in networks}
        self._losses = losses

    def place(self, hosts: Iterable[Host]) -> set[Setting]:
        """Take all hosts; return the settings around them that are accounted for."""
        accounted: set[Setting] = set()
        for host in hosts:
            accounted |= set(host.scope.settings.values())
            for address in self._addresses(host):
                reserved = self._home(host, address)
                if reserved is not None and self._reserve(host, address, reserved):
                    accounted |= self._own_settings(host, reserved.network)
        return accounted

    def _addresses(self, host: Host) -> list[IPv4Address]:
        if host.names:
            why = f"names are not looked up: {', '.join(host.names)}"
            self._losses.add(host.statement, why, "write the address as fixed-address")
        if not host.addresses and not host.names:
            why = "without a fixed address it only makes a client known, which changes nothing here"
            self._losses.add(host.statement, why, "give it a fixed address, or leave it out")
        elif not host.hardware and host.client_id is None:
            why = "nothing names the client: it has no hardware address and no client identifier"
            self._losses.add(host.statement, why, "write its hardware address")
            return []
        return host.addresses

    def _home(self, host: Host, address: IPv4Address) -> Reserved | None:
        for network, reserved in self.by_network.items():
            if address in network.prefix:
                return reserved
        self._losses.add(host.statement, f"{address} is in no subnet that is carried", "give its subnet a range")
        return None

    def _reserve(self, host: Host, address: IPv4Address, reserved: Reserved) -> bool:
        named = self._client(host)
        if named is None:
            return False
        ((_, who),) = named.items()
        if who in reserved.taken or str(address) in reserved.taken:
            why = f"{address} or its client has a reservation in this subnet already"
            self._losses.add(host.statement, why, "keep one of them")
            return False
        if not self._make_room(host, address, reserved):
            return False
        reserved.taken |= {who, str(address)}
        reserved.fields.append({"ip": address, "hostname": host.name, **named})
        return True

    def _client(self, host: Host) -> dict[str, str] | None:
        """Return what names the client: its hardware address, else its identifier."""
        hardware, client_id = host.hardware, host.client_id
        if hardware is not None and (hardware[0] != ETHERNET or len(hardware) != 1 + ETHERNET_LENGTH):
            self._losses.add(
                host.statement, "its hardware address is not Ethernet's", "name it by its client identifier"
            )
            hardware = None
        if hardware is not None:
            if client_id is not None:
                why = "the hardware address names the client alone"
                self._losses.add(client_id.statement, why, "nothing: the client has that hardware address anyway")
            return {"mac": hardware[1:].hex(":")}
        if client_id is None:
            return None
        assert client_id.value is not None, "an expression names nobody"
        if not 1 <= len(client_id.value.data) <= 255:
            self._losses.add(client_id.statement, "an identifier has 1 to 255 bytes", "write the right one")
            return None
        return {"client_id": client_id.value.data.hex()}

    def _make_room(self, host: Host, address: IPv4Address, reserved: Reserved) -> bool:
        """Take a reserved address out of the range around it."""
        spans = without(reserved.spans, int(address))
        if spans == reserved.spans:
            return True
        if not 1 <= len(spans) <= RANGES_MAX:
            why = f"{address} is in a range, and the subnet has no room for another gap (at most {RANGES_MAX} ranges)"
            self._losses.add(host.statement, why, "move the reserved addresses out of the ranges")
            return False
        reserved.spans = spans
        reserved.split[int(address)] = host.name
        why = f"{address} is in a range: the range goes around it, and a lease on it is not carried"
        advice = "nothing if both servers are migrated; a dhcpd partner still leases it: take it out of its range, too"
        self._losses.add(host.statement, why, advice)
        return True

    def _own_settings(self, host: Host, network: Network) -> set[Setting]:
        """Note what the host's clients were told otherwise than all others of the subnet."""
        around = network.chains[0]
        own = [scope for scope in host.scope.chain() if scope not in around and scope.kind is not ScopeKind.ROOT]
        settings = [setting for scope in own for setting in scope.settings.values()]
        for setting in settings:
            usual = lookup(around, setting.key)
            if usual is None or usual.value != setting.value:
                why = "a reservation has an address only: its client is told what all clients of the subnet are told"
                self._losses.add(
                    setting.statement, why, "set it for the whole subnet, or keep a server for such clients"
                )
        return set(settings)
