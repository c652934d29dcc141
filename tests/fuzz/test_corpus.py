"""Every committed fuzz input passes its target: what covers it, and what once failed."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fuzz.targets import TARGETS, corpus

SHOWN: dict[str, pytest.MarkDecorator | tuple[()]] = {
    "framer": pytest.mark.protocol(3, 159),
    "failover": pytest.mark.protocol(159),
    "dhcp4": (),
    "endpoint": pytest.mark.protocol(11, 61, 99, 159, "Q3"),
}
INPUTS = [
    pytest.param(name, path, id=f"{name}-{path.name}", marks=SHOWN[name]) for name in TARGETS for path in corpus(name)
]


@pytest.mark.parametrize("name", TARGETS)
def test_each_target_has_a_corpus_of_small_inputs(name: str) -> None:
    sizes = [path.stat().st_size for path in corpus(name)]
    assert len(sizes) >= 5
    assert max(sizes) <= TARGETS[name].size_max


@pytest.mark.parametrize(("name", "path"), INPUTS)
def test_an_input_of_the_corpus_passes(name: str, path: Path) -> None:
    TARGETS[name].check(path.read_bytes())
