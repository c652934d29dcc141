"""What we ask of a partner, and a dhcpd that answers nothing because it waits for acks of a link that broke."""

from __future__ import annotations

import pytest

from edgepair_contract.vocabulary import BindingState, FailoverState, RejectReason, Role
from edgepair_engine.wire.failover import BndAck, BndUpd, UpdDone, UpdReq, UpdReqAll
from tests.unit.failover.builders import T0, a_record, address
from tests.unit.failover.opposite import Opposite, an_update

ACTIVE = BindingState.ACTIVE
SECONDARY = Role.SECONDARY
NORMAL = FailoverState.NORMAL
PD = FailoverState.PARTNER_DOWN
RECOVER = FailoverState.RECOVER


def in_recover(**changes: object) -> Opposite:
    """Return a secondary that has lost its store and asks a partner in PARTNER-DOWN for everything."""
    story = Opposite(SECONDARY, None, **changes)
    story.connect(PD)
    assert [type(message).__name__ for message in story.said if isinstance(message, UpdReq | UpdReqAll)] == [
        "UpdReqAll"
    ]
    story.said.clear()
    return story


@pytest.mark.protocol("Q7", "I10")
def test_one_request_is_under_way_and_its_end_counts_whatever_xid_it_has() -> None:
    """dhcpd answers the latest of several requests, and compares no xid itself."""
    story = in_recover()
    story.tell_state(PD)
    assert story.said == []
    story.hear(UpdDone(time=T0, xid=4711))
    assert story.state is FailoverState.RECOVER_WAIT


@pytest.mark.protocol("Q7")
def test_an_end_that_nobody_asked_for_is_not_believed() -> None:
    """The partner has not told its state on this link, so it was asked for nothing yet: every binding is missing."""
    story = Opposite(SECONDARY, None)
    story.greet()
    story.hear(UpdDone(time=T0, xid=3))
    story.tell_state(PD)
    assert story.state is RECOVER
    assert len([message for message in story.said if isinstance(message, UpdReqAll)]) == 1


def test_the_end_of_a_request_that_broke_with_its_link_is_not_believed_on_the_next() -> None:
    story = in_recover()
    story.lose_link()
    story.greet()
    story.hear(UpdDone(time=T0, xid=3))
    assert story.state is RECOVER


@pytest.mark.protocol("Q27")
def test_a_partner_in_partner_down_that_tells_nothing_by_itself_is_asked() -> None:
    story = Opposite(SECONDARY, a_record(NORMAL, NORMAL))
    story.connect(PD)
    assert story.state is RECOVER
    assert len([message for message in story.said if isinstance(message, UpdReq | UpdReqAll)]) == 1


# a dhcpd that waits for acks of a link that broke (Q4)


class Stalled:
    """What a dhcpd does whose window is full of updates that it sent on a link which broke: nothing, until acked."""

    def __init__(self, story: Opposite, stuck: list[BndUpd], rest: list[BndUpd]) -> None:
        self._story = story
        self._stuck = {(update.address, update.xid) for update in stuck}
        self._rest = rest

    def listen(self, messages: list[object]) -> None:
        """Hear acks; once the window opens, send the rest and be done."""
        for message in messages:
            if isinstance(message, BndAck):
                self._stuck.discard((message.address, message.xid))
        if not self._stuck:
            for update in self._rest:
                self._story.hear(update)
            self._story.hear(UpdDone(time=T0, xid=0))


@pytest.mark.protocol(148, "Q4", "I3")
@pytest.mark.parametrize("flaps", [0, 2], ids=["on the next link", "after links on which nothing was said"])
def test_a_dhcpd_whose_window_stays_full_across_links_gets_its_acks_again(flaps: int) -> None:
    story = in_recover(max_unacked_updates=4)
    stuck = [an_update(120 + number, xid=40 + number) for number in range(4)]
    for update in stuck:
        story.hear(update)
    for _ in range(flaps + 1):
        story.lose_link()  # the acks never arrived
        story.connect(PD)
        story.said.clear()
    dhcpd = Stalled(story, stuck, [an_update(130, xid=7)])
    dhcpd.listen(list(story.wait(2.9)))
    assert story.state is RECOVER
    late = story.wait(0.2)
    assert [(message.xid, message.address) for message in late if isinstance(message, BndAck)] == [
        (40, address(120)),
        (41, address(121)),
        (42, address(122)),
        (43, address(123)),
    ]
    dhcpd.listen(list(late))
    assert story.lease(130).state is ACTIVE
    assert story.state is RECOVER  # most addresses were not told on this link


@pytest.mark.protocol(98, 145, "Q4")
def test_an_end_after_an_interruption_is_believed_once_every_address_was_told_or_is_missing_twice() -> None:
    """Seen live: an ack that we repeat ends the request when its address is the last in dhcpd's queue of the rest."""
    story = in_recover()
    story.hear(an_update(120, xid=40))
    story.lose_link()
    story.connect(PD)
    story.said.clear()
    story.hear(an_update(121, xid=7))
    story.said.clear()
    story.hear(UpdDone(time=T0, xid=3))
    assert story.state is RECOVER
    *refusals, again = story.said
    assert isinstance(again, UpdReqAll)
    assert {(message.xid, message.reject) for message in refusals if isinstance(message, BndAck)} == {
        (0, RejectReason.OTHER)
    }
    refused = {message.address for message in refusals if isinstance(message, BndAck)}
    assert address(120) in refused  # told on the link before, but dhcpd holds it for under way
    assert address(121) not in refused
    story.hear(an_update(120, xid=8))
    story.hear(UpdDone(time=T0, xid=again.xid - 1))  # the refusal may have ended the request before
    assert story.state is RECOVER
    story.said.clear()
    story.hear(UpdDone(time=T0, xid=again.xid))
    once_more = next(message for message in story.said if isinstance(message, UpdReqAll))
    assert story.state is RECOVER
    story.hear(UpdDone(time=T0, xid=once_more.xid))
    assert story.state is FailoverState.RECOVER_WAIT


@pytest.mark.protocol("Q4", "Q12", "Q15")
def test_a_dhcpd_that_waits_for_acks_of_what_never_came_here_is_refused_it_all_and_asked_anew() -> None:
    """Seen live: it looks at no xid of a refusal, and may end the first request when its last address is refused."""
    story = in_recover()
    assert story.wait(2.9) == []
    said = story.wait(0.2)
    refusals = [message for message in said if isinstance(message, BndAck)]
    assert [message.address for message in refusals] == [address(last) for last in range(100, 140)]
    assert {message.reject for message in refusals} == {RejectReason.OTHER}
    asked_anew = said[-1]
    assert isinstance(asked_anew, UpdReqAll)
    story.hear(UpdDone(time=T0, xid=asked_anew.xid - 1))
    assert story.state is RECOVER
    story.hear(an_update(130, xid=7))
    story.hear(UpdDone(time=T0, xid=asked_anew.xid))
    assert story.state is FailoverState.RECOVER_WAIT


@pytest.mark.protocol("Q4")
def test_a_partner_that_stays_silent_is_refused_everything_once_for_a_link() -> None:
    story = in_recover()
    story.wait(3)
    story.said.clear()
    assert story.wait(60) == []
    story.lose_link()
    story.connect(PD)
    assert len([message for message in story.wait(4) if isinstance(message, BndAck)]) == 40


@pytest.mark.protocol("Q4")
def test_a_refusal_that_may_be_lost_is_repeated_as_a_refusal() -> None:
    """At a first start the primary refuses every address of the secondary: they fill its window as well."""
    story = in_recover()
    refused = an_update(120, xid=40, address=address(200))
    story.hear(refused)
    story.lose_link()
    story.connect(PD)
    story.said.clear()
    late = [message for message in story.wait(4) if isinstance(message, BndAck)]
    assert [(message.xid, message.reject) for message in late] == [(40, RejectReason.ILLEGAL_ADDRESS)]


@pytest.mark.protocol("Q4")
def test_a_partner_that_answers_the_request_gets_no_acks_twice() -> None:
    story = in_recover()
    story.hear(an_update(120, xid=40))
    story.lose_link()
    story.connect(PD)
    story.hear(an_update(121, xid=1))
    story.said.clear()
    assert story.wait(30) == []
