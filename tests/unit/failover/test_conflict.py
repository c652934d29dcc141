"""Both have served alone: in which order they tell each other, and what interrupts it."""

from __future__ import annotations

import random

import pytest

from edgepair_contract.control import ControlAction
from edgepair_contract.vocabulary import BindingState, FailoverState, Role
from edgepair_engine.failover import transitions as t
from edgepair_engine.wire.failover import FailoverMessage, State, UpdDone, UpdReq, UpdReqAll
from tests.unit.failover.builders import T0, a_lease, a_record
from tests.unit.failover.opposite import Opposite
from tests.unit.failover.pair import Pair, two_endpoints

PRIMARY, SECONDARY = Role.PRIMARY, Role.SECONDARY


def in_conflict(role: Role) -> Opposite:
    """Return a server that has met its partner, both in PARTNER-DOWN until then; what it said is kept."""
    story = Opposite(role, a_record(t.PD, t.NORMAL))
    story.wait(15)
    story.connect(t.PD)
    assert story.state is t.PC
    return story


def in_words(messages: list[FailoverMessage]) -> list[str]:
    """Return states by their labels, requests and their ends by their names."""
    words = []
    for message in messages:
        if isinstance(message, State):
            assert message.state is not None
            state = FailoverState.from_wire(message.state)
            assert state is not None
            words.append(state.label)
        elif isinstance(message, UpdReq | UpdReqAll | UpdDone):
            words.append(type(message).__name__)
    return words


def done(story: Opposite) -> list[str]:
    """Let the partner say that it has sent all it was asked for, and return what is said on that."""
    return in_words(story.hear(UpdDone(time=story.now.wall_s, xid=1)))


@pytest.mark.protocol(69, 85, 91)
def test_the_primary_tells_the_conflict_and_asks_first() -> None:
    story = in_conflict(PRIMARY)
    assert in_words(story.said) == ["Partner-Down", "Potential-Conflict", "UpdReq"]


@pytest.mark.protocol(91)
def test_the_secondary_tells_the_conflict_and_waits() -> None:
    story = in_conflict(SECONDARY)
    assert in_words(story.said) == ["Partner-Down", "Potential-Conflict"]
    story.tell_state(t.PC)
    assert in_words(story.hear(UpdReq(time=T0, xid=3))) == ["UpdDone"]
    assert story.state is t.PC


@pytest.mark.protocol(92, 95, 96)
def test_the_primary_is_done_answers_and_waits_for_normal() -> None:
    story = in_conflict(PRIMARY)
    assert done(story) == ["Conflict-done"]
    assert in_words(story.hear(UpdReq(time=T0, xid=3))) == ["UpdDone"]
    assert story.state is t.CD
    story.said.clear()
    story.tell_state(t.NORMAL)
    assert in_words(story.said) == ["Normal"]


@pytest.mark.protocol(93, 94, 100)
def test_the_secondary_asks_when_the_primary_is_done_and_is_the_first_in_normal() -> None:
    story = in_conflict(SECONDARY)
    story.tell_state(t.PC)
    story.said.clear()
    story.tell_state(t.CD)
    assert in_words(story.said) == ["UpdReq"]
    assert done(story) == ["Normal"]


@pytest.mark.protocol(100, "Q17")
def test_an_end_that_comes_too_early_makes_no_normal() -> None:
    """dhcpd in POTENTIAL-CONFLICT shuts down on NORMAL."""
    story = in_conflict(SECONDARY)
    story.tell_state(t.PC)
    assert done(story) == []
    assert story.state is t.PC


@pytest.mark.protocol("I6", "Q17")
def test_a_primary_that_is_done_after_its_partner_stays_in_the_conflict() -> None:
    """dhcpd goes to SHUTDOWN."""
    story = in_conflict(PRIMARY)
    story.tell_state(t.CD)
    assert done(story) == []
    assert story.state is t.PC


@pytest.mark.parametrize("role", Role, ids=lambda role: role.value)
def test_a_partner_that_has_recovered_meanwhile_ends_the_conflict(role: Role) -> None:
    """It serves nobody since it lost what the conflict was about; dhcpd and it wait for each other for ever."""
    story = Opposite(role, a_record(t.RI, t.PC))
    story.wait(15)
    story.connect(t.RD)
    assert in_words(story.said)[-2:] == ["Potential-Conflict", "UpdReq"]
    assert done(story) == ["Normal"]


@pytest.mark.protocol(73, 74, 96, 97)
@pytest.mark.parametrize("partner", [t.PC, t.RI], ids=lambda state: state.label)
def test_a_primary_that_is_done_goes_on_where_it_was_after_the_link_was_lost(partner: FailoverState) -> None:
    story = in_conflict(PRIMARY)
    done(story)
    story.lose_link()
    assert story.state is t.CD
    story.connect(partner)
    assert story.state is t.CD
    assert in_words(story.hear(UpdReq(time=T0, xid=3))) == ["UpdDone"]
    story.tell_state(t.NORMAL)
    assert story.state is t.NORMAL


@pytest.mark.protocol(73, 97)
@pytest.mark.parametrize(
    ("role", "words"),
    [
        (PRIMARY, ["Resolution-Interrupted", "Potential-Conflict", "UpdReq"]),
        (SECONDARY, ["Resolution-Interrupted", "Potential-Conflict"]),
    ],
    ids=["the primary", "the secondary"],
)
def test_a_conflict_that_was_interrupted_begins_again(role: Role, words: list[str]) -> None:
    story = in_conflict(role)
    story.lose_link()
    assert story.state is t.RI
    story.said.clear()
    story.connect(t.RI)
    assert in_words(story.said) == words


@pytest.mark.protocol(74)
@pytest.mark.parametrize("mine", [t.PD, t.RECOVER, t.RW, t.RD, t.RI, t.CD], ids=lambda state: state.label)
def test_a_lost_link_leaves_these_states(mine: FailoverState) -> None:
    story = Opposite(PRIMARY, a_record(mine, t.RW, since=T0))
    story.wait(15)
    story.greet()
    story.lose_link()
    assert story.state is mine


@pytest.mark.protocol("Q3", "Q17")
@pytest.mark.parametrize("mine", [t.NORMAL, t.CI, t.PD], ids=lambda state: state.label)
def test_a_primary_last_heard_in_the_conflict_may_be_done_with_it_and_speaks_first(mine: FailoverState) -> None:
    """Its word was lost with the link, and a person has said here that it is down: dhcpd's process ends on that."""
    story = Opposite(SECONDARY, a_record(mine, t.PC))
    story.greet()
    assert in_words(story.said) == []
    story.tell_state(t.CD)
    assert in_words(story.said)[0] == "Potential-Conflict"


def test_a_primary_does_not_wait_for_a_secondary_in_conflict() -> None:
    """A secondary is never in CONFLICT-DONE; and if both waited, nobody would speak."""
    story = Opposite(PRIMARY, a_record(t.PD, t.PC))
    story.greet()
    assert in_words(story.said) == ["Partner-Down"]


def beside_conflict_done(mine: FailoverState) -> Opposite:
    """Return a running server that last heard CONFLICT-DONE of its partner, on a new link with it."""
    story = Opposite(SECONDARY, a_record(mine, t.CD, since=T0))
    story.wait(15)
    story.greet()
    return story


@pytest.mark.protocol(99, "Q3")
@pytest.mark.parametrize("mine", [t.CI, t.PD, t.RECOVER, t.CD], ids=lambda state: state.label)
def test_a_partner_in_conflict_done_hears_nothing_until_it_has_spoken_and_then_of_the_conflict(
    mine: FailoverState,
) -> None:
    """dhcpd's process ends on each of these states; so the two go on with their conflict."""
    story = beside_conflict_done(mine)
    assert in_words(story.said) == []
    story.tell_state(t.CD)
    assert in_words(story.said)[0] == "Potential-Conflict"
    assert story.hung_up == []


@pytest.mark.protocol(99, "Q3")
@pytest.mark.parametrize("mine", [t.RW, t.RD], ids=lambda state: state.label)
def test_a_state_that_stays_and_would_end_the_partner_closes_the_link(mine: FailoverState) -> None:
    """No way leads there, but a store that was put back. It is repeated until a person acts."""
    story = beside_conflict_done(mine)
    story.tell_state(t.CD)
    assert in_words(story.said) == []
    assert story.hung_up == [f"partner in Conflict-done must not hear of {mine.label}"]


@pytest.mark.protocol(99)
def test_a_partner_that_has_left_conflict_done_hears_all() -> None:
    story = beside_conflict_done(t.RW)
    story.tell_state(t.PD)
    assert in_words(story.said) == ["Recover-wait"]


@pytest.mark.parametrize("mine", [t.PC, t.RI], ids=lambda state: state.label)
def test_a_partner_in_conflict_done_hears_at_once_of_these_states(mine: FailoverState) -> None:
    story = Opposite(SECONDARY, a_record(mine, t.CD))
    story.greet()
    assert in_words(story.said) == [mine.label]


# the whole of it


def a_pair_in_conflict() -> Pair:
    """Return two servers in PARTNER-DOWN, a lease of each unknown to the other, about to meet."""
    pair = two_endpoints()
    pair.start()
    pair.run(1)
    pair.cut()
    pair.run(15)
    pair.order(pair.primary, ControlAction.PARTNER_DOWN)
    pair.order(pair.secondary, ControlAction.PARTNER_DOWN)
    pair.bind(pair.primary, a_lease(120, expires_in_s=500, now=pair.now()))
    pair.bind(pair.secondary, a_lease(110, expires_in_s=500, now=pair.now()))
    pair.spoken.clear()
    return pair


def settled(pair: Pair) -> bool:
    leases = [side.lease(last).state for side in (pair.primary, pair.secondary) for last in (110, 120)]
    states = (pair.primary.state, pair.secondary.state)
    return states == (t.NORMAL, t.NORMAL) and set(leases) == {BindingState.ACTIVE}


def messages_of_a_conflict() -> int:
    pair = a_pair_in_conflict()
    pair.heal()
    pair.run(6)
    assert settled(pair)
    return len(pair.spoken)


@pytest.mark.protocol(69, 91, 92, 93, 94, 95)
def test_the_order_on_the_wire_is_primary_first() -> None:
    """Capture d3. The secondary may say that it is in conflict before or after it is asked."""
    pair = a_pair_in_conflict()
    pair.heal()
    pair.run(6)
    primary = in_words([message for side, message in pair.spoken if side is pair.primary])
    secondary = in_words([message for side, message in pair.spoken if side is pair.secondary])
    assert primary == ["Partner-Down", "Potential-Conflict", "UpdReq", "Conflict-done", "UpdDone", "Normal"]
    assert secondary == ["Partner-Down", "Potential-Conflict", "UpdDone", "UpdReq", "Normal"]


@pytest.mark.protocol(73, 96, 97)
@pytest.mark.parametrize("count", range(2, messages_of_a_conflict()))
def test_a_conflict_interrupted_after_any_message_is_settled_on_the_next_link(count: int) -> None:
    pair = a_pair_in_conflict()
    pair.heal()
    pair.cut_after(count)
    pair.run(30)
    assert pair.wire_is_cut
    pair.heal()
    pair.run(15)
    assert settled(pair)


@pytest.mark.protocol(73, 96, 97)
@pytest.mark.parametrize("seed", range(10))
def test_a_conflict_interrupted_again_and_again_is_settled_in_the_end(seed: int) -> None:
    chance = random.Random(seed)
    pair = a_pair_in_conflict()
    for _ in range(4):
        pair.heal()
        pair.cut_after(chance.randrange(2, 25))
        pair.run(chance.randrange(1, 30))
        if chance.random() < 0.5:
            side = chance.choice([pair.primary, pair.secondary])
            pair.kill(side)
            pair.start(side)
    pair.heal()
    pair.cut_after(None)
    pair.run(60)
    assert settled(pair)
