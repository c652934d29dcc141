"""Whom a server answers and which addresses it may give, cell by cell (protocol reference 4.1, 4.3, 4.5)."""

from __future__ import annotations

from dataclasses import replace

import pytest

from edgepair_contract.vocabulary import BindingState, FailoverState, Role, Serving
from edgepair_engine.failover.hashing import hba_of_split
from edgepair_engine.failover.serving import ServingRights, serving_of
from edgepair_engine.leases.lease import Lease
from tests.unit.failover.builders import T0, address, at
from tests.unit.failover.grids import cells

STATES = {
    "CI": FailoverState.COMMUNICATIONS_INTERRUPTED,
    "PD": FailoverState.PARTNER_DOWN,
    "PC": FailoverState.POTENTIAL_CONFLICT,
    "RI": FailoverState.RESOLUTION_INTERRUPTED,
    "CD": FailoverState.CONFLICT_DONE,
    "RW": FailoverState.RECOVER_WAIT,
    "RD": FailoverState.RECOVER_DONE,
    **{state.name: state for state in FailoverState},
}

# Mine (row) and the partner's recorded state (column): half of the clients, all of them, or none (.).
# dhcpd is silent in Partner-Down too, if the partner was recorded in PD, PC, RI or CD (!). There a person, or proof,
# has said that the partner is gone; to stay silent for its last word would leave all clients without a server.
# And dhcpd in Normal leaves half of the clients to a partner in RW, which answers nobody until its wait is over (Q19).
SERVED = """
mine      NORMAL CI    PD    PC    RI    CD    RECOVER RW    RD    SHUTDOWN PAUSED UNKNOWN
NORMAL    half   half  .     .     .     .     half    all!  half  half     half   half
CI        all    all   .     .     .     .     all     all   all   all      all    all
PD        all    all   all!  all!  all!  all!  all     all   all   all      all    all
PC        .      .     .     .     .     .     .       .     .     .        .      .
RI        .      .     .     .     .     .     .       .     .     .        .      .
CD        .      .     .     .     .     .     .       .     .     .        .      .
RECOVER   .      .     .     .     .     .     .       .     .     .        .      .
RW        .      .     .     .     .     .     .       .     .     .        .      .
RD        .      .     .     .     .     .     .       .     .     .        .      .
SHUTDOWN  .      .     .     .     .     .     .       .     .     .        .      .
PAUSED    .      .     .     .     .     .     .       .     .     .        .      .
UNKNOWN   .      .     .     .     .     .     .       .     .     .        .      .
"""
WHOM = {"half": Serving.HALF, "all": Serving.ALL, "all!": Serving.ALL, ".": Serving.NONE}


@pytest.mark.protocol(110, 113)
@pytest.mark.parametrize(("mine", "partners", "word"), [*cells(SERVED)])
def test_whom_a_server_answers(mine: str, partners: str, word: str) -> None:
    serving, why = serving_of(STATES[mine], STATES[partners])
    assert serving is WHOM[word]
    assert (why == "") is (serving is Serving.ALL), "silence, or half of it, has a reason"


@pytest.mark.protocol("Q19")
def test_nobody_waits_for_a_partner_that_waits() -> None:
    """The other way round the gap is borne, as RECOVER-WAIT is told as it is: there is no word that says it better.

    A dhcpd in Communications-Interrupted does not hear it from us: it went to Partner-Down on our RECOVER before
    (`test_beside_dhcpd` looks at each word); only a lease file that was put back brings one there.
    """
    assert serving_of(STATES["NORMAL"], STATES["RW"])[0] is Serving.ALL


def test_a_silent_server_says_why() -> None:
    assert serving_of(STATES["CI"], STATES["PD"])[1] == "partner in Partner-Down"
    assert serving_of(STATES["RECOVER"], STATES["NORMAL"])[1] == "in Recover"


def rights(role: Role, state: FailoverState = FailoverState.NORMAL) -> ServingRights:
    serving, why = serving_of(state, FailoverState.NORMAL)
    return ServingRights(
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


# In NORMAL: does a DISCOVER count as mine? Columns: whose half the client hashes to (020000000002: 45, 020000000001:
# 133) and how long it has waited by its own word, in seconds; rows: my role and `load balance max seconds`.
MINE = """
mine            primarys-0  primarys-3  primarys-4  secondarys-0  secondarys-3  secondarys-4  secondarys-65535
primary-3       y           y           y           n             n             y             y
secondary-3     n           n           y           y             y             y             y
primary-0       y           y           y           y             y             y             y
secondary-0     y           y           y           y             y             y             y
primary-65535   y           y           y           n             n             n             n
"""
KEYS = {"primarys": bytes.fromhex("020000000002"), "secondarys": bytes.fromhex("020000000001")}


@pytest.mark.protocol(106, 107, 108)
@pytest.mark.parametrize(("mine", "client", "word"), [*cells(MINE)])
def test_which_clients_are_mine(mine: str, client: str, word: str) -> None:
    role, limit_s = mine.split("-")
    half, secs = client.split("-")
    given = replace(rights(Role(role)), load_balance_max_s=int(limit_s))
    assert given.answers(KEYS[half], int(secs)) is (word == "y")


@pytest.mark.parametrize(("secs", "mine"), [(0, False), (3, False), (4, True)])
def test_before_it_has_met_its_primary_a_secondary_has_no_half(secs: int, mine: bool) -> None:
    given = replace(rights(Role.SECONDARY), hba=None)
    assert [given.answers(key, secs) for key in KEYS.values()] == [mine, mine]


@pytest.mark.protocol(110)
@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("state", ["CI", "PD"])
def test_alone_every_client_is_mine(role: Role, state: str) -> None:
    given = rights(role, STATES[state])
    assert [given.answers(key, 0) for key in KEYS.values()] == [True, True]


# May this server give the address to a client that does not hold it? Rows: its binding state and, where that counts,
# the last state that the partner can know of (the rewind state). PD is looked at when the partner's claim (here MCLT
# after it was last alive) ends, and a second later. For RELEASED and EXPIRED dhcpd waits no MCLT past tsfp: see
# `claim_ends_at`. And its primary gives an abandoned address although its secondary still knows a client on it.
MAY_GIVE = """
address            primary: NORMAL CI  PD-30 PD-31  secondary: NORMAL CI  PD-30 PD-31
FREE               |        y      y   y     y      |          n      n   n     y
BACKUP             |        n      n   n     y      |          y      y   y     y
ABANDONED          |        y      y   y     y      |          n      n   n     y
ABANDONED/FREE     |        y      y   y     y      |          n      n   n     y
ABANDONED/ACTIVE   |        n      n   n     y      |          n      n   n     y
EXPIRED/FREE       |        y      y   y     y      |          n      n   n     y
EXPIRED/BACKUP     |        n      n   n     y      |          y      y   y     y
EXPIRED/ACTIVE     |        n      n   n     y      |          n      n   n     y
RELEASED/FREE      |        y      y   y     y      |          n      n   n     y
RELEASED/BACKUP    |        n      n   n     y      |          y      y   y     y
RELEASED/ACTIVE    |        n      n   n     y      |          n      n   n     y
RESET/FREE         |        n      n   n     y      |          n      n   n     y
RESET/BACKUP       |        n      n   n     y      |          n      n   n     y
RESET/ACTIVE       |        n      n   n     y      |          n      n   n     y
ACTIVE             |        n      n   n     n      |          n      n   n     n
"""


def columns() -> list[tuple[Role, str, str, str]]:
    head, *lines = (line.split() for line in MAY_GIVE.strip().splitlines())
    found = []
    for row, *words in lines:
        for name, word in zip(head[1:], words, strict=True):
            if name.endswith(":"):
                role = Role(name[:-1])
            else:
                found.append((role, name, row, word))
    return found


def an_address(row: str) -> Lease:
    state, _, rewind = row.partition("/")
    return Lease(address(120), BindingState[state], rewind=BindingState[rewind or state])


@pytest.mark.protocol(115, 116, 117)
@pytest.mark.parametrize(("role", "where", "row", "word"), columns())
def test_who_may_give_an_address_to_a_new_client(role: Role, where: str, row: str, word: str) -> None:
    state, _, seconds = where.partition("-")
    given = rights(role, STATES[state])
    assert given.may_allocate(an_address(row), at(int(seconds or 100_000))) is (word == "y")


@pytest.mark.parametrize("state", [state for state in FailoverState if state is not FailoverState.PARTNER_DOWN])
def test_only_partner_down_ever_takes_what_is_the_partners(state: FailoverState) -> None:
    in_normal = [(role, row, word) for role, where, row, word in columns() if where == "NORMAL"]
    for role, row, word in in_normal:
        assert rights(role, state).may_allocate(an_address(row), at(100_000)) is (word == "y"), (role, row)


@pytest.mark.protocol(116)
@pytest.mark.parametrize(
    ("tsfp", "first_at"),
    [(0, 31), (T0 - 500, 31), (T0, 31), (T0 + 100, 131)],
    ids=["none", "long past", "when the partner died", "later than that"],
)
@pytest.mark.parametrize("state", ["BACKUP", "ABANDONED"])
def test_a_partners_address_is_taken_mclt_after_all_that_it_can_have_promised(
    state: str, tsfp: int, first_at: int
) -> None:
    """max(stos, tsfp) + MCLT, and a second for the fractions that nobody tells."""
    role = Role.PRIMARY if state == "BACKUP" else Role.SECONDARY
    lease = Lease(address(120), BindingState[state], tsfp=tsfp)
    given = rights(role, FailoverState.PARTNER_DOWN)
    assert [given.may_allocate(lease, at(when)) for when in (first_at - 1, first_at)] == [False, True]


@pytest.mark.protocol(117)
@pytest.mark.parametrize(
    ("tstp", "first_at"),
    [(T0, 31), (T0 + 135, 166)],
    ids=["nothing ahead was told", "a renewal was told that the partner may have heard"],
)
@pytest.mark.parametrize("state", ["EXPIRED", "ABANDONED"])
def test_an_ended_lease_is_the_partners_mclt_past_what_it_was_told(state: str, tstp: int, first_at: int) -> None:
    """dhcpd gives it MCLT after it entered PARTNER-DOWN; a renewal of the partner's could outlive that."""
    lease = Lease(address(120), BindingState[state], tstp=tstp, rewind=BindingState.ACTIVE)
    given = rights(Role.PRIMARY, FailoverState.PARTNER_DOWN)
    assert [given.may_allocate(lease, at(when)) for when in (first_at - 1, first_at)] == [False, True]
