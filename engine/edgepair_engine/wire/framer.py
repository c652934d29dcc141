"""Where one failover message ends and the next begins in what a TCP connection brings."""

from __future__ import annotations

from collections.abc import Iterator

from edgepair_engine.wire.errors import BadLength, IgnoredMessage, WireError
from edgepair_engine.wire.failover import HEADER_LENGTH, MESSAGE_LENGTH_MAX, FailoverMessage, decode_failover


class Splitter:
    """Cuts the bytes of one direction of one connection into whole messages, undecoded.

    Holds less than one message between two calls when each call is read to its end, and nothing behind a fault.
    """

    def __init__(self, message_size_max: int = MESSAGE_LENGTH_MAX) -> None:
        self._message_size_max = message_size_max
        self._waiting = bytearray()
        self._fault: WireError | None = None

    @property
    def held(self) -> int:
        """Return how many bytes wait for the rest of their message."""
        return len(self._waiting)

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Take bytes as they come and return the messages that are now whole, cut one by one as they are asked for.

        Raises:
            BadLength: on reaching a message that says it is too short or too long. Nothing behind it can be read, and
                every later call raises the same.
        """
        if self._fault is None:
            self._waiting += data
        return self._whole()

    def give_up(self, fault: WireError) -> None:
        """Take nothing from now on: every later call raises this fault."""
        self._fault = fault
        self._waiting.clear()

    def _whole(self) -> Iterator[bytes]:
        if self._fault is not None:
            raise self._fault
        while len(self._waiting) >= 2:
            length = int.from_bytes(self._waiting[:2])
            if not HEADER_LENGTH <= length <= self._message_size_max:
                limits = f"{HEADER_LENGTH}..{self._message_size_max}"
                fault = BadLength(f"length {length}, allowed are {limits}", offset=0)
                self.give_up(fault)
                raise fault
            if len(self._waiting) < length:
                return
            message = bytes(self._waiting[:length])
            del self._waiting[:length]
            yield message


class Framer:
    """Turns the bytes of one direction of one connection into messages."""

    def __init__(self, message_size_max: int = MESSAGE_LENGTH_MAX) -> None:
        self._splitter = Splitter(message_size_max)

    @property
    def held(self) -> int:
        """Return how many bytes wait for the rest of their message; none behind a bad one."""
        return self._splitter.held

    def feed(self, data: bytes) -> Iterator[FailoverMessage]:
        """Take bytes as they come and return the messages that are now whole, decoded one by one as they are asked for.

        So the good ones before a bad one are handed out first: act on each, then hang up when the error comes. Nothing
        behind a bad one is ever handed out; every later call raises its error again.
        Messages of an unknown type without options are passed over, as dhcpd does.

        Raises:
            WireError: on reaching a bad message, while iterating.
        """
        return self._decoded(self._splitter.feed(data))

    def _decoded(self, messages: Iterator[bytes]) -> Iterator[FailoverMessage]:
        for message in messages:
            try:
                yield decode_failover(message)
            except IgnoredMessage:
                continue
            except WireError as fault:
                self._splitter.give_up(fault)
                raise
