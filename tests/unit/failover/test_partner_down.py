"""From when on a partner that is down has promised nothing, and when its addresses are ours."""

from __future__ import annotations

import random
from typing import Any

import pytest

from edgepair_contract.control import ControlAction, ControlRequest
from edgepair_contract.vocabulary import BindingState, FailoverState, Role
from edgepair_engine.failover.outcome import Outcome
from edgepair_engine.failover.serving import granted_s, potential_expiry
from edgepair_engine.failover.transitions import Refuse
from tests.unit.failover.builders import T0, a_lease, a_record
from tests.unit.failover.opposite import Opposite, in_normal
from tests.unit.failover.pair import Pair, Side, two_endpoints

NORMAL = FailoverState.NORMAL
CI = FailoverState.COMMUNICATIONS_INTERRUPTED
PD = FailoverState.PARTNER_DOWN
PARTNER_DOWN = ControlAction.PARTNER_DOWN


def a_survivor(**changes: Any) -> tuple[Pair, Side]:
    """Return a pair 20 s after its secondary was killed at T0 + 1, and the primary that is left."""
    pair = two_endpoints(**changes)
    pair.start()
    pair.run(1)
    pair.kill(pair.secondary)
    pair.run(20)
    assert pair.primary.state is CI
    return pair, pair.primary


def takes(pair: Pair, side: Side, last: int) -> bool:
    return side.running.rights(pair.now()).may_allocate(side.lease(last), pair.now())


def waits_until(pair: Pair, side: Side) -> int | None:
    wait = side.running.view(pair.now()).wait
    return None if wait is None else wait.until_at


@pytest.mark.protocol(116)
def test_the_wait_counts_from_when_the_partner_was_last_alive() -> None:
    """MCLT is 30 s: the dead one may have promised an address of its own until T0 + 6 + 30."""
    pair, survivor = a_survivor()
    pair.order(survivor, PARTNER_DOWN, T0 + 6)
    view = survivor.running.view(pair.now())
    assert (view.my_state, view.my_state_at) == (PD, T0 + 21)
    assert waits_until(pair, survivor) == T0 + 36
    assert survivor.lease(110).state is BindingState.BACKUP
    pair.run(15)
    assert not takes(pair, survivor, 110)
    pair.run(1)
    assert takes(pair, survivor, 110)


@pytest.mark.protocol(116)
def test_without_that_word_the_wait_counts_from_the_order() -> None:
    pair, survivor = a_survivor()
    pair.order(survivor, PARTNER_DOWN)
    assert waits_until(pair, survivor) == T0 + 51
    pair.run(30)
    assert not takes(pair, survivor, 110)
    pair.run(1)
    assert takes(pair, survivor, 110)


@pytest.mark.protocol("Q26", 116)
def test_the_wait_outlives_a_restart_and_does_not_begin_again() -> None:
    """dhcpd frees what is past at once when it is restarted in PARTNER-DOWN."""
    pair, survivor = a_survivor()
    pair.order(survivor, PARTNER_DOWN, T0 + 16)
    pair.kill(survivor)
    pair.start(survivor)
    pair.run(16)
    assert survivor.state is PD
    assert waits_until(pair, survivor) == T0 + 46
    pair.run(9)
    assert not takes(pair, survivor, 110)
    pair.run(1)
    assert takes(pair, survivor, 110)


@pytest.mark.parametrize(
    ("last_alive_at", "why"),
    [
        (T0 - 1, f"the partner was heard at {T0}, later than {T0 - 1}"),
        (T0 + 22, f"{T0 + 22} has not come yet: by this server's clock it is {T0 + 21}"),
    ],
    ids=["before it was last heard here", "in the future"],
)
def test_a_word_that_cannot_be_true_is_refused_with_both_times(last_alive_at: int, why: str) -> None:
    pair, survivor = a_survivor()
    request = ControlRequest(action=PARTNER_DOWN, last_alive_at=last_alive_at)
    assert survivor.running.on_control(request, pair.now()) == Refuse(why)
    assert survivor.state is CI


def test_the_latest_word_counts_and_an_order_without_one_changes_nothing() -> None:
    pair, survivor = a_survivor()
    pair.order(survivor, PARTNER_DOWN)
    pair.order(survivor, PARTNER_DOWN, T0 + 11)
    assert waits_until(pair, survivor) == T0 + 41
    pair.order(survivor, PARTNER_DOWN)
    assert waits_until(pair, survivor) == T0 + 41
    assert survivor.running.view(pair.now()).my_state_at == T0 + 21


def test_the_word_is_forgotten_with_the_state() -> None:
    """A partner that comes back and goes again has lived until then."""
    pair, survivor = a_survivor()
    pair.order(survivor, PARTNER_DOWN, T0 + 2)
    pair.start(pair.secondary)
    pair.run(60)
    assert (survivor.state, pair.secondary.state) == (NORMAL, NORMAL)
    assert survivor.stored_state is not None
    assert survivor.stored_state.partner_gone_at == 0
    pair.kill(pair.secondary)
    pair.order(survivor, PARTNER_DOWN)
    assert waits_until(pair, survivor) == T0 + 81 + 30


@pytest.mark.protocol(101, 116)
def test_a_partner_that_was_cut_off_and_died_later_keeps_its_promises() -> None:
    """By itself nobody knows when the partner died: after the time configured, MCLT counts from then, as at dhcpd.

    Here the wire breaks at T0 + 1, the secondary gives a lease at T0 + 55, and dies.
    """
    pair = two_endpoints(auto_partner_down_s=60)
    pair.start()
    pair.run(1)
    pair.cut()
    pair.run(54)
    pair.bind(pair.secondary, a_lease(110, expires_in_s=30, now=pair.now()))
    pair.kill(pair.secondary)
    pair.run(30)
    survivor = pair.primary
    assert (survivor.state, survivor.running.view(pair.now()).my_state_at) == (PD, T0 + 70)
    assert not takes(pair, survivor, 110)
    assert waits_until(pair, survivor) == T0 + 100


@pytest.mark.protocol(117)
def test_what_the_partner_was_told_counts_although_its_ack_was_lost() -> None:
    """It can have renewed up to MCLT past what it heard, and died: the address is its client's until then."""
    pair = two_endpoints()
    pair.start()
    pair.run(1)
    survivor = pair.primary
    pair.perform(survivor, survivor.running.lease_changed(a_lease(120, expires_in_s=30, now=pair.now()), pair.now()))
    pair.cut()
    pair.run(29)
    assert survivor.lease(120).tsfp == 0
    pair.run(80)
    told = T0 + 1 + 135  # the potential expiry of the BNDUPD
    renewed_s = granted_s(120, tsfp=told, mclt_s=30, now=pair.now())
    assert T0 + 110 + renewed_s == T0 + 166
    pair.kill(pair.secondary)
    pair.order(survivor, PARTNER_DOWN, T0 + 110)
    assert survivor.lease(120).state is BindingState.EXPIRED
    pair.run(56)
    assert not takes(pair, survivor, 120)
    pair.run(1)
    assert takes(pair, survivor, 120)


def promise(pair: Pair, side: Side, last: int) -> int:
    """Let a side give or renew its client's lease of an address, and return until when that client has it."""
    lease, now = side.lease(last), pair.now()
    tsfp = lease.tsfp if lease.state is BindingState.ACTIVE else 0
    for_s = granted_s(120, tsfp=tsfp, mclt_s=30, now=now)
    tstp = potential_expiry(120, for_s, now)
    pair.bind(side, a_lease(last, expires_in_s=for_s, now=now, tsfp=lease.tsfp, tstp=tstp))
    return now.wall_s + for_s


@pytest.mark.protocol(116, 117)
@pytest.mark.parametrize("seed", range(20))
def test_nothing_is_taken_that_a_client_of_the_dead_one_still_holds(seed: int) -> None:
    """Both give leases, the wire breaks, the secondary goes on with its clients unheard, and dies some time later."""
    chance = random.Random(seed)
    pair = two_endpoints(first=100, last=109)
    pair.start()
    pair.run(1)
    held = {last: promise(pair, pair.primary, last) for last in range(105, 108)}
    held |= {last: promise(pair, pair.secondary, last) for last in range(100, 103)}
    pair.run(chance.randrange(20))
    pair.cut()
    for _ in range(chance.randrange(1, 8)):
        pair.run(chance.randrange(1, 15))
        last = chance.choice([*range(100, 105), *range(105, 108)])
        if pair.secondary.lease(last).state in (BindingState.BACKUP, BindingState.ACTIVE):
            held[last] = promise(pair, pair.secondary, last)
    died_at = pair.now().wall_s
    pair.kill(pair.secondary)
    pair.run(chance.randrange(11, 60))
    pair.order(pair.primary, PARTNER_DOWN, died_at)
    taken = set()
    for _ in range(300):
        pair.run(1)
        for last in range(100, 110):
            if takes(pair, pair.primary, last):
                assert held.get(last, 0) < pair.now().wall_s, last
                taken.add(last)
    assert taken == set(range(100, 110))


@pytest.mark.protocol(102)
@pytest.mark.parametrize("mine", [CI, FailoverState.RESOLUTION_INTERRUPTED], ids=lambda state: state.label)
def test_a_person_can_say_that_the_partner_is_down(mine: FailoverState) -> None:
    story = Opposite(Role.PRIMARY, a_record(mine, NORMAL))
    story.wait(15)
    assert isinstance(story.endpoint.on_control(ControlRequest(action=PARTNER_DOWN), story.now), Outcome)
    assert story.state is PD


@pytest.mark.parametrize(
    "mine",
    [state for state in FailoverState if state.label in ("Recover-wait", "Recover-done", "Conflict-done")],
    ids=lambda state: state.label,
)
def test_elsewhere_that_is_refused_and_the_answer_says_where_it_is_possible(mine: FailoverState) -> None:
    story = Opposite(Role.PRIMARY, a_record(mine, NORMAL, since=T0))
    story.wait(15)
    why = f"possible in Communications-Interrupted and Resolution-Interrupted, not in {mine.label}"
    assert story.endpoint.on_control(ControlRequest(action=PARTNER_DOWN), story.now) == Refuse(why)


def test_a_server_that_starts_asks_for_patience() -> None:
    story = Opposite(Role.PRIMARY, a_record(CI, NORMAL))
    refusal = story.endpoint.on_control(ControlRequest(action=PARTNER_DOWN), story.now)
    assert refusal == Refuse("this server is starting; ask again in 15 s")


@pytest.mark.protocol(101)
def test_partner_down_by_itself_comes_to_the_second_after_the_loss_of_the_link() -> None:
    story = in_normal(Role.PRIMARY, auto_partner_down_s=60)
    story.wait(7)
    story.lose_link()
    story.wait(59.9)
    assert story.state is CI
    story.wait(0.1)
    assert (story.state, story.endpoint.view(story.now).my_state_at) == (PD, T0 + 67)


@pytest.mark.protocol(101)
def test_partner_down_by_itself_counts_from_the_end_of_startup_too() -> None:
    story = Opposite(Role.PRIMARY, a_record(NORMAL, NORMAL), auto_partner_down_s=60)
    story.wait(74.9)
    assert story.state is CI
    story.wait(0.1)
    assert story.state is PD


@pytest.mark.protocol(101)
def test_any_change_takes_partner_down_by_itself_back() -> None:
    story = in_normal(Role.PRIMARY, auto_partner_down_s=60)
    story.lose_link()
    story.wait(50)
    story.connect(NORMAL)
    assert story.state is NORMAL
    story.wait(50)
    story.lose_link()
    story.wait(59)
    assert story.state is CI
    story.wait(1)
    assert story.state is PD


@pytest.mark.parametrize("action", [ControlAction.FENCE, ControlAction.PAUSE], ids=lambda action: action.value)
def test_a_server_that_was_told_to_serve_nobody_does_not_take_over_by_itself(action: ControlAction) -> None:
    story = in_normal(Role.PRIMARY, auto_partner_down_s=60)
    story.lose_link()
    assert isinstance(story.endpoint.on_control(ControlRequest(action=action), story.now), Outcome)
    story.wait(1000)
    assert story.endpoint.view(story.now).my_state is not PD
