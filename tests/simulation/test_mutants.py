"""The simulator can fail: defects planted in the engine are found, and only in the process that they are planted in."""

from functools import partial
from pathlib import Path

import pytest

from edgepair_sim.checkers.table import CHECKERS
from edgepair_sim.lives import HUNG, SIMULATOR_FAULT, Failure, Lived
from edgepair_sim.mutants.hunt import Hunt, Limits, hunts
from edgepair_sim.mutants.living import live_script_with
from edgepair_sim.mutants.mutant import DoesNotApply, Mutant
from edgepair_sim.mutants.page import line, page
from edgepair_sim.mutants.planting import TooLate, plant
from edgepair_sim.mutants.table import DEFECTS, MUTANTS, NOTHING
from edgepair_sim.workers import Workers

ROOT = Path(__file__).resolve().parents[2]
SOURCES = ROOT / "engine" / "edgepair_engine"

# The link is cut, and six clients want the four addresses: two of them belong to each server.
CROWDED = """
seed=1 mclt_s=60 lease_s=600 max_response_delay_s=10 clients=6 networks=1 addresses=4 lost=0
at 20.000 cut for_s=300
at 60.000 client client=1 act=join
at 61.000 client client=2 act=join
at 62.000 client client=3 act=join
at 63.000 client client=4 act=join
at 64.000 client client=5 act=join
at 65.000 client client=6 act=join
end 200
"""


def lived_with(name: str, script: str) -> Lived:
    """Live a script in a process of its own, with this defect in its engine."""
    workers: Workers[str, Lived] = Workers(partial(live_script_with, MUTANTS[name]), count=1, limit_s=60.0)
    (lived,) = [end.result for end in workers.each([script]) if end is not None]
    assert lived is not None
    return lived


@pytest.mark.parametrize("mutant", MUTANTS.values(), ids=lambda mutant: mutant.name)
def test_what_a_defect_replaces_stands_in_the_engine_once_and_python_takes_what_replaces_it(mutant: Mutant) -> None:
    source = (SOURCES / mutant.file).read_text()

    compile(mutant.applied(source), mutant.file, "exec")

    assert (mutant.applied(source) == source) is (mutant == NOTHING)


def test_defects_have_names_of_their_own() -> None:
    assert len(MUTANTS) == len(DEFECTS) + 1
    assert len(DEFECTS) >= 10


def test_a_defect_whose_place_is_gone_says_so() -> None:
    mutant = Mutant("adrift", "nobody knows", "core/turn.py", "return", "pass")

    with pytest.raises(DoesNotApply, match="mutant adrift: what it replaces is found 2 times"):
        mutant.applied("if now:\n    return 1\nreturn 2\n")


def test_a_defect_is_found_where_it_is_planted_and_the_next_process_has_none() -> None:
    with_it = lived_with("partners-pool-in-interruption", CROWDED)
    without = lived_with("nothing", CROWDED)

    assert with_it.failure is not None
    assert with_it.failure.checker == "claims-are-kept"
    assert without.failure is None
    assert without.virtual_s == 200.0


def test_an_engine_that_is_imported_takes_no_defect() -> None:
    with pytest.raises(TooLate, match="mclt-ignored cannot be planted"):
        plant(MUTANTS["mclt-ignored"])


def test_a_hunt_lives_seed_after_seed_until_something_is_seen() -> None:
    bound = "assert len(events) <= TURN_EVENTS_MAX"
    deaf = Mutant("deaf", "a turn fails when something has come", "core/pipeline.py", bound, "assert not events")
    told: list[int] = []

    (found,) = hunts([deaf], Limits(seeds=3, jobs=1, life_s=60.0), lambda stands: told.append(stands.seeds))

    assert found.as_wanted
    assert (found.seeds, told) == (1, [1])
    assert found.seen is not None
    assert found.seen.checker == "no-assertion-fired"


def a_mutant(name: str, tells: str) -> Mutant:
    """Return a defect that is never planted."""
    return Mutant(name, tells, "core/turn.py", "", "")


def a_hunt(mutant: Mutant, seeds: int, seen: Failure | None = None) -> Hunt:
    """Return a hunt that took two core seconds a seed."""
    return Hunt(mutant, seeds, 2.0 * seeds, seen)


def test_the_page_tells_who_caught_what_and_what_survived() -> None:
    caught = a_hunt(
        a_mutant("first", "one goes wrong"), 7, Failure("one-address-one-client", "10.1.0.50 is promised\nto two")
    )
    survived = a_hunt(a_mutant("second", "two go wrong"), 500)

    rows = page([a_hunt(NOTHING, 500), caught, survived]).splitlines()

    assert "| `first` | one goes wrong | `one-address-one-client` | 7 | 14.0 | 10.1.0.50 is promised |" in rows
    assert "| `second` | two go wrong | **survived** | over 500 | 1000.0 |  |" in rows
    assert rows[-1] == "With no defect planted, 500 seeds were lived and nothing was seen. 1 of 2 defects were caught."


@pytest.mark.parametrize("fault", [HUNG, SIMULATOR_FAULT])
def test_a_defect_that_only_stops_the_simulator_is_not_caught(fault: str) -> None:
    assert not a_hunt(a_mutant("first", "one goes wrong"), 1, Failure(fault, "its process ended with 1")).as_wanted


def test_what_is_seen_without_a_defect_voids_the_page() -> None:
    alarm = a_hunt(NOTHING, 3, Failure("one-address-one-client", "10.1.0.50 is promised to two"))

    assert not alarm.as_wanted
    assert "**With no defect planted**, seed 3 showed `one-address-one-client`: nothing above counts." in page([alarm])
    assert line(a_hunt(NOTHING, 1)) == "survived  nothing: 1 seed, 2 core seconds"


def test_the_page_that_is_kept_tells_of_each_defect_who_caught_it() -> None:
    kept = (ROOT / "docs" / "reports" / "mutants.md").read_text()
    rows = [line.split(" | ") for line in kept.splitlines() if line.startswith("| `")]
    assert [row[0] for row in rows] == [f"| `{mutant.name}`" for mutant in DEFECTS], "make sim-mutants"
    assert [row[1] for row in rows] == [mutant.tells for mutant in DEFECTS]
    assert all(row[2].strip("`") in CHECKERS for row in rows), "a defect has survived"
    assert "NameError" not in kept, "what is planted is no Python"
