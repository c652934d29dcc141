"""The transition tables are total, and are dhcpd's but for the cells that the essay names."""

from __future__ import annotations

from itertools import product

import pytest

from edgepair_contract.control import ControlAction
from edgepair_contract.vocabulary import FailoverState, Role
from edgepair_engine.failover import transitions as t
from edgepair_engine.failover.transitions import Go, Guard, LinkEvent, Move, Timer, resolve

STATES = tuple(FailoverState)


@pytest.mark.protocol(82, "Q8")
@pytest.mark.parametrize("theirs", [t.NORMAL, t.CI, t.PD, t.PC, t.RI, t.CD, t.RD], ids=lambda state: state.label)
def test_partner_down_ignores_a_partner_that_is_starting(theirs: FailoverState) -> None:
    assert resolve(t.PARTNER[t.PD, theirs], {Guard.PARTNER_IS_STARTING}) == t.STAY


@pytest.mark.protocol(81)
def test_a_server_that_starts_in_normal_recovers_when_the_partner_was_told_it_was_down() -> None:
    assert resolve(t.PARTNER[t.NORMAL, t.PD], {Guard.I_AM_STARTING}) == Go(t.RECOVER)


@pytest.mark.protocol("Q18")
def test_recover_waits_for_the_next_word_of_a_partner_that_is_starting() -> None:
    assert resolve(t.PARTNER[t.RECOVER, t.NORMAL], {Guard.PARTNER_IS_STARTING}) == t.STAY


@pytest.mark.protocol(143)
def test_updates_go_out_before_normal_when_the_two_meet_again() -> None:
    for partner in (t.NORMAL, t.CI, t.RD):
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


@pytest.mark.protocol(70, 72, 73, 74)
@pytest.mark.parametrize("state", STATES, ids=lambda state: state.label)
def test_what_the_loss_of_the_link_does(state: FailoverState) -> None:
    expected = {t.NORMAL: Go(t.CI), t.PC: Go(t.RI), t.UNKNOWN: Go(t.RI)}.get(state, t.STAY)
    assert t.LINK[state, LinkEvent.CLOSED] == expected
    assert t.TIMER[state, Timer.STARTUP] == expected


ALL_RECEIVED = [
    ("both recover: no wait", t.RECOVER, Role.PRIMARY, {Guard.PARTNER_RECOVERS_TOO}, Go(t.RD), 87),
    ("the wait is over already", t.RECOVER, Role.SECONDARY, {Guard.WAIT_IS_OVER}, Go(t.RD), 88),
    ("wait", t.RECOVER, Role.SECONDARY, set(), Go(t.RW), 88),
    ("the primary is done", t.PC, Role.PRIMARY, set(), Go(t.CD), 92),
    ("dhcpd would shut down: stay", t.PC, Role.PRIMARY, {Guard.PARTNER_IS_CONFLICT_DONE}, t.STAY, "I6"),
    ("the secondary is done", t.PC, Role.SECONDARY, {Guard.PARTNER_IS_CONFLICT_DONE}, Go(t.NORMAL), 94),
    ("the secondary waits for the primary", t.PC, Role.SECONDARY, set(), t.STAY, 91),
]


@pytest.mark.protocol(87, 88, 91, 92, 94, "I6")
@pytest.mark.parametrize(
    ("state", "role", "holding", "expected"),
    [pytest.param(*case, id=f"{number} {title}") for title, *case, number in ALL_RECEIVED],
)
def test_what_all_updates_received_does(state: FailoverState, role: Role, holding: set[Guard], expected: Move) -> None:
    assert resolve(t.UPDATES_DONE[state, role], holding) == expected


@pytest.mark.parametrize("state", [s for s in STATES if s not in (t.RECOVER, t.PC)], ids=lambda state: state.label)
def test_the_other_states_wait_for_no_updates(state: FailoverState) -> None:
    assert {t.UPDATES_DONE[state, role] for role in Role} == {t.STAY}
