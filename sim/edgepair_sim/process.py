"""One run of a server's process: the real engine behind the real pipeline, turned as the shell turns them.

It does what `shell/pump.py` and `shell/member.py` do: a finished commit first, else a turn; outputs, then the commit;
sockets open with the first report; at SIGTERM the word to the partner, the last commits and the end.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Protocol

from edgepair_contract.clock import Now
from edgepair_contract.control import ControlAction, ControlRequest
from edgepair_contract.report import MemberReport
from edgepair_engine.core.effects import AnswerControl, Output
from edgepair_engine.core.events import AskId, ControlAsked, DhcpDatagram, Event
from edgepair_engine.core.pipeline import Batch, BatchId, Pipeline, Step, StoreFailure
from edgepair_engine.core.turn import DHCP_STALE_S, TURN_EVENTS_MAX
from edgepair_sim.crash import CrashPoint, Fuse
from edgepair_sim.disk import FULL, Disk
from edgepair_sim.timeline import Timeline

TICK_S = 1.0  # the shell's: the longest pause between two turns
ANNOUNCE_LIMIT_S = 2.0  # the shell's, for the word to the partner that this server stops
FINISH_LIMIT_S = 5.0  # the shell's, for the last commits
LONG_COMMIT_S = 5.0  # how long a sync takes while a crash waits for a second batch behind it
DATAGRAMS_BEHIND_STOP_MAX = 256  # what the kernel keeps for a process that stands still
END_ASK = AskId(0)  # the process' own order to itself; people's have other numbers


class Machine(Protocol):
    """What a process runs on."""

    disk: Disk
    timeline: Timeline

    @property
    def turn_s(self) -> float:
        """Return how long after an event its turn comes."""

    def now(self) -> Now:
        """Return what the clocks show."""

    def moment_of(self, mono_s: float) -> float:
        """Return the true time at which the monotonic clock shows this."""

    def reach(self, mono_s: float) -> None:
        """Note that a monotonic moment has come."""

    def carry(self, output: Output) -> None:
        """Perform an output; what goes to the partner is queued."""

    def flush(self) -> None:
        """Let go what is queued for the partner."""

    def publish(self, report: MemberReport) -> None:
        """Hear a new report."""

    def turned(self) -> None:
        """Hear that the process has done something."""


class Process:
    """One run, from a start to its end."""

    def __init__(self, machine: Machine, pipeline: Pipeline) -> None:
        self.pipeline = pipeline
        self.alive = True
        self.listening = False
        self.fuse = Fuse()
        self._machine = machine
        self._inbox: deque[Event] = deque()
        self._stopped_at_s = 0.0
        self._behind_stop: list[DhcpDatagram] = []  # what the kernel keeps; after a long stop nobody wants it
        self._finished: tuple[BatchId, StoreFailure | None] | None = None
        self._committing = False
        self._turn_planned = False
        self._turned_s = machine.timeline.true_s
        self._wake_at_s: float | None = None
        self._stops = 0
        self._end: Callable[[], None] | None = None
        self._told_end = False
        self._finish_by_s: float | None = None
        self._plan_turn()

    # what happens to it

    def offer(self, event: Event) -> None:
        """Put an event into the inbox."""
        if isinstance(event, DhcpDatagram):
            if not self.listening or self._finish_by_s is not None:
                return
            if self._stops:
                self._behind_stop.append(event)
                del self._behind_stop[DATAGRAMS_BEHIND_STOP_MAX:]
                return
        self._inbox.append(event)
        self._plan_turn()

    def tick(self) -> None:
        """Turn within `TICK_S`, whether anything has come or not: the shell never waits longer."""
        self._later(TICK_S, self._plan_turn)

    @property
    def stopped(self) -> bool:
        """Return whether it stands still."""
        return self._stops > 0

    @property
    def settled(self) -> bool:
        """Return whether all that it knows is on its disk, too."""
        return not self._committing and self._finished is None and not self.pipeline.forming

    def stop(self, for_s: float) -> None:
        """Stop as SIGSTOP does: the kernel goes on taking in what comes, and writes what is being written."""
        if not self._stops and self._machine.timeline.true_s - self._turned_s > TICK_S:
            self._turn()  # the shell has turned within the last second
        if not self._stops:
            self._stopped_at_s = self._machine.timeline.true_s
        self._stops += 1
        self._later(for_s, self._go_on)

    def end(self, ended: Callable[[], None]) -> None:
        """Come to an end as SIGTERM asks; a stopped process hears of it when it goes on."""
        if self._end is None:
            self._end = ended
            if not self._stops:
                self._tell_end()

    def _go_on(self) -> None:
        self._stops -= 1
        if not self._stops:
            if self._machine.timeline.true_s - self._stopped_at_s <= DHCP_STALE_S:
                self._inbox.extend(self._behind_stop)
            self._behind_stop.clear()
            self._plan_turn()
            if self._end is not None:
                self._tell_end()

    # its turns

    def _plan_turn(self) -> None:
        if not self._turn_planned and not self._stops:
            self._turn_planned = True
            self._later(self._machine.turn_s, self._turn)

    def _turn(self) -> None:
        self._turn_planned = False
        if self._stops:
            return
        self._turned_s = self._machine.timeline.true_s
        self._perform(self._step(self._machine.now()))
        if self.alive:
            self._machine.turned()
            self._plan_next()

    def _step(self, now: Now) -> Step:
        if self._finished is None:
            return self.pipeline.turn(self._take(), now)
        batch, failure = self._finished
        self._finished, self._committing = None, False
        if failure is None:
            return self.pipeline.committed(batch, now)
        return self.pipeline.commit_failed(batch, failure, now)

    def _take(self) -> list[Event]:
        return [self._inbox.popleft() for _ in range(min(TURN_EVENTS_MAX, len(self._inbox)))]

    def _perform(self, step: Step) -> None:
        told = False
        for number, output in enumerate(step.send):
            if isinstance(output, AnswerControl) and output.ask == END_ASK:
                told = True
            else:
                self._machine.carry(output)
            if number == 0 and self.fuse.burns_at(CrashPoint.SENDING):
                return
        self._machine.flush()
        if step.publish is not None:
            self.listening = True
            self._machine.publish(step.publish)
        if step.commit is not None:
            self._write(step.commit)
        if told and self.alive:
            self._finish()

    def _plan_next(self) -> None:
        if self._inbox or self._finished is not None:
            self._plan_turn()
        self._plan_wakeup()
        self._see_whether_done()

    def _plan_wakeup(self) -> None:
        due_s = self.pipeline.next_wakeup(self._machine.now())
        if due_s is None or (self._wake_at_s is not None and self._wake_at_s <= due_s):
            return
        self._wake_at_s = due_s

        def wake() -> None:
            if self._wake_at_s == due_s:
                self._wake_at_s = None
                self._machine.reach(due_s)
                self._plan_turn()

        self._machine.timeline.at(self._machine.moment_of(due_s), lambda: wake() if self.alive else None)

    # its commits

    def _write(self, batch: Batch) -> None:
        self._committing = True
        if self.fuse.burns_at(CrashPoint.BEFORE_COMMIT):
            return
        long = self.fuse.point is CrashPoint.TWO_BATCHES
        self._later(max(self._machine.disk.commit_s, LONG_COMMIT_S * long), lambda: self._written(batch))

    def _written(self, batch: Batch) -> None:
        if self.pipeline.forming and self.fuse.burns_at(CrashPoint.TWO_BATCHES):
            return
        failure = StoreFailure(FULL) if self._machine.disk.full else None
        if failure is None:
            self._machine.disk.write(batch.records)
            if self.fuse.burns_at(CrashPoint.AFTER_COMMIT):
                return
        self._finished = batch.id, failure
        self._plan_turn()

    # its end

    def _tell_end(self) -> None:
        if self._told_end:
            return
        self._told_end = True
        self.offer(ControlAsked(END_ASK, ControlRequest(action=ControlAction.PAUSE)))
        self._later(ANNOUNCE_LIMIT_S, self._finish)

    def _finish(self) -> None:
        """Take no packets any more, and end once all is durable, or when that takes too long."""
        if self._finish_by_s is None:
            self._finish_by_s = self._machine.timeline.true_s + FINISH_LIMIT_S
            self._later(FINISH_LIMIT_S, self._plan_turn)
            self._plan_turn()

    def _see_whether_done(self) -> None:
        if self._finish_by_s is None:
            return
        idle = not self._committing and not self._inbox
        if idle or self._machine.timeline.true_s >= self._finish_by_s:
            assert self._end is not None
            self._end()

    def _later(self, wait_s: float, do: Callable[[], None]) -> None:
        self._machine.timeline.after(wait_s, lambda: do() if self.alive else None)
