"""Where the options of an answer stand: in their own field, and in file and sname when it is full (RFC 2131 4.1)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from edgepair_contract.value import value
from edgepair_engine.wire.dhcp4 import FILE_LENGTH_MAX, SNAME_LENGTH_MAX
from edgepair_engine.wire.dhcp4_options import END, PART_LENGTH_MAX, Dhcp4Option, u8, write_dhcp4_options

Options = Sequence[tuple[int, bytes]]

_OVERLOAD_LENGTH = 3
_IN_FILE = 1  # the values of option 52; 3 = both
_IN_SNAME = 2


@value
class Layout:
    """The options of a packet in their order, and what its fields file and sname hold."""

    options: tuple[tuple[int, bytes], ...]
    file: bytes = b""
    sname: bytes = b""


def lay_out(must: Options, may: Iterable[tuple[int, bytes]], echoed: Options, *, room: int, file: bytes) -> Layout:
    """Return what must be told, what else fits, and at the end what goes back as it came.

    `room`: bytes of the options field without END. `file`: what its field holds; empty leaves the field to options.
    """
    rest = room - sum(option_length(value) for _, value in (*must, *echoed))
    wanted = tuple(may)
    plain = _Field(rest)
    if _fill((plain,), wanted) or rest < _OVERLOAD_LENGTH:
        return Layout((*must, *plain.taken, *echoed), file=file)
    first, second, third = fields = (
        _Field(rest - _OVERLOAD_LENGTH),
        _Field(0 if file else FILE_LENGTH_MAX - 1),
        _Field(SNAME_LENGTH_MAX - 1),
    )
    _fill(fields, wanted)
    where = bool(second.taken) * _IN_FILE + bool(third.taken) * _IN_SNAME
    if not where:
        return Layout((*must, *plain.taken, *echoed), file=file)
    overload = (int(Dhcp4Option.OVERLOAD), u8(where))
    return Layout((*must, overload, *first.taken, *echoed), file=second.written or file, sname=third.written)


def option_length(value: bytes) -> int:
    """Return how many bytes an option takes: a code and a length for each part of 255."""
    return len(value) + 2 * max(1, -(-len(value) // PART_LENGTH_MAX))


class _Field:
    """A part of the packet that takes options while they fit."""

    def __init__(self, room: int) -> None:
        self.taken: list[tuple[int, bytes]] = []
        self._room = room

    @property
    def written(self) -> bytes:
        return write_dhcp4_options(self.taken) + bytes([END]) if self.taken else b""

    def takes(self, option: tuple[int, bytes]) -> bool:
        length = option_length(option[1])
        if length > self._room:
            return False
        self.taken.append(option)
        self._room -= length
        return True


def _fill(fields: Sequence[_Field], wanted: Options) -> bool:
    """Put each option into the first field that takes it, the most wanted first; return whether all are in."""
    left = [option for option in wanted if not any(field.takes(option) for field in fields)]
    return not left
