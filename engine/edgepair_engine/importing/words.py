"""The words of one statement, taken one after the other: numbers, addresses, names, dates."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from ipaddress import IPv4Address
from typing import NoReturn

from edgepair_engine.importing.refusal import ImportRefused
from edgepair_engine.importing.statements import Statement
from edgepair_engine.importing.tokens import Kind, Token
from edgepair_engine.leases.lease import FOREVER_AT

_NUMBER = re.compile("[0-9]+")
HARDWARE_TYPES = {"ethernet": 1, "token-ring": 6, "fddi": 8, "infiniband": 32}


class Words:
    """What is left of a statement. Whatever does not fit is refused at its place."""

    def __init__(self, statement: Statement, *, skip: int = 1) -> None:
        self._statement = statement
        self._tokens = statement.tokens
        self._at = skip

    def left(self) -> bool:
        """Return whether there are words left."""
        return self._at < len(self._tokens)

    def peek(self) -> Token:
        """Return the next word, or what ended the statement."""
        return self._tokens[self._at] if self.left() else self._statement.end

    def refuse(self, expected: str) -> NoReturn:
        """Refuse the next word.

        Raises:
            ImportRefused: always.
        """
        token = self.peek()
        raise ImportRefused(token.place, token.shown, f"expected {expected}")

    def take(self, expected: str) -> Token:
        """Return the next word, whatever it is."""
        if not self.left():
            self.refuse(expected)
        token = self._tokens[self._at]
        self._at += 1
        return token

    def back(self) -> None:
        """Put the last word back."""
        self._at -= 1

    def rest(self) -> tuple[Token, ...]:
        """Take all that is left."""
        left = self._tokens[self._at :]
        self._at = len(self._tokens)
        return left

    def done(self) -> None:
        """Refuse anything that is left, and a block."""
        if self.left() or not self._statement.end.is_mark(";"):
            self.refuse("a semicolon")

    def block(self) -> tuple[Statement, ...]:
        """Return the block that must follow now."""
        if self.left() or self._statement.block is None:
            self.refuse("a block in braces")
        return self._statement.block

    def has_mark(self, mark: str) -> bool:
        """Take the mark if it comes next."""
        found = self.left() and self.peek().is_mark(mark)
        self._at += found
        return found

    def mark(self, mark: str) -> None:
        """Take a mark that must come now."""
        if not self.has_mark(mark):
            self.refuse(mark)

    def has_word(self, *choices: str) -> bool:
        """Take the next word if it is one of these."""
        if self.left() and self.peek().word in choices:
            self._at += 1
            return True
        return False

    def choice(self, *choices: str) -> str:
        """Take one of these words and return it in small letters."""
        if not self.left() or self.peek().word not in choices:
            self.refuse(" or ".join(choices))
        return self.take("").word

    def name(self, expected: str = "a name") -> str:
        """Take a word that is no number and return it as it stands."""
        if not self.left() or not self.peek().word or self.peek().text.isdigit():
            self.refuse(expected)
        return self.take(expected).text

    def string(self, expected: str = "a string in quotes") -> str:
        """Take a quoted string."""
        if not self.left() or self.peek().kind is not Kind.STRING:
            self.refuse(expected)
        return self.take(expected).text

    def name_or_string(self, expected: str) -> str:
        """Take a quoted string or a name."""
        return self.string() if self.left() and self.peek().kind is Kind.STRING else self.name(expected)

    def host_name(self, expected: str = "a name") -> str:
        """Take names with dots between them."""
        parts = [self.name(expected)]
        while self.has_mark("."):
            if not self.left() or not self.peek().word:
                break  # a dot at the end is the root
            parts.append(self.take(expected).text)
        return ".".join(parts)

    def number(self, bits: int = 32) -> int:
        """Take a number of so many bits: decimal, octal after 0, hexadecimal after 0x; a negative one in two's
        complement, as dhcpd writes it whether the type has a sign or not."""
        text = self.peek().word if self.left() else ""
        value = _integer(text)
        if value is None:
            self.refuse("a number")
        if not -(1 << (bits - 1)) <= value < 1 << bits:
            self.refuse(f"a number of {bits} bits")
        self.take("")
        return value % (1 << bits)

    def hex_bytes(self, length_max: int | None = None) -> bytes:
        """Take hexadecimal numbers with colons between them."""
        found = bytearray()
        while True:
            text = self.peek().word if self.left() else ""
            if not 0 < len(text) <= 2 or not set(text) <= set("0123456789abcdef"):
                self.refuse("a hexadecimal number up to ff")
            found.append(int(self.take("").word, 16))
            if not self.has_mark(":"):
                break
        if length_max is not None and len(found) > length_max:
            self.refuse(f"at most {length_max} bytes")
        return bytes(found)

    def address(self) -> IPv4Address:
        """Take an address in dotted form."""
        parts = [self._part()]
        for _ in range(3):
            if not self.has_mark("."):
                self.refuse("an address of four numbers")
            parts.append(self._part())
        return IPv4Address(bytes(parts))

    def address_or_name(self) -> IPv4Address | str:
        """Take an address, or the name of a host that dhcpd would look up."""
        if self.left() and self.peek().word.isdigit():
            return self.address()
        return self.host_name("an address or the name of a host")

    def hardware(self) -> bytes:
        """Take a hardware type and address; return the type's number before the address."""
        if not self.left():
            self.refuse("a hardware type")
        word = self.peek().word
        kind = HARDWARE_TYPES.get(word)
        if kind is None and word.startswith("unknown-") and word[8:].isdigit() and int(word[8:]) < 256:
            kind = int(word[8:])
        if kind is None:
            self.refuse("a hardware type")
        self.take("")
        return bytes([kind]) + self.hex_bytes(20)

    def moment(self) -> int:
        """Take a date in one of dhcpd's three forms and return it in seconds since the epoch."""
        if self.has_word("never"):
            return FOREVER_AT
        if self.has_word("epoch"):
            return min(self._decimal(), FOREVER_AT)
        year, month, day, hour, minute, second = self._date()
        try:
            at = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
        except (ValueError, OverflowError):
            self.back()
            self.refuse("a date that exists")
        return min(max(0, int(at.timestamp())), FOREVER_AT)

    def _date(self) -> list[int]:
        """Take a date and return its numbers without the day of the week, which dhcpd does not look at either."""
        if self.left() and self.peek().kind is Kind.DATE:
            return [int(number) for number in _NUMBER.findall(self.take("").text)[1:]]
        self._decimal()
        found = [self._decimal()]
        for mark in ("/", "/", "", ":", ":"):
            if mark:
                self.mark(mark)
            found.append(self._decimal())
        return found

    def _decimal(self) -> int:
        """Take a number of a date: 08 is eight there."""
        token = self.peek()
        if not token.text.isdecimal() or token.kind is not Kind.WORD or len(token.text) > 20:
            self.refuse("a number")
        self._at += 1
        return int(token.text)

    def _part(self) -> int:
        text = self.peek().word if self.left() else ""
        if not text.isdigit() or len(text) > 3 or int(text) > 255:
            self.refuse("a number up to 255")
        return int(self.take("").text)


def _integer(text: str) -> int | None:
    """Return the number that a word stands for, None when it is none."""
    digits = text.removeprefix("-")
    if not digits.isascii() or not digits.isalnum() or len(digits) > 20:
        return None
    base = 16 if digits.startswith("0x") else 8 if digits.startswith("0") and len(digits) > 1 else 10
    try:
        return int(text, base)
    except ValueError:
        return None
