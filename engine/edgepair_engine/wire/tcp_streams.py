"""TCP connections of a capture: the bytes of each direction, in order and once."""

from __future__ import annotations

from edgepair_contract.value import value
from edgepair_engine.wire.pcap import TCP, Ipv4Packet

# Segments kept while an earlier one is missing. A capture with more than that out of order has lost frames for good:
# later ones are dropped, and the stream says how many bytes it could not place.
EARLY_SEGMENTS_MAX = 256

_SYN = 0x02
_SEQUENCE_NUMBERS = 1 << 32


@value
class Segment:
    """One TCP segment. Ends are spelled address:port."""

    at_us: int
    source: str
    destination: str
    ports: frozenset[int]
    sequence: int
    opens: bool
    data: bytes


def tcp_segment(packet: Ipv4Packet) -> Segment | None:
    """Return the segment in a packet; None when it holds another protocol or less than a header."""
    payload = packet.payload
    if packet.protocol != TCP or len(payload) < 20:
        return None
    source_port, destination_port = int.from_bytes(payload[0:2]), int.from_bytes(payload[2:4])
    return Segment(
        at_us=packet.at_us,
        source=f"{packet.source}:{source_port}",
        destination=f"{packet.destination}:{destination_port}",
        ports=frozenset({source_port, destination_port}),
        sequence=int.from_bytes(payload[4:8]),
        opens=bool(payload[13] & _SYN),
        data=payload[(payload[12] >> 4) * 4 :],
    )


class TcpStream:
    """One direction of one connection, from its SYN on or from where the capture began."""

    def __init__(self) -> None:
        self._next: int | None = None
        self._early: dict[int, bytes] = {}
        self._dropped = 0

    @property
    def missing(self) -> bool:
        """Whether bytes were seen that could not be placed, because earlier ones were not captured."""
        return bool(self._early or self._dropped)

    def take(self, segment: Segment) -> bytes:
        """Return the bytes that this segment adds: none for a repeated or an early one, more when it fills a gap."""
        if segment.opens:
            self._next = (segment.sequence + 1) % _SEQUENCE_NUMBERS
            return b""
        if not segment.data:
            return b""
        if self._next is None:
            self._next = segment.sequence
        self._keep(segment.sequence, segment.data)
        return self._placed()

    def _keep(self, sequence: int, data: bytes) -> None:
        if len(self._early) >= EARLY_SEGMENTS_MAX and sequence != self._next:
            self._dropped += len(data)
            return
        if len(data) > len(self._early.get(sequence, b"")):
            self._early[sequence] = data

    def _placed(self) -> bytes:
        assert self._next is not None
        placed = b""
        for sequence in sorted(self._early, key=self._distance):
            skipped = -self._distance(sequence)
            if skipped < 0:
                break
            data = self._early.pop(sequence)[skipped:]
            placed += data
            self._next = (self._next + len(data)) % _SEQUENCE_NUMBERS
        return placed

    def _distance(self, sequence: int) -> int:
        """Return how far a sequence number lies ahead of the next one awaited; below nought: behind it."""
        assert self._next is not None
        half = _SEQUENCE_NUMBERS // 2
        return (sequence - self._next + half) % _SEQUENCE_NUMBERS - half
