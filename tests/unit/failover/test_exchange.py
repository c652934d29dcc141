"""Updates, their acknowledgements and requests for all of them, told to a partner whose every word is written here."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from edgepair_contract.notices import NoteCode
from edgepair_contract.vocabulary import BindingState, FailoverState, RejectReason, Role
from edgepair_engine.leases.lease import FLAG_RESERVED, Lease
from edgepair_engine.leases.pool import Pool
from edgepair_engine.wire.failover import BndAck, BndUpd, State, UpdDone, UpdReq, UpdReqAll
from tests.unit.failover.builders import T0, a_lease, a_record, address
from tests.unit.failover.opposite import Opposite, an_update, in_normal

FREE, ACTIVE, EXPIRED, RELEASED, ABANDONED, RESET, BACKUP = BindingState
PRIMARY, SECONDARY = Role.PRIMARY, Role.SECONDARY
NORMAL = FailoverState.NORMAL
CI = FailoverState.COMMUNICATIONS_INTERRUPTED
PD = FailoverState.PARTNER_DOWN
PC = FailoverState.POTENTIAL_CONFLICT
RECOVER = FailoverState.RECOVER
IN_STEP: dict[str, Any] = {"tsfp": T0 + 135, "atsfp": T0 + 135}


def held(last: int, **changes: Any) -> Lease:
    """Return a lease that both servers know of."""
    return a_lease(last, **(IN_STEP | changes))


def told(messages: list[object]) -> list[tuple[int, BindingState | None]]:
    return [
        (message.address - address(0), message.state)
        for message in messages
        if isinstance(message, BndUpd) and message.address is not None
    ]


# acknowledgements


@pytest.mark.protocol(118)
def test_the_partner_hears_of_a_lease_in_the_step_that_makes_it_and_nothing_waits_for_its_answer() -> None:
    story = in_normal(SECONDARY)
    (update,) = story.bind(a_lease(105))
    assert isinstance(update, BndUpd)
    assert (update.address, update.state) == (address(105), ACTIVE)
    assert story.lease(105).state is ACTIVE


@pytest.mark.protocol(121)
def test_an_ack_makes_known_what_was_told() -> None:
    story = in_normal(SECONDARY)
    (update,) = story.bind(a_lease(105))
    story.ack(update)
    assert (story.lease(105).tsfp, story.lease(105).atsfp) == (T0 + 135, T0 + 135)


@pytest.mark.protocol(135, "Q15")
def test_an_ack_with_a_foreign_xid_leaves_the_update_under_way() -> None:
    story = in_normal(SECONDARY)
    (update,) = story.bind(a_lease(105))
    story.ack(update, xid=4711)
    assert story.lease(105).tsfp == 0
    story.ack(update)
    assert story.lease(105).tsfp == T0 + 135


@pytest.mark.protocol(134, 141)
def test_an_ack_for_an_update_that_a_newer_change_has_replaced_counts_for_nothing() -> None:
    story = in_normal(SECONDARY)
    (first,) = story.bind(a_lease(105))
    (second,) = story.bind(replace(story.lease(105), ends_at=T0 + 120, tstp=T0 + 180))
    story.ack(first)
    assert story.lease(105).tsfp == 0
    story.ack(second)
    assert story.lease(105).tsfp == T0 + 180


@pytest.mark.protocol(134)
def test_a_refusal_of_an_update_that_a_newer_change_has_replaced_leaves_the_newer_one_under_way() -> None:
    story = in_normal(SECONDARY)
    (first,) = story.bind(a_lease(105))
    (second,) = story.bind(replace(story.lease(105), ends_at=T0 + 120, tstp=T0 + 180))
    story.ack(first, reject=RejectReason.FATAL_CONFLICT)
    story.ack(second)
    assert story.lease(105).tsfp == T0 + 180


@pytest.mark.protocol(135)
@pytest.mark.parametrize("named", [address(105), address(200), None], ids=["never told", "of no pool", "none"])
def test_an_ack_for_what_was_not_told_changes_nothing(named: int | None) -> None:
    story = in_normal(SECONDARY)
    before = list(story.table.leases(story.table.pools("ha-pair")[0]))
    assert story.hear(BndAck(time=T0, xid=5, address=named)) == []
    assert story.hear(BndAck(time=T0, xid=6, address=named, reject=RejectReason.FATAL_CONFLICT)) == []
    assert list(story.table.leases(story.table.pools("ha-pair")[0])) == before
    assert story.hung_up == []


@pytest.mark.protocol(134)
def test_an_ack_for_an_update_that_lost_its_duel_counts_for_nothing() -> None:
    """Capture c1#25."""
    story = in_normal(SECONDARY)
    (ours,) = story.bind(a_lease(120))
    story.hear(an_update(120, cltt=T0 + 1, lease_expires_at=T0 + 31, potential_expires_at=T0 + 136))
    story.ack(ours)
    assert (story.lease(120).ends_at, story.lease(120).tsfp) == (T0 + 31, T0 + 136)


@pytest.mark.protocol(136, "Q13")
def test_a_refused_update_is_told_as_a_notice_and_not_sent_again_at_once() -> None:
    story = in_normal(SECONDARY)
    (update,) = story.bind(a_lease(105))
    story.ack(update, reject=RejectReason.FATAL_CONFLICT, text="no")
    assert [note.fields for note in story.notes if note.code is NoteCode.UPDATE_REJECTED] == [
        {"address": "10.77.1.105", "reason": 2, "why": "no"}
    ]
    assert told(list(story.wait(60))) == []
    assert story.lease(105).needs_update


@pytest.mark.parametrize("state", [EXPIRED, RELEASED, RESET], ids=lambda state: state.name)
def test_an_address_whose_end_was_told_is_free_with_the_ack_and_not_before(state: BindingState) -> None:
    story = Opposite(PRIMARY, a_record(PD, PD), a_lease(120, state=state, ends_at=T0 - 1, tstp=T0 + 135))
    story.connect(PD)
    story.hear(UpdReq(time=T0, xid=9))
    (update,) = story.updates()
    assert (update.state, story.lease(120).state) == (state, state)
    story.ack(update)
    assert (story.lease(120).state, story.lease(120).tsfp, story.lease(120).tstp) == (FREE, T0 + 135, T0 - 1)


# queue and window


@pytest.mark.protocol(137, "Q11")
@pytest.mark.parametrize("window", [1, 3, 10])
def test_never_more_updates_are_under_way_than_the_partner_takes(window: int) -> None:
    """Whatever number this server itself takes: an answer to one lets the next one out at once."""
    story = in_normal(SECONDARY, window=window, max_unacked_updates=100)
    for last in range(100, 120):
        story.bind(a_lease(last))
    assert len(story.updates()) == window
    story.ack(story.updates()[0])
    assert len(story.updates()) == window + 1
    story.ack_all()
    assert [update.address for update in story.updates()] == [address(last) for last in range(100, 120)]


@pytest.mark.protocol(137)
def test_a_partner_that_takes_none_is_told_nothing() -> None:
    story = in_normal(SECONDARY)
    story.lose_link()
    story.connect(CI, window=0)
    assert told(list(story.bind(a_lease(105)))) == []


@pytest.mark.protocol(141)
def test_an_address_that_changes_while_it_waits_is_told_once_as_it_is_then() -> None:
    story = in_normal(SECONDARY, window=1)
    (first,) = story.bind(a_lease(100))
    for ends_in_s in (30, 60, 90):
        story.bind(a_lease(105, expires_in_s=ends_in_s))
    (update,) = story.ack(first)
    assert isinstance(update, BndUpd)
    assert (update.address, update.lease_expires_at) == (address(105), T0 + 90)
    assert told(list(story.ack(update))) == []


@pytest.mark.protocol(140)
def test_the_partners_update_is_answered_before_ours_follows() -> None:
    """An address that a client of the secondary has left: the primary frees it and gives it to the secondary."""
    story = in_normal(PRIMARY)
    gone = held(119, hardware=bytes.fromhex("01020000000014"))
    story.table.put(gone)
    answers = story.hear(an_update(119, RELEASED, hardware=gone.hardware, lease_expires_at=T0, potential_expires_at=T0))
    assert [type(message).__name__ for message in answers] == ["BndAck", "BndUpd"]


@pytest.mark.protocol(139, "Q11", "I2")
@pytest.mark.parametrize("window", [1, 10, 100])
def test_every_update_is_answered_in_the_step_that_stores_it(window: int) -> None:
    story = in_normal(SECONDARY, window=window)
    for last in range(120, 132):
        (answer,) = story.hear(an_update(last, xid=last))
        assert answer == BndAck(time=T0, xid=last, address=address(last))
        assert story.stored[address(last)] == story.lease(last)


@pytest.mark.protocol(142, 143, "I3")
@pytest.mark.parametrize("state", [NORMAL, CI, PD, RECOVER, PC], ids=lambda state: state.label)
def test_what_was_under_way_when_the_link_broke_is_told_again_whatever_the_state(state: FailoverState) -> None:
    """dhcpd takes it back in three states only; in the others its window stays full (Q4)."""
    story = Opposite(SECONDARY, a_record(state, state), held(104), a_lease(105), a_lease(106))
    story.connect(state, window=1)
    story.hear(UpdReq(time=T0, xid=9))
    assert told(list(story.said)) == [(105, ACTIVE)]
    story.lose_link()
    story.said.clear()
    story.connect(state)
    story.hear(UpdReq(time=T0, xid=9))
    assert told(list(story.said)) == [(105, ACTIVE), (106, ACTIVE)]


@pytest.mark.protocol(143)
def test_what_waited_while_apart_is_told_between_the_two_states() -> None:
    """Captures d1#28-#33 and d2#19-#22."""
    story = in_normal(SECONDARY)
    story.lose_link()
    story.bind(a_lease(105))
    story.connect(CI)
    names = [
        message.state if isinstance(message, State) else type(message).__name__
        for message in story.said
        if isinstance(message, State | BndUpd)
    ]
    assert names == [3, "BndUpd", 2]


# requests of the partner


@pytest.mark.protocol(144, 147)
def test_a_request_is_answered_by_what_is_not_acknowledged_and_then_done() -> None:
    """Capture d3#26-#30."""
    ended = held(107, state=EXPIRED, ends_at=T0 - 1)
    story = Opposite(SECONDARY, a_record(PD, PD), held(104), a_lease(105), a_lease(106), ended)
    story.connect(PD)
    story.said.clear()
    assert told(list(story.hear(UpdReq(time=T0, xid=9)))) == [(105, ACTIVE), (106, ACTIVE), (107, EXPIRED)]
    first, second, third = story.updates()
    assert story.ack(third) == []
    assert story.ack(first, reject=RejectReason.FATAL_CONFLICT) == []
    assert story.ack(second) == [UpdDone(time=T0, xid=9)]


@pytest.mark.protocol(144)
def test_a_request_is_done_at_once_when_there_is_nothing_to_tell() -> None:
    """Capture d3#22, #23."""
    assert in_normal(SECONDARY).hear(UpdReq(time=T0, xid=9)) == [UpdDone(time=T0, xid=9)]


@pytest.mark.protocol(145, 147)
def test_a_request_for_everything_is_answered_by_every_address_in_the_order_of_dhcpds_lists() -> None:
    """Capture d4#23-#92: FREE, ACTIVE, what has ended, ABANDONED, BACKUP, reserved; the oldest end first."""
    leases = [
        held(100, state=BACKUP),
        held(101, state=ABANDONED, hardware=None),
        held(102, state=RELEASED, ends_at=T0 - 7),
        held(103, state=EXPIRED, ends_at=T0 - 9),
        held(104, ends_at=T0 + 60),
        held(105, ends_at=T0 + 50),
        held(106, flags=FLAG_RESERVED, state=BACKUP),
        held(107, state=FREE, ends_at=T0 - 30),
    ]
    story = Opposite(SECONDARY, a_record(PD, PD), *leases, first=100, last=109)
    story.connect(PD, window=20)
    story.said.clear()
    assert told(list(story.hear(UpdReqAll(time=T0, xid=9)))) == [
        (108, FREE),
        (109, FREE),
        (107, FREE),
        (105, ACTIVE),
        (104, ACTIVE),
        (103, EXPIRED),
        (102, RELEASED),
        (101, ABANDONED),
        (100, BACKUP),
        (106, BACKUP),
    ]
    *others, last = story.updates()
    for update in others:
        assert story.ack(update) == []
    assert story.ack(last) == [UpdDone(time=T0, xid=9)]


@pytest.mark.protocol(144)
def test_what_is_pending_is_told_in_the_same_order() -> None:
    leases = [a_lease(100, state=BACKUP), a_lease(101, ends_at=T0 + 60), a_lease(102, ends_at=T0 + 50)]
    story = Opposite(SECONDARY, a_record(PD, PD), *leases)
    story.connect(PD)
    assert told(list(story.hear(UpdReq(time=T0, xid=9)))) == [(102, ACTIVE), (101, ACTIVE), (100, BACKUP)]


@pytest.mark.protocol(146, "Q7")
@pytest.mark.parametrize("kind", [UpdReq, UpdReqAll], ids=lambda kind: kind.__name__)
def test_of_two_requests_only_the_later_is_done(kind: type[UpdReq | UpdReqAll]) -> None:
    """Captures a1 (xids 2 and 3) and d4#21, #22, #103."""
    story = Opposite(SECONDARY, a_record(PD, PD), a_lease(105), first=100, last=105)
    story.connect(PD)
    story.said.clear()
    story.hear(kind(time=T0, xid=2))
    assert told(list(story.hear(kind(time=T0, xid=3)))) == []
    story.ack_all()
    assert [message for message in story.said if isinstance(message, UpdDone)] == [UpdDone(time=T0, xid=3)]


@pytest.mark.protocol(147)
def test_a_change_after_the_request_is_not_waited_for() -> None:
    story = in_normal(SECONDARY)
    story.bind(a_lease(105))
    story.hear(UpdReq(time=T0, xid=9))
    story.bind(a_lease(106))
    first, second = story.updates()
    assert (first.address, second.address) == (address(105), address(106))
    assert story.ack(first) == [UpdDone(time=T0, xid=9)]


def test_a_request_ends_with_its_link() -> None:
    story = in_normal(SECONDARY)
    story.bind(a_lease(105))
    story.hear(UpdReq(time=T0, xid=9))
    story.lose_link()
    story.said.clear()
    story.connect(CI)
    story.ack_all()
    assert [message for message in story.said if isinstance(message, UpdDone)] == []


# addresses that are not ours to take


@pytest.mark.protocol(132)
def test_an_address_of_another_relationship_is_unknown_in_this_one() -> None:
    story = in_normal(SECONDARY)
    elsewhere = Pool("10.88.0.0/24", "another-pair", ((1, 9),))
    story.table.configure([*story.table.pools("ha-pair"), elsewhere])
    (answer,) = story.hear(an_update(address=5))
    assert isinstance(answer, BndAck)
    assert (answer.address, answer.reject, answer.xid) == (5, RejectReason.ILLEGAL_ADDRESS, 47)
    assert story.table.get(5) == Lease(5)


@pytest.mark.protocol("Q21")
def test_a_reservation_of_the_partner_is_told_back_in_its_plain_state_with_its_flag() -> None:
    """The draft wants FREE and BACKUP swapped for it. What the partner did not reserve never carries a flag."""
    story = in_normal(SECONDARY, first=100, last=101)
    story.hear(an_update(100, FREE, ip_flags=FLAG_RESERVED, lease_expires_at=0, potential_expires_at=T0))
    assert not any(
        lease.address == address(100) for lease in story.table.oldest_first(story.table.pools("ha-pair")[0], FREE)
    )
    told_back = [message for message in story.hear(UpdReqAll(time=T0, xid=9)) if isinstance(message, BndUpd)]
    assert [(update.address, update.state, update.ip_flags) for update in told_back] == [
        (address(101), story.lease(101).state, 0),
        (address(100), FREE, FLAG_RESERVED),
    ]
