"""dhcpd's words: names and numbers, quoted strings, single marks; blanks and comments between them mean nothing.

Files are read as bytes and looked at as Latin-1, so that every byte is one character and comes back as it was.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from enum import Enum
from typing import NamedTuple

from edgepair_contract.value import value
from edgepair_engine.importing.refusal import ImportRefused, Place

# A number may begin with a minus; a dot is a mark of its own, so an address is seven tokens. A date as dhcpd writes it
# is one token, for half of all words in a lease file are dates; in any other form its numbers are tokens.
_TOKEN = re.compile(
    rb"""(?P<blank>[\x00-\x20\x7f]+|\#[^\n]*)
    |(?P<date>[0-9]\ [0-9]{4}/[0-9]{2}/[0-9]{2}\ [0-9]{2}:[0-9]{2}:[0-9]{2})(?=;)
    |(?P<word>[A-Za-z0-9_][A-Za-z0-9_-]*|-[0-9][A-Za-z0-9_-]*)
    |"(?P<string>[^"\\]*(?:\\.[^"\\]*)*)"
    |(?P<mark>.)""",
    re.VERBOSE | re.DOTALL,
)
_ESCAPE = re.compile(r"\\(?:x([0-9A-Fa-f]{1,2})|([0-3][0-7]{0,2})|(.))", re.DOTALL)
_CONTROLS = {"t": "\t", "r": "\r", "n": "\n", "b": "\b"}


class Kind(Enum):
    """What a token is."""

    WORD = "word"
    DATE = "date"
    STRING = "string"
    MARK = "mark"


_KINDS: dict[str | None, Kind] = {kind.value: kind for kind in Kind}


@value
class Source:
    """One file: its name as people know it, its bytes, and where its lines begin."""

    name: str
    text: bytes
    line_starts: tuple[int, ...]

    @classmethod
    def of(cls, name: str, text: bytes) -> Source:
        """Return the source of a file's bytes."""
        return cls(name, text, (0, *(match.end() for match in re.finditer(rb"\n", text))))

    def place(self, offset: int) -> Place:
        """Return line and column of a byte."""
        line = bisect_right(self.line_starts, offset)
        return Place(self.name, line, offset - self.line_starts[line - 1] + 1)


class Token(NamedTuple):
    """One word. A string's text is what its escapes stand for, without the quotes."""

    kind: Kind
    text: str
    source: Source
    start: int
    end: int

    @property
    def place(self) -> Place:
        """Return where it stands."""
        return self.source.place(self.start)

    @property
    def word(self) -> str:
        """Return a word in small letters, for dhcpd's keywords know no case; "" for a string or mark."""
        return self.text.lower() if self.kind is Kind.WORD else ""

    @property
    def shown(self) -> str:
        """Return it as it stands in the file."""
        return self.source.text[self.start : self.end].decode(errors="replace")

    def is_mark(self, mark: str) -> bool:
        """Return whether it is this mark."""
        return self.kind is Kind.MARK and self.text == mark


def tokens_of(source: Source, start: int = 0, end: int | None = None) -> Iterator[Token]:
    """Yield the tokens of a file, or of a part of it.

    Raises:
        ImportRefused: a string that does not end.
    """
    for match in _TOKEN.finditer(source.text, start, len(source.text) if end is None else end):
        kind = match.lastgroup
        if kind == "blank":
            continue
        text = match[kind or "mark"].decode("latin-1")
        if text == '"' and kind == "mark":
            raise ImportRefused(source.place(match.start()), '"', "this string does not end: expected a closing quote")
        if kind == "string" and "\\" in text:
            text = _ESCAPE.sub(_meant, text)
        yield Token(_KINDS[kind], text, source, *match.span())


def _meant(escape: re.Match[str]) -> str:
    hexadecimal, octal, character = escape.groups()
    if hexadecimal is not None:
        return chr(int(hexadecimal, 16))
    if octal is not None:
        return chr(int(octal, 8))
    return _CONTROLS.get(character, character)
