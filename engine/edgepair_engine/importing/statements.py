"""Words put together: statements that end by a semicolon or carry a block of statements; includes are read in place."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from edgepair_engine.importing.refusal import ImportRefused, Place
from edgepair_engine.importing.tokens import Kind, Source, Token, tokens_of

NESTED_MAX = 32  # blocks in blocks; no real configuration comes near, and it bounds the recursion
INCLUDED_MAX = 16  # files in files: a file that includes itself ends here
SHOWN_MAX = 90  # characters of a statement in a message
SEMICOLON_AFTER_BLOCK = frozenset({"key", "zone"})  # dhcpd takes `};` there and nowhere else

Include = Callable[[str], bytes]  # what a named file holds; raises OSError


@dataclass(frozen=True, slots=True, eq=False)
class Statement:
    """One statement. `end` is the semicolon or brace that ended its words; `block` is None without one."""

    tokens: tuple[Token, ...]
    end: Token
    block: tuple[Statement, ...] | None = None

    @property
    def keyword(self) -> str:
        """Return its first word in small letters."""
        return self.tokens[0].word

    @property
    def place(self) -> Place:
        """Return where it begins."""
        return self.tokens[0].place

    @property
    def text(self) -> str:
        """Return it on one line, without its block."""
        first = self.tokens[0]
        same_file = self.end.source is first.source
        raw = first.source.text[first.start : self.end.end if same_file else first.end].decode(errors="replace")
        line = " ".join(raw.split()).removesuffix("{").rstrip()
        return line if len(line) <= SHOWN_MAX else f"{line[:SHOWN_MAX]}…"


def no_include(name: str) -> bytes:
    """Refuse to include: lease files have no includes."""
    raise FileNotFoundError(f"{name} cannot be included here")


class Parser:
    """Reads one file, or a part of it, statement by statement."""

    def __init__(self, source: Source, *, include: Include = no_include, depth: int = 0) -> None:
        self._source = source
        self._include = include
        self._depth = depth

    def statements(self, start: int = 0, end: int | None = None) -> Iterator[Statement]:
        """Yield the statements of the file; those of included files where they are included.

        Raises:
            ImportRefused: dhcpd would not read it either.
        """
        tokens = tokens_of(self._source, start, end)
        last = len(self._source.text) if end is None else end
        stream = _Stream(tokens, Token(Kind.MARK, "", self._source, last, last))
        while not stream.at_end():
            yield from self._statement(stream, nested=0)

    def _statement(self, stream: _Stream, *, nested: int) -> Iterator[Statement]:
        first = stream.take()
        if first.kind is not Kind.WORD:
            raise ImportRefused(first.place, first.shown, "expected a parameter or declaration")
        words, end = _words(first, stream)
        if first.word == "include":
            yield from self._included(words, end)
            return
        block = None
        if end.is_mark("{"):
            block = self._block(stream, end, nested=nested + 1)
            if first.word in SEMICOLON_AFTER_BLOCK and stream.peek().is_mark(";"):
                stream.take()
        yield Statement(words, end, block)

    def _block(self, stream: _Stream, opened: Token, *, nested: int) -> tuple[Statement, ...]:
        if nested > NESTED_MAX:
            raise ImportRefused(opened.place, "{", f"expected at most {NESTED_MAX} blocks within each other")
        found: list[Statement] = []
        while not stream.peek().is_mark("}"):
            if stream.at_end():
                raise ImportRefused(stream.take().place, "end of file", f"expected }} for the block of {opened.place}")
            found += self._statement(stream, nested=nested)
        stream.take()
        return tuple(found)

    def _included(self, words: tuple[Token, ...], end: Token) -> Iterator[Statement]:
        if len(words) != 2 or words[1].kind is not Kind.STRING or not end.is_mark(";"):
            raise ImportRefused(words[0].place, words[0].shown, 'expected include "file";')
        name = words[1]
        if "\0" in name.text:
            raise ImportRefused(name.place, name.text, "expected the name of a file")
        if self._depth == INCLUDED_MAX:
            raise ImportRefused(name.place, name.text, f"expected at most {INCLUDED_MAX} files within each other")
        try:
            text = self._include(name.text)
        except OSError as error:
            raise ImportRefused(
                name.place, name.text, f"expected a readable file: {error.strerror or error}"
            ) from error
        source = Source.of(name.text, text)
        yield from Parser(source, include=self._include, depth=self._depth + 1).statements()


class _Stream:
    """Tokens with one look ahead, and a mark that stands for the end of the file."""

    def __init__(self, tokens: Iterator[Token], end: Token) -> None:
        self._tokens = tokens
        self._end = end
        self._next = next(tokens, end)

    def at_end(self) -> bool:
        return self._next is self._end

    def peek(self) -> Token:
        return self._next

    def take(self) -> Token:
        token, self._next = self._next, next(self._tokens, self._end)
        return token


def _words(first: Token, stream: _Stream) -> tuple[tuple[Token, ...], Token]:
    """Return a statement's words and what ended them. The braces of an option's definition are words."""
    words = [first]
    open_braces = 0
    while True:
        at_end = stream.at_end()
        token = stream.take()
        if at_end:
            raise ImportRefused(token.place, "end of file", "expected a semicolon")
        if token.kind is not Kind.MARK:
            words.append(token)
            continue
        if token.text == ";":
            return tuple(words), token
        if token.text == "{":
            if first.word != "option":
                return tuple(words), token
            open_braces += 1
        if token.text == "}":
            if not open_braces:
                raise ImportRefused(token.place, "}", "expected a semicolon")
            open_braces -= 1
        words.append(token)
