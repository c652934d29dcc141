"""What many lives came to: what counts as failed, and the words and figures of it."""

from __future__ import annotations

from dataclasses import replace

from edgepair_sim.lives import Failure, Lived
from edgepair_sim.tally import Tally, summary, told

WELL = Lived(10, "aaaa", virtual_s=86_400, core_s=1.25)
BROKEN = Lived(
    11, "bbbb", virtual_s=7200.25, core_s=0.25, failure=Failure("tables-are-equal", "10.1.0.50 is not", 7200.25)
)


def test_the_second_life_of_a_seed_must_be_like_the_first_whichever_ends_first() -> None:
    tally = Tally()
    assert tally.add(replace(WELL, digest="cccc"), again=True) is None
    torn = tally.add(WELL, again=False)
    assert torn is not None
    assert told(torn).splitlines()[:2] == [
        "seed 10 failed at 86400.000 s (24:00:00)",
        "  two-lives: the same seed lived two lives: aaaa and cccc",
    ]
    assert tally.failed == [torn]


def test_the_same_life_twice_is_no_failure() -> None:
    tally = Tally()
    assert (tally.add(WELL, again=False), tally.add(replace(WELL, core_s=2.0), again=True)) == (None, None)
    assert tally.failed == []


def test_a_life_that_fails_twice_alike_is_told_once() -> None:
    tally = Tally()
    assert (tally.add(BROKEN, again=False), tally.add(BROKEN, again=True)) == (BROKEN, None)
    assert tally.failed == [BROKEN]


def test_a_second_life_that_hung_differs() -> None:
    tally = Tally()
    tally.add(WELL, again=False)
    assert tally.add(Lived(10, "", 0.0, 0.0, Failure("hung", "it took longer than 120 s")), again=True) is not None


def test_the_summary_counts_all_and_lists_what_failed() -> None:
    tally = Tally(took_s=3)
    for lived, again in ((WELL, False), (WELL, True), (BROKEN, False)):
        tally.add(lived, again=again)
    assert summary(tally).splitlines() == [
        "2 seeds in 3 s: 50 virtual hours, 16.7 in a second",
        "core seconds a seed: median 0.75, most 1.25 (seed 10)",
        "lived twice: 1 seed",
        "hash of all: 1eb1dd5f915b0907",
        "1 failed:",
        "  seed 11      tables-are-equal: 10.1.0.50 is not",
    ]


def test_the_hash_of_all_does_not_depend_on_who_ended_first() -> None:
    one, other = Tally(), Tally()
    for lived in (WELL, BROKEN):
        one.add(lived, again=False)
    for lived in (BROKEN, WELL):
        other.add(lived, again=False)
    assert one.digest == other.digest
    assert one.digest != Tally().digest


def test_a_fault_is_told_with_its_traceback() -> None:
    fault = replace(
        WELL, failure=Failure("no-assertion-fired", "KeyError: 5", 60, "Traceback:\n  in turn\nKeyError: 5\n")
    )
    assert told(fault).splitlines() == [
        "seed 10 failed at 60.000 s (0:01:00)",
        "  no-assertion-fired: KeyError: 5",
        "  its story: make sim SEED=10 TRACE=1    cut down: make sim-shrink SEED=10",
        "  Traceback:",
        "    in turn",
        "  KeyError: 5",
    ]


def test_nothing_that_ended_is_said() -> None:
    assert summary(Tally()) == "no life ended"
