"""The operator's one decision: what to do about an object in the world as it is. Pure; time is in the world."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from edgepair_contract.config import MemberConfig
from edgepair_operator.api.conditions import Reason
from edgepair_operator.api.keys import ObjectKey
from edgepair_operator.api.manifests import Manifest, key_of
from edgepair_operator.api.v1alpha1.dhcp_failover_group import DhcpFailoverGroup
from edgepair_operator.plan.children.budget import budget
from edgepair_operator.plan.children.config_map import config_map
from edgepair_operator.plan.children.service import service
from edgepair_operator.plan.children.service_account import service_account
from edgepair_operator.plan.children.stateful_set import stateful_set
from edgepair_operator.plan.events import EventNote, of_annotations, of_problem, of_transitions
from edgepair_operator.plan.group_status import group_status
from edgepair_operator.plan.member_config import wanted_config
from edgepair_operator.plan.members import sides_of
from edgepair_operator.plan.rules import Problem, mode_problem, problem_of
from edgepair_operator.plan.running import groups_run_by, members_of
from edgepair_operator.plan.server_status import server_status, waits_for_answer
from edgepair_operator.plan.unreadable import unreadable_status
from edgepair_operator.plan.world import ServerFacts, World, servers_of

PUSH_AGAIN_S = 5.0  # an engine that was not reached, or did not take its configuration, is tried again


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do, in this order. `push`: the configuration that the subject's engine should be handed.

    `status` None: there is nobody to tell. `counts_written`: it shows newer counts than the stored one.
    `revisit_after_s`: when to look again although nothing happens.
    """

    delete: tuple[ObjectKey, ...] = ()
    apply: tuple[Manifest, ...] = ()
    push: MemberConfig | None = None
    status: Mapping[str, Any] | None = None
    counts_written: bool = False
    events: tuple[EventNote, ...] = ()
    revisit_after_s: float | None = None


def plan(world: World) -> Plan:
    """Return what to do about the world's subject. The same world gives the same plan."""
    if world.subject in world.unreadable:
        status, events = unreadable_status(world)
        return Plan(status=status, events=events)
    group = world.groups.get(world.subject.name)
    server = world.servers.get(world.subject.name)
    if group is not None and group.key == world.subject:
        return _plan_group(group, world)
    if server is not None and server.resource.key == world.subject:
        return _plan_server(server, world)
    return Plan(delete=_leftovers(world)) if not world.unreadable else Plan()


def _plan_group(group: DhcpFailoverGroup, world: World) -> Plan:
    pending_until = [side.revisit_at for side in sides_of(group, world) if side.pending and side.revisit_at is not None]
    if pending_until:
        return Plan(revisit_after_s=_after_s(world, min(pending_until)))
    problem = problem_of(group, world) or _servers_problem(group, world)
    drawn = group_status(group, world, problem)
    return Plan(
        status=drawn.status.manifest(),
        counts_written=drawn.counts_written,
        events=(
            *of_transitions(group, drawn.status.transitions),
            *of_problem(
                group.key,
                group.metadata.uid,
                before=group.status.conditions,
                after=drawn.status.conditions,
                at=world.now,
            ),
            *of_annotations(group, world.now),
        ),
        revisit_after_s=_after_s(world, drawn.revisit_at),
    )


def _servers_problem(group: DhcpFailoverGroup, world: World) -> Problem | None:
    """Return why one of the group's servers has no valid configuration, though the group alone breaks no rule."""
    for name in servers_of(group):
        problem = wanted_config(world.servers[name], world).problem
        if problem is not None and problem.reason in (Reason.CONFIG_INVALID, Reason.CONFIG_TOO_LARGE):
            return problem
    return None


def _plan_server(server: ServerFacts, world: World) -> Plan:
    wanted = wanted_config(server, world)
    drawn = server_status(server, world)
    push = _push(server, wanted.config)
    moments = [] if push is None else [PUSH_AGAIN_S]
    revisit_s = _after_s(world, drawn.revisit_at)
    moments += [] if revisit_s is None else [revisit_s]
    resource = server.resource
    return Plan(
        delete=_foreign_budget(server, world),
        apply=() if _hands_off(server, world) else _children(server, wanted.config, world),
        push=push,
        status=None if waits_for_answer(server, world) else drawn.status.manifest(),
        counts_written=drawn.counts_written,
        events=of_problem(
            resource.key,
            resource.metadata.uid,
            before=resource.status.conditions,
            after=drawn.status.conditions,
            at=world.now,
        ),
        revisit_after_s=min(moments, default=None),
    )


def _hands_off(server: ServerFacts, world: World) -> bool:
    """Return whether nothing can be said of the server's children: for its mode, or for an object we cannot read."""
    return mode_problem(server.resource) is not None or world.unreadable_about(server.name) is not None


def _children(server: ServerFacts, config: MemberConfig | None, world: World) -> tuple[Manifest, ...]:
    """Return the server's children, in the order that a pod needs them."""
    resource = server.resource
    tied = [world.servers[name].resource for name in sorted(world.servers)]
    children: list[Manifest] = [service_account(resource.metadata.namespace), service(resource)]
    if config is not None:
        children.append(config_map(resource, config))
        children.append(
            stateful_set(resource, partners=_partners(server, world), claim=server.claim, defaults=world.engine)
        )
    if tied[0].metadata.name == server.name and not world.unreadable:  # else who is tied together is not known
        children.append(budget(tied))
    return tuple(children)


def _partners(server: ServerFacts, world: World) -> list[str]:
    named = {name for group, _ in groups_run_by(server.name, world) for name in members_of(group, world).values()}
    return sorted(named - {server.name})


def _foreign_budget(server: ServerFacts, world: World) -> tuple[ObjectKey, ...]:
    """Return the budget named after this server when another now comes first: two over one pod forbid eviction."""
    if min(world.servers) == server.name or world.unreadable:
        return ()
    key = key_of(budget([server.resource]))
    return (key,) if key in world.children else ()


def _push(server: ServerFacts, config: MemberConfig | None) -> MemberConfig | None:
    """Return the configuration to hand to the engine: only one that answers, and runs an older one."""
    report = server.reach.report
    if config is None or report is None or server.reach.lost_at is not None:
        return None
    return config if report.config_digest != config.digest and report.config_revision < config.revision else None


def _leftovers(world: World) -> tuple[ObjectKey, ...]:
    """Return what a server that is gone leaves and nothing else takes away: its budget, the last one's account."""
    leftovers = {key for key in world.children if key.kind == "PodDisruptionBudget"}
    if world.server_count == 0:
        account = key_of(service_account(world.subject.namespace))
        leftovers |= {account} & world.children
    return tuple(sorted(leftovers))


def _after_s(world: World, moment: datetime | None) -> float | None:
    return None if moment is None else world.until_s(moment)
