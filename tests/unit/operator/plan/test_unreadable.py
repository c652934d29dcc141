"""A stored object that does not follow our schema says so itself, and nobody else falls silent or changes."""

from __future__ import annotations

from dataclasses import replace

from edgepair_operator.api.keys import group_key, server_key
from edgepair_operator.plan.member_config import wanted_config
from edgepair_operator.plan.plan import plan
from edgepair_operator.plan.world import Unreadable, World
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

GROUP, SERVER_1, SERVER_2 = group_key(NAMESPACE, LAN0), server_key(NAMESPACE, EAST_1), server_key(NAMESPACE, EAST_2)
WHY = "spec.flavour: Extra inputs are not permitted"


def with_a_broken_group() -> World:
    world = a_normal_world()
    broken = Unreadable(WHY, generation=2, uid="u", servers=frozenset({EAST_1, EAST_2}), status=status_of(world))
    return replace(world, groups={}, unreadable={GROUP: broken})


def with_a_broken_server() -> World:
    world = a_normal_world()
    shown = a_group(status=status_of(world))
    broken = Unreadable(WHY, generation=2, uid="u", servers=frozenset({EAST_1}))
    return replace(world, servers={EAST_2: world.servers[EAST_2]}, groups={LAN0: shown}, unreadable={SERVER_1: broken})


def test_a_broken_object_is_stalled_and_shows_no_state_of_yesterday() -> None:
    world = with_a_broken_group()
    made = plan(world)
    status = status_of(world)
    assert condition_of(world, "Stalled") == ("True", "SpecUnreadable")
    assert status["observedGeneration"] == 2
    assert (status["myState"], status["partnerState"]) == ("Unknown", "Unknown")
    assert status["primary"] == {
        "appliance": "EC-EAST-1",
        "server": "ec-east-1",
        "myState": "Unknown",
        "partnerState": "Unknown",
    }
    assert (
        status["message"] == f"this version cannot read it ({WHY}): correct it, or run the version it was written for"
    )
    assert [event.reason.word for event in made.events] == ["SpecUnreadable"]
    assert (made.apply, made.delete, made.push) == ((), (), None)


def test_the_servers_of_a_broken_group_keep_what_they_run() -> None:
    world = with_a_broken_group()
    for name in (EAST_1, EAST_2):
        server = world.servers[name]
        assert server.config is not None
        assert wanted_config(server, world).config == server.config.config
        made = plan(replace(world, subject=server_key(NAMESPACE, name)))
        assert (made.apply, made.delete, made.push) == ((), (), None)
    assert condition_of(replace(world, subject=SERVER_1), "Stalled") == ("True", "SpecUnreadable")


def test_the_group_of_a_broken_server_goes_on_with_its_partner() -> None:
    world = with_a_broken_server()
    status = status_of(world)
    assert status["secondary"]["myState"] == "Normal"
    stalled = next(each for each in status["conditions"] if each["type"] == "Stalled")
    assert stalled["message"] == (
        f"ApplianceDhcpServer ec-east-1 cannot be read by this version ({WHY}): correct it;"
        " until then what the server ec-east-1 runs stays as it is"
    )
    partner = world.servers[EAST_2]
    assert partner.config is not None
    assert wanted_config(partner, world).config == partner.config.config


def test_what_a_broken_object_is_not_tied_to_goes_on() -> None:
    world = with_a_broken_group()
    west = facts(a_server("ec-west-7"))
    made = plan(
        replace(world, servers={**world.servers, "ec-west-7": west}, subject=server_key(NAMESPACE, "ec-west-7"))
    )
    assert "StatefulSet" in [manifest["kind"] for manifest in made.apply]
    assert made.status is not None
