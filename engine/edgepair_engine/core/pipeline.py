"""What waits for which commit: turns run on while the store writes, and no promise leaves before it is durable.

One batch of records commits while the next one forms. A batch on which nothing rests, such as the partner's answers to
our updates, waits a moment for one on which something does. Six rules:

1. An output that promises something waits for the newest batch that exists when it is made. OFFER, NAK and CONTACT
   promise nothing and pass.
2. Order is kept per link; only CONTACT may overtake, so that a slow disk does not look like a dead server. CONNECTACK
   it may not: to the partner there is no link before it.
3. The report published is the one of the last durable turn.
4. Memory runs ahead of the disk and is never rolled back: a failed batch is committed again with what follows. Every
   record is an upsert, so only the latest of each key is kept and again is safe.
5. While the store fails, no DHCP packet and no partner bytes reach the engine; a DHCP answer older than 5 s is dropped.
6. A crash at any moment loses nought, one or two batches, and nothing that rests on them has been seen outside.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Hashable, Mapping, Sequence
from typing import NewType, assert_never

from edgepair_contract.clock import Now
from edgepair_contract.notices import NoteCode
from edgepair_contract.report import MemberReport
from edgepair_contract.value import value
from edgepair_contract.vocabulary import MessageType
from edgepair_engine.core.effects import (
    AnswerControl,
    CloseLink,
    OpenLink,
    Output,
    SendDhcp,
    SendToPartner,
    Tell,
)
from edgepair_engine.core.events import DhcpDatagram, Event, LinkLost, PartnerBytes, StoreChanged
from edgepair_engine.core.turn import DHCP_STALE_S, TURN_EVENTS_MAX, Machine, run_turn
from edgepair_engine.failover.outcome import LinkId
from edgepair_engine.leases.record import CountsRecord, LeaseRecord, Record, record_key

LAZY_S = 0.1  # how long records on which nothing rests wait for company: most often a promise comes within this time
GRAIN_S = 0.001  # what is so near is due: sums of seconds are not exact
STORE_RETRY_S = 1.0  # between two attempts to commit after a failure: long enough to be no load, short for people
HELD_MAX = 20_000  # outputs that wait; beyond it the engine takes no packet and no partner bytes until a commit ends

# Notices that say something is stored already.
_DURABLE_NOTES = {NoteCode.STATE_CHANGED, NoteCode.CONFIG_ACCEPTED, NoteCode.CLIENT_ANSWERED}

BatchId = NewType("BatchId", int)


@value
class StoreFailure:
    """Why a commit failed, in words for people."""

    text: str


@value
class Batch:
    """Records to make durable with one sync."""

    id: BatchId
    records: tuple[Record, ...]


@value
class Step:
    """What to do now: perform `send` in order, start to commit, publish."""

    send: tuple[Output, ...] = ()
    commit: Batch | None = None
    publish: MemberReport | None = None


@value
class _Held:
    batch: BatchId
    made_s: float
    output: Output


class Pipeline:
    """Runs an engine's turns and holds back what rests on records that are not durable yet."""

    def __init__(self, engine: Machine) -> None:
        self._engine = engine
        self._forming: dict[Hashable, Record] = {}
        self._forming_id = BatchId(1)
        self._forming_by_s: float | None = None  # when the forming batch must be committed; None: there is none
        self._committing: Batch | None = None
        self._held: deque[_Held] = deque()
        self._links_held: Counter[LinkId] = Counter()
        self._reports: deque[tuple[BatchId, MemberReport]] = deque()  # at most one per batch
        self._seen_revision = -1
        self._published: MemberReport | None = None
        self._failure: StoreFailure | None = None
        self._retry_at_s = 0.0
        self._planned_s: float | None = None  # what the engine plans, while `_is_planned`: nothing has reached it since
        self._is_planned = False
        self._unread: dict[LinkId, bytes] = {}  # came before the shell stopped reading: one piece per link

    def turn(self, events: Sequence[Event], now: Now) -> Step:
        """Run a turn. No more than `TURN_EVENTS_MAX` events; none is right too, when `next_wakeup` has come."""
        assert len(events) <= TURN_EVENTS_MAX, len(events)
        self._is_planned = False
        effects = run_turn(self._engine, self._admit(events), now)
        for record in effects.records:
            self._forming[record_key(record)] = record
            self._form_by(now.mono_s + (LAZY_S if isinstance(record, LeaseRecord | CountsRecord) else 0.0))
        send = self._route(effects.outputs, now)
        report = self._newest_report(now)  # what it says can rest on the forming batch
        return Step(send, self._next_batch(now), self._to_publish(report))

    def committed(self, batch: BatchId, now: Now) -> Step:
        """Release what rested on this batch, and hand out the next one."""
        self._end(batch)
        send = self._release(batch, now)
        report: MemberReport | None = None
        while self._reports and self._reports[0][0] <= batch:
            report = self._reports.popleft()[1]
        if self._failure is not None:
            self._failure = None
            self._is_planned = False
            send += self._route(self._engine.handle(StoreChanged(None), now).outputs, now)
            report = self._newest_report(now) or report
        return Step(send, self._next_batch(now), self._to_publish(report))

    def commit_failed(self, batch: BatchId, why: StoreFailure, now: Now) -> Step:
        """Keep the batch for another attempt in `STORE_RETRY_S`, together with what came since."""
        failed = {record_key(record): record for record in self._end(batch).records}
        self._forming = failed | self._forming
        self._retry_at_s = now.mono_s + STORE_RETRY_S
        if self._reports:  # of all that now wait for the same attempt only the newest will be published
            self._reports = deque([(self._forming_id, self._reports[-1][1])])
        if self._failure == why:
            return Step()
        self._failure = why
        self._is_planned = False
        effects = self._engine.handle(StoreChanged(why.text), now)
        return Step(effects.outputs, None, self._troubled_report(now))

    def next_wakeup(self, now: Now) -> float | None:
        """Return the monotonic moment by which `turn` wants to be called, with events or without."""
        if self._unread and self.taking:
            return now.mono_s
        if not self._is_planned:
            self._planned_s, self._is_planned = self._engine.next_wakeup(now), True
        planned = self._planned_s
        if self._committing is not None:
            return planned
        due_s = self._forming_by_s if self._failure is None else self._retry_at_s
        return min((each for each in (planned, due_s) if each is not None), default=None)

    @property
    def taking(self) -> bool:
        """Return whether packets and partner bytes are taken now; otherwise the links are not read."""
        return self._failure is None and len(self._held) < HELD_MAX

    @property
    def forming(self) -> bool:
        """Return whether records wait for the next batch: a crash loses them, beside those that are being written."""
        return bool(self._forming)

    def sizes(self) -> Mapping[str, int]:
        """Return how much of each thing waits here now."""
        return {
            "outputs_held": len(self._held),
            "records_forming": len(self._forming),
            "reports_held": len(self._reports),
            "bytes_unread": sum(map(len, self._unread.values())),
        }

    def _form_by(self, due_s: float) -> None:
        self._forming_by_s = due_s if self._forming_by_s is None else min(due_s, self._forming_by_s)

    def _hurry(self, batch: BatchId, now: Now) -> None:
        """Hear that something rests on a batch: the forming one waits for company no longer."""
        if batch == self._forming_id:
            self._form_by(now.mono_s)

    def _end(self, batch: BatchId) -> Batch:
        ended = self._committing
        assert ended is not None, batch
        assert ended.id == batch, (ended.id, batch)
        self._committing = None
        return ended

    def _admit(self, events: Sequence[Event]) -> Sequence[Event]:
        if self.taking:
            if not self._unread:
                return events
            unread: list[Event] = [PartnerBytes(link, data) for link, data in self._unread.items()]
            self._unread = {}
            return [*unread, *events]
        admitted: list[Event] = []
        for event in events:
            match event:
                case DhcpDatagram():
                    continue
                case PartnerBytes():
                    self._unread[event.link] = self._unread.get(event.link, b"") + event.data
                    continue
                case LinkLost():
                    self._unread.pop(event.link, None)
                case _:
                    pass
            admitted.append(event)
        return admitted

    def _route(self, outputs: Sequence[Output], now: Now) -> tuple[Output, ...]:
        newest = self._newest_batch()
        if newest is None:
            assert not self._held, self._held[0]
            return tuple(outputs)
        passing: list[Output] = []
        for output in outputs:
            if not self._waits(output):
                passing.append(output)
                continue
            self._held.append(_Held(newest, now.mono_s, output))
            self._hurry(newest, now)
            if isinstance(output, SendToPartner | CloseLink):
                self._links_held[output.link] += 1
        return tuple(passing)

    def _waits(self, output: Output) -> bool:
        match output:
            case SendDhcp():
                return output.promise
            case SendToPartner():
                return not self._overtakes(output) and (output.promise or self._links_held[output.link] > 0)
            case CloseLink():
                return self._links_held[output.link] > 0
            case AnswerControl():
                return True
            case Tell():
                return output.note.code in _DURABLE_NOTES
            case OpenLink():
                return False
            case _:
                assert_never(output)

    def _overtakes(self, output: SendToPartner) -> bool:
        if _type_of(output) != MessageType.CONTACT:
            return False
        waiting = (held.output for held in self._held)
        return not any(
            isinstance(each, SendToPartner) and each.link == output.link and _type_of(each) == MessageType.CONNECTACK
            for each in waiting
        )

    def _release(self, batch: BatchId, now: Now) -> tuple[Output, ...]:
        released: list[Output] = []
        while self._held and self._held[0].batch <= batch:
            held = self._held.popleft()
            if isinstance(held.output, SendToPartner | CloseLink):
                self._links_held[held.output.link] -= 1
                if not self._links_held[held.output.link]:
                    del self._links_held[held.output.link]
            if isinstance(held.output, SendDhcp) and now.mono_s - held.made_s > DHCP_STALE_S:
                continue
            released.append(held.output)
        return tuple(released)

    def _newest_batch(self) -> BatchId | None:
        if self._forming:
            return self._forming_id
        return self._committing.id if self._committing is not None else None

    def _next_batch(self, now: Now) -> Batch | None:
        if self._committing is not None or not self._forming:
            return None
        due_s = self._forming_by_s if self._failure is None else self._retry_at_s
        if due_s is not None and now.mono_s < due_s - GRAIN_S:
            return None
        self._forming_by_s = None
        self._committing = Batch(self._forming_id, tuple(self._forming.values()))
        self._forming = {}
        self._forming_id = BatchId(self._forming_id + 1)
        return self._committing

    def _newest_report(self, now: Now) -> MemberReport | None:
        """Return the engine's report if it is news and rests on nothing; keep it if it rests on a batch."""
        report = self._engine.report(now)
        if report.revision <= self._seen_revision:
            return None
        self._seen_revision = report.revision
        newest = self._newest_batch()
        if newest is None:
            return report
        if self._reports and self._reports[-1][0] == newest:
            self._reports[-1] = (newest, report)
        else:
            self._reports.append((newest, report))
        self._hurry(newest, now)
        return None

    def _to_publish(self, report: MemberReport | None) -> MemberReport | None:
        if report is None or (self._published is not None and report.revision <= self._published.revision):
            return None
        self._published = report
        return report

    def _troubled_report(self, now: Now) -> MemberReport | None:
        """Return the last durable report with the store's trouble in it: that much is true without any disk."""
        report = self._engine.report(now)
        if self._published is None:
            return None
        trouble = {
            "revision": report.revision,
            "store_error": report.store_error,
            "ready": report.ready,
            "ready_why": report.ready_why,
        }
        return self._to_publish(self._published.model_copy(update=trouble))


def _type_of(output: SendToPartner) -> int:
    return output.data[2]
