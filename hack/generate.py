"""Write what is generated: CRDs, the chart's copies, JSON schemas of the contract, reference pages, conformance page.

`python -m hack.generate` writes; with `--check` it only says which files differ, and fails when any does.
"""

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel

from edgepair_contract.config import MemberConfig
from edgepair_contract.control import ControlAnswer, ControlRequest
from edgepair_contract.report import MemberReport
from edgepair_operator.api.crds import custom_resource_definition
from edgepair_operator.api.keys import Kind
from edgepair_operator.api.reference import conditions_page, resources_page
from hack import conformance, replay_page, states_page

ROOT = Path(__file__).resolve().parents[1]
HEADER = "# Generated from edgepair_operator.api by `make generate`: do not edit.\n"
PAGE_HEADER = "<!-- Generated from edgepair_operator.api by `make generate`: do not edit. -->\n\n"
STATES_HEADER = "<!-- Generated from edgepair_engine.failover.transitions by `make generate`: do not edit. -->\n\n"
KEEP = {"helm.sh/resource-policy": "keep"}
CONTRACT_MODELS: tuple[type[BaseModel], ...] = (MemberConfig, MemberReport, ControlRequest, ControlAnswer)
LINE_LENGTH_MAX = 100_000  # never fold: a rule stays on its line


def main() -> None:
    """Write or check every generated file."""
    parser = argparse.ArgumentParser(prog="python -m hack.generate", description="Write the generated files.")
    parser.add_argument("--check", action="store_true", help="write nothing, fail when a file differs")
    stale = stale_files(ROOT)
    if parser.parse_args().check:
        if stale:
            sys.exit(f"not up to date, run `make generate`: {', '.join(map(str, stale))}")
        return
    for name, text in generated_files():
        path = ROOT / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    print(f"written: {', '.join(map(str, stale)) or 'nothing, all was up to date'}")


def stale_files(root: Path) -> list[Path]:
    """Return the names of the files that are not what the models say."""
    return [name for name, text in generated_files() if not (root / name).exists() or (root / name).read_text() != text]


def generated_files() -> Iterator[tuple[Path, str]]:
    """Return each file's name and what it must hold."""
    for kind in Kind:
        definition = custom_resource_definition(kind)
        yield Path("crds") / f"{kind.plural}.yaml", HEADER + _yaml(definition)
        yield Path("charts/edgepair/templates/crds") / f"{kind.plural}.yaml", _chart_template(definition)
    for model in CONTRACT_MODELS:
        yield Path("contract/schemas") / f"{_file_name(model)}.json", _json_schema(model)
    yield Path("docs/reference/custom-resources.md"), PAGE_HEADER + resources_page()
    yield Path("docs/reference/conditions.md"), PAGE_HEADER + conditions_page()
    yield Path("docs/reference/states.md"), STATES_HEADER + states_page.page()
    yield Path("docs/reports/conformance.md"), conformance.page()
    yield Path("docs/reports/replay.md"), replay_page.page()


def _chart_template(definition: dict[str, Any]) -> str:
    kept = {**definition, "metadata": {"annotations": KEEP, **definition["metadata"]}}
    text = _yaml(kept)
    assert "{{" not in text, "Helm would take this for a template"
    return f"{{{{- if .Values.crds.enabled }}}}\n{HEADER}{text}{{{{- end }}}}\n"


def _yaml(document: dict[str, Any]) -> str:
    text: str = yaml.safe_dump(document, sort_keys=False, width=LINE_LENGTH_MAX, allow_unicode=True)
    return text


def _json_schema(model: type[BaseModel]) -> str:
    return json.dumps(model.model_json_schema(), indent=2) + "\n"


def _file_name(model: type[BaseModel]) -> str:
    return "".join(f"-{each.lower()}" if each.isupper() else each for each in model.__name__).lstrip("-")


if __name__ == "__main__":
    main()
