"""What is generated is what the models say: a change of a model comes with its files."""

from __future__ import annotations

from pathlib import Path

from hack.generate import stale_files

ROOT = Path(__file__).resolve().parents[2]


def test_generated_files_are_up_to_date() -> None:
    assert stale_files(ROOT) == [], "run `make generate`"
