"""A cursor reads from left to right and never beyond its end."""

from __future__ import annotations

import pytest

from edgepair_engine.wire.cursor import Cursor
from edgepair_engine.wire.errors import Truncated


def test_fields_are_taken_in_order_big_endian() -> None:
    cursor = Cursor(bytes.fromhex("01 0203 04050607 0809"))
    assert (cursor.take_u8(), cursor.take_u16(), cursor.take_u32(), cursor.take(2)) == (
        1,
        0x0203,
        0x04050607,
        b"\x08\x09",
    )
    assert (cursor.at, cursor.left) == (9, 0)


def test_a_field_beyond_the_end_is_an_error_at_its_beginning_and_takes_nothing() -> None:
    cursor = Cursor(b"abcdef", at=1, end=3)
    with pytest.raises(Truncated, match="3 bytes wanted, 2 left at offset 1"):
        cursor.take(3)
    assert cursor.take(2) == b"bc"


def test_a_count_below_nought_never_goes_back() -> None:
    cursor = Cursor(b"abc", at=2)
    with pytest.raises(Truncated):
        cursor.take(-1)
