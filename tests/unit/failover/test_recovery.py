"""Coming back: what is resumed, what is asked for, and how long nobody is served."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from edgepair_contract.control import ControlAction
from edgepair_contract.vocabulary import FailoverState, Role, Serving
from edgepair_engine.failover import transitions as t
from edgepair_engine.wire.failover import State, UpdDone, UpdReq, UpdReqAll
from tests.unit.failover.builders import T0, a_record
from tests.unit.failover.opposite import Opposite
from tests.unit.failover.pair import Pair, two_endpoints

PRIMARY, SECONDARY = Role.PRIMARY, Role.SECONDARY


def states(pair: Pair) -> tuple[FailoverState, FailoverState]:
    return pair.primary.state, pair.secondary.state


def a_normal_pair() -> Pair:
    pair = two_endpoints()
    pair.start()
    pair.run(1)
    assert states(pair) == (t.NORMAL, t.NORMAL)
    return pair


def a_pair_whose_secondary_lost_its_store() -> Pair:
    """Return them at T0 + 7: the secondary, started at T0 + 1, waits until T0 + 31."""
    pair = a_normal_pair()
    pair.kill(pair.secondary)
    pair.secondary.stored_state = None
    pair.secondary.stored_leases = {}
    pair.start(pair.secondary)
    pair.run(6)
    assert states(pair) == (t.PD, t.RW)
    return pair


def waits_until(pair: Pair) -> int | None:
    wait = pair.secondary.running.view(pair.now()).wait
    return None if wait is None else wait.until_at


def told(messages: Sequence[object]) -> list[tuple[int | None, bool, int | None]]:
    return [(message.state, message.startup, message.stos) for message in messages if isinstance(message, State)]


# STARTUP


@pytest.mark.protocol(61, 62, "Q8")
@pytest.mark.parametrize("partner", list(FailoverState), ids=lambda state: state.label)
@pytest.mark.parametrize(
    "mine", [t.NORMAL, t.CI, t.PD, t.RECOVER, t.RW, t.RD, t.PC, t.RI], ids=lambda state: state.label
)
def test_a_server_that_starts_says_so_whatever_it_remembers_of_its_partner(
    mine: FailoverState, partner: FailoverState
) -> None:
    """dhcpd leaves the flag out for some partners. Beside one in a conflict, some states wait for its word."""
    story = Opposite(SECONDARY, a_record(mine, partner, since=T0 - 9))
    story.greet()
    if partner in (t.PC, t.CD) and mine not in (t.PC, t.RI) and (partner, mine) != (t.CD, t.NORMAL):
        assert told(story.said) == []
    else:
        assert told(story.said) == [(mine.wire, True, T0 - 9)]


@pytest.mark.protocol(60)
@pytest.mark.parametrize(
    ("mine", "number"),
    [(t.NORMAL, 2), (t.CI, 3), (t.PD, 4), (t.PC, 5), (t.RECOVER, 6), (t.RD, 9), (t.RI, 10), (t.RW, 254)],
    ids=lambda value: getattr(value, "label", ""),
)
def test_the_numbers_of_the_states(mine: FailoverState, number: int) -> None:
    story = Opposite(PRIMARY, a_record(mine))
    story.greet()
    assert [state for state, _, _ in told(story.said)] == [number]


@pytest.mark.protocol(64, 67, 86)
def test_a_server_without_a_store_recovers_since_its_start() -> None:
    story = Opposite(SECONDARY, None)
    story.wait(3)
    story.connect(t.PD)
    assert told(story.said) == [(6, True, T0), (6, False, T0)]
    assert [type(message) for message in story.said[-2:]] == [State, UpdReqAll]


@pytest.mark.protocol(63, 67, 69)
def test_leaving_startup_is_told_before_anything_else_and_keeps_the_time() -> None:
    story = Opposite(PRIMARY, a_record(t.PC, t.PC, since=T0 - 9))
    story.connect(t.PC)
    assert told(story.said) == [(5, True, T0 - 9), (5, False, T0 - 9)]
    assert [type(message) for message in story.said[-2:]] == [State, UpdReq]


@pytest.mark.protocol(70)
def test_startup_ends_after_fifteen_seconds_without_a_partner() -> None:
    story = Opposite(PRIMARY, a_record(t.NORMAL, t.NORMAL))
    story.wait(14.9)
    assert (story.state, story.endpoint.view(story.now).starting) == (t.NORMAL, True)
    story.wait(0.1)
    assert (story.state, story.endpoint.view(story.now).starting) == (t.CI, False)


@pytest.mark.protocol(71, "Q25")
def test_a_server_that_was_to_recover_serves_nobody_until_its_partner_comes() -> None:
    story = Opposite(PRIMARY, a_record(t.RECOVER, t.PD))
    story.wait(86_400)
    assert story.state is t.RECOVER
    assert story.endpoint.rights(story.now).serving is Serving.NONE


@pytest.mark.protocol(66)
def test_the_partners_state_and_when_it_was_heard_outlive_a_restart() -> None:
    pair = a_normal_pair()
    pair.run(10)
    pair.kill(pair.secondary)
    pair.run(100)
    before = pair.primary.running.view(pair.now())
    assert (before.partner_state, before.partner_state_at) == (t.NORMAL, T0)
    pair.kill(pair.primary)
    pair.start(pair.primary)
    after = pair.primary.running.view(pair.now())
    assert (after.partner_state, after.partner_state_at) == (t.NORMAL, T0)


# asking


@pytest.mark.protocol(86, 98)
def test_a_request_for_all_that_was_broken_off_is_repeated_as_such() -> None:
    story = Opposite(SECONDARY, None)
    story.connect(t.PD)
    story.lose_link()
    story.said.clear()
    story.connect(t.PD)
    assert [type(message) for message in story.said if isinstance(message, UpdReq | UpdReqAll)] == [UpdReqAll]


@pytest.mark.protocol(98)
@pytest.mark.parametrize("partner", [t.NORMAL, t.PC, t.RI], ids=lambda state: state.label)
def test_it_is_repeated_as_such_even_where_the_state_asks_for_less(partner: FailoverState) -> None:
    story = Opposite(PRIMARY, None)
    story.connect(t.PD)
    story.lose_link()
    story.said.clear()
    story.connect(partner)
    assert story.state is t.PC
    assert [type(message) for message in story.said if isinstance(message, UpdReq | UpdReqAll)] == [UpdReqAll]


@pytest.mark.protocol(98)
def test_it_is_repeated_as_such_after_a_restart() -> None:
    pair = a_normal_pair()
    pair.kill(pair.primary)
    pair.kill(pair.secondary)
    pair.secondary.stored_state = None
    pair.start(pair.secondary)
    pair.kill(pair.secondary)
    pair.secondary.said.clear()
    pair.start()
    pair.run(6)
    assert [type(m) for m in pair.secondary.said if isinstance(m, UpdReq | UpdReqAll)] == [UpdReqAll]


@pytest.mark.protocol("I9", "Q4")
def test_a_request_for_what_is_pending_that_was_broken_off_becomes_one_for_all() -> None:
    """A dhcpd may count some of the answer as told, although it never came here."""
    story = Opposite(SECONDARY, a_record(t.NORMAL, t.NORMAL))
    story.connect(t.PD)
    assert [type(message) for message in story.said if isinstance(message, UpdReq | UpdReqAll)] == [UpdReq]
    story.lose_link()
    story.said.clear()
    story.connect(t.PD)
    assert [type(message) for message in story.said if isinstance(message, UpdReq | UpdReqAll)] == [UpdReqAll]


@pytest.mark.protocol("Q18")
def test_a_server_in_normal_that_is_connected_to_anew_has_left_normal_before_it_speaks() -> None:
    """A partner that lost its store would take NORMAL for a conflict."""
    story = Opposite(SECONDARY, a_record(t.NORMAL, t.NORMAL), max_response_delay_s=10)
    story.connect(t.NORMAL)
    assert story.state is t.NORMAL
    story.wait(5)
    story.said.clear()
    story.greet()
    assert told(story.said) == [(3, False, T0 + 5)]


@pytest.mark.protocol("Q18", 100)
def test_recover_that_hears_normal_settles_it_as_a_conflict() -> None:
    """As dhcpd: the primary asks first, and nothing is lost but a moment."""
    story = Opposite(SECONDARY, a_record(t.RECOVER, t.PD))
    story.wait(15)
    story.connect(t.NORMAL)
    assert story.state is t.PC
    story.tell_state(t.PC)
    story.tell_state(t.CD)
    story.hear(UpdDone(time=story.now.wall_s, xid=1))
    assert story.state is t.NORMAL


@pytest.mark.protocol(86, 87)
def test_a_partner_in_recover_that_does_not_ask_hears_of_recover_and_asks() -> None:
    """dhcpd asks nobody in RECOVER-DONE on a link after the one it asked on: both would wait for ever."""
    story = Opposite(SECONDARY, a_record(t.RD, t.RECOVER))
    story.wait(15)
    story.connect(t.RECOVER)
    story.wait(4.9)
    assert story.state is t.RD
    story.wait(0.1)
    assert told(story.said)[-1] == (6, False, T0 + 20)
    story.hear(UpdReqAll(time=T0, xid=5))
    story.hear(UpdDone(time=T0, xid=1))
    assert story.state is t.RD
    story.wait(60)
    assert story.state is t.RD


# RECOVER-WAIT


@pytest.mark.protocol("Q19", "Q20")
def test_a_server_apart_that_hears_of_recover_wait_takes_over_until_the_wait_is_over() -> None:
    """The partner hears of Normal when it is done with its wait; before, it would pass it over."""
    story = Opposite(PRIMARY, a_record(t.CI, t.NORMAL))
    story.wait(15)
    story.connect(t.RW)
    assert (story.state, story.endpoint.rights(story.now).serving) == (t.PD, Serving.ALL)
    story.tell_state(t.RD)
    assert story.state is t.NORMAL


@pytest.mark.protocol(90)
@pytest.mark.parametrize("partner", [t.NORMAL, t.RD], ids=lambda state: state.label)
def test_what_was_said_during_the_wait_counts_at_its_end(partner: FailoverState) -> None:
    """RECOVER-WAIT passes over everything; a partner that has said it would not say it again."""
    story = Opposite(SECONDARY, a_record(t.RW, t.PD, since=T0))
    story.connect(t.PD)
    story.tell_state(partner)
    story.wait(29.9)
    assert story.state is t.RW
    story.wait(0.1)
    assert story.state is t.NORMAL


@pytest.mark.protocol(68, 88)
def test_the_wait_counts_from_when_recover_was_entered_and_so_does_the_state() -> None:
    story = Opposite(SECONDARY, None)
    story.connect(t.PD)
    story.wait(2)
    assert story.state is t.RECOVER
    (request,) = [message for message in story.said if isinstance(message, UpdReqAll)]
    story.said.clear()
    story.hear(UpdDone(time=T0 + 2, xid=request.xid))
    assert (story.state, told(story.said)) == (t.RW, [(254, False, T0)])


@pytest.mark.protocol(88)
def test_a_clock_that_ran_ahead_when_recover_was_entered_makes_no_wait_longer() -> None:
    story = Opposite(SECONDARY, a_record(t.RECOVER, since=T0 + 3600, update_all_wanted=True))
    story.connect(t.PD)
    (request,) = [message for message in story.said if isinstance(message, UpdReqAll)]
    story.hear(UpdDone(time=T0, xid=request.xid))
    assert story.state is t.RW
    story.wait(29)
    assert story.state is t.RW
    story.wait(1)
    assert story.state is t.RD


@pytest.mark.protocol(88, 89)
def test_the_wait_runs_on_through_a_restart() -> None:
    pair = a_pair_whose_secondary_lost_its_store()
    assert waits_until(pair) == T0 + 31
    pair.kill(pair.secondary)
    pair.run(3)
    pair.secondary.said.clear()
    pair.start(pair.secondary)
    pair.run(6)
    assert told(pair.secondary.said) == [(254, True, T0 + 1), (254, False, T0 + 1)]
    assert (states(pair), waits_until(pair)) == ((t.PD, t.RW), T0 + 31)
    pair.run(14)
    assert states(pair) == (t.PD, t.RW)
    pair.run(1)
    assert states(pair) == (t.NORMAL, t.NORMAL)


@pytest.mark.protocol(74, 89)
def test_the_wait_runs_on_without_a_link() -> None:
    pair = a_pair_whose_secondary_lost_its_store()
    pair.cut()
    pair.run(23)
    assert states(pair) == (t.PD, t.RW)
    pair.run(1)
    assert states(pair) == (t.PD, t.RD)
    assert pair.secondary.running.rights(pair.now()).serving is Serving.NONE
    pair.heal()
    pair.run(6)
    assert states(pair) == (t.NORMAL, t.NORMAL)


@pytest.mark.protocol("Q6", "I1", 88)
def test_after_a_long_normal_the_wait_counts_from_the_stop() -> None:
    """dhcpd counts from the beginning of NORMAL, and does not wait at all. Written down as alive at T0 + 2997."""
    pair = a_normal_pair()
    pair.run(3003)
    pair.kill(pair.secondary)
    pair.order(pair.primary, ControlAction.PARTNER_DOWN)
    pair.run(20)
    pair.start(pair.secondary)
    pair.run(6)
    assert states(pair) == (t.PD, t.RW)
    assert T0 + 3024 <= pair.secondary.running.view(pair.now()).my_state_at <= T0 + 3030
    assert waits_until(pair) == T0 + 3007 + 30


@pytest.mark.protocol("I1", 88)
def test_whoever_was_away_for_longer_than_that_does_not_wait() -> None:
    pair = a_normal_pair()
    pair.kill(pair.secondary)
    pair.order(pair.primary, ControlAction.PARTNER_DOWN)
    pair.run(60)
    pair.secondary.said.clear()
    pair.start(pair.secondary)
    pair.run(6)
    assert pair.secondary.states_said() == ["(Normal)", "Recover", "Recover-done", "Normal"]
