"""The one loop: events in, turns, commits in a thread, effects out.

Everything that happens is put into the inbox by a callback that does nothing else. A turn takes up to
`TURN_EVENTS_MAX` events, lets the pipeline run a turn, performs what the pipeline lets go, and hands the next batch of
records to the committing thread. While that thread waits for the disk, turns go on; what rests on the batch the
pipeline holds back. So nothing here knows what an event means, and nothing here waits for a disk.

Three bounds: DHCP datagrams beyond `DATAGRAMS_WAITING_MAX` are dropped and counted; partner bytes are never dropped,
their link is not read until the engine has seen what came before; everything else is rare.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import assert_never

from edgepair_contract.clock import Now
from edgepair_contract.notices import Note
from edgepair_contract.report import MemberReport
from edgepair_contract.value import value
from edgepair_engine.admin.metrics import Metrics
from edgepair_engine.core.effects import AnswerControl, CloseLink, OpenLink, Output, SendDhcp, SendToPartner, Tell
from edgepair_engine.core.events import DatagramsDropped, DhcpDatagram, Event, PartnerBytes
from edgepair_engine.core.pipeline import Batch, BatchId, Pipeline, Step, StoreFailure
from edgepair_engine.core.turn import TURN_EVENTS_MAX
from edgepair_engine.net.tcp import PartnerLinks
from edgepair_engine.net.udp import DhcpPorts
from edgepair_engine.store.errors import FATAL, StoreError
from edgepair_engine.store.journal import Journal

TICK_S = 1.0  # the longest pause between two turns: far below max-response-delay, so a pause means a stopped process
DATAGRAMS_WAITING_MAX = 4096  # half a second of the highest load measured; what waits longer, a client asks again
DROPS_TOLD_EVERY_S = 10.0  # one notice for all drops in between
ALIVE_LIMIT_S = 10.0
FINISH_LIMIT_S = 5.0  # for the last commits when asked to stop; a pod has 30 s


@value
class Outlets:
    """Where effects go."""

    ports: DhcpPorts
    links: PartnerLinks
    answer: Callable[[AnswerControl], None]
    tell: Callable[[Note], None]
    publish: Callable[[MemberReport], None]


class Pump:
    """Carries events to the pipeline and effects to the outlets."""

    def __init__(self, pipeline: Pipeline, journal: Journal, metrics: Metrics, clock: Callable[[], Now]) -> None:
        self._pipeline = pipeline
        self._journal = journal
        self._metrics = metrics
        self._clock = clock
        self._events: deque[Event] = deque()
        self._datagrams: deque[DhcpDatagram] = deque()
        self._dropped = 0
        self._drops_told_s = 0.0
        self._untaken: list[PartnerBytes] = []
        self._loop: asyncio.AbstractEventLoop | None = None
        self._outlets: Outlets | None = None
        self._ended: asyncio.Future[None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._is_due = False  # a turn is scheduled
        self._committing: BatchId | None = None
        self._finished: tuple[BatchId, StoreFailure | None] | None = None
        self._finish_by_s: float | None = None
        self._turned_s = clock().mono_s

    def offer(self, event: Event) -> None:
        """Put an event into the inbox; its turn comes when all sockets that are ready now have been read."""
        if not isinstance(event, DhcpDatagram):
            self._events.append(event)
        elif len(self._datagrams) < DATAGRAMS_WAITING_MAX:
            self._datagrams.append(event)
        else:
            self._dropped += 1
            self._metrics.counts.datagrams_dropped += 1
        if not self._is_due:
            self._schedule()

    @property
    def alive(self) -> bool:
        """Return whether the loop has turned lately."""
        return self._clock().mono_s - self._turned_s < ALIVE_LIMIT_S

    def finish(self) -> None:
        """Let `run` return once all records are durable."""
        self._finish_by_s = self._clock().mono_s + FINISH_LIMIT_S
        self._schedule()

    async def run(self, outlets: Outlets) -> None:
        """Turn until `finish` is called. The first turn is due at once: it publishes the first report.

        Raises:
            StoreError: after which no commit can be believed.
        """
        self._loop = asyncio.get_running_loop()
        self._ended = self._loop.create_future()
        self._outlets = outlets
        self._is_due = False
        self._schedule()
        await self._ended

    def _schedule(self) -> None:
        self._is_due = True
        if self._loop is not None:
            self._loop.call_soon(self._turn)

    def _turn(self) -> None:
        """Run one turn, and plan the next. An exception in a callback would only be logged: it ends `run` instead."""
        assert self._ended is not None
        if self._ended.done():
            return
        self._is_due = False
        try:
            self._turn_once()
        except BaseException as error:  # noqa: BLE001 it is raised again, by `run`
            self._ended.set_exception(error)

    def _turn_once(self) -> None:
        assert self._outlets is not None
        now = self._clock()
        self._turned_s = now.mono_s
        step = self._step(now)
        self._perform(step, self._outlets)
        if step.commit is not None:
            self._commit(step.commit)
        if self._finish_by_s is not None and (self._idle() or now.mono_s > self._finish_by_s):
            self._end()
        elif self._events or self._datagrams or self._finished is not None:
            if not self._is_due:
                self._schedule()
        else:
            self._plan(now)

    def _plan(self, now: Now) -> None:
        """Set the timer. One that rings too early does no harm, so it is changed only to ring earlier."""
        assert self._loop is not None
        planned = self._pipeline.next_wakeup(now)
        pause_s = TICK_S if planned is None else min(TICK_S, max(0.0, planned - now.mono_s))
        at_s = self._loop.time() + pause_s
        if self._timer is not None:
            if self._timer.when() <= at_s:
                return
            self._timer.cancel()
        self._timer = self._loop.call_at(at_s, self._ring)

    def _ring(self) -> None:
        self._timer = None
        if not self._is_due:
            self._turn()

    def _end(self) -> None:
        assert self._ended is not None
        if self._timer is not None:
            self._timer.cancel()
        self._ended.set_result(None)

    def _step(self, now: Now) -> Step:
        if self._finished is not None:
            batch, failure = self._finished
            self._finished = None
            self._committing = None
            if failure is None:
                return self._pipeline.committed(batch, now)
            return self._pipeline.commit_failed(batch, failure, now)
        events = self._take(now)
        self._metrics.counts.turns += 1
        step = self._pipeline.turn(events, now)
        self._untaken.extend(event for event in events if isinstance(event, PartnerBytes))
        return step

    def _take(self, now: Now) -> list[Event]:
        events: list[Event] = []
        if self._dropped and now.mono_s - self._drops_told_s >= DROPS_TOLD_EVERY_S:
            events.append(DatagramsDropped(self._dropped, "the inbox was full"))
            self._dropped, self._drops_told_s = 0, now.mono_s
        while self._events and len(events) < TURN_EVENTS_MAX:
            events.append(self._events.popleft())
        taken = min(len(self._datagrams), TURN_EVENTS_MAX - len(events))
        events.extend(self._datagrams.popleft() for _ in range(taken))
        self._metrics.counts.datagrams += taken
        self._metrics.counts.waiting = len(self._events) + len(self._datagrams)
        return events

    def _perform(self, step: Step, outlets: Outlets) -> None:
        for output in step.send:
            self._perform_one(output, outlets)
        outlets.links.flush()
        if self._pipeline.taking:
            for seen in self._untaken:
                outlets.links.taken(seen.link, len(seen.data))
            self._untaken.clear()
        if step.publish is not None:
            outlets.publish(step.publish)

    @staticmethod
    def _perform_one(output: Output, outlets: Outlets) -> None:
        match output:
            case SendDhcp():
                outlets.ports.send(output.data, output.to)
            case SendToPartner():
                outlets.links.send(output.link, output.data)
            case OpenLink():
                outlets.links.dial(output)
            case CloseLink():
                outlets.links.hang_up(output.link, output.why)
            case AnswerControl():
                outlets.answer(output)
            case Tell():
                outlets.tell(output.note)
            case _:
                assert_never(output)

    def _commit(self, batch: Batch) -> None:
        began_s = self._clock().mono_s
        self._committing = batch.id
        self._journal.commit(batch.records, lambda raised: self._committed(batch, began_s, raised))

    def _committed(self, batch: Batch, began_s: float, raised: BaseException | None) -> None:
        assert self._ended is not None
        if self._ended.done():
            return
        failure: StoreFailure | None = None
        if raised is None:
            self._metrics.commit_seconds.observe(self._clock().mono_s - began_s)
            self._metrics.commit_records.observe(len(batch.records))
        elif isinstance(raised, StoreError) and not isinstance(raised, FATAL):
            failure = StoreFailure(str(raised))
            self._metrics.counts.commit_failures += 1
        else:
            self._ended.set_exception(raised)
            return
        self._finished = (batch.id, failure)
        if not self._is_due:
            self._turn()

    def _idle(self) -> bool:
        return self._committing is None and not self._pipeline.forming and not self._events
