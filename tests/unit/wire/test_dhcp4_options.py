"""Typed option values become the bytes that RFC 2132 and RFC 3397 lay out."""

from __future__ import annotations

import pytest

from edgepair_engine.wire import dhcp4_options as kinds
from edgepair_engine.wire.errors import BadLength

VALUES = {
    "an address": (kinds.ipv4(0x0A4D0101), "0a4d0101"),
    "two addresses": (kinds.ipv4_list([0x0A4D0101, 0x0A4D0102]), "0a4d0101 0a4d0102"),
    "no address": (kinds.ipv4_list([]), ""),
    "a byte": (kinds.u8(8), "08"),
    "two bytes": (kinds.u16(1500), "05dc"),
    "four bytes": (kinds.u32(86400), "00015180"),
    "a number below nought": (kinds.i32(-3600), "fffff1f0"),
    "on": (kinds.boolean(on=True), "01"),
    "off": (kinds.boolean(on=False), "00"),
    "a text": (kinds.text("café"), "636166c3a9"),
    "one domain": (kinds.domain_list(["eng.apple.com."]), "03656e67 056170706c65 03636f6d 00"),
    "an ending that came before (RFC 3397's example)": (
        kinds.domain_list(["eng.apple.com", "marketing.apple.com"]),
        "03656e67 056170706c65 03636f6d 00  096d61726b6574696e67 c004",
    ),
    "a name that came before": (kinds.domain_list(["a.b", "a.b"]), "0161 0162 00  c000"),
}


@pytest.mark.parametrize(("made", "wire"), VALUES.values(), ids=VALUES.keys())
def test_a_typed_value_becomes_its_bytes(made: bytes, wire: str) -> None:
    assert made == bytes.fromhex(wire)


@pytest.mark.parametrize(
    "name",
    ["", "a..b", ".a", "a" * 64, ".".join(["a" * 49] * 6)],
    ids=["empty", "an empty label", "a leading dot", "a label of 64", "a name of 300"],
)
def test_what_is_no_domain_name_is_refused(name: str) -> None:
    with pytest.raises(BadLength):
        kinds.domain_list([name])


def test_options_are_written_in_the_order_given() -> None:
    written = kinds.write_dhcp4_options([(53, b"\2"), (12, b""), (82, b"\1\0")])
    assert written == bytes.fromhex("35 01 02  0c 00  52 02 0100")
