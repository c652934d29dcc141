"""How the cache's objects become the world of a plan."""

from __future__ import annotations

from typing import Any

from edgepair_operator.api.keys import API_VERSION, ObjectKey, group_key, server_key
from edgepair_operator.observe.cache import Cache
from edgepair_operator.observe.gather import Sources, gather
from edgepair_operator.plan.world import EngineDefaults, Reach, Unreadable
from tests.unit.operator.plan.worlds import EAST_1, EAST_2, LAN0, NAMESPACE, NOW, a_group, a_server


def sources(*manifests: dict[str, Any]) -> Sources:
    cache = Cache(lambda _: None)
    for version, manifest in enumerate(manifests, start=1):
        manifest["metadata"]["resourceVersion"] = str(version)
        cache.take("ADDED", manifest)
    return Sources(
        cache=cache,
        reach=lambda _: Reach(),
        refusals=lambda _: (),
        counts_at=lambda _: NOW,
        engine=EngineDefaults("edgepair/engine:test"),
    )


def test_an_object_of_another_version_is_told_apart_with_the_servers_it_names() -> None:
    group: dict[str, Any] = a_group().manifest()
    group["spec"]["flavour"] = "vanilla"
    world = gather(server_key(NAMESPACE, EAST_1), sources(a_server(EAST_1).manifest(), group), NOW)
    key: ObjectKey = group_key(NAMESPACE, LAN0)
    assert group["apiVersion"] == API_VERSION
    assert list(world.servers) == [EAST_1]
    assert world.unreadable == {
        key: Unreadable(
            "spec.flavour: Extra inputs are not permitted",
            generation=1,
            uid="uid-east-lan0",
            servers=frozenset({EAST_1, EAST_2}),
            status=group.get("status", {}),
        )
    }


def test_a_status_of_another_version_is_written_anew() -> None:
    group: dict[str, Any] = a_group().manifest()
    group["status"] = {"groupName": "lan0", "myState": "Vanilla"}
    world = gather(server_key(NAMESPACE, EAST_1), sources(a_server(EAST_1).manifest(), group), NOW)
    assert world.unreadable == {}
    assert world.groups[LAN0].status.group_name is None
