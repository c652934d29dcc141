"""The options that a configuration can name: dhcpd's own and those that it defines itself."""

from __future__ import annotations

from edgepair_contract.value import value
from edgepair_engine.importing.option_types import OptionType, parse_type
from edgepair_engine.importing.refusal import ImportRefused
from edgepair_engine.importing.standard_options import FOREIGN_SPACES, STANDARD_OPTIONS
from edgepair_engine.importing.words import Words

CODES_OF_NOTHING = (0, 255)  # PAD and END of the DHCP space


@value
class Space:
    """How an option space writes the codes and lengths of its options, in bytes."""

    code_width: int = 1
    length_width: int = 1

    def pack(self, code: int, data: bytes) -> bytes | None:
        """Return one option of the space; None when a width is too small for it."""
        if code >= 1 << 8 * self.code_width or (self.length_width and len(data) >= 1 << 8 * self.length_width):
            return None
        return (
            code.to_bytes(self.code_width, "big")
            + len(data).to_bytes(self.length_width, "big") * bool(self.length_width)
            + data
        )


@value
class Definition:
    """One option: its space and code, and its type."""

    space: str
    code: int
    kind: OptionType


class OptionBook:
    """All options by name."""

    def __init__(self) -> None:
        self.spaces: dict[str, Space] = {space: Space() for space in (*STANDARD_OPTIONS, *FOREIGN_SPACES)}
        self._by_name = {
            (space, name): Definition(space, code, kind)
            for space, names in STANDARD_OPTIONS.items()
            for name, (code, kind) in names.items()
        }

    def is_foreign(self, space: str) -> bool:
        """Return whether the space is dhcpd's own and not one whose options we know."""
        return space in FOREIGN_SPACES

    def find(self, space: str, name: str) -> Definition | None:
        """Return the option of a name; `unknown-N` names any by its number."""
        known = self._by_name.get((space, name))
        if known is not None or not name.startswith("unknown-") or not name[8:].isdigit() or len(name) > 18:
            return known
        code = int(name[8:])
        if space == "dhcp" and code in CODES_OF_NOTHING:
            return None
        by_code = self.of_code(space, code)
        return by_code or Definition(space, code, OPAQUE)

    def of_code(self, space: str, code: int) -> Definition | None:
        """Return the newest definition of a code."""
        found = [each for each in self._by_name.values() if (each.space, each.code) == (space, code)]
        return found[-1] if found else None

    def encapsulating(self) -> tuple[Definition, ...]:
        """Return the options whose data are the options of another space."""
        return tuple(each for each in self._by_name.values() if each.kind.encapsulates)

    def define(self, space: str, name: str, words: Words) -> Definition:
        """Take `code N = type` and remember the option, in place of an older one of that name."""
        words.choice("code")
        code = words.number()
        words.mark("=")
        definition = Definition(space, code, parse_type(words, frozenset(self.spaces)))
        self._by_name.pop((space, name), None)
        self._by_name[space, name] = definition
        return definition

    def declare_space(self, words: Words) -> None:
        """Take the rest of `option space NAME …`."""
        name = words.name("the name of an option space").lower()
        widths = {"code": 1, "length": 1}
        while words.left():
            what = words.choice("code", "length", "hash")
            words.choice("size" if what == "hash" else "width")
            number = words.number(16)
            if number not in _WIDTHS[what]:
                words.back()
                words.refuse(f"a {what} width of {', '.join(map(str, _WIDTHS[what]))}")
            widths[what] = number
        words.done()
        if name not in STANDARD_OPTIONS:
            self.spaces[name] = Space(widths["code"], widths["length"])


OPAQUE = STANDARD_OPTIONS["dhcp"]["vendor-encapsulated-options"][1]
_WIDTHS = {"code": (1, 2, 4), "length": (0, 1, 2), "hash": range(1, 65536)}


def space_and_name(words: Words) -> tuple[str, str]:
    """Take the name of an option, with or without its space, in small letters."""
    place = words.peek()
    first = words.name("the name of an option").lower()
    if not words.has_mark("."):
        return "dhcp", first
    if not words.left() or not words.peek().word:
        raise ImportRefused(place.place, first, "expected the name of an option after the dot")
    return first, words.take("").word
