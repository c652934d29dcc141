"""A pair of servers for each scenario, once with our engine as primary and once as secondary.

`-m "ours_primary or gate"` is the choice of `make test`: all scenarios as primary, those marked `gate` as secondary
too. `make test-all` runs all of both. A scenario is one body for both roles:

    @pytest.mark.protocol(72, 75)
    def test_the_link_is_cut_and_mended(pair_of: PairOf) -> None:
        pair = pair_of(Terms(mclt_s=8))            # or the fixture `pair`, with the usual terms
        pair.start()                               # both run, both NORMAL, the addresses shared
        client = pair.crowd.client(of=pair.role)   # one that our server answers
        address = client.takes().address
        pair.cut()                                 # the servers' wire; clients still reach both
        pair.reach(ALONE)                          # both say so
        assert client.renews(at=pair.theirs.address).address == address
        pair.mend()
        settled(pair)                              # NORMAL, equal tables, no client wronged

Wait for what both must come to (`pair.wait`, `reach`, `equal`), never for a time. `equal()` also holds before a change
is heard of: to see a change, wait for the change itself.
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
