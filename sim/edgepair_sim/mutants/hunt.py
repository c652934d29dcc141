"""Hunting defects: with each of them lives are lived, seed after seed, until a checker sees that something is wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from functools import partial

from edgepair_contract.value import value
from edgepair_sim.lives import HUNG, SIMULATOR_FAULT, Failure, Lived
from edgepair_sim.mutants.living import live_seed_with
from edgepair_sim.mutants.mutant import Mutant
from edgepair_sim.mutants.table import NOTHING
from edgepair_sim.workers import Workers


@value
class Hunt:
    """What became of a defect: how many seeds were lived, from 1 on, and what was seen in the last; None: it survived.

    `core_s` is what all these lives took of a core.
    """

    mutant: Mutant
    seeds: int
    core_s: float
    seen: Failure | None = None

    @property
    def as_wanted(self) -> bool:
        """Return whether a checker caught the defect; the engine as it is must not be caught."""
        if self.mutant == NOTHING:
            return self.seen is None
        return self.seen is not None and self.seen.checker not in (HUNG, SIMULATOR_FAULT)


@value
class Limits:
    """How many seeds a defect is given, how many are hunted at a time, and how long (real time) one life may take."""

    seeds: int
    jobs: int
    life_s: float


def hunts(mutants: Iterable[Mutant], limits: Limits, tell: Callable[[Hunt], None]) -> Iterator[Hunt]:
    """Yield what became of each defect, as it is known; `tell` hears after each life how a hunt stands."""
    with ThreadPoolExecutor(limits.jobs) as pool:
        planned = [pool.submit(hunt, mutant, limits, tell) for mutant in mutants]
        try:
            for done in as_completed(planned):
                yield done.result()
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def hunt(mutant: Mutant, limits: Limits, tell: Callable[[Hunt], None]) -> Hunt:
    """Return what became of one defect. Its process ends with it: the next defect gets an engine of its own."""
    stands = Hunt(mutant, 0, 0.0)
    workers: Workers[int, Lived] = Workers(partial(live_seed_with, mutant), count=1, limit_s=limits.life_s)
    for end in workers.each(range(1, limits.seeds + 1)):
        if end is None:
            continue
        stands = _after(stands, end.result, end.why)
        tell(stands)
        if stands.seen is not None:
            break
    return stands


def _after(before: Hunt, lived: Lived | None, why: str) -> Hunt:
    if lived is None:
        return Hunt(before.mutant, before.seeds + 1, before.core_s, Failure(HUNG, why))
    return Hunt(before.mutant, before.seeds + 1, before.core_s + lived.core_s, lived.failure)
