"""Events about our objects: one per transition and per new problem, each posted once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from edgepair_contract.vocabulary import FailoverState
from edgepair_operator.api.conditions import Condition, ConditionType, Reason, find
from edgepair_operator.api.keys import Annotation, ObjectKey
from edgepair_operator.api.v1alpha1.dhcp_failover_group import DhcpFailoverGroup
from edgepair_operator.api.v1alpha1.group_status import TransitionEntry
from edgepair_operator.api.v1alpha1.model import rfc3339
from edgepair_operator.plan.conditions import READY_REASONS

ALARMING = (
    FailoverState.COMMUNICATIONS_INTERRUPTED,
    FailoverState.PARTNER_DOWN,
    FailoverState.POTENTIAL_CONFLICT,
    FailoverState.RESOLUTION_INTERRUPTED,
)
UNSUPPORTED = (Annotation.PARTNER_DOWN, Annotation.FENCE, Annotation.PAUSE, Annotation.ACCEPT_LEASE_LOSS)


class EventKind(Enum):
    """Whether somebody should look."""

    NORMAL = "Normal"
    WARNING = "Warning"


@dataclass(frozen=True, slots=True)
class EventNote:
    """One event: about which object, how loud, a reason of the closed list, a sentence, and when it happened.

    `occasion` tells two events apart that say the same: the time of a transition, the generation of a problem.
    """

    about: ObjectKey
    uid: str
    kind: EventKind
    reason: Reason
    message: str
    at: datetime
    occasion: str


def of_transitions(group: DhcpFailoverGroup, now: Sequence[TransitionEntry]) -> tuple[EventNote, ...]:
    """Return an event for each transition that the stored status does not tell of yet."""
    told = set(group.status.transitions)
    return tuple(
        EventNote(
            about=group.key,
            uid=group.metadata.uid,
            kind=EventKind.WARNING if entry.to_state in ALARMING else EventKind.NORMAL,
            reason=READY_REASONS[entry.to_state],
            message=f"{entry.server}: {entry.from_state.label} -> {entry.to_state.label}: {entry.cause}",
            at=entry.time,
            occasion=rfc3339(entry.time),
        )
        for entry in now
        if entry not in told
    )


def of_problem(
    about: ObjectKey, uid: str, *, before: Sequence[Condition], after: Sequence[Condition], at: datetime
) -> tuple[EventNote, ...]:
    """Return an event when an object has become Stalled, or is for another reason."""
    stalled = find(after, ConditionType.STALLED)
    known = find(before, ConditionType.STALLED)
    if stalled is None or (known is not None and known.message == stalled.message):
        return ()
    reason = next(reason for reason in Reason if reason.word == stalled.reason)
    occasion = str(stalled.observed_generation)
    return (EventNote(about, uid, EventKind.WARNING, reason, stalled.message, at, occasion),)


def of_annotations(group: DhcpFailoverGroup, at: datetime) -> tuple[EventNote, ...]:
    """Return an event for each order that this version cannot carry out: nobody shall believe that it was."""
    return tuple(
        EventNote(
            about=group.key,
            uid=group.metadata.uid,
            kind=EventKind.WARNING,
            reason=Reason.ANNOTATION_REFUSED,
            message=f"{name}: {group.metadata.annotations[name]!r} is not carried out by this version",
            at=at,
            occasion=name,
        )
        for name in UNSUPPORTED
        if name in group.metadata.annotations
    )
