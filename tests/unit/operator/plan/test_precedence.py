"""Two groups that want the same of one server: who goes on, and what is said of the one that waits."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from edgepair_operator.api.keys import group_key, server_key
from edgepair_operator.plan.member_config import wanted_config
from edgepair_operator.plan.world import World
from tests.unit.operator.plan.worlds import (
    EAST_1,
    EAST_2,
    LAN0,
    NAMESPACE,
    a_group,
    a_normal_world,
    a_server,
    condition_of,
    facts,
    status_of,
)

WEST_2 = "ec-west-2"


def beside_the_pair(name: str, **group: Any) -> World:
    """Return the world of the pair in Normal, its status written, and of a second group on the same interface."""
    world = a_normal_world()
    servers = {**world.servers, WEST_2: facts(a_server(WEST_2))}
    groups = {LAN0: a_group(status=status_of(world)), name: a_group(name, **group)}
    return replace(world, servers=servers, groups=groups)


def about_server(world: World, name: str) -> World:
    return replace(world, subject=server_key(NAMESPACE, name))


def about_group(world: World, name: str) -> World:
    return replace(world, subject=group_key(NAMESPACE, name))


def test_a_server_shows_one_row_a_name_even_when_a_second_group_asks_for_it() -> None:
    world = beside_the_pair("second", created_s=-60)
    status = status_of(about_server(world, EAST_1))
    assert [(row["failoverGroupName"], row["myState"]) for row in status["failover"]] == [("lan0", "Normal")]
    assert status["groupCount"] == 1


def test_a_group_that_waits_for_a_name_does_not_show_the_states_of_the_one_that_has_it() -> None:
    world = about_group(beside_the_pair("second", created_s=-60), "second")
    status = status_of(world)
    assert (status["myState"], status["partnerState"], status["servingText"]) == ("Unknown", "Unknown", "unknown")
    assert "transitions" not in status
    assert condition_of(world, "Stalled") == ("True", "InterfaceTaken")
    assert condition_of(world, "Redundant") == ("Unknown", "ServerUnknown")
    reachable = next(each for each in status["conditions"] if each["type"] == "PartnerReachable")
    assert reachable["message"] == "this group is not in force at ec-east-1 and ec-east-2 yet"


def test_an_older_group_does_not_take_over_a_running_pairs_server() -> None:
    west = {"serverRef": {"name": WEST_2}}
    world = beside_the_pair("older", created_s=-7200, secondary=west, mcltSeconds=60)
    before = a_normal_world()
    for name in (EAST_1, EAST_2):
        assert wanted_config(world.servers[name], world).config == wanted_config(before.servers[name], before).config
    assert condition_of(about_group(world, LAN0), "Stalled") == ("", "")
    assert condition_of(about_group(world, "older"), "Stalled") == ("True", "InterfaceTaken")


def test_a_group_that_waits_goes_on_waiting_once_its_status_names_the_server() -> None:
    west = {"serverRef": {"name": WEST_2}}
    world = beside_the_pair("older", created_s=-7200, secondary=west)
    status = status_of(about_group(world, "older"))
    told = replace(
        world, groups={**world.groups, "older": a_group("older", created_s=-7200, secondary=west, status=status)}
    )
    assert condition_of(about_group(told, "older"), "Stalled") == ("True", "InterfaceTaken")
    assert condition_of(about_group(told, LAN0), "Stalled") == ("", "")
