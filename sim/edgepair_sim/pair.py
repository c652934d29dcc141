"""The configuration of the two servers, as settings and later changes ask for it."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address, IPv4Interface, IPv4Network

from edgepair_contract.config import GroupConfig, InterfaceConfig, MemberConfig, PoolConfig, SubnetConfig
from edgepair_contract.value import value
from edgepair_contract.vocabulary import Role
from edgepair_sim.deeds import Change
from edgepair_sim.script import Settings

PRIMARY, SECONDARY = "east-1", "east-2"
ADDRESSES = {PRIMARY: IPv4Address("10.1.0.2"), SECONDARY: IPv4Address("10.1.0.3")}
GROUP = "lan0"
ADDRESSES_MAX = 200  # of a prefix: what is left of its last byte
FIRST_HOST = 50  # the last byte of the first address of a range

BALANCE_EVERY_S = 300  # five times the usual: small pools are looked at as often as they may, and seldom move


@value
class Wishes:
    """What a pair's configuration is made of."""

    settings: Settings
    addresses: int
    revision: int = 1

    def changed(self, change: Change, value: int) -> Wishes:
        """Return the wishes after a change."""
        settings, addresses = self.settings, self.addresses
        match change:
            case Change.MCLT:
                settings = replace(settings, mclt_s=value)
            case Change.LEASE:
                settings = replace(settings, lease_s=value)
            case Change.SPLIT:
                settings = replace(settings, split=value)
            case Change.DELAY:
                settings = replace(settings, max_response_delay_s=value)
            case Change.WINDOW:
                settings = replace(settings, max_unacked_updates=value)
            case Change.RANGE_SHRINKS:
                addresses = max(2, addresses - value)
            case Change.RANGE_GROWS:
                addresses = min(ADDRESSES_MAX, addresses + value)
        return Wishes(settings, addresses, self.revision + 1)


def relays_of(settings: Settings) -> tuple[int, ...]:
    """Return where clients can be plugged in: 0 is the servers' own network, the others are relays' addresses."""
    return (0, *(int(IPv4Address(f"10.{number}.0.1")) for number in range(2, settings.networks + 1)))


def member_of(server: str, wishes: Wishes) -> MemberConfig:
    """Return one server's configuration."""
    interface = InterfaceConfig(name="lan0", device="eth1", address=IPv4Interface(f"{ADDRESSES[server]}/24"))
    return MemberConfig(
        revision=wishes.revision,
        server=server,
        interfaces=(interface,),
        groups=(_group(server, wishes),),
    )


def _group(server: str, wishes: Wishes) -> GroupConfig:
    settings = wishes.settings
    partner = SECONDARY if server == PRIMARY else PRIMARY
    return GroupConfig(
        name=GROUP,
        role=Role.PRIMARY if server == PRIMARY else Role.SECONDARY,
        my_address=ADDRESSES[server],
        partner_address=str(ADDRESSES[partner]),
        partner_is_ours=settings.ours,
        mclt_s=settings.mclt_s,
        split=settings.split,
        max_response_delay_s=settings.max_response_delay_s,
        max_unacked_updates=settings.max_unacked_updates,
        load_balance_max_s=settings.load_balance_max_s,
        auto_partner_down_s=settings.auto_partner_down_s,
        min_balance_s=BALANCE_EVERY_S,
        subnets=tuple(_subnet(number, wishes) for number in range(1, settings.networks + 1)),
    )


def _subnet(number: int, wishes: Wishes) -> SubnetConfig:
    first = IPv4Address(f"10.{number}.0.{FIRST_HOST}")
    return SubnetConfig(
        interface="lan0",
        prefix=IPv4Network(f"10.{number}.0.0/24"),
        pools=(PoolConfig(start=first, end=first + wishes.addresses - 1),),
        default_lease_s=wishes.settings.lease_s,
        max_lease_s=max(172800, wishes.settings.lease_s),
        abandon_s=max(60, wishes.settings.lease_s),
    )
