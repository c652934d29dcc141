"""The stage of a replay: our engine, whole, with its pipeline and a disk that commits at once, in virtual time."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Interface

from edgepair_contract.clock import Now
from edgepair_contract.config import GroupConfig, InterfaceConfig, MemberConfig
from edgepair_contract.control import ControlAction, ControlAnswer, ControlRequest
from edgepair_contract.notices import NoteCode
from edgepair_engine.core.effects import AnswerControl, CloseLink, OpenLink, Output, SendDhcp, SendToPartner, Tell
from edgepair_engine.core.engine import Engine
from edgepair_engine.core.events import (
    AskId,
    ControlAsked,
    DhcpDatagram,
    DialFailed,
    Direction,
    Event,
    LinkLost,
    LinkUp,
    PartnerBytes,
)
from edgepair_engine.core.pipeline import Pipeline, Step
from edgepair_engine.dhcp.relay import Arrival
from edgepair_engine.failover.outcome import LinkId
from edgepair_engine.leases.lease import Lease
from edgepair_engine.leases.record import LeaseRecord, Record, Restored, StateRecord, record_key
from tests.replay.recording import Answer, Closed, Dialled, Packet, Spoken, answer_of

DIAL_SEEN_WITHIN_S = 2.0  # a SYN into a cut is seen when it is repeated, 1.0 s later
TURNS_MAX = 1000  # between two events of a recording; they are seconds apart at most
CUT_BYTES = 5  # less than the shortest message
DIAL_EARLY_S = 0.1  # the recorded server's timers are late by some milliseconds


@dataclass(frozen=True, slots=True)
class Attempt:
    """A dial of ours, and the recorded one whose fate it shared; None: there was none, and it failed."""

    at: float
    recorded: Dialled | None


class Drawn:
    """Chance without chance: what the recorded server drew at this time for its balance timer."""

    def __init__(self) -> None:
        self.number = 0

    def random(self) -> float:
        """Return a number in [0, 1)."""
        return 0.0

    def randint(self, a: int, b: int, /) -> int:
        """Return the number that is set."""
        assert a <= self.number <= b
        return self.number


class Stage:
    """One server of ours, and everything that it says and does."""

    def __init__(self, group: GroupConfig, dials: Iterable[Dialled], *, zero_s: float) -> None:
        self._group = group
        self._zero_s = zero_s
        self._at = zero_s
        self.drawn = Drawn()
        self._pipeline: Pipeline | None = None
        self._links: dict[LinkId, str] = {}
        self._last_link = 0
        self._dials = list(dials)
        self._later: list[tuple[float, Callable[[float], None]]] = []
        self.disk: dict[Hashable, Record] = {}
        self.first_leases: dict[int, Lease] = {}  # when the capture began
        self.conversation: list[Spoken] = []  # of both sides, as it passed our end
        self.answers: list[Answer] = []
        self.attempts: list[Attempt] = []
        self.closed: list[Closed] = []
        self.reasons: dict[str, str] = {}  # why we closed which connection
        self.moves: list[tuple[float, str]] = []
        self.orders: list[ControlAnswer] = []

    @property
    def said(self) -> list[Spoken]:
        """Return what we said."""
        return [spoken for spoken in self.conversation if spoken.source == str(self._group.my_address)]

    # what the laboratory does

    def start(self, at: float) -> None:
        """Start the engine from what it has stored."""
        records = list(self.disk.values())
        restored = Restored(
            leases=tuple(record for record in records if isinstance(record, LeaseRecord)),
            states=tuple(record for record in records if isinstance(record, StateRecord)),
        )
        address = self._group.my_address
        config = MemberConfig(
            server="replayed",
            interfaces=(InterfaceConfig(name="lan0", device="eth0", address=IPv4Interface(f"{address}/24")),),
            groups=(self._group,),
        )
        self._pipeline = Pipeline(Engine(config, restored, self.drawn, now=self._now(at)))
        self._turn([], at)

    def kill(self, at: float) -> None:
        """End the engine; the system closes its connections."""
        self._pipeline = None
        self.closed += [Closed(at, connection) for connection in self._links.values()]
        self._links.clear()

    def order(self, action: ControlAction, at: float) -> None:
        """Give an order."""
        self._turn([ControlAsked(AskId(1), ControlRequest(action=action, group=self._group.name))], at)

    # what comes

    def link_up(self, connection: str, direction: Direction, at: float) -> None:
        """Let a connection stand."""
        self._last_link += 1
        link = LinkId(self._last_link)
        self._links[link] = connection
        group = self._group.name if direction is Direction.DIALLED else None
        mine, partners = str(self._group.my_address), self._group.partner_address
        self._turn([LinkUp(link, direction, group, mine, partners)], at)

    def hear(self, connection: str, messages: Sequence[bytes], at: float) -> None:
        """Hand over what the partner says at once, in two pieces with a cut through the last message.

        What comes on a connection that we have closed is lost.
        """
        for link in self._links_of(connection):
            partner = self._group.partner_address
            self.conversation += [Spoken(at, partner, connection, message) for message in messages]
            data = b"".join(messages)
            for piece in (data[:-CUT_BYTES], data[-CUT_BYTES:]):
                if link in self._links:
                    self._turn([PartnerBytes(link, piece)], at)

    def lose(self, connection: str, at: float) -> None:
        """Let the partner's side of a connection end."""
        for link in self._links_of(connection):
            del self._links[link]
            self._turn([LinkLost(link, "connection closed")], at)

    def ask(self, packet: Packet, at: float) -> None:
        """Hand over a client's packet."""
        local = int(self._group.my_address)
        source, destination = int(IPv4Address(packet.source)), int(IPv4Address(packet.destination))
        self._turn([DhcpDatagram(packet.data, Arrival("lan0", local, source, 68, destination))], at)

    # time

    def wake_until(self, at: float, then: Callable[[float], None]) -> None:
        """Let time pass, doing what is due at its moment, and `then` each time."""
        for _ in range(TURNS_MAX):
            due = self._next_due(at)
            if due is None:
                return
            moment, act = due
            act(moment)
            then(moment)
        raise AssertionError("the engine wants a turn all the time")

    def _next_due(self, until: float) -> tuple[float, Callable[[float], None]] | None:
        due = [plan for plan in self._later if plan[0] <= until]
        earliest = min(due, key=lambda plan: plan[0], default=None)
        woken = None if self._pipeline is None else self._pipeline.next_wakeup(self._now(self._at))
        moment = until + 1 if woken is None else max(self._at, woken + self._zero_s)
        if earliest is not None and earliest[0] <= moment:
            self._later.remove(earliest)
            return earliest
        return (moment, lambda at: self._turn([], at)) if moment <= until else None

    def _now(self, at: float) -> Now:
        return Now(int(at), at - self._zero_s)

    # what the engine wants

    def _links_of(self, connection: str) -> list[LinkId]:
        return [link for link, name in self._links.items() if name == connection]

    def _turn(self, events: list[Event], at: float) -> None:
        self._at = at
        if self._pipeline is not None:
            self._perform(self._pipeline.turn(events, self._now(at)), at)

    def _perform(self, step: Step, at: float) -> None:
        for output in step.send:
            self._carry(output, at)
        if step.commit is not None:
            assert self._pipeline is not None
            self.disk |= {record_key(record): record for record in step.commit.records}
            self._perform(self._pipeline.committed(step.commit.id, self._now(at)), at)

    def _carry(self, output: Output, at: float) -> None:
        match output:
            case SendDhcp():
                self.answers.append(answer_of(at, output.data))
            case SendToPartner():
                if output.link in self._links:
                    mine = str(self._group.my_address)
                    self.conversation.append(Spoken(at, mine, self._links[output.link], output.data))
            case OpenLink():
                self._dial(at)
            case CloseLink():
                connection = self._links.pop(output.link)
                self.closed.append(Closed(at, connection))
                self.reasons[connection] = output.why
            case AnswerControl():
                self.orders.append(output.answer)
            case Tell() if output.note.code is NoteCode.STATE_CHANGED:
                self.moves.append((at, str(output.note.fields["to"])))
            case Tell():
                return

    def _dial(self, at: float) -> None:
        near = [dial for dial in self._dials if -DIAL_EARLY_S <= dial.at - at < DIAL_SEEN_WITHIN_S]
        self.attempts.append(Attempt(at, near[0] if near else None))
        if not near:
            self._later.append((at, self._fail))
            return
        self._dials.remove(near[0])
        if near[0].up_at is None:
            self._later.append((max(at, near[0].at), self._fail))
            return
        connection = near[0].connection
        self._later.append((max(at, near[0].up_at), lambda at: self.link_up(connection, Direction.DIALLED, at)))

    def _fail(self, at: float) -> None:
        self._turn([DialFailed(self._group.name, "connection refused", local=False)], at)


def stored_leases(stage: Stage) -> dict[int, Lease]:
    """Return the bindings on a stage's disk."""
    return {record.lease.address: record.lease for record in stage.disk.values() if isinstance(record, LeaseRecord)}


def stored_state(stage: Stage) -> StateRecord:
    """Return the states on a stage's disk."""
    (record,) = [record for record in stage.disk.values() if isinstance(record, StateRecord)]
    return record
