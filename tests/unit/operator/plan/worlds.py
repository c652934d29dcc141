"""Worlds for tests: the pair of the examples, and what can be said of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from edgepair_contract.config import MemberConfig
from edgepair_contract.report import GroupReport, MemberReport, PoolReport
from edgepair_contract.vocabulary import FailoverState, Role, Serving
from edgepair_operator.api.keys import API_VERSION, ObjectKey, group_key, server_key
from edgepair_operator.api.v1alpha1.appliance_dhcp_server import ApplianceDhcpServer
from edgepair_operator.api.v1alpha1.dhcp_failover_group import DhcpFailoverGroup
from edgepair_operator.plan.plan import Plan, plan
from edgepair_operator.plan.world import ConfigFacts, EngineDefaults, PodFacts, Reach, ServerFacts, World

NOW = datetime(2026, 11, 25, 12, 0, 0, tzinfo=UTC)
NAMESPACE = "site"
EAST_1, EAST_2, LAN0 = "ec-east-1", "ec-east-2", "east-lan0"
NORMAL, INTERRUPTED = FailoverState.NORMAL, FailoverState.COMMUNICATIONS_INTERRUPTED
RANGE = {"start": "10.1.0.50", "end": "10.1.0.99"}


def at(seconds: float) -> datetime:
    """Return a moment so many seconds after NOW."""
    return NOW + timedelta(seconds=seconds)


def epoch(seconds: int) -> int:
    """Return the same as an engine writes it."""
    return int(NOW.timestamp()) + seconds


def metadata(name: str, *, created_s: int = -3600, **more: Any) -> dict[str, Any]:
    """Return an object's metadata."""
    return {
        "name": name,
        "namespace": NAMESPACE,
        "uid": f"uid-{name}",
        "generation": 1,
        "creationTimestamp": at(created_s).isoformat(),
        **more,
    }


def a_server(name: str = EAST_1, *, status: Mapping[str, Any] | None = None, **spec: Any) -> ApplianceDhcpServer:
    """Return a server with lan0; ec-east-N has address 10.1.0.(N+1)."""
    host = int(name[-1]) + 1
    manifest = {
        "apiVersion": API_VERSION,
        "kind": "ApplianceDhcpServer",
        "metadata": metadata(name),
        "spec": {
            "appliance": {"name": name.upper()},
            "network": {"mode": "HostNetwork"},
            "placement": {"nodeName": f"worker-{name[-1]}"},
            "interfaces": [{"name": "lan0", "address": f"10.1.0.{host}/24", "failover": True}],
            **spec,
        },
        **({"status": dict(status)} if status else {}),
    }
    return ApplianceDhcpServer.read(manifest)


def a_group(
    name: str = LAN0,
    *,
    status: Mapping[str, Any] | None = None,
    annotations: Mapping[str, str] | None = None,
    created_s: int = -3600,
    **spec: Any,
) -> DhcpFailoverGroup:
    """Return the group of both servers on lan0."""
    manifest = {
        "apiVersion": API_VERSION,
        "kind": "DhcpFailoverGroup",
        "metadata": metadata(name, created_s=created_s, annotations=dict(annotations or {})),
        "spec": {
            "interface": "lan0",
            "primary": {"serverRef": {"name": EAST_1}},
            "secondary": {"serverRef": {"name": EAST_2}},
            "scopes": [{"prefix": "10.1.0.0/24", "ranges": [RANGE]}],
            **spec,
        },
        **({"status": dict(status)} if status else {}),
    }
    return DhcpFailoverGroup.read(manifest)


def a_group_report(role: Role = Role.PRIMARY, **more: Any) -> GroupReport:
    """Return what an engine in Normal says of the group for the last ten minutes."""
    values: dict[str, Any] = {
        "name": "lan0",
        "role": role,
        "interfaces": ("lan0",),
        "my_state": NORMAL,
        "my_state_at": epoch(-600),
        "partner_state": NORMAL,
        "partner_state_at": epoch(-599),
        "connected": True,
        "last_contact_at": epoch(-5),
        "mclt_s": 3600,
        "split": 128,
        "max_response_delay_s": 10,
        "serving": Serving.HALF,
        "pools": (PoolReport(prefix="10.1.0.0/24", total=50, free=25, backup=25),),
        **more,
    }
    return GroupReport(**values)


def a_report(server: str, *groups: GroupReport, **more: Any) -> MemberReport:
    """Return an engine's whole report."""
    values: dict[str, Any] = {
        "revision": 7,
        "boot": "b1",
        "server": server,
        "version": "0.1.0",
        "started_at": epoch(-700),
        "config_revision": 0,
        "config_digest": "",
        "groups": groups,
        "ready": True,
        **more,
    }
    return MemberReport(**values)


def facts(server: ApplianceDhcpServer, *, reach: Reach | None = None, **more: Any) -> ServerFacts:
    """Return a server whose pod runs and is ready."""
    pod = PodFacts(f"{server.key.name}-0", "pod-1", f"worker-{server.key.name[-1]}", "172.18.0.2", ready=True)
    values: dict[str, Any] = {"pod": pod, "reach": reach or Reach(), **more}
    return ServerFacts(server, **values)


def a_world(
    subject: ObjectKey | None = None,
    *,
    servers: tuple[ServerFacts, ...] | None = None,
    groups: tuple[DhcpFailoverGroup, ...] | None = None,
    now: datetime = NOW,
    **more: Any,
) -> World:
    """Return the world of the example pair, nobody asked yet."""
    found = servers if servers is not None else (facts(a_server(EAST_1)), facts(a_server(EAST_2)))
    named = groups if groups is not None else (a_group(),)
    return World(
        subject=subject or group_key(NAMESPACE, LAN0),
        now=now,
        engine=EngineDefaults("edgepair/engine:test"),
        servers={server.name: server for server in found},
        groups={group.metadata.name: group for group in named},
        unreadable={},
        server_count=len(found),
        **more,
    )


def settled(world: World) -> World:
    """Return the world after the ConfigMaps were written and the engines, those that answer, took them."""
    servers = {}
    for name, server in world.servers.items():
        config = config_for(world, name)
        reach = server.reach
        if reach.report is not None:
            update = {"config_digest": config.digest, "config_revision": config.revision}
            reach = replace(reach, report=reach.report.model_copy(update=update))
        servers[name] = replace(server, config=ConfigFacts(config.revision, config), reach=reach)
    return replace(world, servers=servers)


def a_normal_world(**more: Any) -> World:
    """Return the world of the example pair in Normal, everything settled."""
    servers = (
        facts(a_server(EAST_1), reach=Reach(a_report(EAST_1, a_group_report()))),
        facts(a_server(EAST_2), reach=Reach(a_report(EAST_2, a_group_report(Role.SECONDARY)))),
    )
    return settled(a_world(servers=servers, **more))


def with_reach(world: World, name: str, reach: Reach) -> World:
    """Return the world in which one server answers otherwise."""
    return replace(world, servers={**world.servers, name: replace(world.servers[name], reach=reach)})


def config_for(world: World, name: str) -> MemberConfig:
    """Return the configuration in the ConfigMap that a plan would write for a server."""
    manifest = child(plan(replace(world, subject=server_key(NAMESPACE, name))), "ConfigMap")
    return MemberConfig.model_validate_json(manifest["data"]["member.json"])


def child(made: Plan, kind: str) -> Mapping[str, Any]:
    """Return the one child of a kind that a plan applies."""
    (found,) = [manifest for manifest in made.apply if manifest["kind"] == kind]
    return found


def status_of(world: World) -> Mapping[str, Any]:
    """Return the status that a plan writes."""
    status = plan(world).status
    assert status is not None
    return status


def condition_of(world: World, name: str) -> tuple[str, str]:
    """Return a condition's status and reason as a plan writes them, ("", "") when it is absent."""
    for condition in status_of(world)["conditions"]:
        if condition["type"] == name:
            return condition["status"], condition["reason"]
    return "", ""
