"""From the objects to what an engine reads: values, revisions, and what is kept when the objects ask too much."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import IPv4Address

import pytest

from edgepair_contract.vocabulary import Role
from edgepair_operator.api.conditions import Reason
from edgepair_operator.api.v1alpha1.dhcp_failover_group import DhcpFailoverGroup
from edgepair_operator.plan.member_config import wanted_config
from edgepair_operator.plan.world import ConfigFacts, Reach, ServerFacts, World
from tests.unit.operator.plan.worlds import (
    EAST_1,
    EAST_2,
    a_group,
    a_normal_world,
    a_report,
    a_server,
    a_world,
    facts,
)


def with_groups(world: World, *groups: DhcpFailoverGroup) -> World:
    return replace(world, groups={group.metadata.name: group for group in groups})


def with_server(world: World, server: ServerFacts) -> World:
    return replace(world, servers={**world.servers, server.name: server})


def test_each_side_is_told_its_own_and_its_partners_address() -> None:
    world = a_world()
    primary = wanted_config(world.servers[EAST_1], world).config
    secondary = wanted_config(world.servers[EAST_2], world).config
    assert primary is not None
    assert secondary is not None
    assert [(group.role, group.my_address, group.partner_address) for group in primary.groups] == [
        (Role.PRIMARY, IPv4Address("10.1.0.2"), "10.1.0.3")
    ]
    assert [(group.role, group.my_address, group.partner_address) for group in secondary.groups] == [
        (Role.SECONDARY, IPv4Address("10.1.0.3"), "10.1.0.2")
    ]


def test_what_a_scope_leaves_out_is_derived() -> None:
    group = a_group(
        scopes=[{"prefix": "10.1.0.0/24", "excludeFirst": 9, "excludeLast": 5, "netbiosServers": ["10.1.0.8"]}]
    )
    world = a_world(groups=(group,))
    config = wanted_config(world.servers[EAST_1], world).config
    assert config is not None
    (subnet,) = config.groups[0].subnets
    assert subnet.interface == "lan0"
    assert [(str(pool.start), str(pool.end)) for pool in subnet.pools] == [("10.1.0.10", "10.1.0.249")]
    assert (subnet.default_lease_s, subnet.max_lease_s) == (86400, 172800)
    assert [(option.code, option.hex) for option in subnet.options] == [(44, "0a010008"), (46, "08")]


def test_the_first_configuration_has_revision_1() -> None:
    world = a_world()
    config = wanted_config(world.servers[EAST_1], world).config
    assert config is not None
    assert config.revision == 1


def test_the_same_content_keeps_its_revision() -> None:
    world = a_normal_world()
    config = wanted_config(world.servers[EAST_1], world).config
    assert config is not None
    assert config.revision == 1


@pytest.mark.parametrize(
    ("stored", "reported", "expected"),
    [(4, 4, 5), (4, 9, 10), (9, 4, 10)],
    ids=["one more than both", "the engine has seen a later one", "the engine has not caught up"],
)
def test_another_content_is_one_more_than_any_revision_that_was_seen(stored: int, reported: int, expected: int) -> None:
    world = a_normal_world()
    server = world.servers[EAST_1]
    assert server.config is not None
    report = a_report(EAST_1, config_revision=reported, config_digest="other")
    changed = with_groups(world, a_group(mcltSeconds=1800))
    moved = replace(server, config=ConfigFacts(stored, server.config.config), reach=Reach(report))
    config = wanted_config(moved, changed).config
    assert config is not None
    assert config.revision == expected


def test_an_engine_that_runs_something_else_of_the_same_revision_is_overtaken() -> None:
    world = a_normal_world()
    server = replace(world.servers[EAST_1], reach=Reach(a_report(EAST_1, config_revision=1, config_digest="other")))
    config = wanted_config(server, world).config
    assert config is not None
    assert config.revision == 2


def test_a_deleted_group_leaves_the_configuration() -> None:
    world = with_groups(a_normal_world())
    config = wanted_config(world.servers[EAST_1], world).config
    assert config is not None
    assert (config.groups, config.revision) == ((), 2)


HELD = {
    "its partner server is gone": (a_group(secondary={"serverRef": {"name": "ec-east-9"}}), Reason.SERVER_MISSING),
    "it asks for an interface that is missing": (
        a_group(scopes=[{"prefix": "10.7.0.0/24", "interface": "lan0.7", "excludeFirst": 1}]),
        Reason.INTERFACE_MISSING,
    ),
    "it is to be left alone": (a_group(mcltSeconds=60, suspend=True), None),
    "its annotation says so": (
        a_group(mcltSeconds=60, annotations={"dhcp.edgepair.io/reconcile": "disabled"}),
        None,
    ),
}


@pytest.mark.parametrize(("group", "_"), HELD.values(), ids=HELD.keys())
def test_a_group_keeps_its_last_configuration_when(group: DhcpFailoverGroup, _: object) -> None:
    world = a_normal_world()
    before = wanted_config(world.servers[EAST_1], world).config
    held = with_groups(world, group)
    assert wanted_config(held.servers[EAST_1], held).config == before


def test_a_whole_configuration_is_kept_when_the_new_one_would_be_invalid() -> None:
    world = a_normal_world()
    before = wanted_config(world.servers[EAST_1], world).config
    scope = {"prefix": "10.1.0.0/24", "ranges": [{"start": "10.1.0.100", "end": "10.1.0.110"}]}
    interfaces = [
        {"name": "lan0", "address": "10.1.0.2/24", "failover": True},
        {"name": "lan1", "address": "10.1.0.7/24", "scope": scope},
    ]
    doubled = with_server(world, replace(world.servers[EAST_1], resource=a_server(EAST_1, interfaces=interfaces)))
    wanted = wanted_config(doubled.servers[EAST_1], doubled)
    assert wanted.config == before
    assert wanted.problem is not None
    assert wanted.problem.reason is Reason.CONFIG_INVALID
    assert "prefixes must differ, but there are two of 10.1.0.0/24" in wanted.problem.message


def test_a_server_without_a_group_has_a_configuration() -> None:
    world = a_world(servers=(facts(a_server(EAST_1)),), groups=())
    config = wanted_config(world.servers[EAST_1], world).config
    assert config is not None
    assert [interface.name for interface in config.interfaces] == ["lan0"]


def test_an_external_partner_is_dialled_at_its_own_address() -> None:
    world = a_world(groups=(a_group(primary={"external": {"address": "10.1.0.9", "port": 519}}),))
    config = wanted_config(world.servers[EAST_2], world).config
    assert config is not None
    (group,) = config.groups
    assert (group.partner_address, group.partner_port, group.partner_is_ours) == ("10.1.0.9", 519, False)
