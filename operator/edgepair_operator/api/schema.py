"""From a pydantic model to a structural schema, as a CustomResourceDefinition needs it.

pydantic writes JSON Schema with references, titles, `anyOf` with null for what may be absent; the API server takes a
smaller language. References are put in place, optionals become plain, and whatever else the API server would refuse or,
worse, silently ignore is an error here.
"""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from edgepair_operator.api.markers import INT_OR_STRING, LIST_KEYS, LIST_TYPE, RULES, Schema

NOISE = frozenset({"title", "$defs"})
COPIED = frozenset(
    {
        *("type", "format", "enum", "pattern", "minimum", "maximum", "minLength", "maxLength"),
        *("minItems", "maxItems", "minProperties", "maxProperties", "required"),
        *(INT_OR_STRING, LIST_TYPE, LIST_KEYS, RULES),
    }
)
FORMATS = frozenset({"date-time"})  # a format the API server does not know is no check at all
LIST_TYPES = frozenset({"map", "atomic", "set"})
NULL = {"type": "null"}
ORDER = ("description", "type", "format", "default", "enum", "pattern", "minimum", "maximum")  # others follow


class SchemaError(Exception):
    """A model says something that a structural schema cannot: where, and what."""

    def __init__(self, path: str, what: str) -> None:
        super().__init__(f"{path}: {what}")


def structural_schema(model: type[BaseModel]) -> Schema:
    """Return the structural schema of a model.

    Raises:
        SchemaError: the model uses what the API server would refuse or ignore.
    """
    document = model.model_json_schema(by_alias=True)
    return _convert(document, document.get("$defs", {}), path=model.__name__)


def _convert(node: Schema, definitions: Schema, *, path: str) -> Schema:
    plain = _flatten(node, definitions, path=path)
    converted: Schema = {}
    for key, value in plain.items():
        converted.update(_converted_key(key, value, definitions, path=path))
    _check(converted, path=path)
    return {key: converted[key] for key in sorted(converted, key=_rank)}


def _rank(key: str) -> int:
    return ORDER.index(key) if key in ORDER else len(ORDER)


def _flatten(node: Schema, definitions: Schema, *, path: str) -> Schema:
    """Return the node with its reference or its optional in place; what stands beside them counts more."""
    beside = {key: value for key, value in node.items() if key not in ("$ref", "anyOf")}
    if "$ref" in node:
        name = node["$ref"].removeprefix("#/$defs/")
        return {**_flatten(definitions[name], definitions, path=path), **beside}
    if "anyOf" not in node:
        return beside
    some = [each for each in node["anyOf"] if each != NULL]
    if len(some) != 1:
        raise SchemaError(path, f"a value is of one type, not of {len(some)}")
    return {**_flatten(some[0], definitions, path=path), **beside}


def _converted_key(key: str, value: Any, definitions: Schema, *, path: str) -> Schema:
    if key in NOISE:
        return {}
    if key in COPIED:
        return {key: value}
    match key:
        case "description":
            return {key: " ".join(value.split())}
        case "default":
            return _default(value)
        case "const":
            return {"enum": [value]}
        case "properties":
            return {key: {name: _convert(each, definitions, path=f"{path}.{name}") for name, each in value.items()}}
        case "items":
            return {key: _convert(value, definitions, path=f"{path}[]")}
        case "additionalProperties" if value is False:
            return {}  # with properties the API server prunes what is not named
        case "additionalProperties" if isinstance(value, dict):
            return {key: _convert(value, definitions, path=f"{path}{{}}")}
        case _:
            raise SchemaError(path, f"a structural schema has no place for {key}: {value!r}")


def _default(value: Any) -> Schema:
    kept = _without_absent(value)
    return {} if kept is None or kept == [] else {"default": kept}


def _without_absent(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    kept = {key: _without_absent(item) for key, item in value.items()}
    return {key: item for key, item in kept.items() if item not in (None, [], {})}


def _check(node: Schema, *, path: str) -> None:
    if "type" not in node and INT_OR_STRING not in node:
        raise SchemaError(path, "a value needs a type")
    if node.get("format", "date-time") not in FORMATS:
        raise SchemaError(path, f"the API server does not know format {node['format']}")
    if node.get("type") == "array":
        _check_list(node, path=path)
    if node.get("type") == "object" and not node.get("properties") and "additionalProperties" not in node:
        raise SchemaError(path, "an object without fields would lose all it holds")


def _check_list(node: Schema, *, path: str) -> None:
    if node.get(LIST_TYPE) not in LIST_TYPES:
        raise SchemaError(path, "a list says how it is merged: MapList or AtomicList")
    if "items" not in node or "maxItems" not in node:
        raise SchemaError(path, "a list has items of one type and a largest number of them")
    required = node["items"].get("required", [])
    for key in node.get(LIST_KEYS, []):
        if key not in required:
            raise SchemaError(path, f"{key} tells the items apart, so it must be required")
