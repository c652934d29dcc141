"""What may leave before which commit."""

from __future__ import annotations

from collections import deque

import pytest

from edgepair_contract.clock import Now
from edgepair_contract.notices import Note, NoteCode
from edgepair_contract.report import MemberReport
from edgepair_contract.vocabulary import FailoverState
from edgepair_engine.core.effects import CloseLink, Effects, OpenLink, SendDhcp, SendToPartner, Tell
from edgepair_engine.core.events import DhcpDatagram, Event, PartnerBytes, StoreChanged, Woken
from edgepair_engine.core.pipeline import LAZY_S, Batch, BatchId, Pipeline, Step, StoreFailure
from edgepair_engine.dhcp.relay import Arrival, Destination
from edgepair_engine.failover.outcome import LinkId
from edgepair_engine.leases.lease import Lease
from edgepair_engine.leases.record import CountsRecord, LeaseRecord, StateRecord

T0 = Now(1_795_514_888, 100.0)
LAN = Destination("lan0", 0x0A010002, 0xFFFFFFFF, 68)
LINK, OTHER_LINK = LinkId(1), LinkId(2)

LEASE_1 = LeaseRecord("lan0", Lease(0x0A010032))
LEASE_2 = LeaseRecord("lan0", Lease(0x0A010033))
ACK = SendDhcp(b"ack", LAN, True)
OFFER = SendDhcp(b"offer", LAN, False)
BNDUPD = SendToPartner(LINK, b"\x00\x0c\x03\x0c" + bytes(8), True)
CONNECTACK = SendToPartner(LINK, b"\x00\x0c\x06\x0c" + bytes(8), True)
CONTACT = SendToPartner(LINK, b"\x00\x0c\x0b\x0c" + bytes(8), False)
DISCONNECT = SendToPartner(LINK, b"\x00\x0c\x0c\x0c" + bytes(8), False)
HANG_UP = CloseLink(LINK, "bye")
DISCOVER = DhcpDatagram(b"discover", Arrival("lan0", 0x0A010002, 0, 68, 0xFFFFFFFF))


class ScriptedEngine:
    """Wants in each turn what the test has laid out, and writes down what reaches it."""

    def __init__(self) -> None:
        self.script: deque[Effects] = deque()
        self.seen: list[Event] = []
        self.revision = 1
        self.store_error: str | None = None

    def handle(self, event: Event, now: Now) -> Effects:
        if isinstance(event, Woken):
            return self.script.popleft() if self.script else Effects()
        self.seen.append(event)
        if isinstance(event, StoreChanged):
            self.store_error = event.problem
            self.revision += 1
        return Effects()

    def next_wakeup(self, now: Now) -> float | None:
        return None

    def report(self, now: Now) -> MemberReport:
        return MemberReport(
            revision=self.revision,
            boot="b",
            server="ec-east-1",
            version="0",
            started_at=T0.wall_s,
            config_revision=1,
            config_digest="d",
            store_error=self.store_error,
        )


def pipeline_of(*turns: Effects) -> tuple[Pipeline, ScriptedEngine]:
    engine = ScriptedEngine()
    engine.script.extend(turns)
    return Pipeline(engine), engine


def later(seconds: float) -> Now:
    return Now(T0.wall_s + int(seconds), T0.mono_s + seconds)


def test_without_records_all_leaves_at_once() -> None:
    pipeline, _ = pipeline_of(Effects((), (OFFER, ACK, BNDUPD, OpenLink("lan0", "", "10.1.0.3", 647))))
    step = pipeline.turn([], T0)
    assert step.send == (OFFER, ACK, BNDUPD, OpenLink("lan0", "", "10.1.0.3", 647))
    assert step.commit is None


def test_ack_and_bndupd_wait_for_the_commit_of_their_turn_and_the_offer_passes() -> None:
    pipeline, _ = pipeline_of(Effects((LEASE_1,), (ACK, OFFER, BNDUPD)))
    step = pipeline.turn([], T0)
    assert step.send == (OFFER,)
    assert step.commit == Batch(BatchId(1), (LEASE_1,))
    assert pipeline.committed(BatchId(1), later(0.01)).send == (ACK, BNDUPD)


def test_a_promise_without_records_waits_for_the_batch_that_is_committing() -> None:
    pipeline, _ = pipeline_of(Effects((LEASE_1,), ()), Effects((), (ACK,)))
    pipeline.turn([], T0)
    assert pipeline.turn([], T0).send == ()
    assert pipeline.committed(BatchId(1), T0).send == (ACK,)


def test_one_batch_forms_while_one_commits() -> None:
    pipeline, _ = pipeline_of(Effects((LEASE_1,), (ACK,)), Effects((LEASE_2,), (BNDUPD,)))
    pipeline.turn([], T0)
    assert pipeline.turn([], T0).commit is None
    step = pipeline.committed(BatchId(1), T0)
    assert step == Step((ACK,), Batch(BatchId(2), (LEASE_2,)), step.publish)
    assert pipeline.committed(BatchId(2), T0).send == (BNDUPD,)


def started(*turns: Effects) -> Pipeline:
    """Return a pipeline whose first report is out: nothing waits in it."""
    pipeline, _ = pipeline_of(Effects(), *turns)
    pipeline.turn([], T0)
    return pipeline


def test_records_on_which_nothing_rests_wait_a_moment_for_company() -> None:
    pipeline = started(Effects((LEASE_1,)), Effects((LEASE_2, CountsRecord(group="lan0"))))
    assert pipeline.turn([], T0).commit is None
    assert pipeline.next_wakeup(T0) == T0.mono_s + LAZY_S
    assert pipeline.turn([], later(LAZY_S / 2)).commit is None
    assert pipeline.next_wakeup(T0) == T0.mono_s + LAZY_S
    step = pipeline.turn([], later(LAZY_S))
    assert step.commit == Batch(BatchId(1), (LEASE_1, LEASE_2, CountsRecord(group="lan0")))


@pytest.mark.parametrize("company", [Effects((LEASE_2,), (ACK,)), Effects((), (BNDUPD,))])
def test_they_go_with_the_first_promise_that_comes(company: Effects) -> None:
    pipeline = started(Effects((LEASE_1,)), company)
    pipeline.turn([], T0)
    step = pipeline.turn([], later(0.01))
    assert step.commit == Batch(BatchId(1), (LEASE_1, *company.records))


def test_they_wait_no_longer_than_for_the_batch_that_is_committing() -> None:
    pipeline = started(Effects((LEASE_1,), (ACK,)), Effects((LEASE_2,)))
    pipeline.turn([], T0)
    pipeline.turn([], later(0.01))
    assert pipeline.committed(BatchId(1), later(0.02)).commit is None
    assert pipeline.next_wakeup(later(0.02)) == T0.mono_s + 0.01 + LAZY_S
    assert pipeline.turn([], later(0.01 + LAZY_S)).commit == Batch(BatchId(2), (LEASE_2,))


def test_a_state_is_stored_at_once_although_nobody_waits_for_it() -> None:
    state = StateRecord(group="lan0", my_state=FailoverState.NORMAL, my_state_at=T0.wall_s)
    assert started(Effects((state,))).turn([], T0).commit == Batch(BatchId(1), (state,))


def test_contact_overtakes_what_waits_on_its_link() -> None:
    pipeline, _ = pipeline_of(Effects((LEASE_1,), (BNDUPD, CONTACT)))
    assert pipeline.turn([], T0).send == (CONTACT,)


@pytest.mark.protocol("I8")
def test_contact_waits_behind_the_connectack_that_makes_its_link() -> None:
    pipeline, _ = pipeline_of(Effects((LEASE_1,), (CONNECTACK,)), Effects((), (CONTACT,)))
    assert pipeline.turn([], T0).send == ()
    assert pipeline.turn([], T0).send == ()
    assert pipeline.committed(BatchId(1), T0).send == (CONNECTACK, CONTACT)


def test_disconnect_and_close_keep_their_place_behind_what_waits_on_their_link() -> None:
    other_close = CloseLink(OTHER_LINK, "surplus")
    pipeline, _ = pipeline_of(Effects((LEASE_1,), (BNDUPD, DISCONNECT, HANG_UP, other_close)))
    assert pipeline.turn([], T0).send == (other_close,)
    assert pipeline.committed(BatchId(1), T0).send == (BNDUPD, DISCONNECT, HANG_UP)


def test_a_notice_of_a_state_change_waits_until_it_is_stored() -> None:
    changed, dropped = Tell(Note(NoteCode.STATE_CHANGED)), Tell(Note(NoteCode.DATAGRAMS_DROPPED))
    pipeline, _ = pipeline_of(Effects((LEASE_1,), (changed, dropped)))
    assert pipeline.turn([], T0).send == (dropped,)
    assert pipeline.committed(BatchId(1), T0).send == (changed,)


def test_a_failed_batch_is_committed_again_a_second_later_with_what_follows() -> None:
    renewed = LeaseRecord("lan0", Lease(0x0A010032, ends_at=9))
    pipeline, _ = pipeline_of(Effects((LEASE_1,), (ACK,)), Effects((renewed, LEASE_2), (BNDUPD,)))
    pipeline.turn([], T0)
    pipeline.turn([], T0)
    assert pipeline.commit_failed(BatchId(1), StoreFailure("disk full"), later(0.1)).commit is None
    assert pipeline.next_wakeup(later(0.1)) == 101.1
    assert pipeline.turn([], later(0.5)).commit is None
    assert pipeline.turn([], later(1.1)).commit == Batch(BatchId(2), (renewed, LEASE_2))
    assert pipeline.committed(BatchId(2), later(1.2)).send == (ACK, BNDUPD)


def test_while_the_store_fails_no_packet_is_taken_and_partner_bytes_wait() -> None:
    pipeline, engine = pipeline_of(Effects((LEASE_1,), ()))
    pipeline.turn([], T0)
    pipeline.commit_failed(BatchId(1), StoreFailure("disk full"), T0)
    during = pipeline.taking
    pipeline.turn([DISCOVER, PartnerBytes(LINK, b"one"), PartnerBytes(LINK, b"two")], later(0.1))
    assert engine.seen == [StoreChanged("disk full")]
    pipeline.turn([], later(1.0))
    pipeline.committed(BatchId(2), later(1.1))
    assert (during, pipeline.taking) == (False, True)
    assert pipeline.next_wakeup(later(1.1)) == 101.1
    pipeline.turn([], later(1.1))
    assert engine.seen == [StoreChanged("disk full"), StoreChanged(None), PartnerBytes(LINK, b"onetwo")]


def test_an_ack_older_than_five_seconds_is_dropped_when_the_store_comes_back() -> None:
    pipeline, _ = pipeline_of(Effects((LEASE_1,), (ACK, BNDUPD)))
    pipeline.turn([], T0)
    pipeline.commit_failed(BatchId(1), StoreFailure("disk full"), T0)
    pipeline.turn([], later(6))
    assert pipeline.committed(BatchId(2), later(6.1)).send == (BNDUPD,)


def test_a_report_is_published_when_the_turn_it_speaks_of_is_durable() -> None:
    pipeline, engine = pipeline_of(Effects(), Effects((LEASE_1,), ()))
    first = pipeline.turn([], T0).publish
    assert first is not None
    assert first.revision == 1
    engine.revision = 2
    assert pipeline.turn([], T0).publish is None
    second = pipeline.committed(BatchId(1), T0).publish
    assert second is not None
    assert second.revision == 2


def test_trouble_with_the_store_is_published_at_once() -> None:
    pipeline, _ = pipeline_of(Effects(), Effects((LEASE_1,), (ACK,)))
    pipeline.turn([], T0)
    pipeline.turn([], T0)
    report = pipeline.commit_failed(BatchId(1), StoreFailure("disk full"), T0).publish
    assert report is not None
    assert (report.revision, report.store_error) == (2, "disk full")
    pipeline.turn([], later(1))
    healed = pipeline.committed(BatchId(2), later(1.1)).publish
    assert healed is not None
    assert (healed.revision, healed.store_error) == (3, None)


def test_while_the_store_fails_only_the_newest_report_is_kept() -> None:
    pipeline, engine = pipeline_of(*(Effects((LEASE_1,), ()) for _ in range(4)))
    for attempt in (1, 2, 3):
        engine.revision += 1
        pipeline.turn([], later(2 * attempt))
        pipeline.commit_failed(BatchId(attempt), StoreFailure("disk full"), later(2 * attempt))
    assert pipeline.sizes()["reports_held"] == 1
    engine.revision += 1
    pipeline.turn([], later(8))
    published = pipeline.committed(BatchId(4), later(8)).publish
    assert published is not None
    assert published.revision == engine.revision
