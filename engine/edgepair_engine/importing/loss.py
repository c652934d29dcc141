"""What an import could not carry over: nothing is dropped without an entry here."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from edgepair_contract.value import value
from edgepair_engine.importing.refusal import Place
from edgepair_engine.importing.statements import Statement


@value
class Loss:
    """One statement that is not carried, or not as it was: why, and what a person does about it."""

    file: str
    line: int
    statement: str
    why: str
    advice: str


class Losses:
    """The losses of one import, each statement once for each reason."""

    def __init__(self) -> None:
        self._found: dict[tuple[Place, str], Loss] = {}
        self._files: dict[str, int] = {}
        self._muted = False

    @contextmanager
    def muted(self) -> Iterator[None]:
        """Take no note: what stands within something that is lost as a whole is not listed once more."""
        was, self._muted = self._muted, True
        try:
            yield
        finally:
            self._muted = was

    def add(self, statement: Statement, why: str, advice: str) -> None:
        """Note a statement."""
        self.note(statement.place, statement.text, why, advice=advice)

    def note(self, place: Place, text: str, why: str, *, advice: str) -> None:
        """Note something by its place."""
        if self._muted:
            return
        self._files.setdefault(place.file, len(self._files))
        self._found.setdefault((place, why), Loss(place.file, place.line, text, why, advice))

    def all(self) -> tuple[Loss, ...]:
        """Return them by file, line and column."""
        ordered = sorted(self._found, key=lambda key: (self._files[key[0].file], key[0].line, key[0].column))
        return tuple(self._found[key] for key in ordered)
