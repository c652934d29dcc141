"""Whose word on a binding holds, and what is known after it."""

from __future__ import annotations

from typing import Any

import pytest

from edgepair_contract.vocabulary import BindingState, FailoverState, RejectReason, Role
from edgepair_engine.failover.bindings import Accept, Reject, UpdateFacts, judge_update
from edgepair_engine.leases.lease import Lease
from edgepair_engine.wire.failover import BndUpd
from tests.unit.failover.builders import MAC_OF_PRIMARY, MAC_OF_SECONDARY, T0, a_lease, address, at

FREE, ACTIVE, EXPIRED, RELEASED, ABANDONED, RESET, BACKUP = BindingState
SECONDARY = Role.SECONDARY
NORMAL = FailoverState.NORMAL


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


@pytest.mark.protocol(123, 124)
def test_what_the_partner_says_is_written_down() -> None:
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
@pytest.mark.protocol(125)
def test_an_ended_binding_is_free_at_the_receiver(state: BindingState) -> None:
    ours = a_lease(tsfp=T0 + 135, atsfp=T0 + 135, tstp=T0 + 135)
    lease = accepted(ours, an_update(state, lease_expires_at=T0, potential_expires_at=T0))
    assert (lease.state, lease.ends_at, lease.hardware) == (FREE, T0, MAC_OF_PRIMARY)
    assert not lease.needs_update


@pytest.mark.protocol(132, 158, "Q21")
@pytest.mark.parametrize(
    ("ours", "theirs", "answer"),
    [
        (a_lease(), an_update(None), (3, "binding update lacks required options")),
        (a_lease(), an_update(address=None), (3, "binding update lacks required options")),
        (a_lease(), an_update(None, unknown_state=9), (6, "binding status 9 is unknown")),
        (None, an_update(), (1, "unknown IP address")),
        (a_lease(tstp=0), an_update(ABANDONED, hardware=MAC_OF_PRIMARY), (6, "BNDUPD to ABANDONED with a CHADDR")),
        (a_lease(), an_update(hardware=bytes(22)), (6, "chaddr too long")),
        (a_lease(), an_update(hardware=None), (3, "BNDUPD without CHADDR")),
        (a_lease(), an_update(client_id=bytes(256)), (6, "client-identifier too long")),
        (a_lease(tstp=0), an_update(ABANDONED, client_id=b"x"), (6, "BNDUPD to ABANDONED with client-id")),
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


@pytest.mark.protocol("Q28")
def test_a_promise_that_the_partner_did_not_hear_of_outlives_its_expired() -> None:
    """Before statement 127's tolerance."""
    ours = a_lease(expires_in_s=10)
    assert refused(ours, an_update(EXPIRED), facts(outstanding=True))[0] == RejectReason.FATAL_CONFLICT


@pytest.mark.protocol(133)
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


@pytest.mark.parametrize("state", [FREE, BACKUP, EXPIRED], ids=lambda state: state.name)
def test_a_server_with_an_old_store_gives_a_lease_up_whose_end_it_has_forgotten(state: BindingState) -> None:
    """The partner has acknowledged this lease, so what it says now came after it."""
    known = a_lease(expires_in_s=300, atsfp=T0 + 405)
    recovering = UpdateFacts(SECONDARY, FailoverState.RECOVER, outstanding=False, distrusted=True)
    ended = an_update(state, lease_expires_at=T0 - 60, potential_expires_at=T0 - 60)
    assert accepted(known, ended, recovering).state in (FREE, state)
    assert refused(known, ended, facts(state=FailoverState.RECOVER))[0] == 2
    assert refused(a_lease(expires_in_s=300), ended, recovering)[0] == 2  # the partner cannot know of it
