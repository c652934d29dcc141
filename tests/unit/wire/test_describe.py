"""A message's record shows all that stands in its bytes, also when the engine would refuse them."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from edgepair_engine.wire.describe import describe_failover


def test_a_good_message_shows_its_fields_and_no_error() -> None:
    wire = bytes.fromhex("0019 0c 0c 6b056208 00000001  0015 0001 07  0010 0004 6f6f7073")
    assert describe_failover(wire) == {
        "type": 12,
        "name": "DISCONNECT",
        "length": 25,
        "payload_offset": 12,
        "time": 1795514888,
        "xid": 1,
        "options": [
            {"code": 21, "name": "reject-reason", "len": 1, "value": 7, "hex": "07"},
            {"code": 16, "name": "message", "len": 4, "value": "oops", "hex": "6f6f7073"},
        ],
        "hex": "00190c0c6b056208000000010015000107001000046f6f7073",
    }


def test_an_address_is_dotted_and_an_unknown_option_is_hex() -> None:
    record = describe_failover(bytes.fromhex("001a 04 0c 6b056208 00000001  0002 0004 0a4d0177  0063 0002 beef"))
    assert [(option["name"], option["value"]) for option in record["options"]] == [
        ("assigned-ip-address", "10.77.1.119"),
        ("option-99", "beef"),
    ]
    assert "error" not in record


def test_a_number_of_a_wrong_length_is_hex_and_an_error() -> None:
    record = describe_failover(bytes.fromhex("0013 04 0c 6b056208 00000001  0002 0003 0a4d01"))
    assert record["options"][0]["value"] == "0a4d01"
    assert record["error"] == "option 2 (assigned-ip-address) has 3 bytes at offset 12"


def test_options_before_a_broken_one_are_shown() -> None:
    record = describe_failover(bytes.fromhex("0015 0c 0c 6b056208 00000001  0015 0001 07  0010 0009"))
    assert [option["code"] for option in record["options"]] == [21]
    assert record["error"] == "option 16 with 9 bytes, 0 are left at offset 17"


def test_an_unknown_type_has_a_name_and_is_an_error_only_with_options() -> None:
    bare = describe_failover(bytes.fromhex("000c 0d 0c 6b056208 00000001"))
    assert (bare["name"], "error" in bare) == ("type-13", False)
    assert describe_failover(bytes.fromhex("0010 0d 0c 6b056208 00000001 0001 0000"))["error"]


@given(st.binary(min_size=12, max_size=60))
def test_no_bytes_are_too_bad_to_be_shown(data: bytes) -> None:
    assert describe_failover(data)["hex"] == data.hex()
