"""One server in a simulated life: the real engine behind the real pipeline, on a machine that can fail anywhere."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Protocol, assert_never

from edgepair_contract.clock import Now
from edgepair_contract.config import MemberConfig
from edgepair_contract.control import ControlAnswer
from edgepair_contract.notices import Note
from edgepair_contract.report import MemberReport
from edgepair_engine.core.effects import AnswerControl, CloseLink, OpenLink, Output, SendDhcp, SendToPartner, Tell
from edgepair_engine.core.engine import Engine, newest_config
from edgepair_engine.core.events import Event
from edgepair_engine.core.pipeline import Batch, Pipeline, Step, StoreFailure
from edgepair_engine.core.report import Identity
from edgepair_engine.core.turn import TURN_EVENTS_MAX
from edgepair_sim.clock import Clock
from edgepair_sim.disk import FULL, Disk
from edgepair_sim.network import Network
from edgepair_sim.timeline import Timeline

TURN_S = 0.0002  # how long after an event its turn comes, on a machine that is not busy
TOLD_AFTER_S = 0.0001  # between a batch that is durable and the loop that hears of it


class CrashPoint(Enum):
    """Where in its work a server dies."""

    NOW = "now"  # between two turns
    SENDING = "sending"  # after the first of a turn's outputs has left
    BEFORE_COMMIT = "before-commit"  # a batch is handed to the disk, and nothing of it is written
    AFTER_COMMIT = "after-commit"  # it is durable, and nobody knows
    TWO_BATCHES = "two-batches"  # one is being written and another one forms: both are lost


class Power(Enum):
    """What becomes of the machine when its server dies."""

    PROCESS = "process"  # only the process ends: the kernel closes its connections
    MACHINE = "machine"  # no last word to anybody


class Surroundings(Protocol):
    """What a server is connected with, beside its partner."""

    def answer(self, node: Node, output: SendDhcp) -> None:
        """Bring an answer to a client."""

    def said(self, node: Node, output: SendToPartner) -> None:
        """Hear that bytes for the partner leave."""

    def told(self, node: Node, note: Note) -> None:
        """Hear a notice."""

    def ordered(self, node: Node, answer: ControlAnswer) -> None:
        """Hear what became of an order."""

    def published(self, node: Node, report: MemberReport) -> None:
        """Hear a new report."""

    def turned(self, node: Node) -> None:
        """Hear that a server has done something."""

    def started(self, node: Node) -> None:
        """Hear that a server's process starts."""

    def crashed(self, node: Node, why: str) -> None:
        """Hear that a server has died."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a server stands: what it is built upon."""

    timeline: Timeline
    network: Network
    surroundings: Surroundings


class Node:
    """One server: what of it outlives a crash, and its engine while it runs."""

    def __init__(self, config: MemberConfig, place: Place, *, clock: Clock, chance: random.Random) -> None:
        self.name = config.server
        self.address = str(config.groups[0].my_address)
        self.config = config  # the file that a start reads
        self.clock = clock
        self.disk = Disk(self.name)
        self.powered = True
        self.paused = False
        self.unplugged = False  # from the clients' network
        self.turn_s = TURN_S
        self.report: MemberReport | None = None
        self.pipeline: Pipeline | None = None
        self.starts = 0
        self._place = place
        self._chance = chance
        self._inbox: list[Event] = []
        self._turn_planned = False
        self._wake_at_s: float | None = None
        self._not_before_s = 0.0
        self._armed: CrashPoint | None = None
        self._crash: Callable[[CrashPoint], None] | None = None

    # what is done to it

    @property
    def running(self) -> bool:
        """Return whether a process runs, stopped or not."""
        return self.pipeline is not None

    @property
    def listening(self) -> bool:
        """Return whether connections reach a process."""
        return self.pipeline is not None

    def now(self) -> Now:
        """Return what this machine's clocks show."""
        return self.clock.read(self._place.timeline.true_s, not_before_s=self._not_before_s)

    def start(self) -> None:
        """Start the process, with what its disk and its configuration file hold."""
        if self.pipeline is not None:
            return
        self.powered, self.paused = True, False
        self.starts += 1
        self._place.surroundings.started(self)
        restored = self.disk.restored()
        engine = Engine(
            newest_config(self.config, restored),
            restored,
            random.Random(self._chance.random()),
            now=self.now(),
            identity=Identity(boot=f"{self.name}-{self.starts}", version="simulated"),
        )
        self.pipeline = Pipeline(engine)
        self._plan_turn()

    def die(self, power: Power) -> None:
        """End the process at once; what is not durable is lost."""
        if self.pipeline is None:
            return
        self.pipeline = self._armed = None
        self._inbox.clear()
        self._turn_planned, self._wake_at_s = False, None
        self.paused = False
        if power is Power.MACHINE:
            self.powered = False
            self._place.network.machine_gone(self)
        else:
            self._place.network.process_ended(self)
        self._place.surroundings.crashed(self, power.value)

    def arm(self, point: CrashPoint, crash: Callable[[CrashPoint], None]) -> None:
        """Call `crash`, which must end the process, when it comes to this point."""
        self._armed, self._crash = point, crash
        if point is CrashPoint.NOW:
            self._dies_at(CrashPoint.NOW)

    def pause(self) -> None:
        """Stop the process as SIGSTOP does: its kernel goes on taking in what comes."""
        self.paused = True

    def resume(self) -> None:
        """Let a stopped process run on."""
        if self.paused:
            self.paused = False
            if self.pipeline is not None:
                self._plan_turn()

    def offer(self, event: Event) -> None:
        """Put an event into the inbox."""
        if self.pipeline is None:
            return
        self._inbox.append(event)
        self._plan_turn()

    # its turns

    def _plan_turn(self) -> None:
        if not self._turn_planned and not self.paused:
            self._turn_planned = True
            self._place.timeline.after(self.turn_s, self._guarded(self._turn))

    def _plan_wakeup(self) -> None:
        assert self.pipeline is not None
        due_s = self.pipeline.next_wakeup(self.now())
        if due_s is None or (self._wake_at_s is not None and self._wake_at_s <= due_s):
            return
        self._wake_at_s = due_s

        def wake() -> None:
            if self._wake_at_s == due_s:
                self._wake_at_s = None
                self._not_before_s = max(self._not_before_s, due_s)
                self._plan_turn()

        self._place.timeline.at(self.clock.true_s(due_s), self._guarded(wake))

    def _guarded(self, do: Callable[[], None]) -> Callable[[], None]:
        """Return what is done only if this run of the process still lives then."""
        run = self.starts

        def guarded() -> None:
            if self.pipeline is not None and self.starts == run:
                do()

        return guarded

    def _turn(self) -> None:
        self._turn_planned = False
        if self.paused:
            return
        assert self.pipeline is not None
        events, self._inbox = self._inbox[:TURN_EVENTS_MAX], self._inbox[TURN_EVENTS_MAX:]
        self._perform(self.pipeline.turn(events, self.now()))
        if self._inbox:
            self._plan_turn()

    def _perform(self, step: Step) -> None:
        for number, output in enumerate(step.send):
            self._carry(output)
            if number == 0 and self._dies_at(CrashPoint.SENDING):
                return
        if step.publish is not None:
            self.report = step.publish
            self._place.surroundings.published(self, step.publish)
        if step.commit is not None:
            self._write(step.commit)
        if self.pipeline is not None:
            self._plan_wakeup()
            self._place.surroundings.turned(self)

    def _carry(self, output: Output) -> None:
        match output:
            case SendDhcp():
                self._place.surroundings.answer(self, output)
            case SendToPartner():
                self._place.surroundings.said(self, output)
                self._place.network.send(self, output.link, output.data)
            case OpenLink():
                self._place.network.dial(self, output)
            case CloseLink():
                self._place.network.hang_up(self, output.link, output.why)
            case AnswerControl():
                self._place.surroundings.ordered(self, output.answer)
            case Tell():
                self._place.surroundings.told(self, output.note)
            case _:
                assert_never(output)

    # its commits

    def _write(self, batch: Batch) -> None:
        if self._dies_at(CrashPoint.BEFORE_COMMIT):
            return
        self._place.timeline.after(self.disk.commit_s, self._guarded(lambda: self._written(batch)))

    def _written(self, batch: Batch) -> None:
        if self._dies_at(CrashPoint.TWO_BATCHES):
            return
        if not self.disk.full:
            self.disk.write(batch.records)
            if self._dies_at(CrashPoint.AFTER_COMMIT):
                return
        failure = StoreFailure(FULL) if self.disk.full else None
        self._place.timeline.after(TOLD_AFTER_S, self._guarded(lambda: self._hears(batch, failure)))

    def _hears(self, batch: Batch, failure: StoreFailure | None) -> None:
        if self.paused:
            self._place.timeline.after(1.0, self._guarded(lambda: self._hears(batch, failure)))
            return
        assert self.pipeline is not None
        if failure is None:
            self._perform(self.pipeline.committed(batch.id, self.now()))
        else:
            self._perform(self.pipeline.commit_failed(batch.id, failure, self.now()))

    def _dies_at(self, point: CrashPoint) -> bool:
        if self._armed is not point:
            return False
        assert self._crash is not None
        self._armed = None
        self._crash(point)
        return True
