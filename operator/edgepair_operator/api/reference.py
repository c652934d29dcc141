"""The reference pages of the API, as Markdown: fields with types, defaults and limits, rules, columns, conditions."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from edgepair_operator.api.columns import COLUMNS, Column, Shown
from edgepair_operator.api.conditions import PRESENT_ONLY_WHILE_TRUE, ConditionType, Reason
from edgepair_operator.api.crds import resource_schema
from edgepair_operator.api.keys import API_VERSION, Kind
from edgepair_operator.api.markers import INT_OR_STRING, RULES, Schema

TABLE_HEAD = "| Field | Type | Default | Limits | Meaning |\n|---|---|---|---|---|"
# Said once: a scope is the same in both kinds.
SAID_ELSEWHERE: Mapping[str, str] = {
    "spec.interfaces[].scope": "The same fields and rules as `spec.scopes[]` of a DhcpFailoverGroup."
}


def resources_page() -> str:
    """Return the page about both kinds."""
    return "\n".join(["# Custom resources", "", f"API version `{API_VERSION}`.", *map(_kind_section, Kind)])


def conditions_page() -> str:
    """Return the page about conditions and the closed list of their reasons."""
    lines = ["# Conditions", "", "| Condition | True says | Present |", "|---|---|---|"]
    for each in ConditionType:
        present = "only while true" if each in PRESENT_ONLY_WHILE_TRUE else "always, where it applies"
        lines.append(f"| `{each.word}` | {each.meaning} | {present} |")
    lines += ["", "## Reasons", "", "| Reason | Meaning |", "|---|---|"]
    lines += [f"| `{each.word}` | {each.meaning} |" for each in sorted(Reason, key=lambda each: each.word)]
    return "\n".join([*lines, ""])


def _kind_section(kind: Kind) -> str:
    schema = resource_schema(kind)
    parts = {part: schema["properties"][part] for part in ("spec", "status")}
    lines = ["", f"## {kind.kind} (`{kind.short}`)", "", schema["description"]]
    for part, node in parts.items():
        lines += ["", f"### {kind.kind} {part}", "", TABLE_HEAD, *_rows(node, part)]
    lines += ["", f"### {kind.kind} rules", "", *(f"- `{path}`: {message}" for path, message in _rules(schema))]
    lines += ["", f"### {kind.kind} columns", "", "| Column | Value | Shown |", "|---|---|---|"]
    lines += [_column_row(column) for column in COLUMNS[kind]]
    return "\n".join([*lines, ""])


def _column_row(column: Column) -> str:
    shown = "always" if column.shown is Shown.ALWAYS else "with `-o wide`"
    return f"| {column.name.upper()} | `{column.path}` | {shown} |"


def _rows(node: Schema, path: str) -> Iterator[str]:
    for name, field in node.get("properties", {}).items():
        required = name in node.get("required", ())
        here = f"{path}.{name}"
        yield _row(field, here, default="required" if required else _default(field))
        below = f"{here}[]" if field.get("type") == "array" else here
        if here not in SAID_ELSEWHERE:
            yield from _rows(field.get("items", field), below)


def _row(field: Schema, path: str, *, default: str) -> str:
    meaning = " ".join(filter(None, [field.get("description", ""), SAID_ELSEWHERE.get(path, "")]))
    cells = (f"`{path}`", _type(field), default, _limits(field), meaning)
    return "|" + "|".join(f" {cell} " if cell else " " for cell in cells) + "|"


def _default(field: Schema) -> str:
    if "default" not in field or isinstance(field["default"], dict):
        return ""  # an object's default is that of its fields
    return f"`{json.dumps(field['default'])}`"


def _type(field: Schema) -> str:
    if INT_OR_STRING in field:
        return "quantity"
    match field["type"]:
        case "array":
            return f"list of {_type(field['items'])}"
        case "object" if "additionalProperties" in field:
            return "map"
        case "string" if "format" in field:
            return "time"
        case plain:
            return str(plain)


def _limits(field: Schema) -> str:
    said = [_between(field, "minimum", "maximum", ""), _between(field, "minLength", "maxLength", " characters")]
    said += [_between(field, "minItems", "maxItems", " items"), _between(field, "minProperties", "maxProperties", "")]
    if "enum" in field:
        said.append(", ".join(f"`{word}`" for word in field["enum"]))
    if "pattern" in field:
        said.append(f"`{field['pattern']}`".replace("|", r"\|"))
    return "; ".join(filter(None, said))


def _between(field: Schema, low: str, high: str, unit: str) -> str:
    if low in field and high in field:
        return f"{field[low]} to {field[high]}{unit}"
    if high in field:
        return f"at most {field[high]}{unit}"
    return f"at least {field[low]}{unit}" if low in field else ""


def _rules(node: Schema, path: str = "") -> Iterator[tuple[str, str]]:
    """Return each rule's place and message, once each."""
    if path in SAID_ELSEWHERE:
        return
    for message in dict.fromkeys(rule["message"] for rule in node.get(RULES, ())):
        yield path or "the object", message
    for name, field in node.get("properties", {}).items():
        below = f"{path}.{name}".lstrip(".")
        yield from _rules(field, below)
        if "items" in field:
            yield from _rules(field["items"], f"{below}[]")
