"""Which updates of a partner are accepted, cell by cell: binding states, role, my state, claim and end."""

from __future__ import annotations

from typing import Any

import pytest

from edgepair_contract.vocabulary import BindingState, FailoverState, Role
from edgepair_engine.failover.bindings import Accept, Reject, UpdateFacts, judge_update
from edgepair_engine.leases.lease import FLAG_BOOTP, FLAG_RESERVED, Lease
from tests.unit.failover.builders import MAC_OF_PRIMARY, MAC_OF_SECONDARY, T0, a_lease, address, at
from tests.unit.failover.grids import cells
from tests.unit.failover.opposite import an_update

FREE, ACTIVE, EXPIRED, RELEASED, ABANDONED, RESET, BACKUP = BindingState
PRIMARY, SECONDARY = Role.PRIMARY, Role.SECONDARY
NORMAL = FailoverState.NORMAL
CI = FailoverState.COMMUNICATIONS_INTERRUPTED

# Four letters, accepted (y) or refused (n): while the partner's claim (option 18) is past and my own end is past, or
# more than the tolerated 65 s ahead; then while the claim is ahead and my own end is past, or ahead. Of an address that
# has ended, a claim is ahead only when it is so by more than those 65 s: that is our addition.
MY_ENDS = (-1, 66, -1, 66)
CLAIMS = (0, 0, 1, 1)
CLAIMS_OF_ENDED = (65, 65, 66, 66)

# dhcpd's answers (protocol reference 5.4). Row: the state that I hold; column: the state that the partner tells.
SECONDARY_IN_NORMAL = """
mine       FREE  BACKUP  ACTIVE  EXPIRED  RELEASED  ABANDONED  RESET
FREE       yyyy  yyyy    yyyy    yyyy     yyyy      yyyy       yyyy
BACKUP     yyyy  yyyy    yyyy    yyyy     yyyy      yyyy       yyyy
ACTIVE     yynn  yynn    yyyy    ynyn     yyyy      yyyy       yyyy
EXPIRED    yynn  yynn    yyyy    yyyy     yyyy      yyyy       yyyy
RELEASED   yyyy  yyyy    yyyy    yyyy     yyyy      yyyy       yyyy
ABANDONED  yyyy  yyyy    yyyy    yyyy     yyyy      yyyy       yyyy
RESET      yynn  yynn    yyyy    yyyy     yyyy      yyyy       yyyy
"""
PRIMARY_IN_NORMAL = """
mine       FREE  BACKUP  ACTIVE  EXPIRED  RELEASED  ABANDONED  RESET
FREE       yyyy  yyyy    yyyy    yyyy     yyyy      yyyy       yyyy
BACKUP     yyyy  yyyy    yyyy    yyyy     yyyy      yyyy       yyyy
ACTIVE     nnnn  nnnn    yyyy    nnnn     yyyy      yyyy       nnnn
EXPIRED    yynn  yynn    yyyy    yyyy     yyyy      yyyy       yyyy
RELEASED   yyyy  yyyy    yyyy    yyyy     yyyy      yyyy       yyyy
ABANDONED  yyyy  yyyy    yyyy    yyyy     yyyy      yyyy       yyyy
RESET      yynn  yynn    yyyy    yyyy     yyyy      yyyy       yyyy
"""
OTHERWISE = """
mine       FREE  BACKUP  ACTIVE  EXPIRED  RELEASED  ABANDONED  RESET
FREE       yyyy  yyyy    yyyy    yyyy     yyyy      yyyy       yyyy
BACKUP     yyyy  yyyy    yyyy    yyyy     yyyy      yyyy       yyyy
ACTIVE     nnnn  nnnn    yyyy    ynyn     yyyy      yyyy       yyyy
EXPIRED    yyyy  yyyy    yyyy    yyyy     yyyy      yyyy       yyyy
RELEASED   yyyy  yyyy    yyyy    yyyy     yyyy      yyyy       yyyy
ABANDONED  yyyy  yyyy    yyyy    yyyy     yyyy      yyyy       yyyy
RESET      yyyy  yyyy    yyyy    yyyy     yyyy      yyyy       yyyy
"""
TABLES = {
    (SECONDARY, NORMAL): SECONDARY_IN_NORMAL,
    (PRIMARY, NORMAL): PRIMARY_IN_NORMAL,
    (SECONDARY, CI): OTHERWISE,
    (PRIMARY, CI): OTHERWISE,
}


def facts(role: Role, state: FailoverState = NORMAL, *, outstanding: bool = False) -> UpdateFacts:
    return UpdateFacts(role, state, outstanding)


def letter(ours: Lease, new: BindingState, given: UpdateFacts, **changes: Any) -> str:
    verdict = judge_update(ours, an_update(120, new, **changes), given, at(0))
    if isinstance(verdict, Reject):
        assert verdict.reason.value in (2, 16)
        return "n"
    return "y"


@pytest.mark.protocol(127, 128)
@pytest.mark.parametrize(
    ("role", "state", "old", "new", "expected"),
    [(*key, old, new, word) for key, grid in TABLES.items() for old, new, word in cells(grid)],
    ids=lambda part: getattr(part, "name", part),
)
def test_the_moves_that_a_partner_may_tell(role: Role, state: FailoverState, old: str, new: str, expected: str) -> None:
    """784 cases; what the partner is not told of yet makes a difference to an ACTIVE lease only."""
    pending = {0} if old == "ACTIVE" else {0, T0 + 500}
    for tstp in pending:
        found = [
            letter(
                a_lease(state=BindingState[old], expires_in_s=my_end, tstp=tstp),
                BindingState[new],
                facts(role, state),
                potential_expires_at=T0 + claim,
            )
            for my_end, claim in zip(MY_ENDS, CLAIMS if old == "ACTIVE" else CLAIMS_OF_ENDED, strict=True)
        ]
        assert "".join(found) == expected


@pytest.mark.protocol("Q9")
@pytest.mark.parametrize("claim", [None, 0, T0 - 400, T0], ids=["absent", "none", "past", "now"])
def test_a_claim_that_is_not_ahead_is_none(claim: int | None) -> None:
    ours = a_lease(expires_in_s=500, tstp=0)
    assert letter(ours, FREE, facts(SECONDARY), potential_expires_at=claim) == "y"


@pytest.mark.parametrize(
    "state", [state for state in FailoverState if state is not NORMAL], ids=lambda state: state.name
)
@pytest.mark.parametrize("role", Role, ids=lambda role: role.name)
def test_every_state_but_normal_has_the_same_rules(role: Role, state: FailoverState) -> None:
    ours = a_lease(expires_in_s=66, tstp=0)
    refused = {new.name for new in BindingState if letter(ours, new, facts(role, state)) == "n"}
    assert refused == {"FREE", "BACKUP", "EXPIRED"}


# The deliberate differences. While a promise to a client runs that the partner has not acknowledged, we refuse what
# dhcpd would accept (N): an end of the binding that is older than the promise waited in the partner's queue, and would
# free the address under its client (Q28); an older ACTIVE would shorten what the client was told (I4); and who declined
# an address at the partner may have come to us afterwards, and have it again. A capital letter
# is where we differ. Four letters: the claim is past and the update older than my promise, past and newer; then the
# claim is ahead and the update older, ahead and newer. My end is 30 s ahead, so dhcpd's tolerance would hold.
WITH_PROMISE = """
mine                  FREE  BACKUP  ACTIVE  EXPIRED  RELEASED  ABANDONED  RESET
SECONDARY-in-NORMAL   NNnn  NNnn    NyNy    NNNN     NyNy      NyNy       NyNy
PRIMARY-in-NORMAL     nnnn  nnnn    NyNy    nnnn     NyNy      NyNy       nnnn
SECONDARY-otherwise   nnnn  nnnn    NyNy    NNNN     NyNy      NyNy       NyNy
PRIMARY-otherwise     nnnn  nnnn    NyNy    NNNN     NyNy      NyNy       NyNy
"""


@pytest.mark.protocol("Q28", "I4")
@pytest.mark.parametrize(("row", "new", "expected"), [*cells(WITH_PROMISE)])
def test_where_a_promise_that_the_partner_has_not_acknowledged_holds_against_its_word(
    row: str, new: str, expected: str
) -> None:
    """Nothing else differs from dhcpd: where the letter is small, dhcpd's answer is the same."""
    role, where = row.split("-in-") if "-in-" in row else row.split("-")
    given = facts(Role[role], NORMAL if where == "NORMAL" else CI)
    dhcpds = next(word for old, told, word in cells(TABLES[given.role, given.state]) if (old, told) == ("ACTIVE", new))
    found = []
    for claim, age in ((0, -1), (0, 1), (1, -1), (1, 1)):
        ours = a_lease(expires_in_s=30, cltt=T0 - 10)
        when = T0 - 10 + age
        told = {"potential_expires_at": T0 + claim, "lease_expires_at": when, "cltt": when}
        mine = letter(
            ours,
            BindingState[new],
            given,
            **(told | ({} if new in ("ACTIVE", "EXPIRED", "ABANDONED") else {"cltt": None})),
        )
        theirs = dhcpds[2 * claim]
        found.append(mine if mine == theirs else mine.upper())
    assert "".join(found) == expected


@pytest.mark.protocol(127, "Q28")
@pytest.mark.parametrize(
    ("ends_in_s", "answer"),
    [(66, "n"), (65, "y"), (1, "y"), (0, "y")],
    ids=["66 s", "65 s", "a second", "now"],
)
def test_how_early_a_primary_may_end_a_lease(ends_in_s: int, answer: str) -> None:
    """dhcpd's tolerance, for a clock that is ahead, as long as the primary knows all that the client was told."""
    in_step = a_lease(expires_in_s=ends_in_s, tsfp=T0 + 500, atsfp=T0 + 500)
    assert letter(in_step, EXPIRED, facts(SECONDARY)) == answer


@pytest.mark.parametrize(("when", "answer"), [(T0 - 11, "n"), (T0 - 10, "n"), (T0 - 9, "y")])
def test_a_release_in_the_second_of_our_promise_may_have_been_before_it(when: int, answer: str) -> None:
    ours = a_lease(expires_in_s=30, cltt=T0 - 10)
    assert letter(ours, RELEASED, facts(PRIMARY, CI), lease_expires_at=when, cltt=None) == answer


def test_that_an_address_was_declined_at_some_time_ends_no_promise() -> None:
    assert letter(a_lease(expires_in_s=30, cltt=T0 - 10), ABANDONED, facts(PRIMARY, CI), cltt=None) == "n"


@pytest.mark.parametrize(("ahead_s", "answer"), [(66, "n"), (65, "y")])
def test_a_release_that_is_still_to_come_was_written_by_a_clock_that_ran_ahead(ahead_s: int, answer: str) -> None:
    """A minute is tolerated; beyond it nobody knows which was first, and a promise that runs is kept."""
    ours = a_lease(expires_in_s=3600, cltt=T0 - 10)
    assert letter(ours, RELEASED, facts(PRIMARY, CI), lease_expires_at=T0 + ahead_s, cltt=None) == answer


@pytest.mark.protocol("Q28")
def test_a_promise_holds_through_the_second_of_its_end() -> None:
    assert letter(a_lease(expires_in_s=0), EXPIRED, facts(SECONDARY)) == "n"
    assert letter(a_lease(expires_in_s=-1), EXPIRED, facts(SECONDARY)) == "y"


# Each update is wrong in two ways or more; the answer is that of the check which comes first (the numbers are those of
# the table in protocol reference 5.4; 12, a store that fails, answers nothing here: an ack is sent once all is stored).
LESS_CRITICAL = (16, "incoming update is less critical than outgoing update")
UNDER_WAY = facts(PRIMARY, outstanding=True)
IN_ORDER = [
    ("1 before 2", None, an_update(state=None), facts(PRIMARY), (3, "binding update lacks required options")),
    ("1 before 4", a_lease(), an_update(state=None), UNDER_WAY, (3, "binding update lacks required options")),
    ("2 before 5", None, an_update(120, ABANDONED, hardware=b"\1a"), facts(PRIMARY), (1, "unknown IP address")),
    ("2 before 7", None, an_update(120, ACTIVE, hardware=None), facts(PRIMARY), (1, "unknown IP address")),
    ("4 before 5", a_lease(state=FREE), an_update(120, ABANDONED, hardware=b"\1a"), UNDER_WAY, LESS_CRITICAL),
    ("4 before 6", a_lease(), an_update(120, ACTIVE, hardware=bytes(22), cltt=None), UNDER_WAY, LESS_CRITICAL),
    ("4 before 7", a_lease(), an_update(120, ACTIVE, hardware=None, cltt=None), UNDER_WAY, LESS_CRITICAL),
    ("4 before 9", a_lease(state=FREE), an_update(120, FREE, ip_flags=FLAG_RESERVED), UNDER_WAY, LESS_CRITICAL),
    ("4 before 11", a_lease(tstp=0), an_update(120, FREE), UNDER_WAY, LESS_CRITICAL),
    (
        "5 before 6",
        a_lease(state=FREE),
        an_update(120, ABANDONED, hardware=bytes(22)),
        facts(PRIMARY),
        (6, "BNDUPD to ABANDONED with a CHADDR"),
    ),
    (
        "5 before 8",
        a_lease(state=FREE),
        an_update(120, ABANDONED, hardware=b"\1a", client_id=b"x"),
        facts(PRIMARY),
        (6, "BNDUPD to ABANDONED with a CHADDR"),
    ),
    (
        "6 before 9",
        a_lease(state=FREE),
        an_update(120, ACTIVE, hardware=bytes(22), ip_flags=FLAG_RESERVED),
        facts(PRIMARY),
        (6, "chaddr too long"),
    ),
    (
        "6 before 11",
        a_lease(tstp=0),
        an_update(120, EXPIRED, hardware=bytes(22)),
        facts(PRIMARY),
        (6, "chaddr too long"),
    ),
    (
        "7 before 9",
        a_lease(state=FREE),
        an_update(120, ACTIVE, hardware=None, ip_flags=FLAG_RESERVED),
        facts(PRIMARY),
        (3, "BNDUPD without CHADDR"),
    ),
    (
        "7 before 11",
        a_lease(tstp=0),
        an_update(120, EXPIRED, hardware=None),
        facts(PRIMARY),
        (3, "BNDUPD without CHADDR"),
    ),
    (
        "8 before 9",
        a_lease(state=FREE),
        an_update(120, ABANDONED, client_id=b"x", ip_flags=FLAG_RESERVED),
        facts(PRIMARY),
        (6, "BNDUPD to ABANDONED with client-id"),
    ),
    (
        "9 before 10",
        a_lease(state=FREE),
        an_update(120, ip_flags=FLAG_RESERVED | FLAG_BOOTP),
        facts(PRIMARY),
        (19, "Address is not reserved."),
    ),
    (
        "a promise before 4",
        a_lease(),
        an_update(120, FREE),
        UNDER_WAY,
        (2, "10.77.1.120: invalid state transition: active to free"),
    ),
]


@pytest.mark.protocol(132)
@pytest.mark.parametrize(
    ("ours", "theirs", "given", "answer"),
    [pytest.param(*case, id=title) for title, *case in IN_ORDER],
)
def test_of_several_faults_the_first_in_dhcpds_order_is_told(
    ours: Lease | None, theirs: Any, given: UpdateFacts, answer: tuple[int, str]
) -> None:
    verdict = judge_update(ours, theirs, given, at(0))
    assert isinstance(verdict, Reject)
    assert (verdict.reason.value, verdict.text) == answer


def accepted(ours: Lease, theirs: Any, role: Role = SECONDARY) -> Lease:
    verdict = judge_update(ours, theirs, facts(role), at(0))
    assert isinstance(verdict, Accept), verdict
    return verdict.lease


@pytest.mark.protocol(132)
@pytest.mark.parametrize("state", [ACTIVE, EXPIRED, RELEASED], ids=lambda state: state.name)
def test_a_binding_of_a_client_names_its_hardware(state: BindingState) -> None:
    verdict = judge_update(a_lease(state=FREE), an_update(120, state, hardware=None), facts(SECONDARY), at(0))
    assert isinstance(verdict, Reject)
    assert (verdict.reason.value, verdict.text) == (3, "BNDUPD without CHADDR")


# What is stored of an accepted update (protocol reference 5.4, "Storing").


@pytest.mark.protocol(124)
def test_what_an_update_does_not_carry_stays_as_it_was() -> None:
    ours = a_lease(state=FREE, starts_at=T0 - 9, ends_at=T0 - 8, tstp=T0 - 8, tsfp=T0 - 7, atsfp=T0 - 7, cltt=T0 - 9)
    told = an_update(120, FREE, stos=None, lease_expires_at=None, potential_expires_at=None, cltt=None)
    assert accepted(ours, told) == ours


@pytest.mark.protocol("Q9")
def test_an_expiry_that_dhcpd_learned_from_us_is_judged_by_its_end() -> None:
    """Capture c1#42: option 18 is dhcpd's own old tstp, long past, and option 6 is missing."""
    ours = a_lease(expires_in_s=0, tsfp=T0 + 500, atsfp=T0 + 500, cltt=T0 - 30)
    lease = accepted(ours, an_update(120, EXPIRED, lease_expires_at=T0, potential_expires_at=T0 - 400, cltt=None))
    assert (lease.state, lease.ends_at, lease.tsfp, lease.cltt) == (FREE, T0, T0 - 400, T0 - 30)


@pytest.mark.protocol("I4", "Q14")
def test_when_the_partner_heard_a_client_last_is_kept() -> None:
    assert accepted(a_lease(state=FREE, cltt=0), an_update(cltt=T0 - 3)).cltt == T0 - 3


@pytest.mark.parametrize(
    ("state", "kept"),
    [(FREE, True), (BACKUP, True), (RESET, True), (ACTIVE, False), (EXPIRED, False), (RELEASED, False)],
    ids=lambda part: getattr(part, "name", str(part)),
)
def test_a_client_identifier_stays_only_with_an_address_that_nobody_took(state: BindingState, kept: bool) -> None:
    ours = a_lease(state=RELEASED, client_id=b"kiosk")
    lease = accepted(ours, an_update(120, state, hardware=MAC_OF_SECONDARY, potential_expires_at=T0))
    assert (lease.client_id == b"kiosk") is kept
    assert lease.hardware == MAC_OF_SECONDARY


@pytest.mark.protocol(130)
def test_an_abandoned_address_has_no_client_here_either() -> None:
    lease = accepted(a_lease(client_id=b"kiosk", hostname="kiosk", tstp=0), an_update(120, ABANDONED))
    assert (lease.state, lease.client_id, lease.hardware, lease.hostname) == (ABANDONED, None, None, "")


@pytest.mark.protocol("Q21")
def test_a_reservation_of_the_partner_is_kept_with_its_flag_and_given_up_with_it() -> None:
    reserved = accepted(Lease(address(120)), an_update(120, FREE, ip_flags=FLAG_RESERVED))
    assert reserved.flags == FLAG_RESERVED
    assert accepted(reserved, an_update(120, FREE)).flags == 0


@pytest.mark.protocol(123, 124)
def test_a_lease_that_the_partner_gave_is_known_up_to_its_potential() -> None:
    lease = accepted(Lease(address(120)), an_update(120, hardware=MAC_OF_PRIMARY))
    assert (lease.starts_at, lease.ends_at, lease.tsfp, lease.atsfp) == (T0, T0 + 30, T0 + 135, T0 + 135)
