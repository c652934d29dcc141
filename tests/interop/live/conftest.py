"""A pair of servers for each scenario, once with our engine as primary and once as secondary.

`-m "ours_primary or gate"` is the choice of `make test`: all scenarios as primary, those marked `gate` as secondary
too. `make test-all` runs all of both.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import pytest

from tests.interop.lab import why_not_here
from tests.interop.live.pair import Pair
from tests.interop.live.terms import Terms


class PairOf(Protocol):
    """Make the pair of a scenario from what it is told."""

    def __call__(self, terms: Terms = ..., *, for_dhcpd: Terms | None = None) -> Pair:
        """Return the pair, not started."""


@pytest.fixture(
    params=[
        pytest.param("primary", marks=pytest.mark.ours_primary, id="ours-primary"),
        pytest.param("secondary", marks=pytest.mark.ours_secondary, id="ours-secondary"),
    ]
)
def role(request: pytest.FixtureRequest) -> str:
    """Return our role."""
    found: str = request.param
    return found


@pytest.fixture
def pair_of(tmp_path: Path, role: str) -> Iterator[PairOf]:
    """Make one pair, and end it."""
    why_not = why_not_here()
    if why_not is not None:
        pytest.skip(why_not)
    pairs: list[Pair] = []

    def make(terms: Terms = Terms(), *, for_dhcpd: Terms | None = None) -> Pair:  # noqa: B008 it is frozen
        pairs.append(Pair(tmp_path, role, terms, for_dhcpd=for_dhcpd))
        return pairs[-1]

    yield make
    for pair in pairs:
        pair.close()


@pytest.fixture
def pair(pair_of: PairOf) -> Pair:
    """Return a pair with the usual terms, not started."""
    return pair_of()
