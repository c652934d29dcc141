"""Which test shows which statement of the protocol: read from the `protocol` marks in the test sources.

A test says `@pytest.mark.protocol(49, "Q3", "I13")`: the numbers of `tests/data/statements.tsv`, `quirks.tsv` and
`improvements.tsv` that it would fail for. `docs/reports/conformance.md` is written from that by `make generate`.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
TESTS = ROOT / "tests"
LISTS = {
    "Statements": "statements.tsv",
    "dhcpd's quirks": "quirks.tsv",
    "Improvements on dhcpd": "improvements.tsv",
}
_KINDS = {
    "unit": "unit",
    "test_captures_codec.py": "codec",
    "test_captures_decode.py": "codec",
    "replay": "replay",
    "fuzz": "fuzz",
    "interop": "live",
}
_HEAD = """# Conformance to the failover protocol

Each number below is a fact about the protocol as dhcpd speaks it, and has at least one test that fails when it does not
hold. *Codec*: recorded messages, read and written. *Replay*: our engine in the place of one server of a recorded pair.
*Live*: a real dhcpd as the partner. *Fuzz*: arbitrary bytes. *Unit*: the rule itself, in virtual time."""


@dataclass(frozen=True, slots=True)
class Proof:
    """A test, or a table of cases, that names a number."""

    kind: str
    name: str


def page() -> str:
    """Return the conformance page."""
    found = proofs()
    parts = [_HEAD, _summary(found)]
    for title, name in LISTS.items():
        rows = [f"| {number} | {text} | {_cell(found.get(number, []))} |" for number, text in entries(name)]
        parts.append("\n".join([f"## {title}", "", "| # | what holds | shown by |", "|---|---|---|", *rows]))
    return "\n\n".join(parts) + "\n"


def entries(name: str) -> list[tuple[str, str]]:
    """Return number and text of every line of a list."""
    head, *lines = (TESTS / "data" / name).read_text().splitlines()
    column = head.split("\t").index("statement") if "statement" in head.split("\t") else 1
    rows = (line.split("\t") for line in lines)
    return [(row[0], row[column].replace("|", "\\|").replace("\n", " ")) for row in rows]


def missing() -> list[str]:
    """Return the numbers that no test names."""
    found = proofs()
    return [number for name in LISTS.values() for number, _ in entries(name) if number not in found]


def unknown() -> list[str]:
    """Return the numbers that tests name and no list holds."""
    known = {number for name in LISTS.values() for number, _ in entries(name)}
    return sorted(proofs().keys() - known)


def proofs() -> dict[str, list[Proof]]:
    """Return the tests that name each number."""
    found: dict[str, list[Proof]] = {}
    for path in sorted(TESTS.rglob("test_*.py")):
        for owner, number in _marks(ast.parse(path.read_text())):
            proof = Proof(_kind(path), owner or path.stem)
            if proof not in found.setdefault(number, []):
                found[number].append(proof)
    return found


def _marks(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Yield (name of the test, number); the name is empty for a table of cases."""
    for node in tree.body:
        owner = node.name if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef) else ""
        for call in ast.walk(node):
            if isinstance(call, ast.Call) and ast.unparse(call.func) == "pytest.mark.protocol":
                yield from ((owner, str(ast.literal_eval(argument))) for argument in call.args)


def _kind(path: Path) -> str:
    parts = path.relative_to(TESTS).parts
    return next(kind for part, kind in _KINDS.items() if part in parts)


def _summary(found: dict[str, list[Proof]]) -> str:
    numbers = [number for number, _ in entries(LISTS["Statements"])]
    shown = [number for number in numbers if number in found]
    kinds = dict.fromkeys(_KINDS.values())
    by_kind = {kind: sum(1 for number in shown if any(p.kind == kind for p in found[number])) for kind in kinds}
    counts = ", ".join(f"{count} {kind}" for kind, count in by_kind.items())
    return f"**{len(shown)} of {len(numbers)} statements** are shown, many of them in more than one way: {counts}."


def _cell(shown: list[Proof]) -> str:
    return "<br>".join(f"{proof.kind}: `{proof.name}`" for proof in shown)
