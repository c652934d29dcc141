"""What is said of a stored object that does not follow this version's schema: why, and nothing else for certain.

What depends on it keeps its last good configuration (`rules`, `member_config`); everything else goes on.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from edgepair_contract.vocabulary import FailoverState
from edgepair_operator.api.conditions import Condition, ConditionStatus, ConditionType, Reason, condition, keep_times
from edgepair_operator.api.keys import Kind
from edgepair_operator.api.v1alpha1.group_status import Agreement, GroupStatus, MemberRow
from edgepair_operator.api.v1alpha1.server_status import FailoverRow, ServerStatus
from edgepair_operator.plan.events import EventNote, of_problem
from edgepair_operator.plan.world import Unreadable, World

UNKNOWN = FailoverState.UNKNOWN


def unreadable_status(world: World) -> tuple[Mapping[str, Any], tuple[EventNote, ...]]:
    """Return the status of a subject that cannot be read, and the event when that is new."""
    broken = world.unreadable[world.subject]
    is_group = world.subject.kind == Kind.DHCP_FAILOVER_GROUP.kind
    before = _stored(GroupStatus if is_group else ServerStatus, broken)
    conditions = keep_times(_conditions(broken, world), before.conditions)
    status = _group(before, broken) if isinstance(before, GroupStatus) else _server(before, broken)
    events = of_problem(world.subject, broken.uid, before=before.conditions, after=conditions, at=world.now)
    return status.model_copy(update={"conditions": conditions}).manifest(), events


def _stored(model: type[GroupStatus] | type[ServerStatus], broken: Unreadable) -> GroupStatus | ServerStatus:
    try:
        return model.model_validate(broken.status)
    except ValidationError:
        return model()


def _conditions(broken: Unreadable, world: World) -> Sequence[Condition]:
    findings = ((ConditionType.READY, ConditionStatus.FALSE), (ConditionType.STALLED, ConditionStatus.TRUE))
    return [
        condition(
            kind,
            status,
            reason=Reason.SPEC_UNREADABLE,
            message=_message(broken),
            generation=broken.generation,
            at=world.now,
        )
        for kind, status in findings
    ]


def _message(broken: Unreadable) -> str:
    return f"this version cannot read it ({broken.why}): correct it, or run the version it was written for"


def _group(before: GroupStatus, broken: Unreadable) -> GroupStatus:
    """Return who the members are and what happened before; the servers' states are not known any more."""
    return GroupStatus(
        observed_generation=broken.generation,
        group_name=before.group_name,
        my_state=UNKNOWN,
        partner_state=UNKNOWN,
        primary=_unknown_row(before.primary),
        secondary=_unknown_row(before.secondary),
        agreement=Agreement.UNKNOWN,
        serving_text="unknown",
        message=_message(broken),
        transitions=before.transitions,
    )


def _unknown_row(row: MemberRow | None) -> MemberRow | None:
    if row is None:
        return None
    return MemberRow(appliance=row.appliance, server=row.server, my_state=UNKNOWN, partner_state=UNKNOWN)


def _server(before: ServerStatus, broken: Unreadable) -> ServerStatus:
    return ServerStatus(
        observed_generation=broken.generation,
        appliance=before.appliance,
        failover=tuple(
            FailoverRow(failover_group_name=row.failover_group_name, my_state=UNKNOWN, partner_state=UNKNOWN)
            for row in before.failover
        ),
    )
