"""All that an engine can want done. Records become durable before an output that rests on them is performed."""

from __future__ import annotations

from collections.abc import Iterable

from edgepair_contract.control import ControlAnswer
from edgepair_contract.notices import Note
from edgepair_contract.value import value
from edgepair_engine.core.events import AskId
from edgepair_engine.dhcp.relay import Destination
from edgepair_engine.failover.outcome import LinkId
from edgepair_engine.leases.record import Record


@value
class SendDhcp:
    """Send a DHCP packet. `promise`: an ACK that rests on this turn's records; OFFER and NAK promise nothing."""

    data: bytes
    to: Destination
    promise: bool


@value
class SendToPartner:
    """Send bytes on a partner link. `promise` is False for CONTACT and DISCONNECT only."""

    link: LinkId
    data: bytes
    promise: bool


@value
class OpenLink:
    """Dial a group's partner: from `local` (dotted, or "" for any) to `address`:`port`."""

    group: str
    local: str
    address: str
    port: int


@value
class CloseLink:
    """Close a partner link once what was sent on it before is flushed."""

    link: LinkId
    why: str


@value
class AnswerControl:
    """Answer a waiting order."""

    ask: AskId
    answer: ControlAnswer


@value
class Tell:
    """Write a notice to the log."""

    note: Note


Output = SendDhcp | SendToPartner | OpenLink | CloseLink | AnswerControl | Tell


@value
class Effects:
    """What one turn wants: records, then outputs in order."""

    records: tuple[Record, ...] = ()
    outputs: tuple[Output, ...] = ()

    def then(self, later: Effects) -> Effects:
        """Return both as one, this one first."""
        if later is NOTHING:
            return self
        return later if self is NOTHING else joined((self, later))


NOTHING = Effects()


def joined(effects: Iterable[Effects]) -> Effects:
    """Return many effects as one, in their order."""
    parts = [part for part in effects if part is not NOTHING]
    if len(parts) < 2:  # most often
        return parts[0] if parts else NOTHING
    records = tuple(record for part in parts for record in part.records)
    return Effects(records, tuple(output for part in parts for output in part.outputs))
