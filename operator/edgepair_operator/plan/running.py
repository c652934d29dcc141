"""Which servers run a group now: those its spec names, or, while that cannot be, those that ran it last."""

from __future__ import annotations

from collections.abc import Mapping

from edgepair_contract.vocabulary import Role
from edgepair_operator.api.keys import RECONCILE_DISABLED, Annotation
from edgepair_operator.api.v1alpha1.dhcp_failover_group import DhcpFailoverGroup
from edgepair_operator.plan.defaults import member
from edgepair_operator.plan.rules import problem_of
from edgepair_operator.plan.world import World


def is_held(group: DhcpFailoverGroup) -> bool:
    """Return whether somebody has asked the operator to leave a group alone."""
    return group.spec.suspend or group.metadata.annotations.get(Annotation.RECONCILE) == RECONCILE_DISABLED


def stands_still(group: DhcpFailoverGroup, world: World) -> bool:
    """Return whether the group's last good configuration is kept, for a problem or because it is to be left alone."""
    return is_held(group) or problem_of(group, world) is not None


def members_of(group: DhcpFailoverGroup, world: World) -> Mapping[Role, str]:
    """Return our servers in a group by role. An edit that cannot be carried out does not tear a pair apart."""
    named = {role: ref.name for role in Role if (ref := member(group, role).server_ref) is not None}
    if not stands_still(group, world):
        return named
    kept = named | {role: name for role in Role if (name := _ran(group, role, world)) is not None}
    return kept if len(set(kept.values())) == len(kept) else named


def groups_run_by(server: str, world: World) -> tuple[tuple[DhcpFailoverGroup, Role], ...]:
    """Return the groups that a server runs, and its role in each, sorted by their name on the wire."""
    found = [
        (group, role)
        for group in world.groups.values()
        for role, name in members_of(group, world).items()
        if name == server
    ]
    return tuple(sorted(found, key=lambda pair: (pair[0].group_name, pair[0].metadata.name)))


def _ran(group: DhcpFailoverGroup, role: Role, world: World) -> str | None:
    """Return the server that the group's status shows on one side, if its configuration still holds the group."""
    row = group.status.primary if role is Role.PRIMARY else group.status.secondary
    server = world.servers.get(row.server) if row is not None and row.server is not None else None
    if server is None or server.config is None or server.config.config is None:
        return None
    roles = {each.name: each.role for each in server.config.config.groups}
    return server.name if roles.get(group.group_name) is role else None
