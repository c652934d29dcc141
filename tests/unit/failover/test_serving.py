"""Who answers which client, from which address, for how long."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from edgepair_contract.vocabulary import BindingState, FailoverState, Role, Serving
from edgepair_engine.failover.hashing import bucket_of, hba_of_split, is_primarys, split_of_hba
from edgepair_engine.failover.serving import ServingRights, granted_s, potential_expiry, serving_of
from tests.unit.failover.builders import T0, a_lease, at

HASHES = [
    ("", 0),
    ("0e", 232),
    ("ffffffffffff", 79),
    ("000000000000", 254),
    ("010203040506", 179),
    ("020000000001", 133),
    ("020000000002", 45),
    ("020000000003", 182),
    ("020000000004", 150),
    ("01020000000005", 242),
    ("020000000005", 13),
    ("006b696f736b2d36", 211),
    ("020000000007", 26),
    ("020000000008", 62),
    ("020000000011", 61),
    ("020000000012", 9),
    ("020000000014", 225),
    ("020000000015", 100),
    ("020000000041", 137),
    ("020000000042", 23),
    ("020000000051", 203),
    ("020000000052", 30),
    ("000102030405060708090a0b0c0d0e0f", 155),
    ("01" * 300, 199),
]


@pytest.mark.parametrize(("key", "bucket"), HASHES)
def test_the_bucket_of_a_client(key: str, bucket: int) -> None:
    """Statement 103."""
    assert bucket_of(bytes.fromhex(key)) == bucket


@pytest.mark.parametrize(
    ("split", "hba"),
    [
        (0, "00" * 32),
        (3, "07" + "00" * 31),
        (128, "ff" * 16 + "00" * 16),
        (200, "ff" * 25 + "00" * 7),
        (256, "ff" * 32),
    ],
)
def test_a_split_gives_the_first_buckets_to_the_primary(split: int, hba: str) -> None:
    """Statement 104."""
    assert hba_of_split(split).hex() == hba
    assert split_of_hba(bytes.fromhex(hba)) == split


def test_an_assignment_that_is_no_split_has_none() -> None:
    assert split_of_hba(bytes.fromhex("02" + "00" * 31)) is None


def test_a_bit_that_is_set_means_the_primary() -> None:
    assert is_primarys(hba_of_split(128), bytes.fromhex("020000000002"))
    assert not is_primarys(hba_of_split(128), bytes.fromhex("020000000001"))


def rights(state: FailoverState, role: Role = Role.PRIMARY, **changes: Any) -> ServingRights:
    serving, why = serving_of(state, FailoverState.NORMAL)
    made = ServingRights(
        role=role,
        state=state,
        claims_from_at=T0,
        mclt_s=30,
        mclt_wait_s=30,
        serving=serving,
        why=why,
        hba=hba_of_split(128),
        load_balance_max_s=3,
    )
    return replace(made, **changes)


NORMAL = FailoverState.NORMAL
CI = FailoverState.COMMUNICATIONS_INTERRUPTED
PD = FailoverState.PARTNER_DOWN
PRIMARYS = bytes.fromhex("020000000002")


def test_normal_answers_its_half_and_whoever_waited_too_long() -> None:
    """Statements 106, 107."""
    assert rights(NORMAL).answers(PRIMARYS, 0)
    assert not rights(NORMAL, Role.SECONDARY).answers(PRIMARYS, 3)
    assert rights(NORMAL, Role.SECONDARY).answers(PRIMARYS, 4)


def test_without_a_limit_nothing_is_balanced() -> None:
    """Statement 108."""
    assert rights(NORMAL, Role.SECONDARY, load_balance_max_s=0).answers(PRIMARYS, 0)


def test_a_secondary_that_has_not_met_its_primary_takes_no_client_for_its_own() -> None:
    assert not rights(NORMAL, Role.SECONDARY, hba=None).answers(bytes.fromhex("020000000001"), 0)


@pytest.mark.parametrize("state", [CI, PD], ids=lambda state: state.label)
def test_a_server_alone_answers_everybody(state: FailoverState) -> None:
    """Statement 110."""
    assert rights(state, Role.SECONDARY).answers(PRIMARYS, 0)


@pytest.mark.parametrize(
    "state", [s for s in FailoverState if s not in (NORMAL, CI, PD)], ids=lambda state: state.label
)
def test_the_other_states_answer_nobody(state: FailoverState) -> None:
    """Statement 113."""
    assert serving_of(state, NORMAL)[0] is Serving.NONE


def test_a_partner_in_conflict_silences_all_states_but_partner_down() -> None:
    assert serving_of(CI, PD) == (Serving.NONE, "partner in Partner-Down")
    assert serving_of(PD, PD)[0] is Serving.ALL


FREE, BACKUP, EXPIRED = BindingState.FREE, BindingState.BACKUP, BindingState.EXPIRED


@pytest.mark.parametrize(
    ("given", "seconds", "lease", "expected"),
    [
        (rights(NORMAL), 0, a_lease(state=FREE), True),
        (rights(NORMAL), 0, a_lease(state=BACKUP), False),
        (rights(NORMAL, Role.SECONDARY), 0, a_lease(state=FREE), False),
        (rights(NORMAL, Role.SECONDARY), 0, a_lease(state=BACKUP), True),
        (rights(CI), 10_000, a_lease(state=BACKUP), False),
        (rights(PD), 30, a_lease(state=BACKUP), False),
        (rights(PD), 31, a_lease(state=BACKUP), True),
        (rights(PD), 130, a_lease(state=BACKUP, tsfp=T0 + 100), False),
        (rights(PD), 131, a_lease(state=BACKUP, tsfp=T0 + 100), True),
        (rights(NORMAL), 0, a_lease(state=EXPIRED, rewind=BindingState.ACTIVE), False),
        (rights(NORMAL), 0, a_lease(state=EXPIRED, rewind=FREE), True),
        (rights(NORMAL, Role.SECONDARY), 0, a_lease(state=EXPIRED, rewind=FREE), False),
        (rights(PD), 31, a_lease(state=EXPIRED, tstp=T0, rewind=BindingState.ACTIVE), True),
        (rights(PD), 165, a_lease(state=EXPIRED, tstp=T0 + 135, rewind=BindingState.ACTIVE), False),
        (rights(PD), 166, a_lease(state=EXPIRED, tstp=T0 + 135, rewind=BindingState.ACTIVE), True),
        (rights(PD), 10_000, a_lease(), False),
        (rights(NORMAL), 0, a_lease(state=BindingState.RESET), False),
    ],
    ids=[
        "115 the primary gives FREE",
        "115 the primary leaves BACKUP",
        "115 the secondary leaves FREE",
        "115 the secondary gives BACKUP",
        "115 apart, however long",
        "116 partner down, but MCLT not over",
        "116 partner down for MCLT",
        "116 the partner knew a later end",
        "116 MCLT past that end",
        "117 ended, the partner not told",
        "117 ended, the partner never knew",
        "117 free for the other server only",
        "117 ended, partner down for MCLT",
        "117 ended, told to the partner, whose ack may be lost",
        "117 ended, MCLT past what it was told",
        "an active lease never",
        "117 reset",
    ],
)
def test_who_may_allocate(given: ServingRights, seconds: int, lease: Any, expected: bool) -> None:
    assert given.may_allocate(lease, at(seconds)) is expected


@pytest.mark.parametrize(
    ("wanted_s", "mclt_s", "tsfp", "granted", "potential"),
    [
        (120, 30, 0, 30, 135),
        (120, 30, 123, 120, 180),
        (120, 30, 40, 70, 155),
        (20, 30, 1000, 20, 30),
        (120, 10, 110, 120, 180),
    ],
    ids=[
        "119 a first lease is MCLT",
        "121 a renewal after the ack gets all",
        "122 MCLT past what the partner knows",
        "less than MCLT is never cut",
        "120 potential is half a lease later",
    ],
)
def test_how_long_a_lease_may_be(wanted_s: int, mclt_s: int, tsfp: int, granted: int, potential: int) -> None:
    """Protocol reference 5.3, tsfp and potential counted from now."""
    now = at(12)
    assert granted_s(wanted_s, tsfp=now.wall_s + tsfp if tsfp else 0, mclt_s=mclt_s, now=now) == granted
    assert potential_expiry(wanted_s, granted, now) == now.wall_s + potential


def test_a_lease_without_end_is_told_as_dhcpd_tells_it() -> None:
    assert potential_expiry(0xFFFFFFFF, 30, at(0)) == 0x7FFFFFFF
    assert potential_expiry(0xFFFFFFFE, 30, at(0)) == 0x7FFFFFFE
