"""All defects by name. Each breaks a promise that a checker watches; what no life can tell apart has no place here."""

from __future__ import annotations

from edgepair_sim.mutants.mutant import Mutant
from edgepair_sim.mutants.of_bindings import OF_BINDINGS
from edgepair_sim.mutants.of_service import OF_SERVICE
from edgepair_sim.mutants.of_states import OF_STATES
from edgepair_sim.mutants.of_turns import OF_TURNS

# No defect at all, planted like one: what is found with it would be found without any. It must survive every seed.
NOTHING = Mutant(
    "nothing",
    "nothing is replaced: the engine as it is, which must survive",
    "core/turn.py",
    "def run_turn(",
    "def run_turn(",
)

DEFECTS: tuple[Mutant, ...] = (*OF_TURNS, *OF_STATES, *OF_BINDINGS, *OF_SERVICE)
MUTANTS: dict[str, Mutant] = {mutant.name: mutant for mutant in (NOTHING, *DEFECTS)}
