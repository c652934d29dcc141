"""Reading bytes from left to right without ever leaving them."""

from __future__ import annotations

from edgepair_engine.wire.errors import Truncated


class Cursor:
    """A place in a message that moves right as fields are taken; it never passes `end`.

    Every `take` may raise Truncated, whose offset counts from the start of `data`.
    """

    __slots__ = ("_data", "_end", "at")

    def __init__(self, data: bytes, at: int = 0, end: int | None = None) -> None:
        self._data = data
        self._end = len(data) if end is None else end
        self.at = at
        assert 0 <= at <= self._end <= len(data), (at, self._end, len(data))

    @property
    def left(self) -> int:
        """Return how many bytes are still to be read."""
        return self._end - self.at

    def take(self, count: int) -> bytes:
        """Return the next `count` bytes.

        Raises:
            Truncated: fewer are left.
        """
        start, stop = self.at, self.at + count
        if not start <= stop <= self._end:
            raise Truncated(f"{count} bytes wanted, {self.left} left", offset=start)
        self.at = stop
        return self._data[start:stop]

    def take_u8(self) -> int:
        """Return the next byte as a number."""
        return self.take(1)[0]

    def take_u16(self) -> int:
        """Return the next two bytes as a number, big endian."""
        return int.from_bytes(self.take(2))

    def take_u32(self) -> int:
        """Return the next four bytes as a number, big endian."""
        return int.from_bytes(self.take(4))
