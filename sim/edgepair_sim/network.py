"""The way between the two servers: TCP connections as a simulated network carries them.

Bytes arrive in order, late, and in any pieces. A cut direction keeps what is sent on it until it is mended, as
retransmission would; after `GIVE_UP_S` the sender's kernel gives up. Whoever loses its machine sends no last word, and
the other end stays open, half a connection, until it says something to a machine that knows nothing of it.
"""

from __future__ import annotations

import random
from collections import deque
from dataclasses import dataclass, field
from enum import Enum
from itertools import count
from typing import Protocol

from edgepair_engine.core.effects import OpenLink
from edgepair_engine.core.events import DialFailed, Direction, Event, LinkLost, LinkUp, PartnerBytes
from edgepair_engine.failover.outcome import LinkId
from edgepair_sim.timeline import Timeline

DIAL_LIMIT_S = 5.0  # the shell's: then an unanswered dial has failed
FLUSH_LIMIT_S = 2.0  # the shell's: then a closed link is reset, whatever still waits
GIVE_UP_S = 924.0  # Linux' tcp_retries2: unacknowledged bytes that old end a connection
CATCH_UP_MAX_S = 30.0  # after a cut is mended the next retransmission is up to this far


class Host(Protocol):
    """A machine with a server on it, as the network sees it."""

    name: str
    address: str

    @property
    def powered(self) -> bool:
        """Return whether the machine answers at all."""

    @property
    def listening(self) -> bool:
        """Return whether a process listens there. A stopped one still does: its kernel answers."""

    def offer(self, event: Event) -> None:
        """Put an event into the server's inbox."""


@dataclass(frozen=True, slots=True)
class Weather:
    """What the network does to bytes at all times."""

    delay_s: float = 0.0005
    jitter_s: float = 0.0005
    chopped: float = 0.1  # which part of the writes arrives in pieces


class Last(Enum):
    """What follows the bytes of a direction."""

    NOTHING = "nothing"
    CLOSED = "closed by the partner"
    RESET = "connection reset"


@dataclass(slots=True)
class _End:
    """One end of a connection: its host, its number there, and the bytes on their way to the other end."""

    host: Host
    link: LinkId
    open: bool = True  # this end's kernel still has the connection
    wire: deque[bytes] = field(default_factory=deque)
    last: Last = Last.NOTHING
    free_at_s: float = 0.0  # the wire keeps order: nothing arrives before what was sent earlier
    waiting_since_s: float | None = None


class Network:
    """All connections between the two hosts."""

    def __init__(self, timeline: Timeline, chance: random.Random, weather: Weather) -> None:
        self._timeline = timeline
        self._chance = chance
        self._weather = weather
        self._numbers = count(1)
        self._ends: dict[tuple[str, LinkId], tuple[_End, _End]] = {}  # (this end, the other)
        self._hosts: dict[str, Host] = {}
        self._cut: set[str] = set()  # names of hosts whose bytes do not get out
        self.more_delay_s = 0.0

    def join(self, host: Host) -> None:
        """Connect a machine to the network."""
        self._hosts[host.address] = host

    # what the servers do

    def dial(self, caller: Host, wish: OpenLink) -> None:
        """Begin to connect; the end is told as LinkUp or DialFailed."""
        called = self._hosts[wish.address]

        def arrive() -> None:
            if self._cut or not called.powered:
                self._timeline.after(DIAL_LIMIT_S, lambda: fail(f"{wish.address}:{wish.port} did not answer"))
            elif not called.listening:
                fail("connection refused")
            elif caller.listening:
                self._connect(caller, called, wish.group)

        def fail(why: str) -> None:
            if caller.listening:
                caller.offer(DialFailed(wish.group, why, local=False))

        self._timeline.after(self._delay_s(), arrive)

    def send(self, host: Host, link: LinkId, data: bytes) -> None:
        """Send bytes of one write."""
        ends = self._ends.get((host.name, link))
        if ends is None or not ends[0].open or ends[0].last is not Last.NOTHING:
            return
        near = ends[0]
        for piece in self._pieces(data):
            near.wire.append(piece)
        self._carry_on(*ends)

    def hang_up(self, host: Host, link: LinkId, why: str) -> None:
        """Close a link after what was sent on it before."""
        ends = self._ends.get((host.name, link))
        if ends is None or ends[0].last is not Last.NOTHING:
            return
        near, far = ends
        near.last = Last.CLOSED
        self._carry_on(near, far)
        host.offer(LinkLost(link, why))
        self._timeline.after(FLUSH_LIMIT_S, lambda: self._abandon(near, far))

    # what happens to them

    def process_ended(self, host: Host) -> None:
        """A process is gone: its kernel closes what it had open."""
        for near, far in self._ends_of(host):
            if near.last is Last.NOTHING:
                near.last = Last.RESET
            self._carry_on(near, far)
            self._forget(near)

    def machine_gone(self, host: Host) -> None:
        """A machine has lost power: what it sent is on its way, nothing follows."""
        for near, _ in self._ends_of(host):
            self._forget(near)

    def reset_all(self) -> None:
        """Something between the two (a firewall, say) resets every connection, at both ends."""
        for near, _ in list(self._ends.values()):
            near.wire.clear()
            self._end(near, Last.RESET.value)

    def cut(self, *names: str) -> None:
        """Let nothing of what these hosts send arrive from now on."""
        self._cut.update(names)

    def mend(self, *names: str) -> None:
        """Let it arrive again, with the next retransmission."""
        self._cut.difference_update(names)
        for near, far in list(self._ends.values()):
            if near.host.name in names and (near.wire or near.last is not Last.NOTHING):
                near.waiting_since_s = None
                late_s = self._chance.uniform(0, CATCH_UP_MAX_S)
                near.free_at_s = max(near.free_at_s, self._timeline.true_s + late_s)
                self._carry_on(near, far)

    @property
    def whole(self) -> bool:
        """Return whether bytes get through both ways."""
        return not self._cut

    # steps

    def _connect(self, caller: Host, called: Host, group: str) -> None:
        near, far = _End(caller, LinkId(next(self._numbers))), _End(called, LinkId(next(self._numbers)))
        self._ends[caller.name, near.link] = near, far
        self._ends[called.name, far.link] = far, near
        called.offer(LinkUp(far.link, Direction.ACCEPTED, None, called.address, caller.address))
        caller.offer(LinkUp(near.link, Direction.DIALLED, group, caller.address, called.address))

    def _carry_on(self, near: _End, far: _End) -> None:
        """Bring everything that waits at this end on its way, or keep it while the way is cut."""
        now_s = self._timeline.true_s
        if near.host.name in self._cut:
            if near.waiting_since_s is None:
                near.waiting_since_s = now_s
                self._timeline.after(GIVE_UP_S, lambda: self._give_up(near, now_s))
            return
        while near.wire:
            data = near.wire.popleft()
            near.free_at_s = max(near.free_at_s, now_s + self._delay_s())
            self._plan(near.free_at_s, near, far, data)
        if near.last is not Last.NOTHING:
            why = near.last.value
            near.free_at_s = max(near.free_at_s, now_s + self._delay_s())
            self._timeline.at(near.free_at_s, lambda: self._end(far, why))
            self._forget(near)

    def _plan(self, at_s: float, near: _End, far: _End, data: bytes) -> None:
        def arrive() -> None:
            if far.open:
                far.host.offer(PartnerBytes(far.link, data))
            elif near.open and far.host.powered and far.host.name not in self._cut:
                self._end(near, Last.RESET.value)  # that machine knows nothing of this connection

        self._timeline.at(at_s, arrive)

    def _end(self, end: _End, why: str) -> None:
        """An end hears that its connection is over."""
        if not end.open:
            return
        self._forget(end)
        if end.last is Last.NOTHING and end.host.listening:
            end.host.offer(LinkLost(end.link, why))

    def _abandon(self, near: _End, far: _End) -> None:
        """Reset a closed link whose last bytes found no way; the other end hears of it only if there is one."""
        if near.open:
            near.wire.clear()
            self._forget(near)
            if near.host.name not in self._cut:
                self._timeline.after(self._delay_s(), lambda: self._end(far, Last.RESET.value))

    def _give_up(self, near: _End, since_s: float) -> None:
        if near.open and near.waiting_since_s == since_s:
            near.wire.clear()
            self._end(near, "connection timed out")

    def _forget(self, end: _End) -> None:
        end.open = False
        self._ends.pop((end.host.name, end.link), None)

    def _ends_of(self, host: Host) -> list[tuple[_End, _End]]:
        return [ends for (name, _), ends in self._ends.items() if name == host.name]

    def _delay_s(self) -> float:
        return self._weather.delay_s + self.more_delay_s + self._weather.jitter_s * self._chance.random()

    def _pieces(self, data: bytes) -> list[bytes]:
        if len(data) < 2 or self._chance.random() >= self._weather.chopped:
            return [data]
        cuts = sorted({self._chance.randrange(1, len(data)) for _ in range(self._chance.randint(1, 4))})
        return [data[first:last] for first, last in zip([0, *cuts], [*cuts, len(data)], strict=True)]
