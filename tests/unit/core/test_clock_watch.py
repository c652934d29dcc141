"""A wall clock that jumps is noticed, told once and shown; one that is a little fast or slow is not."""

from __future__ import annotations

import random

import pytest

from edgepair_contract.clock import Now
from edgepair_contract.notices import CATALOGUE, NoteCode
from edgepair_engine.core.clock_watch import ClockWatch, Step
from edgepair_engine.core.effects import Tell
from edgepair_engine.core.engine import Engine
from edgepair_engine.core.turn import run_turn
from edgepair_engine.leases.record import Restored
from tests.unit.dhcp.counter import PLAIN_MEMBER

T0 = Now(1_795_514_888, 1000.0)


def after(passed_s: float, wall_s: int) -> Now:
    return Now(T0.wall_s + wall_s, T0.mono_s + passed_s)


@pytest.mark.parametrize(
    ("now", "step"),
    [
        (after(10.0, 10), None),
        (after(9.1, 10), None),
        (after(10.9, 10), None),
        (after(10.0, 13), None),
        (after(86400.0, 86443), None),
        (after(10.0, 14), Step(4, T0.wall_s + 14)),
        (after(10.0, 3610), Step(3600, T0.wall_s + 3610)),
        (after(10.0, 6), Step(-4, T0.wall_s + 6)),
        (after(0.0, -3600), Step(-3600, T0.wall_s - 3600)),
    ],
    ids=[
        "both run alike",
        "a second is not over by one clock",
        "nor by the other",
        "a small correction",
        "a day of slewing",
        "forward",
        "an hour forward",
        "back",
        "an hour back at once",
    ],
)
def test_what_counts_as_a_step(now: Now, step: Step | None) -> None:
    watch = ClockWatch(T0)
    assert watch.look(now) == step
    assert watch.latest == step
    later = Now(now.wall_s + 5, now.mono_s + 5)
    assert watch.look(later) is None
    assert watch.latest == step


def test_a_step_is_told_once_and_stands_in_the_report() -> None:
    engine = Engine(PLAIN_MEMBER, Restored(), random.Random(7), now=T0)
    quiet = engine.report(T0)
    assert (quiet.clock_step_s, quiet.clock_stepped_at) == (0, None)
    told = [
        [output.note for output in run_turn(engine, [], now).outputs if isinstance(output, Tell)]
        for now in (after(5.0, 5), after(10.0, 130), after(15.0, 135))
    ]
    assert [[(note.code, note.fields) for note in notes] for notes in told] == [
        [],
        [(NoteCode.CLOCK_STEPPED, {"step_s": "+120"})],
        [],
    ]
    report = engine.report(after(15.0, 135))
    assert (report.clock_step_s, report.clock_stepped_at) == (120, T0.wall_s + 130)
    assert report.revision == quiet.revision + 1
    assert (
        CATALOGUE[NoteCode.CLOCK_STEPPED].text.format(step_s="+120") == "this server's wall clock has jumped by +120 s"
    )
