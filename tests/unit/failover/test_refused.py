"""An update that the partner refuses is told once more, after the next change of either state."""

from __future__ import annotations

import random

import pytest

from edgepair_contract.vocabulary import FailoverState, RejectReason, Role
from edgepair_engine.failover.endpoint import Endpoint
from edgepair_engine.failover.outcome import LinkId, Outcome, Send
from edgepair_engine.failover.updates import Updates
from edgepair_engine.wire.failover import BndAck, BndUpd, ConnectAck, Contact, FailoverMessage, State
from tests.unit.failover.builders import a_group, a_lease, a_record, a_table, address, at

L1 = LinkId(1)
A120 = address(120)
NORMAL, PAUSED = FailoverState.NORMAL, FailoverState.PAUSED


class Conversation:
    """A primary in NORMAL, and what it tells of 10.77.1.120 to a partner that says what the test wants."""

    def __init__(self) -> None:
        config = a_group(Role.PRIMARY)
        record = a_record(NORMAL, NORMAL)
        self.endpoint = Endpoint(config, a_table(config), record, chance=random.Random(1), now=at(0))
        self.endpoint.link_up(L1, at(0))
        self.hears(ConnectAck(time=at(0).wall_s, xid=0, relationship=b"ha-pair", max_unacked=99, receive_timer_s=10))
        self.hears_state(NORMAL)

    def hears(self, message: FailoverMessage, second: int = 1) -> list[BndUpd]:
        return self._of_120(self.endpoint.on_message(L1, message, at(second)))

    def hears_state(self, state: FailoverState) -> list[BndUpd]:
        return self.hears(State(time=at(1).wall_s, xid=0, state=state.wire, startup=False, stos=at(0).wall_s))

    def binds(self, for_s: int = 30) -> BndUpd:
        (update,) = self._of_120(self.endpoint.lease_changed(a_lease(120, expires_in_s=for_s, now=at(1)), at(1)))
        return update

    def hears_refusal(self, update: BndUpd, reason: RejectReason, second: int = 1) -> list[BndUpd]:
        refusal = BndAck(time=at(second).wall_s, xid=update.xid, address=A120, reject=reason, text="no")
        return self.hears(refusal, second)

    def passes_time(self, second: int = 2) -> list[BndUpd]:
        """Let it be so late, the partner having said CONTACT all the time."""
        self.endpoint.on_message(L1, Contact(time=at(second).wall_s, xid=0), at(second))
        return self._of_120(self.endpoint.on_timer(at(second)))

    def _of_120(self, outcome: Outcome) -> list[BndUpd]:
        messages = [action.message for action in outcome.actions if isinstance(action, Send)]
        return [message for message in messages if isinstance(message, BndUpd) and message.address == A120]


@pytest.mark.protocol(136, "I15")
@pytest.mark.parametrize(
    "reason",
    [RejectReason.FATAL_CONFLICT, RejectReason.LESS_CRITICAL_BINDING_INFORMATION],
    ids=["an illegal transition", "less critical information"],
)
def test_a_refused_update_is_told_once_more_after_the_partners_state_has_changed(reason: RejectReason) -> None:
    told = Conversation()
    first = told.binds()
    assert told.hears_refusal(first, reason) == []
    assert told.passes_time() == [], "not at once: the answer would be the same"
    told.hears_state(PAUSED)
    (again,) = told.passes_time()
    assert (again.address, again.state) == (A120, first.state)
    assert told.hears_refusal(again, reason) == []
    told.hears_state(FailoverState.SHUTDOWN)
    assert told.passes_time() == [], "once more, not for ever"


@pytest.mark.protocol("I15")
def test_what_is_refused_again_and_again_is_told_every_five_minutes() -> None:
    """Nothing else would: a lease that is over by one of two clocks would stay apart until the link breaks."""
    told = Conversation()
    told.hears_refusal(told.binds(for_s=3600), RejectReason.FATAL_CONFLICT)
    for minutes in (5, 10):
        assert told.passes_time(minutes * 60) == []
        (again,) = told.passes_time(minutes * 60 + 1)
        assert told.hears_refusal(again, RejectReason.FATAL_CONFLICT, minutes * 60 + 1) == []


@pytest.mark.protocol("I15")
def test_a_refusal_for_good_is_not_argued_with() -> None:
    told = Conversation()
    assert told.hears_refusal(told.binds(), RejectReason.ILLEGAL_ADDRESS) == []
    told.hears_state(PAUSED)
    assert told.passes_time() == []


@pytest.mark.protocol("I15")
def test_an_update_that_was_accepted_at_last_may_be_refused_and_told_again_later() -> None:
    updates = Updates()
    updates.refused(A120, retry=True)
    assert updates.take_refused() == [A120]
    updates.refused(A120, retry=True)
    assert updates.take_refused() == []
    updates.accepted(A120)
    updates.refused(A120, retry=True)
    assert updates.take_refused() == [A120]
