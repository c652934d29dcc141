"""What can be wrong with bytes."""

from __future__ import annotations

from edgepair_contract.errors import EdgepairError
from edgepair_contract.vocabulary import RejectReason


class WireError(EdgepairError):
    """Bytes that break the format, and where: `offset` counts from the start of the message."""

    def __init__(self, text: str, *, offset: int) -> None:
        super().__init__(f"{text} at offset {offset}")
        self.offset = offset


class Truncated(WireError):
    """A header or a field runs beyond the end of the message."""


class BadLength(WireError):
    """A length outside its limits, or not the one its field has."""


class BadField(WireError):
    """A header field with a value outside its set."""


class UnknownMessage(WireError):
    """A message type that the protocol does not know, with options to it."""


class IgnoredMessage(UnknownMessage):
    """A message type that the protocol does not know, without options: dhcpd passes over it, and so does the framer."""


class BadOption(WireError):
    """An option that may not stand where it stands: twice, or with a value outside its set."""


class ProtocolViolation(EdgepairError):
    """Good bytes at the wrong moment. Ends the link, never the process; `reason` is the answer to give."""

    def __init__(self, text: str, *, reason: RejectReason = RejectReason.OTHER) -> None:
        super().__init__(text)
        self.reason = reason
