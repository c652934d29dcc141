"""Shrinking: what remains of a life that fails is what it takes to fail."""

from __future__ import annotations

import pytest

from edgepair_sim.checkers.checker import Broken, Checker
from edgepair_sim.deeds import ClientDoes, Cut, Deed, Kill, StoreFate
from edgepair_sim.draw import draw
from edgepair_sim.life import Life
from edgepair_sim.script import Script, script_of, text_of
from edgepair_sim.shrink import shrink
from edgepair_sim.trace import Trace


class NoKillInACut(Checker):
    """Planted: breaks when a server dies while the link is cut and a client has an address."""

    name = "no-kill-in-a-cut"

    def done(self, deed: Deed) -> None:
        served = any(client.holding is not None for client in self.scene.clients)
        if isinstance(deed, Kill) and not self.scene.network.whole and served:
            raise self.broken(f"{deed.node} dies while the link is cut")


def breaks(script: Script) -> float | None:
    life = Life(script, Trace(), [NoKillInACut])
    try:
        life.run()
    except Broken:
        return life.scene.now_s
    return None


LONG = """\
seed=5 mclt_s=300 lease_s=1200 max_response_delay_s=30 split=200 clients=5 addresses=16 primary_ppm=90
at 10.500 client client=1 act=join
at 31.250 client client=2 act=join
at 40.000 client client=3 act=join
at 41.000 reset
at 55.000 client client=4 act=join
at 60.125 client client=5 act=join
at 300.000 cut node=east-2 for_s=45
at 320.000 kill node=east-2 down_s=20
at 610.000 client client=3 act=reboot
at 700.700 cut node=east-1 for_s=333.3
at 705.000 client client=2 act=leave
at 800.000 stop node=east-2 for_s=90
at 850.250 kill node=east-1 point=after-commit power=machine store=rolled-back back_s=900 down_s=77
at 900.000 client client=4 act=vanish
end 3600
"""


def test_what_remains_is_what_it_takes() -> None:
    said: list[str] = []
    shrunk = shrink(script_of(LONG), breaks, said.append)
    assert text_of(shrunk) == (
        "seed=5 mclt_s=60 lease_s=600 clients=1 networks=1 addresses=4 calm=1\n"
        "at 10.000 client client=1 act=join\n"
        "at 20.000 cut for_s=11\n"
        "at 30.000 kill node=east-2\n"
        "end 31\n"
    )
    assert said[0] == "trial 1: 14 deeds, 5 clients, 3600 s"


def test_it_stops_after_so_many_trials_with_the_best_so_far() -> None:
    said: list[str] = []
    shrunk = shrink(script_of(LONG), breaks, said.append, trials_max=5)
    assert said[-1] == "stopped: 5 trials"
    assert breaks(shrunk) is not None
    assert len(shrunk.deeds) < 14


def test_it_stops_when_no_time_is_left() -> None:
    said: list[str] = []
    left = iter([False, False, True])
    shrunk = shrink(script_of(LONG), breaks, said.append, spent=lambda: next(left))
    assert said[-1] == "stopped: no time left"
    assert breaks(shrunk) is not None


def test_a_life_that_does_not_fail_is_not_shrunk() -> None:
    calm = script_of("seed=5 clients=3\nat 10 client client=3 act=join\nend 60")
    with pytest.raises(ValueError, match="does not fail"):
        shrink(calm, breaks, lambda _: None)


def loses_a_store(script: Script) -> float | None:
    """A fault that rests on nothing but the script: hundreds of trials take no time."""
    return next((d.at_s for d in script.deeds if isinstance(d, Kill) and d.store is StoreFate.LOST), None)


def test_the_same_is_found_each_time() -> None:
    day = next(day for day in map(draw, range(100)) if loses_a_store(day) is not None)
    said: list[str] = []
    said_again: list[str] = []
    assert shrink(day, loses_a_store, said.append) == shrink(day, loses_a_store, said_again.append)
    assert said == said_again


def test_a_drawn_day_is_shrunk_to_the_one_deed_that_matters() -> None:
    day = next(day for day in map(draw, range(100)) if loses_a_store(day) is not None)
    shrunk = shrink(day, loses_a_store, lambda _: None)
    (kill,) = shrunk.deeds
    assert isinstance(kill, Kill)
    assert kill == Kill(at_s=10.0, node=kill.node, store=StoreFate.LOST)
    assert shrunk.end_s == 11.0


def test_clients_of_whom_one_matters_are_numbered_anew() -> None:
    def cut_after_somebody_joined(script: Script) -> float | None:
        joined = any(isinstance(deed, ClientDoes) for deed in script.deeds)
        return next((d.at_s for d in script.deeds if isinstance(d, Cut) and joined), None)

    script = script_of("seed=5 clients=9\nat 10 client client=7 act=join\nat 20 cut for_s=1\nend 60")
    shrunk = shrink(script, cut_after_somebody_joined, lambda _: None)
    assert text_of(shrunk).splitlines()[1:] == [
        "at 10.000 client client=1 act=join",
        "at 20.000 cut for_s=1",
        "end 21",
    ]
