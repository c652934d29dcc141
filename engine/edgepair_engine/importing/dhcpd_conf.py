"""From dhcpd.conf to a member's configuration.

What is carried and how is told in docs/migrate-from-dhcpd.md; what is not stands in the losses, statement by statement.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import field
from ipaddress import IPv4Address, IPv4Interface, IPv4Network
from typing import Any

from pydantic import ValidationError

from edgepair_contract.config import MemberConfig
from edgepair_contract.errors import ConfigError
from edgepair_contract.value import value
from edgepair_engine.importing.declarations import Reader
from edgepair_engine.importing.failover_peer import Peer, group_fields
from edgepair_engine.importing.loss import Loss, Losses
from edgepair_engine.importing.parameters import PARAMETERS
from edgepair_engine.importing.ranges import Network, networks_of
from edgepair_engine.importing.refusal import ImportRefused, Place
from edgepair_engine.importing.reservations import Reservations, Reserved
from edgepair_engine.importing.scopes import SERVER_ID, Scope, Setting
from edgepair_engine.importing.statements import Include, Parser, no_include
from edgepair_engine.importing.subnet_fields import SubnetFields, settings_of
from edgepair_engine.importing.tokens import Source

SUBNETS_MAX = 64  # of one group
INTERFACES_MAX = 64


@value
class Attachment:
    """What a person says of the LAN of a subnet: its device and our address there. No device: reached by relay only."""

    device: str | None
    address: IPv4Address | None = None


@value
class Wishes:
    """What dhcpd.conf does not hold and the person who imports it says."""

    server: str
    attachments: Mapping[IPv4Network, Attachment] = field(default_factory=dict)
    partner_is_ours: bool = False
    told_mclt_s: Mapping[str, int] = field(default_factory=dict)  # by group, from the lease file


@value
class ImportedConfig:
    """A configuration that the engine takes, and what it does not hold of the one it came from.

    `split`: addresses that were in a range and are reserved now, with the name of the host.
    """

    config: MemberConfig
    losses: tuple[Loss, ...]
    split: Mapping[int, str]


def import_config(text: bytes, *, name: str, wishes: Wishes, include: Include = no_include) -> ImportedConfig:
    """Return the configuration that does what a dhcpd.conf says.

    Raises:
        ImportRefused: dhcpd would not start with it, or no configuration can hold it.
    """
    losses = Losses()
    reader = Reader(losses)
    reader.read(Parser(Source.of(name, text), include=include).statements())
    member = _Member(reader, wishes, losses)
    try:
        config = MemberConfig(**member.fields())
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        path = ".".join(str(part) for part in first["loc"])
        why = f"expected a configuration that can be held: {path}: {first['msg']}"
        raise ImportRefused(Place(name, 1, 1), "the file as a whole", why) from error
    return ImportedConfig(config, losses.all(), member.split)


class _Member:
    """Puts a member's configuration together."""

    def __init__(self, reader: Reader, wishes: Wishes, losses: Losses) -> None:
        self._reader = reader
        self._wishes = wishes
        self._losses = losses
        self._networks = networks_of(reader.scopes, losses)
        self.split: dict[int, str] = {}

    def fields(self) -> dict[str, Any]:
        """Return the fields of a MemberConfig."""
        unknown = set(self._wishes.attachments) - {network.prefix for network in self._networks}
        if unknown:
            carried = ", ".join(str(network.prefix) for network in self._networks) or "none"
            raise ConfigError("--interface", str(min(unknown)), f"must be a subnet that is carried: {carried}")
        reservations = Reservations(self._networks, self._losses)
        accounted = reservations.place(self._reader.hosts)
        names = self._interface_names()
        subnets: list[tuple[Peer | None, dict[str, Any]]] = []
        identifiers: list[Setting | None] = []
        for network, reserved in reservations.by_network.items():
            self.split |= reserved.split
            settings = settings_of(network.chains, network.scope.chain(), self._losses)
            identifiers.append(settings.get(SERVER_ID))
            subnets.append((network.peer, self._subnet(network, reserved, settings, names[network.link])))
        self._note_unused(accounted)
        return {
            "revision": 1,
            "server": self._wishes.server,
            "server_identifier": self._server_identifier(identifiers),
            "interfaces": self._interfaces(names),
            "groups": tuple(self._group(peer, subnets) for peer in self._reader.peers.values() if self._is_used(peer)),
            "subnets": tuple(fields for peer, fields in subnets if peer is None),
        }

    # interfaces: lan0, lan1, … one for each shared network or subnet outside of one

    def _interface_names(self) -> dict[Scope, str]:
        names = {link: f"lan{number}" for number, link in enumerate(self._served())}
        if len(names) > INTERFACES_MAX:
            place = self._networks[0].statement.place
            expected = f"expected at most {INTERFACES_MAX}: name those that relays serve by --interface PREFIX=relay"
            raise ImportRefused(place, f"{len(names)} LANs", expected)
        # What only relays serve needs a name, but no LAN of its own.
        return {network.link: names.get(network.link, "lan0") for network in self._networks}

    def _served(self) -> list[Scope]:
        """Return the LANs that this server is on: at least one, for it needs an address."""
        links = list(dict.fromkeys(network.link for network in self._networks))
        return [link for link in links if not self._is_relayed(link)] or links[:1]

    def _is_relayed(self, link: Scope) -> bool:
        attachments = [self._wishes.attachments.get(each.prefix) for each in self._networks if each.link is link]
        return any(each is not None and each.device is None for each in attachments)

    def _interfaces(self, names: Mapping[Scope, str]) -> tuple[dict[str, Any], ...]:
        return tuple(
            self._interface(names[link], [network for network in self._networks if network.link is link])
            for link in self._served()
        )

    def _interface(self, name: str, networks: Sequence[Network]) -> dict[str, Any]:
        device, address, home = None, None, networks[0]
        for network in networks:
            attachment = self._wishes.attachments.get(network.prefix)
            device = device or (attachment.device if attachment else None)
            candidate = attachment.address if attachment else None
            candidate = candidate or self._known_address(network)
            if candidate is not None and address is None:
                address, home = candidate, network
        if device is None or address is None:
            missing = " and ".join(
                what for what, value in (("the device", device), ("the server's address", address)) if value is None
            )
            why = f"dhcpd.conf does not say {missing} of this LAN: {name} does not work before it is given"
            self._losses.add(home.statement, why, f"--interface {home.prefix}=DEVICE,ADDRESS (or =relay)")
        self._note_one_of_many(home, networks)
        if address is None:
            address = home.prefix.network_address + (1 if home.prefix.prefixlen < 31 else 0)
        return {"name": name, "device": device or name, "address": IPv4Interface((address, home.prefix.prefixlen))}

    def _known_address(self, network: Network) -> IPv4Address | None:
        """Return an address of this server in the subnet that the configuration names."""
        named = [network.peer, *self._reader.peers.values()]
        return next((each.address for each in named if each and each.address and each.address in network.prefix), None)

    def _note_one_of_many(self, home: Network, networks: Sequence[Network]) -> None:
        for network in networks:
            if network is not home:
                why = f"of a shared network, clients without a relay get addresses of one subnet: {home.prefix}"
                self._losses.add(network.statement, why, "give these clients VLANs of their own, or a larger subnet")

    # subnets and groups

    def _subnet(self, network: Network, reserved: Reserved, settings: Any, interface: str) -> dict[str, Any]:
        fields = SubnetFields(settings, network.prefix, book=self._reader.settings.book, losses=self._losses)
        return {
            "interface": interface,
            "prefix": network.prefix,
            "pools": tuple({"start": IPv4Address(first), "end": IPv4Address(last)} for first, last in reserved.spans),
            "reservations": tuple(reserved.fields),
            **fields.all(),
        }

    def _group(self, peer: Peer, subnets: Sequence[tuple[Peer | None, dict[str, Any]]]) -> dict[str, Any]:
        own = tuple(fields for each, fields in subnets if each is peer)
        if len(own) > SUBNETS_MAX:
            place = peer.statement.place
            raise ImportRefused(place, f"{len(own)} subnets", f"expected at most {SUBNETS_MAX} of one failover peer")
        told_mclt_s = self._wishes.told_mclt_s.get(peer.name, 0)
        fields = group_fields(peer, self._losses, told_mclt_s=told_mclt_s)
        return fields | {"partner_is_ours": self._wishes.partner_is_ours, "subnets": own}

    def _is_used(self, peer: Peer) -> bool:
        if any(network.peer is peer for network in self._networks):
            return True
        self._losses.add(
            peer.statement, "no subnet that is carried is shared with this peer", "see the losses of its pools"
        )
        return False

    def _server_identifier(self, found: Sequence[Setting | None]) -> IPv4Address | None:
        """Return the one identifier that all subnets agree on."""
        values = {setting.value.data if setting is not None and setting.value is not None else b"" for setting in found}
        if len(values) == 1 and len(data := values.pop()) == 4:
            return IPv4Address(data)
        for setting in found:
            if setting is not None:
                why = "a server has one identifier for all subnets, else the address of the interface"
                self._losses.add(setting.statement, why, "write one address at the top of the file, or none")
        return None

    def _note_unused(self, accounted: set[Setting]) -> None:
        """Note what stands around no subnet that is carried."""
        used = {scope for network in self._networks for chain in network.chains for scope in chain}
        for scope in self._reader.scopes:
            for setting in () if scope in used else scope.settings.values():
                noted = setting.key[0] == "server" and PARAMETERS.get(str(setting.key[1]), _CARRIED).why
                if setting not in accounted and not noted:
                    why = "no subnet that is carried is told this"
                    self._losses.add(setting.statement, why, "leave it out, or see the losses of the subnet around it")


_CARRIED = PARAMETERS["default-lease-time"]
