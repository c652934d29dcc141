"""What a rule of the failover room wants done: records, messages, links to open or close, notes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NewType

from edgepair_contract.notices import Note
from edgepair_engine.leases.record import Record
from edgepair_engine.wire.failover import FailoverMessage

LinkId = NewType("LinkId", int)  # one TCP connection; made by the shell, never used twice in a process


@dataclass(frozen=True, slots=True)
class Send:
    """A message for the partner on one connection."""

    link: LinkId
    message: FailoverMessage


@dataclass(frozen=True, slots=True)
class HangUp:
    """Close this connection once what was sent before is flushed."""

    link: LinkId
    why: str


@dataclass(frozen=True, slots=True)
class Dial:
    """Open a connection to the partner."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """Effects of one step, in the order in which they must happen: records first, then `actions` in order."""

    records: tuple[Record, ...] = ()
    actions: tuple[Send | HangUp | Dial, ...] = ()
    notes: tuple[Note, ...] = ()

    def then(self, later: Outcome) -> Outcome:
        """Return both outcomes as one, this one first."""
        return Outcome(self.records + later.records, self.actions + later.actions, self.notes + later.notes)


NOTHING = Outcome()
