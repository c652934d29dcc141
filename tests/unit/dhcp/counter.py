"""A desk with a small pool, for stories about one server's decisions."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address, IPv4Interface, IPv4Network

from edgepair_contract.clock import Now
from edgepair_contract.config import (
    GroupConfig,
    InterfaceConfig,
    MemberConfig,
    PoolConfig,
    ReservationConfig,
    SubnetConfig,
)
from edgepair_contract.vocabulary import BindingState, FailoverState, Role
from edgepair_engine.dhcp.client import client_of
from edgepair_engine.dhcp.desk import Ask, Desk
from edgepair_engine.dhcp.offers import Offers
from edgepair_engine.dhcp.relay import Arrival
from edgepair_engine.dhcp.responder import respond
from edgepair_engine.dhcp.rights import PlainRights, Rights
from edgepair_engine.dhcp.scopes import Scope, Scopes
from edgepair_engine.dhcp.shelf import Shelf
from edgepair_engine.dhcp.verdict import Ack, Freed, Offer, Verdict
from edgepair_engine.failover.hashing import hba_of_split
from edgepair_engine.failover.serving import ServingRights, serving_of
from edgepair_engine.leases.lease import Lease
from edgepair_engine.leases.pool import pools_of
from edgepair_engine.leases.table import LeaseTable
from edgepair_engine.wire.dhcp4 import decode_dhcp4
from tests.unit.dhcp.packets import BY_BROADCAST, SERVER, address

T0 = Now(1_795_514_888, 1000.0)

SUBNET = SubnetConfig(
    interface="lan0",
    prefix=IPv4Network("10.1.0.0/24"),
    pools=(PoolConfig(start=IPv4Address("10.1.0.50"), end=IPv4Address("10.1.0.53")),),
    gateways=(IPv4Address("10.1.0.1"),),
    dns_servers=(IPv4Address("10.1.0.8"), IPv4Address("10.1.0.9")),
    domain_name="east.example",
    default_lease_s=86400,
    reservations=(ReservationConfig(ip=IPv4Address("10.1.0.20"), mac="02:00:00:00:00:99", hostname="printer"),),
)
OTHER_SUBNET = SubnetConfig(
    interface="lan0.10",
    prefix=IPv4Network("10.10.0.0/24"),
    pools=(PoolConfig(start=IPv4Address("10.10.0.20"), end=IPv4Address("10.10.0.30")),),
)
GROUP = GroupConfig(
    name="lan0",
    role=Role.PRIMARY,
    my_address=IPv4Address("10.1.0.2"),
    partner_address="10.1.0.3",
    subnets=(SUBNET, OTHER_SUBNET),
)
MEMBER = MemberConfig(
    server="ec-east-1",
    interfaces=(
        InterfaceConfig(name="lan0", device="eth1", address=IPv4Interface("10.1.0.2/24")),
        InterfaceConfig(name="lan0.10", device="eth1.10", address=IPv4Interface("10.10.0.2/24")),
    ),
    groups=(GROUP,),
)
SHY_SUBNET = SUBNET.model_copy(update={"authoritative": False})
SHY_MEMBER = MEMBER.model_copy(update={"groups": (GROUP.model_copy(update={"subnets": (SHY_SUBNET, OTHER_SUBNET)}),)})
BRIEF_SUBNET = SUBNET.model_copy(update={"default_lease_s": 300})
BRIEF_MEMBER = MEMBER.model_copy(
    update={"groups": (GROUP.model_copy(update={"subnets": (BRIEF_SUBNET, OTHER_SUBNET)}),)}
)
PLAIN_MEMBER = MEMBER.model_copy(update={"groups": (), "subnets": (SUBNET, OTHER_SUBNET)})


def rights_in(
    state: FailoverState, role: Role = Role.PRIMARY, *, claims_from_at: int = T0.wall_s - 60
) -> ServingRights:
    serving, why = serving_of(state, FailoverState.NORMAL)
    return ServingRights(
        role=role,
        state=state,
        claims_from_at=claims_from_at,
        mclt_s=3600,
        mclt_wait_s=3600,
        serving=serving,
        why=why,
        hba=hba_of_split(128),
        load_balance_max_s=5,
    )


class Counter:
    """A server's desk: takes packets, gives verdicts, and keeps what they say."""

    def __init__(self, rights: Rights, config: MemberConfig = MEMBER) -> None:
        self.rights = rights
        self.leases = LeaseTable(pools_of(config))
        self.offers = Offers()
        self.shelf = Shelf()
        self.scopes = Scopes(config)

    def hold(self, dotted: str, state: BindingState, **fields: object) -> None:
        self.leases.put(replace(Lease(address(dotted), state), **fields))  # type: ignore[arg-type] # fields of a Lease

    def hear(self, data: bytes, *, arrival: Arrival = BY_BROADCAST, now: Now = T0) -> Verdict:
        packet = decode_dhcp4(data)
        client = client_of(packet)
        scope = self.scopes.of_packet(packet, arrival)
        assert scope is not None
        assert client.key is not None
        desk = self.desk(scope)
        ask = Ask(packet, arrival, client, client.key)
        verdict = respond(ask, desk, now)
        if isinstance(verdict, Offer):
            self.offers.hold(verdict.address, client.key, now)
        if isinstance(verdict, Ack | Freed) and verdict.lease is not None:
            self.leases.put(verdict.lease)
        return verdict

    def desk(self, scope: Scope) -> Desk:
        return Desk(
            scope=scope,
            rights=self.rights,
            leases=self.leases,
            offers=self.offers,
            shelf=self.shelf,
            server_ids=frozenset({SERVER}),
        )


def plain_counter() -> Counter:
    return Counter(PlainRights(), PLAIN_MEMBER)


def later(seconds: int) -> Now:
    return Now(T0.wall_s + seconds, T0.mono_s + seconds)
