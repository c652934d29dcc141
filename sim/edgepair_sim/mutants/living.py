"""Lives with a defect in the engine: what a process of a hunt does. One process never has two defects."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, cast

from edgepair_sim.mutants.mutant import Mutant
from edgepair_sim.mutants.planting import plant

if TYPE_CHECKING:  # these import the engine, which must not be there before the defect is planted
    from edgepair_sim.lives import Lived
    from edgepair_sim.script import Script


def live_seed_with(mutant: Mutant, seed: int) -> Lived:
    """Live the life that a seed draws, watched by all checkers, with this defect in the engine."""
    plant(mutant)
    return _live(import_module("edgepair_sim.draw").draw(seed))


def live_script_with(mutant: Mutant, text: str) -> Lived:
    """Live the life that the text of a script tells."""
    plant(mutant)
    return _live(import_module("edgepair_sim.script").script_of(text))


def _live(script: Script) -> Lived:
    lived = import_module("edgepair_sim.lives").live(script)
    return cast("Lived", lived)  # a module that is fetched by its name has no types
