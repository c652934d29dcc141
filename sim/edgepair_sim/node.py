"""One server in a simulated life: a machine that can fail, and the process on it that is the server."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Protocol, assert_never

from edgepair_contract.clock import Now
from edgepair_contract.config import MemberConfig
from edgepair_contract.control import ControlAnswer
from edgepair_contract.notices import Note
from edgepair_contract.report import MemberReport
from edgepair_contract.value import value
from edgepair_contract.vocabulary import FailoverState
from edgepair_engine.core.effects import AnswerControl, CloseLink, OpenLink, Output, SendDhcp, SendToPartner, Tell
from edgepair_engine.core.engine import Engine, newest_config
from edgepair_engine.core.events import Event
from edgepair_engine.core.pipeline import Pipeline
from edgepair_engine.core.report import Identity
from edgepair_sim.clock import Clock
from edgepair_sim.crash import CrashPoint, Power
from edgepair_sim.disk import Disk
from edgepair_sim.network import Network
from edgepair_sim.process import Process
from edgepair_sim.timeline import Timeline
from edgepair_sim.worst import Worst

TURN_S = 0.0002  # how long after an event its turn comes, on a machine that is not busy


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
        """Hear that a server's process is gone: it has died, or come to the end it was asked for."""


@value
class Place:
    """Where a server stands: what it is built upon."""

    timeline: Timeline
    network: Network
    surroundings: Surroundings


class Node:
    """One server: what of it outlives a crash, and its process while it runs."""

    def __init__(self, config: MemberConfig, place: Place, *, clock: Clock, chance: random.Random, quiet: bool) -> None:
        self.name = config.server
        self.address = str(config.groups[0].my_address)
        self.config = config  # the file that a start reads
        self.clock = clock
        self.disk = Disk(self.name)
        self.timeline = place.timeline
        self.powered = True
        self.turns = Worst(TURN_S)
        self.unplugs = Worst()  # from the clients' network
        self.report: MemberReport | None = None
        self.process: Process | None = None
        self.engine: Engine | None = None
        self.starts = 0
        self._place = place
        self._chance = chance
        self._quiet = quiet
        self._unsent: list[SendToPartner] = []

    # what is done to it

    @property
    def pipeline(self) -> Pipeline | None:
        """Return the pipeline of the process that runs."""
        return None if self.process is None else self.process.pipeline

    @property
    def running(self) -> bool:
        """Return whether a process runs, stopped or not."""
        return self.process is not None

    @property
    def is_dying(self) -> bool:
        """Return whether a deed waits for a point of its work to end it there; its disk may be made slow for that."""
        return self.process is not None and self.process.fuse.point is not None

    @property
    def paused(self) -> bool:
        """Return whether the process is stopped."""
        return self.process is not None and self.process.stopped

    @property
    def settled(self) -> bool:
        """Return whether a process runs, and knows no more than its disk holds."""
        return self.process is not None and self.process.settled

    @property
    def listening(self) -> bool:
        """Return whether connections reach a process."""
        return self.process is not None and self.process.listening

    @property
    def unplugged(self) -> bool:
        """Return whether no client is heard."""
        return self.unplugs.now > 0

    @property
    def turn_s(self) -> float:
        """Return how long after an event its turn comes."""
        return self.turns.now

    def start(self) -> None:
        """Start the process, with what its disk and its configuration file hold."""
        if self.process is not None:
            return
        if not self.powered:
            self.powered = True
            self._place.network.machine_back(self)
        self.starts += 1
        self._place.surroundings.started(self)
        restored = self.disk.restored()
        self.engine = Engine(
            newest_config(self.config, restored),
            restored,
            random.Random(self._chance.random()),
            now=self.now(),
            identity=Identity(boot=f"{self.name}-{self.starts}", version="simulated"),
            tells_each_packet=not self._quiet,
        )
        self.process = Process(self, Pipeline(self.engine))

    def die(self, power: Power) -> None:
        """End the process at once; what is not durable is lost."""
        if self.process is None:
            return
        self._forget_process()
        if power is Power.MACHINE:
            self.powered = False
            self._place.network.machine_gone(self)
        else:
            self._place.network.process_ended(self)
        self._place.surroundings.crashed(self, power.value)

    def arm(self, point: CrashPoint, power: Power, crashed: Callable[[], None]) -> None:
        """Let the process die when it comes to this point, and call `crashed` then."""

        def crash() -> None:
            self.die(power)
            crashed()

        if self.process is not None:
            self.process.fuse.lay(point, crash)
            self.process.fuse.burns_at(CrashPoint.NOW)

    def stop(self, for_s: float) -> None:
        """Stop the process as SIGSTOP does, and continue it after a while."""
        if self.process is not None:
            self.process.stop(for_s)

    def end(self, ended: Callable[[], None]) -> None:
        """Ask the process to end as SIGTERM does, and call `ended` when it has."""

        def gone() -> None:
            self._forget_process()
            self._place.network.process_leaves(self)
            self._place.surroundings.crashed(self, "ended")
            ended()

        if self.process is not None:
            self.process.end(gone)

    def step_clock(self, by_s: int) -> None:
        """Step the wall clock."""
        self.clock.step(by_s)
        if self.process is not None:
            self.process.tick()

    def offer(self, event: Event) -> None:
        """Put an event into the inbox of the process that runs."""
        if self.process is not None:
            self.process.offer(event)

    def _forget_process(self) -> None:
        assert self.process is not None
        self.process.alive = False
        self.process = self.engine = None
        self._unsent.clear()

    # what its process needs

    def now(self) -> Now:
        """Return what this machine's clocks show."""
        return self.clock.read(self.timeline.true_s)

    def moment_of(self, mono_s: float) -> float:
        """Return the true time at which the monotonic clock shows this."""
        return self.clock.true_s(mono_s)

    def reach(self, mono_s: float) -> None:
        """Note that a monotonic moment has come."""
        self.clock.reach(mono_s)

    def carry(self, output: Output) -> None:
        """Perform an output; what goes to the partner is queued until the end of the turn, or of its link."""
        match output:
            case SendDhcp():
                self._place.surroundings.answer(self, output)
            case SendToPartner():
                self._unsent.append(output)
            case OpenLink():
                self._place.network.dial(self, output)
            case CloseLink():
                self.flush()
                self._place.network.hang_up(self, output.link, output.why)
            case AnswerControl():
                self._place.surroundings.ordered(self, output.answer)
            case Tell():
                self._place.surroundings.told(self, output.note)
            case _:
                assert_never(output)

    def flush(self) -> None:
        """Let go what is queued for the partner: all for one link in one write."""
        if not self._unsent:
            return
        unsent, self._unsent = self._unsent, []
        for output in unsent:
            self._place.surroundings.said(self, output)
        for link in dict.fromkeys(output.link for output in unsent):
            data = b"".join(output.data for output in unsent if output.link == link)
            self._place.network.send(self, link, data)

    def publish(self, report: MemberReport) -> None:
        """Keep a new report, and tell of it."""
        self.report = report
        group = report.groups[0]
        if group.my_state is FailoverState.NORMAL and not group.starting and self.config.groups[0].partner_is_ours:
            self.disk.made_good()
        self._place.surroundings.published(self, report)

    def turned(self) -> None:
        """Hear that the process has done something."""
        self._place.surroundings.turned(self)
