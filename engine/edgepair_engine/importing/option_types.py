"""What an option's data look like in a configuration, and the bytes they become (dhcp-options(5))."""

from __future__ import annotations

from enum import Enum
from ipaddress import IPv4Address, IPv6Address

from edgepair_contract.value import value
from edgepair_engine.importing.tokens import Kind
from edgepair_engine.importing.words import Words

LABEL_MAX = 63  # bytes of one label of a domain name (RFC 1035 2.3.4)
_BOOLEANS = {"true": 1, "on": 1, "false": 0, "off": 0}


class Field(Enum):
    """One piece of an option's data; an integer's value is its number of bits."""

    U8 = 8
    U16 = 16
    U32 = 32
    SECONDS = "seconds, or infinite"
    ADDRESS = "address"
    ADDRESS6 = "IPv6 address"
    FLAG = "flag"
    TEXT = "text"
    TEXT_IF_ANY = "text at the end, or nothing"
    BYTES = "text or hexadecimal bytes"
    NAME = "domain name"
    NAMES = "list of domain names"
    NOTHING = "no data"
    SPACE = "name of an option space"


@value
class OptionType:
    """The pieces of an option; from `repeats_from` on they may come again after a comma.

    `encapsulates` names the option space whose options make its data when it is not given itself.
    """

    fields: tuple[Field, ...]
    repeats_from: int | None = None
    encapsulates: str = ""


@value
class Value:
    """An option's data. `names` are hosts whose addresses would have to be looked up: without them it is not whole."""

    data: bytes
    names: tuple[str, ...] = ()


def parse_value(kind: OptionType, words: Words) -> Value:
    """Return the data that the rest of a statement stands for.

    Raises:
        ImportRefused: they do not have this type.
    """
    data = bytearray()
    names: list[str] = []
    for field in kind.fields:
        data += _piece(field, words, names)
    while kind.repeats_from is not None and words.has_mark(","):
        for field in kind.fields[kind.repeats_from :]:
            data += _piece(field, words, names)
    words.done()
    return Value(bytes(data), tuple(names))


def parse_type(words: Words, spaces: frozenset[str]) -> OptionType:
    """Return the type that a definition gives after its equals sign.

    Raises:
        ImportRefused: dhcpd has no such type.
    """
    kind = _type(words, spaces)
    words.done()
    return kind


def _piece(field: Field, words: Words, names: list[str]) -> bytes:
    match field:
        case Field.U8 | Field.U16 | Field.U32:
            return words.number(field.value).to_bytes(field.value // 8, "big")
        case Field.SECONDS:
            return b"\xff\xff\xff\xff" if words.has_word("infinite") else words.number(32).to_bytes(4, "big")
        case Field.ADDRESS:
            return _address(words, names)
        case Field.ADDRESS6:
            return _address6(words)
        case Field.FLAG:
            return _flag(words)
        case Field.NAMES:
            return _domain_names(words)
        case Field.NOTHING:
            return b""
        case Field.TEXT_IF_ANY:
            return _text(words) if words.left() else b""
        case Field.BYTES if not words.left() or words.peek().kind is not Kind.STRING:
            return words.hex_bytes()
        case Field.NAME | Field.SPACE:
            return _latin(words.host_name())
        case _:
            return _text(words)


def _text(words: Words) -> bytes:
    return _latin(words.name_or_string("a string in quotes"))


def _latin(text: str) -> bytes:
    return text.encode("latin-1")


def _address(words: Words, names: list[str]) -> bytes:
    address = words.address_or_name()
    if isinstance(address, IPv4Address):
        return address.packed
    names.append(address)
    return b""


def _address6(words: Words) -> bytes:
    text = ""
    while words.left() and not words.peek().is_mark(","):
        text += words.take("").text
    try:
        return IPv6Address(text).packed
    except ValueError:
        words.back()
        words.refuse("an IPv6 address")


def _flag(words: Words) -> bytes:
    word = words.peek().word
    if word not in _BOOLEANS:
        words.refuse("true, false, on or off")
    return bytes([_BOOLEANS[words.take("").word]])


def _domain_names(words: Words) -> bytes:
    """Return the names as RFC 1035 writes them, one after the other, nothing compressed."""
    data = _domain_name(words)
    while words.has_mark(","):
        data += _domain_name(words)
    return data


def _domain_name(words: Words) -> bytes:
    name = words.string("a domain name in quotes").removesuffix(".")
    labels = [_latin(label) for label in name.split(".")]
    if not all(0 < len(label) <= LABEL_MAX for label in labels):
        words.back()
        words.refuse("a domain name")
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


def _type(words: Words, spaces: frozenset[str]) -> OptionType:
    if words.has_word("array"):
        words.choice("of")
        inner = _record(words, spaces) if words.has_mark("{") else _single(words, spaces)
        if inner.encapsulates or inner.repeats_from is not None or set(inner.fields) & _NOT_IN_ARRAYS:
            words.back()
            words.refuse("a type that can be in an array")
        return OptionType(inner.fields, repeats_from=0)
    return _record(words, spaces) if words.has_mark("{") else _single(words, spaces)


_NOT_IN_ARRAYS = {Field.TEXT, Field.BYTES, Field.NOTHING, Field.NAMES}


def _record(words: Words, spaces: frozenset[str]) -> OptionType:
    fields: list[Field] = []
    repeats_from = None
    while True:
        member = _type(words, spaces)
        if member.repeats_from is not None:
            repeats_from = len(fields)
        fields += member.fields
        if words.has_mark("}"):
            return OptionType(tuple(fields), repeats_from)
        if repeats_from is not None:
            words.refuse("} after an array")
        words.mark(",")


def _single(words: Words, spaces: frozenset[str]) -> OptionType:
    word = words.peek().word
    if word == "encapsulate":
        words.take("")
        space = words.name("the name of an option space").lower()
        if space not in spaces:
            words.back()
            words.refuse("an option space that is declared before")
        return OptionType((Field.BYTES,), encapsulates=space)
    if word in ("signed", "unsigned", "integer"):
        return OptionType((_integer(words),))
    if word not in _SINGLE:
        words.refuse("a data type")
    words.take("")
    if word == "domain-list":
        words.has_word("compressed")
    return OptionType((_SINGLE[word],))


_SINGLE = {
    "boolean": Field.FLAG,
    "text": Field.TEXT,
    "string": Field.BYTES,
    "ip-address": Field.ADDRESS,
    "ip6-address": Field.ADDRESS6,
    "domain-name": Field.NAME,
    "domain-list": Field.NAMES,
    "zerolen": Field.NOTHING,
}


def _integer(words: Words) -> Field:
    words.has_word("signed", "unsigned")
    words.choice("integer")
    bits = words.number()
    if bits not in (8, 16, 32):
        words.back()
        words.refuse("8, 16 or 32 bits")
    return Field(bits)
