"""A model becomes a structural schema, or an error that says where and why it cannot."""

from __future__ import annotations

from enum import Enum
from ipaddress import IPv4Address
from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, Field

from edgepair_operator.api.markers import AtomicList, MapList, Rule
from edgepair_operator.api.schema import SchemaError, structural_schema
from edgepair_operator.api.v1alpha1.addresses import Address
from edgepair_operator.api.v1alpha1.model import Model


class Colour(Enum):
    """A colour."""

    RED = "Red"
    BLUE = "Blue"


class Leaf(Model):
    """A leaf."""

    name: str = Field(max_length=63, description="Its name.")
    size: int = Field(3, ge=1, le=5)


class Tree(Model):
    """A tree of many kinds of fields."""

    rules = (Rule("has(self.leaf)", "write leaf"),)

    leaf: Leaf | None = Field(None, description="The one leaf.")
    best_leaf: Leaf = Leaf(name="oak")
    leaves: Annotated[tuple[Leaf, ...], Field(max_length=4), MapList("name")] = ()
    colour: Colour = Colour.RED
    word: Literal["a", "b"] = "a"
    address: Address | None = None
    marks: dict[str, str] = Field(default_factory=dict, max_length=2)


LEAF = {
    "type": "object",
    "properties": {
        "name": {"description": "Its name.", "type": "string", "maxLength": 63},
        "size": {"type": "integer", "default": 3, "minimum": 1, "maximum": 5},
    },
    "required": ["name"],
}


def field(name: str) -> Any:
    return structural_schema(Tree)["properties"][name]


def test_an_optional_object_stands_in_place_with_the_fields_own_description() -> None:
    assert field("leaf") == {"description": "The one leaf."} | LEAF


def test_a_default_object_has_only_what_is_there() -> None:
    assert field("bestLeaf") == {"description": "A leaf.", "default": {"name": "oak", "size": 3}} | LEAF


def test_a_list_says_how_it_is_merged() -> None:
    assert field("leaves") == {
        "type": "array",
        "maxItems": 4,
        "items": {"description": "A leaf."} | LEAF,
        "x-kubernetes-list-type": "map",
        "x-kubernetes-list-map-keys": ["name"],
    }


def test_closed_words_are_an_enum() -> None:
    assert field("colour") == {
        "description": "A colour.",
        "type": "string",
        "default": "Red",
        "enum": ["Red", "Blue"],
    }
    assert field("word") == {"type": "string", "default": "a", "enum": ["a", "b"]}


def test_an_address_carries_its_own_rule() -> None:
    assert field("address") == {
        "type": "string",
        "pattern": r"^[0-9]{1,3}(\.[0-9]{1,3}){3}$",
        "maxLength": 15,
        "x-kubernetes-validations": [
            {
                "rule": "isIP(self) && ip(self).family() == 4",
                "message": "write an IPv4 address, such as 10.1.0.2",
            }
        ],
    }


def test_a_map_keeps_the_type_of_its_values() -> None:
    assert field("marks") == {"type": "object", "maxProperties": 2, "additionalProperties": {"type": "string"}}


def test_a_models_rules_stand_on_the_object() -> None:
    assert structural_schema(Tree)["x-kubernetes-validations"] == [{"rule": "has(self.leaf)", "message": "write leaf"}]


class TwoTypes(Model):
    both: int | str


class PlainList(Model):
    names: tuple[str, ...] = ()


class EndlessList(Model):
    names: Annotated[tuple[str, ...], AtomicList()] = ()


class WeakKey(Model):
    leaves: Annotated[tuple[Leaf, ...], Field(max_length=4), MapList("size")] = ()


class Pair(Model):
    two: tuple[int, str]


class Above(Model):
    size: int = Field(gt=0)


class Unchecked(Model):
    address: IPv4Address


class Empty(Model):
    pass


class Hollow(Model):
    inside: Empty


class Anything(Model):
    what: Any


REFUSED: dict[str, tuple[type[BaseModel], str]] = {
    "two types in one field": (TwoTypes, "TwoTypes.both: a value is of one type, not of 2"),
    "a list of unknown merging": (PlainList, "PlainList.names: a list says how it is merged: MapList or AtomicList"),
    "a list without a limit": (EndlessList, "EndlessList.names: a list has items of one type and a largest number"),
    "items told apart by what may be absent": (WeakKey, "WeakKey.leaves: size tells the items apart"),
    "a pair": (Pair, "Pair.two: a structural schema has no place for prefixItems"),
    "an exclusive limit": (Above, "Above.size: a structural schema has no place for exclusiveMinimum: 0"),
    "a format that is never checked": (Unchecked, "Unchecked.address: the API server does not know format ipv4"),
    "an object without fields": (Hollow, "Hollow.inside: an object without fields would lose all it holds"),
    "a value of any type": (Anything, "Anything.what: a value needs a type"),
}


@pytest.mark.parametrize(("model", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_what_the_server_would_refuse_or_ignore_is_an_error(model: type[BaseModel], message: str) -> None:
    with pytest.raises(SchemaError) as caught:
        structural_schema(model)
    assert message in str(caught.value)
