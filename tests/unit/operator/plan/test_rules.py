"""Rules between objects: a world, the reason, and a message that names what to mend."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from edgepair_contract.vocabulary import Role
from edgepair_operator.plan.member_config import wanted_config
from edgepair_operator.plan.plan import plan
from edgepair_operator.plan.rules import problem_of
from edgepair_operator.plan.world import Reach, World
from tests.unit.operator.plan.worlds import (
    EAST_1,
    EAST_2,
    LAN0,
    RANGE,
    a_group,
    a_normal_world,
    a_server,
    a_world,
    condition_of,
    facts,
    status_of,
    with_reach,
)

SCOPE = {"prefix": "10.1.0.0/24", "ranges": [RANGE]}
HOST_7 = [{"name": "lan0", "address": "10.1.0.7/24", "failover": True}]

CASES: Mapping[str, tuple[World, str, str]] = {
    "a missing server": (
        a_world(servers=(facts(a_server(EAST_1)),)),
        "ServerMissing",
        "secondary server ec-east-2 does not exist in namespace site: create that ApplianceDhcpServer,"
        " or correct spec.secondary.serverRef.name",
    ),
    "another network mode": (
        a_world(
            servers=(
                facts(a_server(EAST_1)),
                facts(a_server(EAST_2, network={"mode": "Relay"}, interfaces=[{"name": "lan0"}])),
            )
        ),
        "ModeUnsupported",
        "server ec-east-2 asks for network.mode Relay, which this version does not run: write HostNetwork",
    ),
    "an interface that a server lacks": (
        a_world(groups=(a_group(scopes=[SCOPE, {"prefix": "10.7.0.0/24", "interface": "lan0.7", "excludeFirst": 9}]),)),
        "InterfaceMissing",
        "server ec-east-1 has no interface lan0.7: add it to its spec.interfaces with failover: true,"
        " or remove the scope",
    ),
    "an interface that is not for failover": (
        a_world(
            servers=(
                facts(a_server(EAST_1)),
                facts(a_server(EAST_2, interfaces=[{"name": "lan0", "address": "10.1.0.3/24"}])),
            )
        ),
        "InterfaceMissing",
        "interface lan0 of server ec-east-2 is not for failover: write failover: true there",
    ),
    "two groups on one interface: the younger": (
        a_world(groups=(a_group(), a_group("older", groupName="first", created_s=-7200))),
        "InterfaceTaken",
        "interface lan0 of server ec-east-1 belongs to group older: add the scopes there, or name another interface",
    ),
    "an address outside the prefix": (
        a_world(groups=(a_group(scopes=[{"prefix": "10.9.0.0/24", "excludeFirst": 9}]),)),
        "AddressOutsidePrefix",
        "lan0 of server ec-east-1 has address 10.1.0.2, which is not in prefix 10.9.0.0/24:"
        " correct the interface's address, or the scope's prefix",
    ),
    "an address inside a range": (
        a_world(groups=(a_group(scopes=[{"prefix": "10.1.0.0/24", "excludeFirst": 1}]),)),
        "AddressInRange",
        "lan0 of server ec-east-1 has address 10.1.0.2, which lies in range 10.1.0.2-10.1.0.254:"
        " leave it out of the ranges",
    ),
    "one client reserved twice": (
        a_world(
            groups=(
                a_group(
                    scopes=[
                        {
                            **SCOPE,
                            "reservations": [
                                {"mac": "02:00:00:00:00:0A", "ip": "10.1.0.20"},
                                {"mac": "02:00:00:00:00:0a", "ip": "10.1.0.21"},
                            ],
                        }
                    ]
                ),
            )
        ),
        "ReservationConflict",
        "reservations 10.1.0.20 and 10.1.0.21 in 10.1.0.0/24 name the same client 02:00:00:00:00:0a:"
        " remove one of them",
    ),
    "an option that does not fit": (
        a_world(groups=(a_group(scopes=[{**SCOPE, "options": [{"code": 26, "value": "70000"}]}]),)),
        "OptionValue",
        "scope 10.1.0.0/24: option 26 (interface MTU): 70000 does not fit 2 bytes",
    ),
}


@pytest.mark.parametrize(("world", "reason", "message"), CASES.values(), ids=CASES.keys())
def test_a_group_is_stalled_for(world: World, reason: str, message: str) -> None:
    stalled = next(each for each in status_of(world)["conditions"] if each["type"] == "Stalled")
    assert (stalled["status"], stalled["reason"], stalled["message"]) == ("True", reason, message)
    assert condition_of(world, "Ready") == ("False", reason)


def test_of_two_groups_on_one_interface_the_older_goes_on() -> None:
    world = a_world(groups=(a_group(), a_group("older", groupName="first", created_s=-7200)))
    assert problem_of(world.groups["older"], world) is None


def test_a_new_problem_is_an_event_once() -> None:
    world = a_world(servers=(facts(a_server(EAST_1)),))
    assert [event.reason.word for event in plan(world).events] == ["ServerMissing"]
    shown = a_group(status=status_of(world))
    assert plan(replace(world, groups={LAN0: shown})).events == ()


def test_a_pair_whose_edit_is_stalled_still_shows_its_states() -> None:
    world = a_normal_world()
    edited = replace(world, groups={LAN0: a_group(scopes=[{"prefix": "10.9.0.0/24", "excludeFirst": 9}])})
    status = status_of(edited)
    assert (status["myState"], status["partnerState"], status["servingText"]) == ("Normal", "Normal", "both half")


def test_servers_at_the_same_address_are_each_others_business_only_on_the_lan() -> None:
    world = a_world(servers=(facts(a_server(EAST_1, interfaces=HOST_7)), facts(a_server(EAST_2))))
    assert problem_of(world.groups[LAN0], world) is None


def test_an_edit_that_cannot_be_carried_out_does_not_tear_a_running_pair_apart() -> None:
    world = a_normal_world()
    elsewhere = {"serverRef": {"name": "ec-west-9"}}
    edited = replace(world, groups={LAN0: a_group(status=status_of(world), secondary=elsewhere)})
    configs = [wanted_config(edited.servers[name], edited).config for name in (EAST_1, EAST_2)]
    assert configs == [wanted_config(world.servers[name], world).config for name in (EAST_1, EAST_2)]
    status = status_of(edited)
    assert (status["secondary"]["server"], status["secondary"]["myState"]) == (EAST_2, "Normal")
    assert condition_of(edited, "Stalled") == ("True", "ServerMissing")


def swapped(**pool: int) -> World:
    """Return the world of the pair in Normal after somebody exchanged primary and secondary in spec."""
    world = a_normal_world()
    primary, secondary = ({"serverRef": {"name": name}} for name in (EAST_2, EAST_1))
    for name, server in world.servers.items():
        report = server.reach.report
        assert report is not None
        pools = tuple(each.model_copy(update=pool) for each in report.groups[0].pools)
        groups = (report.groups[0].model_copy(update={"pools": pools}),)
        world = with_reach(world, name, Reach(report.model_copy(update={"groups": groups})))
    return replace(
        world, groups={LAN0: a_group(status=status_of(a_normal_world()), primary=primary, secondary=secondary)}
    )


def test_roles_are_not_exchanged_while_leases_exist() -> None:
    world = swapped(active=1, free=24)
    stalled = next(each for each in status_of(world)["conditions"] if each["type"] == "Stalled")
    assert stalled["reason"] == "RoleSwap"
    assert stalled["message"] == (
        "server ec-east-2 is the secondary of this pair, and clients hold leases: each server would take the other's"
        " free addresses for its own; write primary and secondary as they were"
    )
    before = a_normal_world()
    for name in (EAST_1, EAST_2):
        assert wanted_config(world.servers[name], world).config == wanted_config(before.servers[name], before).config


def test_roles_are_exchanged_while_nobody_holds_a_lease() -> None:
    world = swapped()
    config = wanted_config(world.servers[EAST_2], world).config
    assert config is not None
    assert config.groups[0].role is Role.PRIMARY
