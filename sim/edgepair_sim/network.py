"""The way between the two servers: TCP connections as a simulated network carries them.

Bytes arrive in order, late, and in any pieces. While a way is cut, or the other machine is off, what is sent stays with
the sender, whose kernel sends it again and again: it arrives some time after the way is mended, or never, after
`GIVE_UP_S`. Who loses its machine sends no last word, and the other end stays open, half a connection, until it has
said something to a machine that knows nothing of it. A connection that a process leaves behind is ended by its kernel.
"""

from __future__ import annotations

import random
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from functools import partial
from itertools import count
from typing import Protocol

from edgepair_contract.value import value
from edgepair_engine.core.effects import OpenLink
from edgepair_engine.core.events import DialFailed, Direction, Event, LinkLost, LinkUp, PartnerBytes
from edgepair_engine.failover.outcome import LinkId
from edgepair_sim.timeline import Timeline
from edgepair_sim.worst import Worst

DIAL_LIMIT_S = 5.0  # the shell's: then an unanswered dial has failed
KNOCKS_S = (0.0, 1.0, 3.0)  # when the kernel of a caller sends its SYN
GIVE_UP_S = 924.0  # Linux' tcp_retries2: unacknowledged bytes that old end a connection
ORPHAN_S = 100.0  # the last bytes of a closed connection are sent for so long (tcp_orphan_retries)
CATCH_UP_MAX_S = 120.0  # retransmissions come ever more seldom, but no more seldom than this
UNREAD_AT_END = 0.25  # how often a process ends with bytes unread: then its kernel resets instead of closing


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


@value
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


@dataclass(slots=True, eq=False)
class _End:
    """One end of a connection: its host, its number there, and the bytes that are not on their way to the other end."""

    host: Host
    link: LinkId
    open: bool = True  # this end's kernel still has the connection
    wire: deque[bytes] = field(default_factory=deque)
    last: Last = Last.NOTHING
    free_at_s: float = 0.0  # the wire keeps order: nothing arrives before what was sent earlier
    stuck_since_s: float | None = None  # since when bytes wait to be sent again


class Network:
    """All connections between the two hosts."""

    def __init__(self, timeline: Timeline, chance: random.Random, weather: Weather) -> None:
        self.more_delay_s = Worst()
        self._timeline = timeline
        self._chance = chance
        self._weather = weather
        self._numbers = count(1)
        self._ends: dict[tuple[str, LinkId], tuple[_End, _End]] = {}  # (this end, the other)
        self._hosts: dict[str, Host] = {}
        self._runs: Counter[str] = Counter()  # by host: how many processes have come to their end there
        self._cuts: Counter[str] = Counter()  # by host: how often what it sends is cut off now

    def join(self, host: Host) -> None:
        """Connect a machine to the network."""
        self._hosts[host.address] = host

    # what the servers do

    def dial(self, caller: Host, wish: OpenLink) -> None:
        """Begin to connect; the end is told as LinkUp or DialFailed."""
        called, run, over = self._hosts[wish.address], self._runs[caller.name], False

        def knock() -> None:
            nonlocal over
            if over or self._runs[caller.name] != run or not self.whole or not called.powered:
                return
            over = True
            if called.listening:
                self._connect(caller, called, wish.group)
            else:
                caller.offer(DialFailed(wish.group, "connection refused", local=False))

        def give_up() -> None:
            if not over and self._runs[caller.name] == run:
                why = f"{wish.address}:{wish.port} did not answer"
                caller.offer(DialFailed(wish.group, why, local=False))

        for wait_s in KNOCKS_S:
            self._timeline.after(wait_s + self._delay_s(), knock)
        self._timeline.after(DIAL_LIMIT_S, give_up)

    def send(self, host: Host, link: LinkId, data: bytes) -> None:
        """Send bytes of one write."""
        ends = self._ends.get((host.name, link))
        if ends is None or ends[0].last is not Last.NOTHING:
            return
        ends[0].wire.extend(self._pieces(data))
        self._carry_on(*ends)

    def hang_up(self, host: Host, link: LinkId, why: str) -> None:
        """Close a link after what was sent on it before."""
        ends = self._ends.get((host.name, link))
        if ends is not None and ends[0].last is Last.NOTHING:
            self._close(*ends)
            host.offer(LinkLost(link, why))

    # what happens to them

    def process_leaves(self, host: Host) -> None:
        """A process ends in order: it closes its links."""
        self._runs[host.name] += 1
        for ends in self._ends_of(host):
            if ends[0].last is Last.NOTHING:
                self._close(*ends)

    def process_ended(self, host: Host) -> None:
        """A process is gone: its kernel closes what it had open, or resets it if something was unread."""
        self._runs[host.name] += 1
        for near, far in self._ends_of(host):
            if near.last is not Last.NOTHING:
                continue
            if self._chance.random() >= UNREAD_AT_END:
                self._close(near, far)
            else:
                self._reset(near, far)

    def machine_gone(self, host: Host) -> None:
        """A machine has lost power: what is on its way arrives, nothing follows."""
        self._runs[host.name] += 1
        for near, _ in self._ends_of(host):
            self._forget(near)

    def machine_back(self, host: Host) -> None:
        """A machine has power again: it will answer what is sent to it again, and knows of no connection."""
        self._send_again()

    def reset_all(self) -> None:
        """Something between the two (a firewall, say) resets every connection, at both ends."""
        for near, _ in list(self._ends.values()):
            self._end(near, Last.RESET.value)

    def cut(self, *names: str) -> None:
        """Let nothing of what these hosts send arrive from now on."""
        self._cuts.update(names)

    def mend(self, *names: str) -> None:
        """End a cut; if no other one lasts, things arrive again with the next retransmission."""
        self._cuts.subtract(names)
        self._cuts += Counter()  # drops the zeros
        self._send_again()

    @property
    def whole(self) -> bool:
        """Return whether bytes get through both ways."""
        return not self._cuts

    # steps

    def _connect(self, caller: Host, called: Host, group: str) -> None:
        near, far = _End(caller, LinkId(next(self._numbers))), _End(called, LinkId(next(self._numbers)))
        self._ends[caller.name, near.link] = near, far
        self._ends[called.name, far.link] = far, near
        called.offer(LinkUp(far.link, Direction.ACCEPTED, None, called.address, caller.address))
        caller.offer(LinkUp(near.link, Direction.DIALLED, group, caller.address, called.address))

    def _blocked(self, near: _End, far: _End) -> bool:
        """Return whether what this end sends does not arrive, or is answered by a reset that does not."""
        if near.host.name in self._cuts or not far.host.powered:
            return True
        return not far.open and far.host.name in self._cuts

    def _carry_on(self, near: _End, far: _End) -> None:
        """Bring what waits at this end on its way; behind what must be sent again, everything waits."""
        if near.stuck_since_s is not None:
            return
        if not self._blocked(near, far):
            self._let_go(near, far)
        elif near.wire or near.last is not Last.NOTHING:
            near.stuck_since_s = self._timeline.true_s
            self._timeline.after(GIVE_UP_S, partial(self._give_up, near, self._timeline.true_s))

    def _let_go(self, near: _End, far: _End) -> None:
        while near.wire:
            self._plan(near, partial(self._arrive, near, far, near.wire.popleft()))
        if near.last is not Last.NOTHING:
            self._plan(near, partial(self._end, far, near.last.value))
            self._forget(near)

    def _plan(self, near: _End, arrive: Callable[[], None]) -> None:
        near.free_at_s = max(near.free_at_s, self._timeline.true_s + self._delay_s())
        self._timeline.at(near.free_at_s, arrive)

    def _arrive(self, near: _End, far: _End, data: bytes) -> None:
        if far.open and far.last is Last.NOTHING:
            far.host.offer(PartnerBytes(far.link, data))
        elif near.open and self._blocked(near, far):
            near.wire.append(data)
            self._carry_on(near, far)
        elif near.open and not far.open:
            # That machine knows nothing of this connection.
            self._timeline.after(self._delay_s(), partial(self._end, near, Last.RESET.value))

    def _send_again(self) -> None:
        """Plan the next retransmission of all that is stuck and need not be: the longer it was, the later."""
        now_s = self._timeline.true_s
        for near, far in list(self._ends.values()):
            since_s = near.stuck_since_s
            if since_s is not None and not self._blocked(near, far):
                late_s = self._chance.uniform(0, min(CATCH_UP_MAX_S, now_s - since_s))
                self._timeline.after(late_s, partial(self._resend, near, far, since_s))

    def _resend(self, near: _End, far: _End, since_s: float) -> None:
        if near.open and near.stuck_since_s == since_s and not self._blocked(near, far):
            near.stuck_since_s = None
            self._let_go(near, far)

    def _close(self, near: _End, far: _End) -> None:
        near.last = Last.CLOSED
        self._carry_on(near, far)
        if near.open:
            self._timeline.after(ORPHAN_S, partial(self._forget, near))

    def _reset(self, near: _End, far: _End) -> None:
        """Reset a connection from one end: nobody says that again if it does not arrive."""
        if near.host.name not in self._cuts:
            self._plan(near, partial(self._end, far, Last.RESET.value))
        self._forget(near)

    def _end(self, end: _End, why: str) -> None:
        """An end hears that its connection is over; one that was closed there has nobody to hear it."""
        if end.open:
            self._forget(end)
            if end.last is Last.NOTHING:
                end.host.offer(LinkLost(end.link, why))

    def _give_up(self, near: _End, since_s: float) -> None:
        if near.stuck_since_s == since_s:
            self._end(near, "connection timed out")

    def _forget(self, end: _End) -> None:
        end.open = False
        end.wire.clear()
        self._ends.pop((end.host.name, end.link), None)

    def _ends_of(self, host: Host) -> list[tuple[_End, _End]]:
        return [ends for (name, _), ends in self._ends.items() if name == host.name]

    def _delay_s(self) -> float:
        return self._weather.delay_s + self.more_delay_s.now + self._weather.jitter_s * self._chance.random()

    def _pieces(self, data: bytes) -> list[bytes]:
        if len(data) < 2 or self._chance.random() >= self._weather.chopped:
            return [data]
        cuts = sorted({self._chance.randrange(1, len(data)) for _ in range(self._chance.randint(1, 4))})
        return [data[first:last] for first, last in zip([0, *cuts], [*cuts, len(data)], strict=True)]
