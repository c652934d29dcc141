"""How often the servers are killed and the power fails, and the place where that happens."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.durability.place import Place, why_not_here
from tests.durability.volume import Volume

SEED = 20


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--cuts", type=int, default=20, help="kills and power cuts of each kind (%(default)s)")


@pytest.fixture
def cuts(request: pytest.FixtureRequest) -> int:
    """Return how many kills and cuts are wanted."""
    count: int = request.config.getoption("--cuts")
    return count


@pytest.fixture
def chance() -> random.Random:
    """Return what chance decides here: the moments, and what a disk forgets."""
    return random.Random(SEED)


@pytest.fixture
def place(tmp_path: Path, chance: random.Random) -> Iterator[Place]:
    """Give a LAN with a server and a crowd, and remove it."""
    yield from _a_place(tmp_path, chance)


@pytest.fixture
def volume(tmp_path: Path) -> Iterator[Volume]:
    """Give a file system of its own."""
    _skip_where_it_cannot_run()
    fresh = Volume(tmp_path)
    yield fresh
    fresh.close()


@pytest.fixture
def place_on_volume(volume: Volume, chance: random.Random) -> Iterator[Place]:
    """Give a LAN whose server has its store on the volume."""
    yield from _a_place(volume.path, chance)


def _a_place(folder: Path, chance: random.Random) -> Iterator[Place]:
    _skip_where_it_cannot_run()
    fresh = Place(folder, chance)
    yield fresh
    fresh.close()


def _skip_where_it_cannot_run() -> None:
    why_not = why_not_here()
    if why_not is not None:
        pytest.skip(why_not)
