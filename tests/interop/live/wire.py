"""What the two servers say to each other, read as it passes on their wire: also what a cut keeps from its reader."""

from __future__ import annotations

import socket
import struct
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from ipaddress import IPv4Address
from itertools import count
from typing import TypeVar

from edgepair_engine.wire.errors import WireError
from edgepair_engine.wire.failover import BndAck, BndUpd, FailoverMessage
from edgepair_engine.wire.framer import Framer
from tests.interop.live.terms import LINK
from tests.interop.netns import inside

M = TypeVar("M", bound=FailoverMessage)
End = tuple[str, int]  # address and port

_ETH_P_ALL = 3
_IPV4 = 0x0800
_TCP = 6
_SYN = 0x02
_RING = 2**32
_FRAME_BYTES_MAX = 66_000  # segments are put together before a device sees them
_RECEIVE_BUFFER_BYTES = 16 * 1024 * 1024
_SO_RCVBUFFORCE = 33  # beyond what the machine allows everybody
_POLL_S = 0.1


@dataclass(frozen=True, slots=True)
class Said:
    """One message: when it passed (monotonic seconds), which role said it, on which connection of those seen."""

    at: float
    by: str
    link: int
    message: FailoverMessage


@dataclass(frozen=True, slots=True)
class Segment:
    """One piece of TCP."""

    source: End
    destination: End
    sequence: int
    opens: bool
    data: bytes


class Tap:
    """Reads one server's link device from now on. Connections that stood before are not understood, nor asked for."""

    def __init__(self, namespace: str) -> None:
        self.said: list[Said] = []
        self._roles = {address: role for role, address in LINK.items()}
        self._links: dict[frozenset[End], int] = {}
        self._streams: dict[tuple[End, End], _Stream] = {}
        self._numbers = count(1)
        self._socket = inside(namespace, _packet_socket)
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._listen, name="tap")
        self._thread.start()

    def all(self, kind: type[M], *, by: str | None = None, link: int | None = None, since: float = 0.0) -> list[M]:
        """Return the messages of a kind, of one server or one connection or since a moment if that is named."""
        return [
            one.message
            for one in tuple(self.said)
            if isinstance(one.message, kind) and by in {None, one.by} and link in {None, one.link} and one.at >= since
        ]

    def most_unanswered(self, by: str, *, since: float = 0.0) -> int:
        """Return how many updates of one server had no answer yet, at most, on one connection."""
        waiting, most = set[tuple[int, int]](), 0
        for one in tuple(self.said):
            key = (one.link, one.message.xid)
            if isinstance(one.message, BndUpd) and one.by == by and one.at >= since:
                waiting.add(key)
            elif isinstance(one.message, BndAck) and one.by != by:
                waiting.discard(key)
            most = max(most, sum(1 for link, _ in waiting if link == one.link))
        return most

    def ends(self) -> list[End]:
        """Return the two ends of the newest connection on which something was said."""
        newest = self.said[-1].link
        return next(sorted(ends) for ends, link in self._links.items() if link == newest)

    def close(self) -> None:
        """Read no more."""
        self._closing.set()
        self._thread.join()
        self._socket.close()

    def _listen(self) -> None:
        while not self._closing.is_set():
            with suppress(TimeoutError):
                segment = _segment(self._socket.recv(_FRAME_BYTES_MAX))
                if segment is not None:
                    self._take(segment, time.monotonic())

    def _take(self, segment: Segment, at: float) -> None:
        way = (segment.source, segment.destination)
        stream = self._streams.get(way)
        if segment.opens and (stream is None or stream.first != segment.sequence):
            if stream is not None or way[::-1] not in self._streams:
                self._links[frozenset(way)] = next(self._numbers)
                self._streams.pop(way[::-1], None)
            self._streams[way] = _Stream(segment.sequence)
        elif stream is not None:
            for message in stream.feed(segment):
                self.said.append(Said(at, self._roles[segment.source[0]], self._links[frozenset(way)], message))


class _Stream:
    """One direction of a connection: the order of its bytes, whatever is lost and sent again."""

    def __init__(self, first: int) -> None:
        self.first = first
        self._next = (first + 1) % _RING
        self._early: dict[int, bytes] = {}
        self._framer = Framer()

    def feed(self, segment: Segment) -> list[FailoverMessage]:
        if not segment.data:
            return []
        found: list[FailoverMessage] = []
        self._early[segment.sequence] = segment.data
        while (data := self._due()) is not None:
            with suppress(WireError):
                found.extend(self._framer.feed(data))
        return found

    def _due(self) -> bytes | None:
        for sequence, data in self._early.items():
            known = (self._next - sequence) % _RING
            if known < len(data) or known < _RING // 2:
                del self._early[sequence]
                fresh = data[known:]
                self._next = (self._next + len(fresh)) % _RING
                return fresh
        return None


def _segment(frame: bytes) -> Segment | None:
    if len(frame) < 54 or int.from_bytes(frame[12:14]) != _IPV4 or frame[23] != _TCP:
        return None
    tcp_at = 14 + 4 * (frame[14] & 0x0F)
    end = 14 + int.from_bytes(frame[16:18])
    source, destination, sequence, _acknowledged, offset, flags = struct.unpack_from("!HHIIBB", frame, tcp_at)
    return Segment(
        (str(IPv4Address(frame[26:30])), source),
        (str(IPv4Address(frame[30:34])), destination),
        sequence,
        bool(flags & _SYN),
        frame[tcp_at + 4 * (offset >> 4) : end],
    )


def _packet_socket() -> socket.socket:
    found = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(_ETH_P_ALL))
    found.setsockopt(socket.SOL_SOCKET, _SO_RCVBUFFORCE, _RECEIVE_BUFFER_BYTES)
    found.bind(("link0", 0))
    found.settimeout(_POLL_S)
    return found
