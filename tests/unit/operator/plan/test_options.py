"""Options of a scope as bytes: each registered one has its type, and a value that does not fit is refused in words."""

from __future__ import annotations

import pytest

from edgepair_operator.api.v1alpha1.options import FIELD_OWNED, FIELD_OWNED_RANGE, KNOWN_OPTIONS, OptionType
from edgepair_operator.api.v1alpha1.scope import Scope
from edgepair_operator.plan.options import options_of

GOOD = {
    OptionType.IPV4: ("10.1.0.9", "0a010009"),
    OptionType.IPV4_LIST: ("10.1.0.9, 10.1.0.8", "0a0100090a010008"),
    OptionType.UINT8: ("64", "40"),
    OptionType.UINT16: ("1500", "05dc"),
    OptionType.UINT32: ("86400", "00015180"),
    OptionType.INT32: ("-3600", "fffff1f0"),
    OptionType.BOOLEAN: ("true", "01"),
    OptionType.TEXT: ("east", "65617374"),
    OptionType.HEX: ("0aFF", "0aff"),
    OptionType.FQDN: ("a.example", "0161076578616d706c6500"),
}


def encoded(**option: object) -> str:
    scope = Scope.model_validate({"prefix": "10.1.0.0/24", "options": [option]})
    (found,) = options_of(scope)
    return found.hex


@pytest.mark.parametrize("code", KNOWN_OPTIONS)
def test_a_registered_option_needs_no_type_and_takes_no_other_but_hex(code: int) -> None:
    known = KNOWN_OPTIONS[code]
    value, data = GOOD[known.type]
    assert encoded(code=code, value=value) == data
    assert encoded(code=code, type=known.type.value, value=value) == data
    assert encoded(code=code, type="Hex", value="00") == "00"
    for other in set(OptionType) - {known.type, OptionType.HEX}:
        with pytest.raises(ValueError, match=f"has type {known.type.value}, not {other.value}: leave type out"):
            encoded(code=code, type=other.value, value=GOOD[other][0])


def test_no_registered_option_is_one_that_a_field_owns() -> None:
    owned = {*FIELD_OWNED, *range(FIELD_OWNED_RANGE[0], FIELD_OWNED_RANGE[1] + 1)}
    assert not owned & set(KNOWN_OPTIONS)
    assert {1, *KNOWN_OPTIONS} <= set(range(1, 255))


@pytest.mark.parametrize(
    ("code", "value", "why"),
    [
        (28, "10.1.0", "option 28 (broadcast address): Expected 4 octets in '10.1.0'"),
        (4, "10.1.0.1,10.1.0.256", "option 4 (time servers): Octet 256 (> 255) not permitted in '10.1.0.256'"),
        (
            33,
            "10.9.0.0, 10.1.0.1, 10.8.0.0",
            "addresses come in groups of 2, '10.9.0.0, 10.1.0.1, 10.8.0.0' leaves one over",
        ),
        (23, "256", "option 23 (default time to live): 256 does not fit 1 bytes"),
        (26, "-1", "option 26 (interface MTU): -1 does not fit 2 bytes"),
        (35, "many", "option 35 (ARP cache timeout): 'many' is no whole number"),
        (19, "yes", 'option 19 (IP forwarding): \'yes\' is neither "true" nor "false"'),
        (43, "0a0", "option 43 (vendor-specific information): '0a0' is not pairs of hexadecimal digits"),
        (137, "a..example", "option 137 (LoST server): 'a..example' is no domain name"),
        (17, "", "option 17 (root path): an option has at least one byte, its value is empty"),
        (200, "x", "option 200 is not well known: write its type"),
    ],
)
def test_a_value_that_does_not_fit_is_refused_with_name_value_and_limit(code: int, value: str, why: str) -> None:
    with pytest.raises(ValueError) as refused:
        encoded(code=code, value=value)
    assert why in str(refused.value)
