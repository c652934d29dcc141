"""Which group comes first where two want the same of one server: the one that runs there, else the older."""

from __future__ import annotations

from collections.abc import Iterator

from edgepair_contract.vocabulary import Role
from edgepair_operator.api.conditions import ConditionType, Reason, find
from edgepair_operator.api.v1alpha1.dhcp_failover_group import DhcpFailoverGroup
from edgepair_operator.plan.world import World, servers_of

_NEVER_RAN = (Reason.INTERFACE_TAKEN.word, Reason.GROUP_NAME_TAKEN.word)


def ran(group: DhcpFailoverGroup, role: Role, world: World) -> str | None:
    """Return the server that the group's status shows on one side, if its configuration still holds the group."""
    stalled = find(group.status.conditions, ConditionType.STALLED)
    if stalled is not None and stalled.reason in _NEVER_RAN:
        return None  # what that configuration holds under this name is the other group
    row = group.status.primary if role is Role.PRIMARY else group.status.secondary
    server = world.servers.get(row.server) if row is not None and row.server is not None else None
    if server is None or server.config is None or server.config.config is None:
        return None
    roles = {each.name: each.role for each in server.config.config.groups}
    return server.name if roles.get(group.group_name) is role else None


def those_before(group: DhcpFailoverGroup, server: str, world: World) -> Iterator[DhcpFailoverGroup]:
    """Go through the groups that come before this one at a server, of those with its interface or its name."""
    for other in world.groups.values():
        # Of 64 groups at a server hardly two are rivals: nothing else is asked of the rest.
        if other.spec.interface != group.spec.interface and other.group_name != group.group_name:
            continue
        wants = other is not group and (server in servers_of(other) or _ran_at(other, server, world))
        if wants and _place(other, server, world) < _place(group, server, world):
            yield other


def has_name(group: DhcpFailoverGroup, server: str, world: World) -> bool:
    """Return whether what this server runs under the group's name is this group."""
    return all(other.group_name != group.group_name for other in those_before(group, server, world))


def _place(group: DhcpFailoverGroup, server: str, world: World) -> tuple[bool, float, str]:
    created_at = group.metadata.creation_timestamp
    age = created_at.timestamp() if created_at else 0.0
    return (not _ran_at(group, server, world), age, group.metadata.name)


def _ran_at(group: DhcpFailoverGroup, server: str, world: World) -> bool:
    return any(ran(group, role, world) == server for role in Role)
