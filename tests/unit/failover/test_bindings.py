"""Whose word on a binding holds, and what is known after it."""

from __future__ import annotations

from itertools import product
from typing import Any

import pytest

from edgepair_contract.vocabulary import BindingState, FailoverState, RejectReason, Role
from edgepair_engine.failover.bindings import Accept, Reject, UpdateFacts, judge_update, ours_wins
from edgepair_engine.leases.lease import Lease
from edgepair_engine.wire.failover import BndUpd
from tests.unit.failover.builders import MAC_OF_PRIMARY, MAC_OF_SECONDARY, T0, a_lease, address, at

FREE, ACTIVE, EXPIRED, RELEASED, ABANDONED, RESET, BACKUP = BindingState
PRIMARY, SECONDARY = Role.PRIMARY, Role.SECONDARY
NORMAL = FailoverState.NORMAL
CI = FailoverState.COMMUNICATIONS_INTERRUPTED


def an_update(state: BindingState | None = ACTIVE, **changes: Any) -> BndUpd:
    with_client = state in (ACTIVE, EXPIRED, RELEASED)
    fields: dict[str, Any] = {
        "time": T0,
        "xid": 47,
        "address": address(120),
        "state": state,
        "hardware": MAC_OF_PRIMARY if with_client else None,
        "lease_expires_at": T0 + 120,
        "potential_expires_at": T0 + 180,
        "stos": T0,
        "cltt": T0 if with_client else None,
    }
    return BndUpd(**(fields | changes))


def facts(role: Role = SECONDARY, state: FailoverState = NORMAL, *, outstanding: bool = False) -> UpdateFacts:
    return UpdateFacts(role, state, outstanding)


def accepted(ours: Lease, theirs: BndUpd, given: UpdateFacts | None = None) -> Lease:
    verdict = judge_update(ours, theirs, given or facts(), at(0))
    assert isinstance(verdict, Accept), verdict
    return verdict.lease


def refused(ours: Lease | None, theirs: BndUpd, given: UpdateFacts | None = None) -> tuple[int, str]:
    verdict = judge_update(ours, theirs, given or facts(), at(0))
    assert isinstance(verdict, Reject), verdict
    return verdict.reason.value, verdict.text


def test_what_the_partner_says_is_written_down() -> None:
    """Statements 123, 124."""
    lease = accepted(Lease(address(120)), an_update())
    assert lease == Lease(
        address(120),
        state=ACTIVE,
        hardware=MAC_OF_PRIMARY,
        starts_at=T0,
        ends_at=T0 + 120,
        tsfp=T0 + 180,
        atsfp=T0 + 180,
        cltt=T0,
        rewind=ACTIVE,
    )
    assert not lease.needs_update


@pytest.mark.parametrize("state", [RELEASED, EXPIRED, RESET], ids=lambda state: state.name)
def test_an_ended_binding_is_free_at_the_receiver(state: BindingState) -> None:
    """Statement 125."""
    ours = a_lease(tsfp=T0 + 135, atsfp=T0 + 135, tstp=T0 + 135)
    lease = accepted(ours, an_update(state, lease_expires_at=T0, potential_expires_at=T0))
    assert (lease.state, lease.ends_at, lease.hardware) == (FREE, T0, MAC_OF_PRIMARY)
    assert not lease.needs_update


@pytest.mark.parametrize(
    ("ours", "theirs", "answer"),
    [
        (a_lease(), an_update(None), (3, "binding update lacks required options")),
        (a_lease(), an_update(address=None), (3, "binding update lacks required options")),
        (a_lease(), an_update(None, unknown_state=9), (6, "binding status 9 is unknown")),
        (None, an_update(), (1, "unknown IP address")),
        (a_lease(), an_update(ABANDONED, hardware=MAC_OF_PRIMARY), (6, "BNDUPD to ABANDONED with a CHADDR")),
        (a_lease(), an_update(hardware=bytes(22)), (6, "chaddr too long")),
        (a_lease(), an_update(hardware=None), (3, "BNDUPD without CHADDR")),
        (a_lease(), an_update(client_id=bytes(256)), (6, "client-identifier too long")),
        (a_lease(), an_update(ABANDONED, client_id=b"x"), (6, "BNDUPD to ABANDONED with client-id")),
        (a_lease(state=BACKUP), an_update(ip_flags=1), (19, "Address is not reserved.")),
        (a_lease(state=BACKUP), an_update(ip_flags=2), (6, "Address is not allocated to BOOTP.")),
    ],
    ids=[
        "132 without state",
        "132 without address",
        "158 with a state nobody knows",
        "132 of no pool",
        "abandoned with hardware address",
        "hardware address too long",
        "132 active without hardware address",
        "client identifier too long to be told again",
        "abandoned with client identifier",
        "reserved, but not here",
        "bootp, but not here",
    ],
)
def test_an_update_that_cannot_be_taken(ours: Lease | None, theirs: BndUpd, answer: tuple[int, str]) -> None:
    assert refused(ours, theirs) == answer


# Refused moves while NORMAL: old state -> new states; a claim is a potential expiry that is still ahead.
REFUSED = {
    SECONDARY: {
        "with claim": {ACTIVE: {FREE, BACKUP, EXPIRED}, EXPIRED: {FREE, BACKUP}, RESET: {FREE, BACKUP}},
        "without": {ACTIVE: {EXPIRED}},
    },
    PRIMARY: {
        "with claim": {ACTIVE: {FREE, BACKUP, EXPIRED, RESET}, EXPIRED: {FREE, BACKUP}, RESET: {FREE, BACKUP}},
        "without": {ACTIVE: {FREE, BACKUP, EXPIRED, RESET}},
    },
}


@pytest.mark.parametrize(
    ("role", "claim", "old", "new"),
    [*product(Role, ("with claim", "without"), BindingState, BindingState)],
    ids=lambda part: getattr(part, "name", part),
)
def test_which_moves_of_a_binding_are_allowed_in_normal(
    role: Role, claim: str, old: BindingState, new: BindingState
) -> None:
    """Statements 127, 128; my lease ends 66 s from now, so an EXPIRED is too early."""
    ours = a_lease(state=old, expires_in_s=66, tstp=0)
    theirs = an_update(new, potential_expires_at=T0 + 1 if claim == "with claim" else None)
    verdict = judge_update(ours, theirs, facts(role), at(0))
    expected = new in REFUSED[role][claim].get(old, set())
    assert isinstance(verdict, Reject) is expected


@pytest.mark.parametrize("role", Role)
def test_which_moves_are_refused_while_not_in_normal(role: Role) -> None:
    ours = a_lease(expires_in_s=66, tstp=0)
    wrong = {
        new for new in BindingState if isinstance(judge_update(ours, an_update(new), facts(role, CI), at(0)), Reject)
    }
    assert wrong == {FREE, BACKUP, EXPIRED}


def test_a_clock_that_is_a_minute_ahead_may_end_a_lease() -> None:
    """Statement 127."""
    ours = a_lease(expires_in_s=65, tstp=0)
    assert accepted(ours, an_update(EXPIRED)).state is FREE
    too_early = a_lease(expires_in_s=66, tstp=0)
    assert refused(too_early, an_update(EXPIRED)) == (2, "10.77.1.120: invalid state transition: active to expired")


def test_a_promise_that_the_partner_did_not_hear_of_outlives_its_expired() -> None:
    """Q28, before statement 127's tolerance."""
    ours = a_lease(expires_in_s=10)
    assert refused(ours, an_update(EXPIRED), facts(outstanding=True))[0] == RejectReason.FATAL_CONFLICT


@pytest.mark.parametrize(
    ("ours", "theirs", "winner"),
    [
        (a_lease(cltt=T0 + 5), an_update(cltt=T0 + 4), "ours"),
        (a_lease(cltt=T0 + 4), an_update(cltt=T0 + 5), "theirs"),
        (a_lease(cltt=T0), an_update(cltt=None), "ours"),
        (a_lease(cltt=T0), an_update(cltt=T0), "primary"),
        (a_lease(expires_in_s=-1), an_update(EXPIRED), "theirs"),
        (a_lease(state=RELEASED), an_update(), "theirs"),
        (a_lease(state=FREE), an_update(FREE), "primary"),
        (a_lease(state=ABANDONED), an_update(ABANDONED), "primary"),
        (a_lease(state=BACKUP), an_update(FREE), "primary"),
    ],
    ids=[
        "the later renewal is ours",
        "the later renewal is theirs",
        "no time is the oldest",
        "a tie is the primary's",
        "the end is heard",
        "a client that came back counts",
        "a first start",
        "a decline that both heard",
        "anything else",
    ],
)
def test_updates_that_cross(ours: Lease, theirs: BndUpd, winner: str) -> None:
    """Statement 133."""
    expected = {"ours": [True, True], "theirs": [False, False], "primary": [True, False]}[winner]
    assert [ours_wins(ours, theirs, role) for role in (PRIMARY, SECONDARY)] == expected


def test_the_loser_of_a_duel_is_told_so() -> None:
    theirs = an_update(cltt=T0 - 1)
    assert refused(a_lease(), theirs, facts(outstanding=True)) == (
        16,
        "incoming update is less critical than outgoing update",
    )


def test_the_client_identifier_goes_with_the_client() -> None:
    ours = a_lease(client_id=b"kiosk", hostname="kiosk")
    assert accepted(ours, an_update(hardware=MAC_OF_SECONDARY)).client_id is None
    assert accepted(ours, an_update(hardware=MAC_OF_SECONDARY)).hostname == ""
    freed = accepted(a_lease(state=EXPIRED, client_id=b"kiosk"), an_update(FREE, potential_expires_at=T0))
    assert freed.client_id == b"kiosk"
