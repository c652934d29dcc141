"""What a rule of the failover room wants done: records, messages, links to open or close, notes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NewType

from edgepair_contract.notices import Note, NoteCode
from edgepair_contract.value import value
from edgepair_engine.leases.lease import Lease
from edgepair_engine.leases.record import LeaseRecord, Record
from edgepair_engine.wire.failover import FailoverMessage

LinkId = NewType("LinkId", int)  # one TCP connection; made by the shell, never used twice in a process


@value
class Send:
    """A message for the partner on one connection."""

    link: LinkId
    message: FailoverMessage


@value
class HangUp:
    """Close this connection once what was sent before is flushed."""

    link: LinkId
    why: str


@value
class Dial:
    """Open a connection to the partner."""


@value
class Outcome:
    """Effects of one step, in the order in which they must happen: records first, then `actions` in order."""

    records: tuple[Record, ...] = ()
    actions: tuple[Send | HangUp | Dial, ...] = ()
    notes: tuple[Note, ...] = ()

    def then(self, later: Outcome) -> Outcome:
        """Return both outcomes as one, this one first."""
        return Outcome(self.records + later.records, self.actions + later.actions, self.notes + later.notes)


NOTHING = Outcome()


@dataclass(slots=True)
class Draft:
    """An outcome in the making, inside the failover room only. A lease or state written twice is recorded once."""

    group: str
    leases: dict[int, Lease] = field(default_factory=dict)
    actions: list[Send | HangUp | Dial] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)

    def note(self, code: NoteCode, **fields: str | int) -> None:
        """Add a notice about this group."""
        self.notes.append(Note(code, self.group, fields))

    def outcome(self, *states: Record) -> Outcome:
        """Return what was gathered, with these state records before the leases."""
        if not (states or self.leases or self.actions or self.notes):
            return NOTHING
        leases = [LeaseRecord(self.group, lease) for lease in self.leases.values()]
        return Outcome((*states, *leases), tuple(self.actions), tuple(self.notes))
