"""Values are equal by their fields and their kind, can be keys, and hold nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from edgepair_contract.value import value


@value
class Place:
    interface: str
    address: int = 0


@value(kw_only=True)
class Other:
    interface: str
    address: int = 0


def test_two_are_equal_when_their_kind_and_their_fields_are() -> None:
    assert Place("lan0", 1) == replace(Place("lan0"), address=1)
    assert Place("lan0", 1) != Place("lan0", 2)
    other: object = Other(interface="lan0", address=1)
    assert other != Place("lan0", 1)
    assert len({Place("lan0", 1), Place("lan0", 1), Place("lan0")}) == 2


def test_a_value_holds_its_fields_only_and_takes_keywords_where_it_wants_them() -> None:
    with pytest.raises(AttributeError):
        setattr(Place("lan0"), "note", "x")  # noqa: B010 the type checker would not let it through
    with pytest.raises(TypeError):
        Other("lan0")  # type: ignore[call-arg]
