"""Partner links: listen, dial, carry bytes. What the bytes mean, and which link is right, the engine knows."""

from __future__ import annotations

import asyncio
import errno
import socket
from collections.abc import Callable, Iterable
from itertools import count

from edgepair_contract.config import GroupConfig
from edgepair_contract.notices import Note, NoteCode
from edgepair_contract.value import value
from edgepair_engine.core.effects import OpenLink
from edgepair_engine.core.events import DialFailed, Direction, Event, LinkLost, LinkUp, PartnerBytes
from edgepair_engine.failover.outcome import LinkId

DIAL_LIMIT_S = 5.0  # dhcpd tries every 5 s; a partner that does not answer by then is tried anew
FLUSH_LIMIT_S = 2.0  # for the last words on a link that is closed
LISTEN_RETRY_S = 3.0  # for an address that the node does not have yet
LINKS_MAX = 128  # two for each of 64 groups; one more is not accepted
WRITE_WAITING_BYTES_MAX = 4 * 1024 * 1024  # ~60,000 BNDUPDs; a partner that reads so slowly is gone
READ_WAITING_BYTES_MAX = 256 * 1024  # per link; beyond it the link is not read until the loop has caught up

# Errors of connect(2) that tell of this node, not of the partner.
_LOCAL_FAULTS = {errno.EADDRNOTAVAIL, errno.ENETUNREACH, errno.ENETDOWN, errno.EACCES, errno.EPERM, errno.EADDRINUSE}

Listen = tuple[str, int]


@value
class Inlets:
    """Where links put what happens to them."""

    offer: Callable[[Event], None]
    tell: Callable[[Note], None]


class PartnerLinks:
    """All listeners and connections of one engine."""

    def __init__(self, inlets: Inlets, tasks: asyncio.TaskGroup) -> None:
        self._offer = inlets.offer
        self._tell = inlets.tell
        self._tasks = tasks
        self._numbers = count(1)
        self._links: dict[LinkId, _Link] = {}
        self._unsent: dict[LinkId, list[bytes]] = {}
        self._wanted: dict[Listen, str] = {}
        self._listeners: dict[Listen, asyncio.Server] = {}
        self._troubled: dict[Listen, str] = {}
        self._dials: set[asyncio.Task[None]] = set()
        self._looking = asyncio.Lock()  # two looks at a time would take the same place, and one would fail

    async def serve(self, groups: Iterable[GroupConfig]) -> None:
        """Listen where these groups want it from now on and nowhere else. Links that stand are the engine's affair."""
        self._wanted = {(str(group.listen_address or group.my_address), group.my_port): group.name for group in groups}
        await self.look()

    async def look_after(self) -> None:
        """Try every few seconds to listen where it did not work, until cancelled."""
        while True:
            await asyncio.sleep(LISTEN_RETRY_S)
            await self.look()

    async def look(self) -> None:
        """Listen wherever it is wanted and possible, and nowhere else; tell of a change."""
        async with self._looking:
            for place in [place for place in self._listeners if place not in self._wanted]:
                self._listeners.pop(place).close()
            for place, group in self._wanted.items():
                if place not in self._listeners:
                    await self._listen(place, group)

    def dial(self, wish: OpenLink) -> None:
        """Begin to connect; the end is told as LinkUp or DialFailed."""
        task = self._tasks.create_task(self._dial(wish))
        self._dials.add(task)
        task.add_done_callback(self._dials.discard)

    def send(self, link: LinkId, data: bytes) -> None:
        """Queue bytes on a link; `flush` lets them go, all of one turn in one write."""
        self._unsent.setdefault(link, []).append(data)

    def flush(self) -> None:
        """Let go what was queued. On a link that is gone it is forgotten: LinkLost has been told."""
        for number, pieces in self._unsent.items():
            link = self._links.get(number)
            if link is not None:
                link.write(b"".join(pieces))
        self._unsent.clear()

    def hang_up(self, number: LinkId, why: str) -> None:
        """Close a link after what was queued on it before."""
        self.flush()
        link = self._links.get(number)
        if link is not None:
            link.hang_up(why)

    def taken(self, number: LinkId, size: int) -> None:
        """Note that the engine has seen so many bytes of this link, so that it can be read on."""
        link = self._links.get(number)
        if link is not None:
            link.taken(size)

    async def close(self) -> None:
        """Stop listening and dialling, flush and close every link."""
        self._wanted = {}
        for listener in self._listeners.values():
            listener.close()
        for task in self._dials:
            task.cancel()
        for number in list(self._links):
            self.hang_up(number, "this server stops")
        for link in list(self._links.values()):
            await link.gone.wait()

    def link(self, direction: Direction, group: str | None) -> asyncio.Protocol:
        """Return what a new connection will speak to."""
        return _Link(self, direction, group)

    def opened(self, link: _Link) -> bool:
        """Take a connection in and tell of it; return whether there was room."""
        if link.direction is Direction.ACCEPTED and len(self._links) >= LINKS_MAX:
            return False  # not one of ours: the engine dials seldom, and waits for what becomes of it
        self._links[link.number] = link
        self._offer(LinkUp(link.number, link.direction, link.group, link.local, link.remote))
        return True

    def received(self, link: _Link, data: bytes) -> None:
        """Hand on what the partner sent."""
        self._offer(PartnerBytes(link.number, data))

    def lost(self, link: _Link, why: str) -> None:
        """Forget a connection and tell of its end."""
        if self._links.pop(link.number, None) is not None:
            self._offer(LinkLost(link.number, why))

    def next_number(self) -> LinkId:
        """Return a number that no link of this process has had."""
        return LinkId(next(self._numbers))

    async def _listen(self, place: Listen, group: str) -> None:
        address, port = place
        try:
            listener = await asyncio.get_running_loop().create_server(
                lambda: self.link(Direction.ACCEPTED, None), address, port, family=socket.AF_INET
            )
        except OSError as error:
            self._trouble(place, group, error.strerror or str(error))
        else:
            self._listeners[place] = listener
            self._trouble(place, group, None)

    async def _dial(self, wish: OpenLink) -> None:
        try:
            async with asyncio.timeout(DIAL_LIMIT_S):
                await asyncio.get_running_loop().create_connection(
                    lambda: self.link(Direction.DIALLED, wish.group),
                    wish.address,
                    wish.port,
                    family=socket.AF_INET,
                    local_addr=(wish.local, 0) if wish.local else None,
                )
        except TimeoutError:
            self._offer(DialFailed(wish.group, f"{wish.address}:{wish.port} did not answer", local=False))
        except socket.gaierror as error:
            self._offer(DialFailed(wish.group, f"{wish.address}: {error.strerror}", local=True))
        except OSError as error:
            self._offer(DialFailed(wish.group, str(error), local=error.errno in _LOCAL_FAULTS))

    def _trouble(self, place: Listen, group: str, why: str | None) -> None:
        if self._troubled.get(place) == why:
            return
        address, port = place
        device = f"{address}:{port}"
        if why is None:
            del self._troubled[place]
            self._tell(Note(NoteCode.INTERFACE_RECOVERED, group, {"interface": group, "device": device}))
        else:
            self._troubled[place] = why
            self._tell(
                Note(NoteCode.INTERFACE_PROBLEM, group, {"interface": group, "device": device, "why": f"listen: {why}"})
            )


class _Link(asyncio.Protocol):
    """One connection. It counts bytes and nothing else."""

    def __init__(self, links: PartnerLinks, direction: Direction, group: str | None) -> None:
        self.number = links.next_number()
        self.direction = direction
        self.group = group
        self.local = ""
        self.remote = ""
        self.gone = asyncio.Event()
        self._links = links
        self._transport: asyncio.Transport | None = None
        self._unread = 0
        self._why = ""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self.local = transport.get_extra_info("sockname")[0]
        partner = transport.get_extra_info("peername")
        self.remote = partner[0] if partner else ""  # reset already: its end follows
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if not self._links.opened(self):
            transport.abort()

    def data_received(self, data: bytes) -> None:
        assert self._transport is not None
        self._unread += len(data)
        if self._unread > READ_WAITING_BYTES_MAX and self._transport.is_reading():
            self._transport.pause_reading()
        self._links.received(self, data)

    def eof_received(self) -> None:
        self._why = self._why or "closed by the partner"

    def connection_lost(self, exc: Exception | None) -> None:
        self._links.lost(self, self._why or (str(exc) if exc else "closed"))
        self.gone.set()

    def write(self, data: bytes) -> None:
        """Write, and give the link up when the partner has not read for so long that the queue is full."""
        assert self._transport is not None
        if self._transport.is_closing():
            return
        self._transport.write(data)
        waiting = self._transport.get_write_buffer_size()
        if waiting > WRITE_WAITING_BYTES_MAX:
            self._why = f"the partner does not read: {waiting} bytes wait"
            self._transport.abort()

    def hang_up(self, why: str) -> None:
        """Close after the flush, or without it when the partner does not take it in time."""
        assert self._transport is not None
        self._why = self._why or why
        self._transport.close()
        asyncio.get_running_loop().call_later(FLUSH_LIMIT_S, self._transport.abort)

    def taken(self, size: int) -> None:
        """Read on when the loop has caught up."""
        assert self._transport is not None
        self._unread -= size
        paused = not self._transport.is_reading() and not self._transport.is_closing()
        if paused and self._unread <= READ_WAITING_BYTES_MAX // 2:
            self._transport.resume_reading()
