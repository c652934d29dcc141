"""The options of failover messages: which there are, how long they are, and where they are accepted."""

from __future__ import annotations

import struct
from collections.abc import Iterator, Mapping
from enum import Enum

from edgepair_contract.value import value
from edgepair_contract.vocabulary import MessageType
from edgepair_engine.wire.errors import BadLength, BadOption, Truncated

OPTION_LENGTH_MAX = 0xFFFF

OptionValue = int | bytes | str

_NOWHERE: frozenset[MessageType] = frozenset()
_BINDING = frozenset({MessageType.BNDUPD, MessageType.BNDACK})
_OPENING = frozenset({MessageType.CONNECT, MessageType.CONNECTACK})
_REFUSING = frozenset({MessageType.CONNECTACK, MessageType.BNDACK, MessageType.DISCONNECT})


class Kind(Enum):
    """What an option's data are; a number's kind is also its length in bytes."""

    U8 = 1
    U16 = 2
    U32 = 4
    BYTES = "bytes"
    TEXT = "text"

    @property
    def length(self) -> int | None:
        """Return the only length such data can have; None = any."""
        return self.value if isinstance(self.value, int) else None


@value
class FailoverOption:
    """One option. `accepted_in`: elsewhere it is skipped, unread."""

    code: int
    name: str
    kind: Kind
    accepted_in: frozenset[MessageType] = _NOWHERE


# Option 9 (DDNS) is accepted nowhere: dhcpd drops the link when it gets one, so we never send it, and what others mean
# by it does not concern a binding. Option 11 has 32 bytes, but another length is CONNECT's to refuse, not the link's.
OPTIONS: Mapping[int, FailoverOption] = {
    option.code: option
    for option in (
        FailoverOption(1, "addresses-transferred", Kind.U32, frozenset({MessageType.POOLRESP})),
        FailoverOption(2, "assigned-ip-address", Kind.U32, _BINDING),
        FailoverOption(3, "binding-status", Kind.U8, _BINDING),
        FailoverOption(4, "client-identifier", Kind.BYTES, _BINDING),
        FailoverOption(5, "client-hardware-address", Kind.BYTES, _BINDING),
        FailoverOption(6, "cltt", Kind.U32, _BINDING),
        FailoverOption(7, "client-reply-options", Kind.BYTES, _BINDING),
        FailoverOption(8, "client-request-options", Kind.BYTES, _BINDING),
        FailoverOption(9, "ddns", Kind.BYTES),
        FailoverOption(10, "delayed-service-parameter", Kind.U8),
        FailoverOption(11, "hba", Kind.BYTES, frozenset({MessageType.CONNECT})),
        FailoverOption(12, "ip-flags", Kind.U16, _BINDING),
        FailoverOption(13, "lease-expiration-time", Kind.U32, _BINDING),
        FailoverOption(14, "max-unacked-bndupd", Kind.U32, _OPENING),
        FailoverOption(15, "mclt", Kind.U32, frozenset({MessageType.CONNECT})),
        FailoverOption(16, "message", Kind.TEXT, _REFUSING),
        FailoverOption(17, "message-digest", Kind.BYTES),
        FailoverOption(18, "potential-expiration-time", Kind.U32, _BINDING),
        FailoverOption(19, "receive-timer", Kind.U32, _OPENING),
        FailoverOption(20, "protocol-version", Kind.U8, _OPENING),
        FailoverOption(21, "reject-reason", Kind.U8, _REFUSING),
        FailoverOption(22, "relationship-name", Kind.BYTES, _OPENING),
        FailoverOption(23, "server-flags", Kind.U8, frozenset({MessageType.STATE})),
        FailoverOption(24, "server-state", Kind.U8, frozenset({MessageType.STATE})),
        FailoverOption(25, "stos", Kind.U32, _BINDING | {MessageType.STATE}),
        FailoverOption(26, "tls-reply", Kind.U8, frozenset({MessageType.CONNECTACK})),
        FailoverOption(27, "tls-request", Kind.U8, frozenset({MessageType.CONNECT})),
        FailoverOption(28, "vendor-class", Kind.BYTES, _OPENING),
        FailoverOption(29, "vendor-specific-options", Kind.BYTES, _OPENING),
    )
}
_ACCEPTED_LENGTHS: Mapping[MessageType, Mapping[int, int | None]] = {
    message_type: {code: option.kind.length for code, option in OPTIONS.items() if message_type in option.accepted_in}
    for message_type in MessageType
}
_NUMBER_LENGTHS: Mapping[int, int] = {
    code: option.kind.length for code, option in OPTIONS.items() if option.kind.length is not None
}
_OPTION_HEADER = struct.Struct(">HH")


class ReceivedOptions:
    """The accepted options of one message, read by kind; None = absent."""

    __slots__ = ("_data",)

    def __init__(self, data: Mapping[int, bytes]) -> None:
        self._data = data

    def number(self, code: int) -> int | None:
        """Return an option of kind U8, U16 or U32."""
        data = self._data.get(code)
        return None if data is None else int.from_bytes(data)

    def raw(self, code: int) -> bytes | None:
        """Return an option's bytes."""
        return self._data.get(code)

    def text(self, code: int) -> str | None:
        """Return an option's text without a closing NUL; what is no UTF-8 is replaced."""
        data = self._data.get(code)
        return None if data is None else data.rstrip(b"\0").decode("utf-8", errors="replace")


def read_options(message_type: MessageType, data: bytes, start: int) -> ReceivedOptions:
    """Return the options from `start` on that are accepted in such a message, in any order; others are skipped.

    Raises:
        Truncated: an option runs beyond the message.
        BadOption: an accepted option stands there twice.
        BadLength: an accepted option has not the length of its kind.
    """
    accepted = _ACCEPTED_LENGTHS[message_type]
    found: dict[int, bytes] = {}
    for at, code, option in walk_options(data, start):
        if code not in accepted:
            continue
        if code in found:
            raise BadOption(f"option {code} ({OPTIONS[code].name}) a second time", offset=at)
        length = accepted[code]
        if length is not None and len(option) != length:
            raise BadLength(f"option {code} ({OPTIONS[code].name}) has {len(option)} bytes", offset=at)
        found[code] = option
    return ReceivedOptions(found)


def walk_options(data: bytes, start: int) -> Iterator[tuple[int, int, bytes]]:
    """Yield offset, code and value of every option from `start` to the end of a message, known or not.

    Raises:
        Truncated: an option runs beyond the message.
    """
    at, end = start, len(data)
    while at < end:
        value_at = at + _OPTION_HEADER.size
        if value_at > end:
            raise Truncated("an option without length", offset=at)
        code, length = _OPTION_HEADER.unpack_from(data, at)
        if value_at + length > end:
            raise Truncated(f"option {code} with {length} bytes, {end - value_at} are left", offset=at)
        yield at, code, data[value_at : value_at + length]
        at = value_at + length


def write_option(code: int, value: OptionValue | None) -> bytes:
    """Return code, length and data of an option; nothing for None.

    Raises:
        BadLength: the data do not fit behind a length of two bytes.
    """
    if value is None:
        return b""
    if isinstance(value, int):
        length = _NUMBER_LENGTHS[code]
        return _OPTION_HEADER.pack(code, length) + value.to_bytes(length)
    assert code not in _NUMBER_LENGTHS, (code, value)
    data = value.encode() if isinstance(value, str) else value
    if len(data) > OPTION_LENGTH_MAX:
        raise BadLength(f"option {code} with {len(data)} bytes", offset=0)
    return _OPTION_HEADER.pack(code, len(data)) + data
