"""What both rows say together: the top level of a group's status, agreement, who serves, transitions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from edgepair_contract.report import TRANSITIONS_KEPT
from edgepair_contract.vocabulary import FailoverState, Serving
from edgepair_operator.api.v1alpha1.dhcp_failover_group import DhcpFailoverGroup
from edgepair_operator.api.v1alpha1.group_status import Agreement, GroupServing, MemberRow, TransitionEntry
from edgepair_operator.plan.members import UNKNOWN, Side, moment
from edgepair_operator.plan.world import World


@dataclass(frozen=True, slots=True)
class TopLevel:
    """The group's own four fields and the MCLT in force."""

    my_state: FailoverState
    my_state_time: datetime | None
    partner_state: FailoverState
    partner_state_time: datetime | None
    mclt_s: int | None


def top_level(primary: Side, secondary: Side) -> TopLevel:
    """Return the primary's row; when it cannot be asked, or is external, what the secondary says, turned round."""
    if primary.row is not None and primary.row.my_state is not UNKNOWN:
        row = primary.row
        return TopLevel(row.my_state, row.my_state_time, row.partner_state, row.partner_state_time, row.mclt_seconds)
    row = secondary.row or _nothing_known()
    since = row.partner_state_time
    if row.partner_state is UNKNOWN and primary.row is not None:
        since = primary.row.my_state_time
    return TopLevel(row.partner_state, since, row.my_state, row.my_state_time, row.mclt_seconds)


def _nothing_known() -> MemberRow:
    return MemberRow(my_state=UNKNOWN, partner_state=UNKNOWN)


def agreement_of(group: DhcpFailoverGroup, sides: tuple[Side, Side], world: World) -> tuple[Agreement, datetime | None]:
    """Return whether both rows say the same, and when a difference will have lasted too long.

    That a server does not know its partner's state contradicts nothing.
    """
    primary, secondary = sides
    known = [side for side in sides if side.state is not UNKNOWN]
    if len(known) < len(sides):
        return (Agreement.ONE_SIDE_ONLY if known else Agreement.UNKNOWN), None
    assert primary.row is not None
    assert secondary.row is not None
    if _fits(primary.row, secondary.row) and _fits(secondary.row, primary.row):
        return Agreement.AGREED, None
    too_long_at = _differ_since(primary.row, secondary.row, world.now) + timedelta(
        seconds=group.spec.max_response_delay_seconds
    )
    if world.now >= too_long_at:
        return Agreement.DISAGREE, None
    return group.status.agreement or Agreement.UNKNOWN, too_long_at


def _fits(mine: MemberRow, partners: MemberRow) -> bool:
    return mine.partner_state in (UNKNOWN, partners.my_state)


def _differ_since(first: MemberRow, second: MemberRow, now: datetime) -> datetime:
    """Return the latest change in both rows: they cannot have differed, as they do, for longer."""
    times = (first.my_state_time, first.partner_state_time, second.my_state_time, second.partner_state_time)
    return min(now, max((time for time in times if time is not None), default=now))


def serving_of(sides: tuple[Side, Side]) -> tuple[GroupServing | None, str]:
    """Return which clients each side answers, and the same in words; the value only when both are known."""
    primary, secondary = (side.serving for side in sides)
    if primary is None or secondary is None:
        return None, _in_words(sides)
    return GroupServing(primary=primary, secondary=secondary), _in_words(sides)


def _in_words(sides: tuple[Side, Side]) -> str:
    words = [(side.role.value, side.serving) for side in sides if side.name is not None]
    if len(words) > 1 and len({serving for _, serving in words}) == 1:
        return {None: "unknown", Serving.NONE: "none"}.get(words[0][1]) or f"both {_word(words[0][1])}"
    answering = [f"{role} {_word(serving)}" for role, serving in words if serving is not Serving.NONE]
    return ", ".join(answering) or "none"


def _word(serving: Serving | None) -> str:
    return "unknown" if serving is None else serving.value.lower()


def transitions_of(group: DhcpFailoverGroup, sides: tuple[Side, Side]) -> tuple[TransitionEntry, ...]:
    """Return the last changes of both servers, the newest last; what one that cannot be asked once said is kept."""
    told = {side.name for side in sides if side.report is not None}
    ours = {side.name for side in sides}
    entries = [entry for entry in group.status.transitions if entry.server in ours - told]
    for side in sides:
        if side.report is not None and side.name is not None:
            entries += [
                TransitionEntry(
                    time=moment(change.at),
                    server=side.name,
                    from_state=_state(change.from_state),
                    to_state=_state(change.to_state),
                    cause=change.cause,
                )
                for change in side.report.transitions
            ]
    entries.sort(key=lambda entry: entry.time)  # stable: of one second, a server's own order stays
    return tuple(entries[-TRANSITIONS_KEPT:])


def _state(label: str) -> FailoverState:
    return next((state for state in FailoverState if state.label == label), UNKNOWN)
