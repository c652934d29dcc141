"""The shape of the tree: what must never be there, and sizes that only ever shrink."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PRODUCTS = ("contract", "engine", "operator", "sim")
MODULE_LINES_MAX = 450
FUNCTION_LINES_MAX = 60
BANNED_NAMES = {"utils", "helpers", "common", "manager", "data", "info"}

PRODUCT_MODULES = sorted(path for top in PRODUCTS for path in (ROOT / top).rglob("*.py"))
OWN_MODULES = sorted([*PRODUCT_MODULES, *(ROOT / "tests").rglob("*.py"), *(ROOT / "hack").rglob("*.py")])


def title(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("top", [*PRODUCTS, "."])
def test_no_top_folder_shadows_a_standard_module(top: str) -> None:
    assert not (ROOT / top / "__init__.py").exists()


@pytest.mark.parametrize("path", OWN_MODULES, ids=title)
def test_a_module_says_what_it_speaks_of_and_stays_small(path: Path) -> None:
    text = path.read_text()
    tree = ast.parse(text)
    assert ast.get_docstring(tree) or not tree.body, "no docstring"
    assert text.count("\n") <= MODULE_LINES_MAX
    assert path.stem not in BANNED_NAMES


@pytest.mark.parametrize("path", OWN_MODULES, ids=title)
def test_functions_stay_small(path: Path) -> None:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            assert node.end_lineno is not None
            lines = node.end_lineno - node.lineno + 1
            assert lines <= FUNCTION_LINES_MAX, f"{node.name} has {lines} lines"


@pytest.mark.parametrize("path", PRODUCT_MODULES, ids=title)
def test_public_things_have_docstrings(path: Path) -> None:
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_"):
            assert ast.get_docstring(node), node.name


def test_nothing_reads_a_folder_outside_the_checkout() -> None:
    shared = "../" + "shared"
    readers = [
        title(path)
        for path in ROOT.rglob("*")
        if path.suffix in {".py", ".sh", ".yaml", ".toml"}
        and not any(part in {".venv", ".git", "build"} for part in path.relative_to(ROOT).parts)
        and shared in path.read_text(errors="replace")
    ]
    assert readers == []
