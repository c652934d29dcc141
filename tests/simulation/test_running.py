"""`make sim` as people run it: what it tells, and how it ends."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from edgepair_sim.main import main

ROOT = Path(__file__).resolve().parents[2]
A_MORNING = """seed=7 mclt_s=60 clients=2 lost=0 doubled=0
at 30 client client=1 act=join
at 40 client client=2 act=join
end 60
"""


@dataclass(frozen=True, slots=True)
class Ran:
    """How a command ended, and what it wrote."""

    code: int
    out: str
    err: str


Sim = Callable[..., Ran]


@pytest.fixture
def sim(capsys: pytest.CaptureFixture[str]) -> Sim:
    """Run the command in this process: many lives begin processes of their own all the same."""

    def run(*words: str) -> Ran:
        try:
            code = main(["run", *words])
        except SystemExit as error:
            code = int(error.code or 0)
        told = capsys.readouterr()
        return Ran(code, told.out, told.err)

    return run


def planted(name: str) -> tuple[str, str]:
    return "--checkers", f"tests.simulation.planted:{name}"


def a_script(folder: Path, text: str = A_MORNING) -> str:
    path = folder / "morning.txt"
    path.write_text(text)
    return str(path)


def test_seeds_that_live_well_end_with_0_and_figures(sim: Sim, tmp_path: Path) -> None:
    page = tmp_path / "figures" / "simulation.md"
    ran = sim("--seeds", "1", "--seed-start", "10", "--hours", "1", "--page", str(page))
    assert ran.code == 0, ran.out
    seeds, core, twice, digest, failed = ran.out.splitlines()[-5:]
    assert re.fullmatch(r"1 seed in \d+ s: 2 virtual hours, \d+\.\d in a second", seeds)
    assert re.fullmatch(r"core seconds a seed: median \d+\.\d\d, most \d+\.\d\d \(seed 10\)", core)
    assert re.fullmatch(r"hash of all: [0-9a-f]{16}", digest)
    assert (twice, failed) == ("lived twice: 1 seed", "0 failed")
    head, _, row = page.read_text().splitlines()
    assert head == "| seeds | lived twice | virtual hours | took | core seconds a seed | hash of all | failures |"
    assert re.fullmatch(r"\| 1 \| 1 \| 2 \| \d+ s \| \d+\.\d\d \| [0-9a-f]{16} \| 0 \|", row)


def test_a_failing_seed_is_told_with_what_to_do_and_listed_at_the_end(sim: Sim) -> None:
    ran = sim("--seeds", "2", *planted("NobodyIsPromisedAnything"))
    assert ran.code == 1
    assert re.search(
        r"^seed 2 failed at \d+\.\d{3} s \(0:\d\d:\d\d\)\n"
        r"  nobody-is-promised-anything: c\d+ was\n"
        r"  its story: make sim SEED=2 TRACE=1    cut down: make sim-shrink SEED=2$",
        ran.out,
        re.MULTILINE,
    )
    end = ran.out.splitlines()[-3:]
    assert [re.sub(r"c\d+", "c1", line) for line in end] == [
        "2 failed:",
        "  seed 1       nobody-is-promised-anything: c1 was",
        "  seed 2       nobody-is-promised-anything: c1 was",
    ]


def test_the_first_failure_can_end_the_run(sim: Sim) -> None:
    ran = sim("--seeds", "500", "--first", "--jobs", "1", *planted("NobodyIsPromisedAnything"))
    assert ran.code == 1
    assert ran.out.splitlines()[-2] == "1 failed:"


def test_a_life_that_takes_its_process_with_it_is_a_failure(sim: Sim) -> None:
    ran = sim("--seeds", "1", *planted("TakesItsProcessWithIt"))
    assert ran.code == 1
    assert ran.out.splitlines()[-2:] == ["1 failed:", "  seed 1       hung: its process ended with 9"]


def test_a_fault_of_the_simulator_is_told_from_one_of_the_engine(sim: Sim, tmp_path: Path) -> None:
    ours = sim("--script", a_script(tmp_path), *planted("StumblesItself"))
    engines = sim("--script", a_script(tmp_path), *planted("MakesAnEngineStumble"))
    assert (ours.code, engines.code) == (1, 1)
    assert "simulator-fault: KeyError: 'c1'" in ours.out
    assert "no-assertion-fired: AssertionError" in engines.out
    assert "Traceback (most recent call last):" in engines.out


def test_a_script_tells_itself_and_its_story(sim: Sim, tmp_path: Path) -> None:
    ran = sim("--script", a_script(tmp_path), "--trace")
    assert ran.code == 0, ran.out
    assert ran.out.startswith("seed=7 mclt_s=60 clients=2 lost=0.0 doubled=0.0\nat 30.000 client client=1 act=join\n")
    assert re.search(r"c1 +holds 10\.\d\.0\.\d+ until 00:01:", ran.out, re.MULTILINE)
    assert re.search(r"^seed 7 lived: 60\.000 s \(0:01:00\), \d\.\d\d s of a core, hash \w{16}$", ran.out, re.MULTILINE)


def test_what_is_printed_is_a_script_that_lives_the_same_life(sim: Sim, tmp_path: Path) -> None:
    drawn = sim("--seed", "3", "--print").out
    from_seed = sim("--seed", "3", "--hours", "1", "--json")
    from_script = sim("--script", a_script(tmp_path, drawn), "--hours", "1", "--json")
    assert json.loads(from_seed.out)["digest"] == json.loads(from_script.out)["digest"]


def test_machines_read_one_object_whatever_happens(sim: Sim, tmp_path: Path) -> None:
    ran = sim("--script", a_script(tmp_path), "--json", *planted("NobodyIsPromisedAnything"))
    told = json.loads(ran.out)
    assert (ran.code, told["seeds"], told["twice"], list(told["digests"])) == (1, 1, 0, ["7"])
    [failure] = told["failed"]
    assert (failure["seed"], failure["checker"]) == (7, "nobody-is-promised-anything")
    assert "seed 7 failed at" in ran.err


def test_what_cannot_be_is_said_with_exit_code_2(sim: Sim, tmp_path: Path) -> None:
    wishes = [
        (["--seeds", "none"], "must be a whole number, not 'none'"),
        (["--seeds", "0"], "must be 1 or more, not 0"),
        (["--seeds", "2", "--trace"], "--trace and --print are about one life: name it by --seed or --script"),
        (["--script", str(tmp_path / "lost.txt")], "lost.txt: No such file or directory"),
        (["--script", a_script(tmp_path, "seed=1\nat 5 dance node=east-1\nend 9\n")], "'dance' must be one of start"),
        (["--checkers", "all-is-well"], "no checker is called 'all-is-well'; there are"),
    ]
    for words, why in wishes:
        ran = sim(*words)
        assert (ran.code, why in ran.err) == (2, True), (words, ran.err)


def test_make_hands_the_words_over_also_below_another_make(tmp_path: Path) -> None:
    ran = subprocess.run(
        ["make", "-s", "--no-print-directory", "sim", f"SCRIPT={a_script(tmp_path)}", "PRINT=1"],
        cwd=ROOT, capture_output=True, text=True, timeout=60, check=True,
        env=os.environ | {"MAKELEVEL": "1", "MAKEFLAGS": "w"},
    )  # fmt: skip
    assert ran.stdout == (
        "seed=7 mclt_s=60 clients=2 lost=0.0 doubled=0.0\n"
        "at 30.000 client client=1 act=join\nat 40.000 client client=2 act=join\nend 60\n"
    )
