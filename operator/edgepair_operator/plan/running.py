"""Which servers run a group now: those its spec names, or, while that cannot be, those that ran it last."""

from __future__ import annotations

from collections.abc import Mapping

from edgepair_contract.vocabulary import Role
from edgepair_operator.api.keys import RECONCILE_DISABLED, Annotation
from edgepair_operator.api.v1alpha1.dhcp_failover_group import DhcpFailoverGroup
from edgepair_operator.plan.defaults import member
from edgepair_operator.plan.precedence import has_name, ran
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
    kept = named | {role: name for role in Role if (name := ran(group, role, world)) is not None}
    return kept if len(set(kept.values())) == len(kept) else named


def groups_run_by(server: str, world: World) -> tuple[tuple[DhcpFailoverGroup, Role], ...]:
    """Return the groups that a server runs, and its role in each, sorted by their name on the wire.

    A name is there once: of two groups that ask for it, the server runs the one that comes first.
    """
    found = [
        (group, role)
        for group in world.groups.values()
        for role, name in members_of(group, world).items()
        if name == server and has_name(group, server, world)
    ]
    return tuple(sorted(found, key=lambda pair: (pair[0].group_name, pair[0].metadata.name)))
