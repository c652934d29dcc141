"""What a model tells the API server beyond types: CEL rules, list types, and the text form of a value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pydantic import GetJsonSchemaHandler
from pydantic_core import CoreSchema

RULES = "x-kubernetes-validations"
LIST_TYPE = "x-kubernetes-list-type"
LIST_KEYS = "x-kubernetes-list-map-keys"
INT_OR_STRING = "x-kubernetes-int-or-string"

Schema = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Rule:
    """A CEL rule and the message of its refusal, which says what to write instead.

    On a field it is put into `Annotated`; on an object it stands in the model's `rules`.
    """

    cel: str
    message: str

    @property
    def schema(self) -> Schema:
        """Return the rule as the API server takes it."""
        return {"rule": self.cel, "message": self.message}

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> Schema:
        found = handler(core)
        return {**found, RULES: [*found.get(RULES, []), self.schema]}


@dataclass(frozen=True, slots=True)
class MapList:
    """A list whose items are told apart by one field, so that appliers can share it."""

    key: str

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> Schema:
        return {**handler(core), LIST_TYPE: "map", LIST_KEYS: [self.key]}


@dataclass(frozen=True, slots=True)
class AtomicList:
    """A list that is replaced as a whole: its order means something."""

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> Schema:
        return {**handler(core), LIST_TYPE: "atomic"}


@dataclass(frozen=True, slots=True)
class TextForm:
    """How a value that is no string in Python stands in a manifest."""

    pattern: str
    length_max: int

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> Schema:
        return {"type": "string", "pattern": self.pattern, "maxLength": self.length_max}


@dataclass(frozen=True, slots=True)
class DateTimeForm:
    """A moment as RFC 3339 text."""

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> Schema:
        return {"type": "string", "format": "date-time"}


@dataclass(frozen=True, slots=True)
class IntOrString:
    """A Kubernetes quantity: `500m`, `1Gi`, or a plain number."""

    pattern: str

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> Schema:
        return {INT_OR_STRING: True, "pattern": self.pattern}
