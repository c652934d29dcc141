"""The lab for stories that need namespaces, real servers and real clients."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.interop.lab import Lab, why_not_here


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    """Give a fresh LAN, and remove it with all that runs on it."""
    why_not = why_not_here()
    if why_not is not None:
        pytest.skip(why_not)
    fresh = Lab(tmp_path)
    yield fresh
    fresh.close()
