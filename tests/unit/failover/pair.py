"""Two real endpoints in virtual time: connections, a store each, and everything that was said."""

from __future__ import annotations

import random
from collections import deque
from collections.abc import Callable
from functools import partial
from typing import Any, Protocol

from edgepair_contract.clock import Now
from edgepair_contract.config import GroupConfig
from edgepair_contract.control import ControlAction, ControlRequest
from edgepair_contract.notices import Note
from edgepair_contract.vocabulary import BindingState, FailoverState, Role
from edgepair_engine.failover.endpoint import Endpoint
from edgepair_engine.failover.outcome import Dial, HangUp, LinkId, Outcome, Send
from edgepair_engine.leases.lease import Lease
from edgepair_engine.leases.record import LeaseRecord, StateRecord
from edgepair_engine.leases.table import LeaseTable
from edgepair_engine.wire.failover import FailoverMessage, State, decode_failover, encode_failover
from tests.unit.failover.builders import T0, a_group, a_table, address


class Talker(Protocol):
    """What a pair needs of a server that runs."""

    def link_up(self, link: LinkId, now: Now) -> Outcome:
        """Take a connection."""

    def link_lost(self, link: LinkId, now: Now) -> Outcome:
        """Lose a connection."""

    def dial_failed(self, now: Now, *, local: bool) -> Outcome:
        """Hear that nobody answered."""

    def on_message(self, link: LinkId, message: FailoverMessage, now: Now) -> Outcome:
        """Take a message."""

    def on_timer(self, now: Now) -> Outcome:
        """Do what is due."""

    def next_wakeup(self, now: Now) -> float | None:
        """Return when something is due."""


class Side:
    """One server: its endpoint while it runs, and its store, which outlives it."""

    def __init__(self, config: GroupConfig) -> None:
        self.config = config
        self.stored_state: StateRecord | None = None
        self.stored_leases: dict[int, Lease] = {}
        self.endpoint: Talker | None = None
        self.table: LeaseTable = a_table(config)
        self.said: list[FailoverMessage] = []
        self.notes: list[Note] = []
        self.skew_s = 0

    def start(self, now: Now) -> None:
        """Begin to run from what is stored."""
        self.table = a_table(self.config, *self.stored_leases.values())
        self.endpoint = Endpoint(self.config, self.table, self.stored_state, chance=random.Random(7), now=now)

    @property
    def running(self) -> Endpoint:
        """Return the endpoint, which must run."""
        assert isinstance(self.endpoint, Endpoint)
        return self.endpoint

    @property
    def state(self) -> FailoverState:
        """Return the state as stored."""
        assert self.stored_state is not None
        return self.stored_state.my_state

    def count(self, state: BindingState) -> int:
        """Return how many addresses are in a binding state."""
        return self.table.count(self.table.pools(self.config.name)[0], state)

    def lease(self, last: int) -> Lease:
        """Return the binding of 10.77.1.`last`."""
        return self.table.get(address(last))

    def states_said(self) -> list[str]:
        """Return the states announced so far, those while starting in brackets."""
        found = []
        for message in self.said:
            if isinstance(message, State):
                assert message.state is not None
                state = FailoverState.from_wire(message.state)
                assert state is not None
                found.append(f"({state.label})" if message.startup else state.label)
        return found

    def said_of(self, kind: type[FailoverMessage]) -> list[Any]:
        """Return the messages of one type said so far."""
        return [message for message in self.said if isinstance(message, kind)]


class Pair:
    """The two sides, the wire between them, and the clock."""

    def __init__(self, primary: Side, secondary: Side) -> None:
        self.primary = primary
        self.secondary = secondary
        self.mono_s = 0.0
        self.wire_is_cut = False
        self._cut_after: int | None = None
        self.spoken: list[tuple[Side, FailoverMessage]] = []  # everything, in the order of the wire
        self._links = 0
        self._ends: dict[LinkId, tuple[Side, LinkId]] = {}  # an end of a connection -> its owner, and the other end
        self._travelling: deque[Callable[[], None]] = deque()

    def now(self, side: Side | None = None) -> Now:
        """Return the present moment by a side's clock."""
        return Now(T0 + int(self.mono_s) + (side.skew_s if side else 0), self.mono_s)

    def start(self, *sides: Side) -> None:
        """Start the engines of these sides (of both) from what they stored."""
        for side in sides or (self.primary, self.secondary):
            side.start(self.now(side))
        self.run(0)

    def kill(self, side: Side) -> None:
        """End a side's process. The partner sees its connections close."""
        side.endpoint = None
        for link, (owner, _) in list(self._ends.items()):
            if owner is side:
                self._hang_up(link)

    def cut(self) -> None:
        """Let nothing pass any more, unnoticed by both."""
        self.wire_is_cut = True

    def cut_after(self, count: int | None) -> None:
        """Cut the wire once so many more messages were sent on it; None takes that back."""
        self._cut_after = count

    def heal(self) -> None:
        """Let everything pass again. What was under way is lost with its connection."""
        self.wire_is_cut = False
        for link in list(self._ends):
            self._lose(link)

    def run(self, seconds: float) -> None:
        """Let time pass, doing what is due at its moment."""
        end = self.mono_s + seconds
        self._settle()
        while (moment := self._next_wakeup()) is not None and moment <= end:
            self.mono_s = max(self.mono_s, moment)
            for side in (self.primary, self.secondary):
                if side.endpoint is not None:
                    self.perform(side, side.endpoint.on_timer(self.now(side)))
            self._settle()
        self.mono_s = end

    def perform(self, side: Side, outcome: Outcome) -> None:
        """Store an outcome's records, then do its actions in order."""
        for record in outcome.records:
            if isinstance(record, LeaseRecord):
                side.stored_leases[record.lease.address] = record.lease
            elif isinstance(record, StateRecord):
                side.stored_state = record
        side.notes += outcome.notes
        for action in outcome.actions:
            match action:
                case Send():
                    self._send(side, action)
                case HangUp():
                    self._travelling.append(partial(self._hang_up, action.link))
                case Dial():
                    self._travelling.append(partial(self._dial, side))

    def bind(self, side: Side, lease: Lease) -> None:
        """Let a side bind an address, and what follows happen."""
        self.perform(side, side.running.lease_changed(lease, self.now(side)))
        self._settle()

    def order(self, side: Side, action: ControlAction, last_alive_at: int | None = None) -> None:
        """Give a side an order that it must carry out."""
        request = ControlRequest(action=action, last_alive_at=last_alive_at)
        outcome = side.running.on_control(request, self.now(side))
        assert isinstance(outcome, Outcome), outcome
        self.perform(side, outcome)
        self._settle()

    def other(self, side: Side) -> Side:
        """Return the partner of a side."""
        return self.secondary if side is self.primary else self.primary

    def _settle(self) -> None:
        for _ in range(100_000):
            if not self._travelling:
                return
            self._travelling.popleft()()
        raise AssertionError("the two never stop talking")

    def _next_wakeup(self) -> float | None:
        moments = [
            moment
            for side in (self.primary, self.secondary)
            if side.endpoint is not None and (moment := side.endpoint.next_wakeup(self.now(side))) is not None
        ]
        return min(moments, default=None)

    def _dial(self, side: Side) -> None:
        partner = self.other(side)
        if side.endpoint is None:
            return
        if partner.endpoint is None or self.wire_is_cut:
            self.perform(side, side.endpoint.dial_failed(self.now(side), local=False))
            return
        self._links += 2
        mine, theirs = LinkId(self._links - 1), LinkId(self._links)
        self._ends[mine], self._ends[theirs] = (side, theirs), (partner, mine)
        self.perform(side, side.endpoint.link_up(mine, self.now(side)))
        self.perform(partner, partner.endpoint.link_up(theirs, self.now(partner)))

    def _send(self, side: Side, action: Send) -> None:
        side.said.append(action.message)
        self.spoken.append((side, action.message))
        if self._cut_after is not None:
            self._cut_after -= 1
            if self._cut_after < 0:
                self._cut_after = None
                self.cut()
        data = encode_failover(action.message)
        if not self.wire_is_cut:
            self._travelling.append(partial(self._deliver, action.link, data))

    def _deliver(self, link: LinkId, data: bytes) -> None:
        theirs = self._ends[link][1] if link in self._ends else None
        if theirs is None or theirs not in self._ends:
            return
        partner = self._ends[theirs][0]
        if partner.endpoint is not None:
            self.perform(partner, partner.endpoint.on_message(theirs, decode_failover(data), self.now(partner)))

    def _hang_up(self, link: LinkId) -> None:
        if link not in self._ends:
            return
        _, theirs = self._ends.pop(link)
        if not self.wire_is_cut:
            self._lose(theirs)

    def _lose(self, link: LinkId) -> None:
        if link not in self._ends:
            return
        owner, _ = self._ends.pop(link)
        if owner.endpoint is not None:
            self.perform(owner, owner.endpoint.link_lost(link, self.now(owner)))


def two_endpoints(**changes: Any) -> Pair:
    """Return a pair that has not started yet, both sides configured alike but for their roles."""
    return Pair(Side(a_group(Role.PRIMARY, **changes)), Side(a_group(Role.SECONDARY, **changes)))
