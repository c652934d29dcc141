"""Whose word on a binding holds: what this server accepts from its partner, and what it then knows.

A BNDUPD says what the partner has done, or what it has heard from us and repeats. Two things can go wrong. It can cross
an update of ours for the same address (a *duel*): both servers must then pick the same winner without talking. And it
can be older than what we know, because it waited in a queue while the link was down.

The rules are dhcpd's, state against state, with one before them (Q28 and I4 of the protocol reference). dhcpd compares
states only; so an end of the binding that waited in its queue during an interruption (EXPIRED, RELEASED, or the FREE
that came of it) frees the address under a client that we have promised it to since, and an older ACTIVE shortens what
we have promised. So while a promise of ours runs that the partner has not acknowledged, what is older than it is
refused, and our newer update follows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from enum import Enum, auto

from edgepair_contract.clock import Now
from edgepair_contract.value import value
from edgepair_contract.vocabulary import BindingState, FailoverState, RejectReason, Role
from edgepair_engine.failover.serving import own_free_state
from edgepair_engine.leases.binding import ACTIVE, BACKUP, ENDED, EXPIRED, FREE, RELEASED, RESET
from edgepair_engine.leases.lease import CLOCK_TOLERANCE_S, FLAG_BOOTP, FLAG_RESERVED, Lease
from edgepair_engine.wire.failover import BndUpd

HARDWARE_LENGTH_MAX = 21  # type byte and 20 bytes of address: dhcpd's limit
CLIENT_ID_LENGTH_MAX = 255  # what one DHCP option holds; a longer one could not be told again in one message


@value
class UpdateFacts:
    """What the judgement needs beside the two bindings.

    `outstanding`: an update of ours for it is sent, not acked. `distrusted`: our store is an old copy, being made good.
    """

    role: Role
    state: FailoverState
    outstanding: bool
    distrusted: bool = False


@value
class Accept:
    """The update holds; `lease` is what we know from now on."""

    lease: Lease


@value
class Reject:
    """The update does not hold. Reason and text go into the BNDACK."""

    reason: RejectReason
    text: str


class Rule(Enum):
    """When a partner's move of a binding is allowed."""

    YES = auto()
    NO = auto()
    IF_CLAIM_PAST = auto()  # the potential expiry in the message is over, or absent
    IF_CLAIM_ENDED = auto()  # the same, by a clock that may be CLOCK_TOLERANCE_S ahead of mine
    IF_MINE_ENDED = auto()  # by my clock the lease ends within CLOCK_TOLERANCE_S


_TO_AVAILABLE = (FREE, BACKUP)
# Of an ended binding both only wait to hear that it is over. dhcpd goes by its own clock alone: an address whose end
# both tell at once, one of them with a clock that is a little ahead, then stays EXPIRED until the link breaks.
_CLAIMED = {(old, new): Rule.IF_CLAIM_ENDED for old in (EXPIRED, RESET) for new in _TO_AVAILABLE}

# Moves that are not simply allowed, by old and new state (protocol reference 5.4). In NORMAL:
IN_NORMAL: Mapping[Role, Mapping[tuple[BindingState, BindingState], Rule]] = {
    Role.SECONDARY: {
        **_CLAIMED,
        **{(ACTIVE, new): Rule.IF_CLAIM_PAST for new in _TO_AVAILABLE},
        (ACTIVE, EXPIRED): Rule.IF_MINE_ENDED,
    },
    Role.PRIMARY: {**_CLAIMED, **{(ACTIVE, new): Rule.NO for new in (*_TO_AVAILABLE, EXPIRED, RESET)}},
}
# In any other state, for both:
OTHERWISE: Mapping[tuple[BindingState, BindingState], Rule] = {
    **{(ACTIVE, new): Rule.NO for new in _TO_AVAILABLE},
    (ACTIVE, EXPIRED): Rule.IF_MINE_ENDED,
}


def judge_update(ours: Lease | None, theirs: BndUpd, facts: UpdateFacts, now: Now) -> Accept | Reject:
    """Return what becomes of a partner's update. `ours` is None for an address that the group does not hold.

    The order of the checks is dhcpd's (protocol reference 5.4).
    """
    state = theirs.state
    if theirs.address is None or state is None:
        return _malformed(theirs)
    if ours is None:
        return Reject(RejectReason.ILLEGAL_ADDRESS, "unknown IP address")
    promised = ours.is_held(now) and ours.tstp > ours.atsfp
    if promised and _is_older(ours, theirs, state, now):
        return _illegal(ours, state)
    contested = facts.outstanding or (promised and state is ACTIVE)
    if contested and ours_wins(ours, theirs, facts.role):
        text = "incoming update is less critical than outgoing update"
        return Reject(RejectReason.LESS_CRITICAL_BINDING_INFORMATION, text)
    wrong = _wrong_content(ours, theirs, state, facts.role)
    if wrong is not None:
        return wrong
    if not _allowed(ours, theirs, state, facts=facts, now=now):
        return _illegal(ours, state)
    merged = _merged(ours, theirs, state)
    if promised and merged.state is ACTIVE and merged.client == ours.client and merged.ends_at < ours.ends_at:
        # The client has both answers (a rebinding one asks everybody) and may go by the longer: the partner must know.
        merged = replace(merged, ends_at=ours.ends_at, atsfp=0)
    return Accept(merged)


def ours_wins(ours: Lease, theirs: BndUpd, role: Role) -> bool:
    """Return who wins a duel: our sent, unacknowledged update or the partner's (protocol reference 5.6).

    ACTIVE wins over everything else. By dhcpd's rules it loses to EXPIRED, and at the secondary to the rest; but they
    let the sender of those give in to ACTIVE too, and then each server has what the other had before.
    """
    if ours.state is ACTIVE and theirs.state is ACTIVE and ours.cltt != (theirs.cltt or 0):
        return ours.cltt > (theirs.cltt or 0)
    if (ours.state is ACTIVE) is not (theirs.state is ACTIVE):
        return ours.state is ACTIVE
    return role is Role.PRIMARY


def known_until(lease: Lease) -> int:
    """Return what the partner is told of how long the client may come to hold the address.

    Of a running lease that came from it no less than it said itself: our own earlier word would take that back (Q9).
    """
    return max(lease.tstp, lease.tsfp) if lease.state is ACTIVE else lease.tstp


def acknowledged(lease: Lease) -> Lease:
    """Return the lease after the partner acknowledged its update: in step, and available if it had ended."""
    told_at = known_until(lease)
    in_step = replace(lease, tsfp=told_at, atsfp=told_at)
    if lease.state in ENDED:
        return replace(in_step, state=FREE, tstp=lease.ends_at)
    return in_step


def _malformed(theirs: BndUpd) -> Reject:
    if theirs.unknown_state is not None:
        return Reject(RejectReason.OTHER, f"binding status {theirs.unknown_state} is unknown")
    return Reject(RejectReason.MISSING_BINDING_INFORMATION, "binding update lacks required options")


def _is_older(ours: Lease, theirs: BndUpd, state: BindingState, now: Now) -> bool:
    """Return whether the partner tells an end of the binding that was, or may have been, before our promise.

    An end that is still to come was written down by a clock that ran ahead: it says nothing of which was first.
    """
    if state in (RELEASED, RESET):
        ended_at = theirs.lease_expires_at or 0  # in the second of the promise itself: unknown
        return not ours.cltt < ended_at <= now.wall_s + CLOCK_TOLERANCE_S
    if state is BindingState.ABANDONED:  # the client that declined it may have come to us since, and have it again
        return ours.cltt > (theirs.cltt or 0)
    return state in (EXPIRED, FREE, BACKUP)


def _wrong_content(ours: Lease, theirs: BndUpd, state: BindingState, role: Role) -> Reject | None:
    if state is BindingState.ABANDONED and theirs.hardware:
        return Reject(RejectReason.OTHER, "BNDUPD to ABANDONED with a CHADDR")
    if theirs.hardware and len(theirs.hardware) > HARDWARE_LENGTH_MAX:
        return Reject(RejectReason.OTHER, "chaddr too long")
    if theirs.client_id and len(theirs.client_id) > CLIENT_ID_LENGTH_MAX:
        return Reject(RejectReason.OTHER, "client-identifier too long")
    if state in (ACTIVE, EXPIRED, RELEASED) and not theirs.hardware:
        return Reject(RejectReason.MISSING_BINDING_INFORMATION, "BNDUPD without CHADDR")
    if state is BindingState.ABANDONED and theirs.client_id:
        return Reject(RejectReason.OTHER, "BNDUPD to ABANDONED with client-id")
    if ours.state is not own_free_state(role):
        return None
    if theirs.ip_flags & ~ours.flags & FLAG_RESERVED:
        return Reject(RejectReason.ADDRESS_NOT_RESERVED, "Address is not reserved.")
    if theirs.ip_flags & ~ours.flags & FLAG_BOOTP:
        return Reject(RejectReason.OTHER, "Address is not allocated to BOOTP.")
    return None


def _allowed(ours: Lease, theirs: BndUpd, state: BindingState, *, facts: UpdateFacts, now: Now) -> bool:
    if facts.distrusted and not ours.needs_update:
        return True  # the partner knew mine: what it says came after it, and is not in my old store
    table = IN_NORMAL[facts.role] if facts.state is FailoverState.NORMAL else OTHERWISE
    match table.get((ours.state, state), Rule.YES):
        case Rule.YES:
            return True
        case Rule.NO:
            return False
        case Rule.IF_CLAIM_PAST:
            return (theirs.potential_expires_at or 0) <= now.wall_s
        case Rule.IF_CLAIM_ENDED:
            return (theirs.potential_expires_at or 0) - CLOCK_TOLERANCE_S <= now.wall_s
        case Rule.IF_MINE_ENDED:
            return ours.ends_at - CLOCK_TOLERANCE_S <= now.wall_s


def _illegal(ours: Lease, state: BindingState) -> Reject:
    address = ".".join(str(byte) for byte in ours.address.to_bytes(4, "big"))
    names = (ours.state.name.lower(), state.name.lower())
    return Reject(RejectReason.FATAL_CONFLICT, f"{address}: invalid state transition: {names[0]} to {names[1]}")


def _merged(ours: Lease, theirs: BndUpd, state: BindingState) -> Lease:
    stored = FREE if state in ENDED else state
    tsfp = ours.tsfp if theirs.potential_expires_at is None else theirs.potential_expires_at
    ends_at = ours.ends_at if theirs.lease_expires_at is None else theirs.lease_expires_at
    keeps_client = state in (FREE, BACKUP, RESET)
    has_client = stored is not BindingState.ABANDONED
    became_available = stored in _TO_AVAILABLE and ours.state in (ACTIVE, EXPIRED, RELEASED)
    return replace(
        ours,
        state=stored,
        client_id=theirs.client_id or (ours.client_id if keeps_client else None),
        hardware=theirs.hardware or (ours.hardware if has_client else None),
        hostname=ours.hostname if has_client and theirs.hardware in (None, ours.hardware) else "",
        starts_at=ours.starts_at if theirs.stos is None else theirs.stos,
        ends_at=ends_at,
        tstp=ends_at if became_available else ours.tstp,
        tsfp=tsfp,
        atsfp=tsfp if theirs.potential_expires_at is not None else ours.atsfp,
        cltt=theirs.cltt or ours.cltt,
        rewind=stored,
        flags=theirs.ip_flags,
    )
