"""The transition tables are total, and are dhcpd's but for the cells that the essay names."""

from __future__ import annotations

from itertools import product

import pytest

from edgepair_contract.control import ControlAction
from edgepair_contract.vocabulary import FailoverState, Role
from edgepair_engine.failover import transitions as t
from edgepair_engine.failover.transitions import Ask, Go, Guard, LinkEvent, Move, Timer, resolve

STATES = tuple(FailoverState)

# dhcpd 4.4.3-P1's table of the protocol reference 3.5, out of STARTUP and with a partner that is not starting.
DHCPD = """
mine     NORMAL     CI        PD        PC       RI       CD       RECOVER   RW     RD     SHUTDOWN PAUSED UNKNOWN
NORMAL   .          .         PC        SHUTDOWN SHUTDOWN SHUTDOWN PD        .      .      PD       CI     .
CI       NORMAL     NORMAL    PC        PC       PC       PC       PD        NORMAL NORMAL PD       .      .
PD       PC         PC        PC        PC       PC       PC       .         .      NORMAL .        .      .
RECOVER  PC         UPDREQALL UPDREQALL PC       PC       PC       UPDREQALL .      .      PD       .      .
RW       .          .         .         .        .        .        .         .      .      .        .      .
RD       NORMAL     .         .         .        .        .        .         .      NORMAL PD       .      .
PC       SHUTDOWN   .         .         .        .        UPDREQ   RECOVER   .      .      PD       .      .
CD       NORMAL     exit      exit      .        .        exit     exit      exit   exit   SHUTDOWN exit   exit
RI       PC         PC        PC        PC       PC       PC       PC        PC     PC     PD       .      .
SHUTDOWN .          .         .         .        .        .        .         .      .      .        .      .
PAUSED   .          .         .         .        .        .        .         .      .      .        .      .
UNKNOWN  .          .         .         .        .        .        .         .      .      .        .      .
"""
# Where we differ: dhcpd gives up (SHUTDOWN for good, or the process ends), or both would wait for ever.
OURS = {
    ("NORMAL", "PC"): "PC",
    ("NORMAL", "RI"): "PC",
    ("NORMAL", "CD"): "PC",
    ("PC", "NORMAL"): ".",
    ("CD", "CI"): "PC",
    ("CD", "PD"): "PC",
    ("CD", "CD"): "PC",
    ("CD", "RECOVER"): "PC",
    ("CD", "RW"): ".",
    ("CD", "RD"): ".",
    ("CD", "SHUTDOWN"): "PD",
    ("CD", "PAUSED"): ".",
    ("CD", "UNKNOWN"): ".",
    ("RECOVER", "RW"): "ask",
    ("RECOVER", "RD"): "ask",
}
SHORT = {
    "CI": t.CI,
    "PD": t.PD,
    "PC": t.PC,
    "RI": t.RI,
    "CD": t.CD,
    "RW": t.RW,
    "RD": t.RD,
}


def called(name: str) -> FailoverState:
    return SHORT.get(name) or FailoverState[name]


def word(move: Move) -> str:
    names = {state: name for name, state in SHORT.items()}
    match move:
        case Go(state):
            return names.get(state, state.name)
        case Ask():
            return "ask"
        case _:
            return "."


def the_cells() -> list[tuple[str, str, str]]:
    head, *rows = (line.split() for line in DHCPD.strip().splitlines())
    # Which of the two requests goes out depends on the store, not on the state (I9).
    rows = [["ask" if said in {"UPDREQ", "UPDREQALL"} else said for said in row] for row in rows]
    cells = [(mine, theirs, said) for mine, *row in rows for theirs, said in zip(head[1:], row, strict=True)]
    return [(mine, theirs, OURS.get((mine, theirs), said)) for mine, theirs, said in cells]


@pytest.mark.parametrize(("mine", "theirs", "expected"), the_cells(), ids="-hears-".join)
def test_what_a_state_does_on_the_partners(mine: str, theirs: str, expected: str) -> None:
    """Statements 75-97."""
    cell = t.PARTNER[called(mine), called(theirs)]
    assert word(resolve(cell, {Guard.PARTNER_CAME_FROM_CONFLICT})) == expected


def test_there_are_no_more_differences_than_named() -> None:
    assert len(the_cells()) == 144
    assert {expected for _, _, expected in the_cells()}.isdisjoint({"exit", "SHUTDOWN"})


@pytest.mark.parametrize("theirs", ["NORMAL", "CI", "PD", "PC", "RI", "CD", "RD"])
def test_partner_down_ignores_a_partner_that_is_starting(theirs: str) -> None:
    """Statement 82."""
    assert resolve(t.PARTNER[t.PD, called(theirs)], {Guard.PARTNER_IS_STARTING}) == t.STAY


def test_a_server_that_starts_in_normal_recovers_when_the_partner_was_told_it_was_down() -> None:
    """Statement 81."""
    assert resolve(t.PARTNER[t.NORMAL, t.PD], {Guard.I_AM_STARTING}) == Go(t.RECOVER)


def test_recover_waits_for_the_next_word_of_a_partner_that_is_starting() -> None:
    assert resolve(t.PARTNER[t.RECOVER, t.NORMAL], {Guard.PARTNER_IS_STARTING}) == t.STAY


def test_updates_go_out_before_normal_when_the_two_meet_again() -> None:
    """Statement 143."""
    for partner in (t.NORMAL, t.CI, t.RW, t.RD):
        assert t.PARTNER[t.CI, partner] == Go(t.NORMAL, updates_first=True)


@pytest.mark.parametrize(
    ("table", "triggers"),
    [
        (t.PARTNER, STATES),
        (t.LINK, tuple(LinkEvent)),
        (t.TIMER, tuple(Timer)),
        (t.CONTROL, tuple(ControlAction)),
        (t.UPDATES_DONE, tuple(Role)),
    ],
    ids=["partner", "link", "timer", "control", "updates done"],
)
def test_every_state_has_a_cell_for_every_trigger(table: object, triggers: tuple[object, ...]) -> None:
    assert isinstance(table, dict)
    assert set(table) == set(product(STATES, triggers))


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.label)
def test_what_the_loss_of_the_link_does(state: FailoverState) -> None:
    """Statements 72-74."""
    expected = {t.NORMAL: Go(t.CI), t.PC: Go(t.RI), t.UNKNOWN: Go(t.RI)}.get(state, t.STAY)
    assert t.LINK[state, LinkEvent.CLOSED] == expected
    assert t.TIMER[state, Timer.STARTUP] == expected


@pytest.mark.parametrize(
    ("state", "role", "holding", "expected"),
    [
        (t.RECOVER, Role.PRIMARY, {Guard.PARTNER_RECOVERS_TOO}, Go(t.RD)),
        (t.RECOVER, Role.SECONDARY, {Guard.WAIT_IS_OVER}, Go(t.RD)),
        (t.RECOVER, Role.SECONDARY, set(), Go(t.RW)),
        (t.PC, Role.PRIMARY, set(), Go(t.CD)),
        (t.PC, Role.PRIMARY, {Guard.PARTNER_IS_CONFLICT_DONE}, t.STAY),
        (t.PC, Role.SECONDARY, {Guard.PARTNER_IS_CONFLICT_DONE}, Go(t.NORMAL)),
        (t.PC, Role.SECONDARY, set(), t.STAY),
        (t.NORMAL, Role.PRIMARY, set(), t.STAY),
    ],
    ids=[
        "87 both recover: no wait",
        "88 the wait is over already",
        "88 wait",
        "92 the primary is done",
        "dhcpd would shut down: stay",
        "94 the secondary is done",
        "the secondary waits for the primary",
        "nothing was asked",
    ],
)
def test_what_all_updates_received_does(state: FailoverState, role: Role, holding: set[Guard], expected: Move) -> None:
    assert resolve(t.UPDATES_DONE[state, role], holding) == expected
