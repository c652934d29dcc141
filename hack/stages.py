"""Run the stages of a test tier one after the other and print how long each took.

A failed stage does not hide what comes after it: all run, the table at the end tells, the exit code is 1 if any failed.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SUMMARY = ROOT / "docs" / "reports" / "test-all.md"  # committed before an issue is resolved
FIGURES = ROOT / "build" / "figures"  # a page for each stage that has something to count
RESULTS = ROOT / "build" / "test-all.json"  # the last result of each stage: the longest can run on their own
PYTEST = f"{sys.executable} -m pytest"
LIVES = f"{sys.executable} -m edgepair_sim run --page {FIGURES / 'simulation.md'}"
LIVE = f"{PYTEST} tests/interop/live -n 6 --timeout 300"  # they wait more than they work
TIERS: dict[str, dict[str, str]] = {
    "test": {
        "check": "make check",
        "simulation": f"{LIVES} --seeds 200",
        "fuzz": f"{sys.executable} -m tests.fuzz all --seconds 60",
        "chart": f"{PYTEST} tests/chart",
        "interop": f"{PYTEST} tests/interop --ignore tests/interop/live --timeout 300",
        "durability": f"{PYTEST} tests/durability --cuts 20 --timeout 300",
        "live": f"{LIVE} -m 'ours_primary or gate'",
        "controller": f"{PYTEST} tests/controller --timeout 300",
        "images": "make images",
        "cluster": f"{sys.executable} -m hack.kind.cluster up",
        "e2e": f"{PYTEST} tests/e2e -m gate --timeout 900",
    },
}
TIERS["test-all"] = TIERS["test"] | {
    "simulation": f"{LIVES} --seeds 10000",
    "fuzz": f"{sys.executable} -m tests.fuzz all --runs 1000000",
    "durability": f"{PYTEST} tests/durability --cuts 200 --timeout 1800",
    "live": LIVE,
    "e2e": f"{PYTEST} tests/e2e --timeout 900",
}


@dataclass(frozen=True, slots=True)
class Result:
    """One stage: how long it took and how it ended."""

    stage: str
    took_s: float
    exit_code: int


def main() -> int:
    """Run a tier; return 1 if a stage failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tier", choices=sorted(TIERS))
    parser.add_argument("--only", action="append", metavar="STAGE", help="run only this stage (may be repeated)")
    arguments = parser.parse_args()
    stages = TIERS[arguments.tier]
    unknown = set(arguments.only or ()) - set(stages)
    if unknown:
        parser.error(f"no stage is called {', '.join(sorted(unknown))}; there are {', '.join(stages)}")
    results = [run(stage, command) for stage, command in stages.items() if stage in (arguments.only or stages)]
    print(table(results), flush=True)
    if arguments.tier == "test-all":
        keep(results)
    return 1 if any(result.exit_code for result in results) else 0


def run(stage: str, command: str) -> Result:
    """Run one stage with its output passed through."""
    print(f"\n== {stage}: {command}", flush=True)
    (FIGURES / f"{stage}.md").unlink(missing_ok=True)
    start = time.monotonic()
    exit_code = subprocess.run(shlex.split(command), check=False).returncode
    result = Result(stage, time.monotonic() - start, exit_code)
    print(f"== {stage}: {'ok' if exit_code == 0 else f'FAILED ({exit_code})'} in {result.took_s:.0f} s", flush=True)
    return result


def table(results: list[Result]) -> str:
    """Return the closing table."""
    rows = [f"  {r.stage:<12}{r.took_s:>7.0f} s   {'ok' if r.exit_code == 0 else 'FAILED'}" for r in results]
    failed = sum(1 for r in results if r.exit_code)
    total = f"  {'total':<12}{sum(r.took_s for r in results):>7.0f} s"
    return "\n".join(["", "stages:", *rows, total, f"{len(results) - failed} passed, {failed} failed"])


def keep(results: list[Result]) -> None:
    """Take these results among the last ones of their stages, and write the page when each stage has one."""
    commit = subprocess.run(["git", "log", "-1", "--format=%h %cs"], capture_output=True, text=True, check=True).stdout
    kept: dict[str, dict[str, str]] = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    for result in results:
        end = "ok" if result.exit_code == 0 else "failed"
        kept[result.stage] = {"took": f"{result.took_s:.0f} s", "commit": commit.strip(), "end": end}
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(kept, indent=2) + "\n")
    missing = [stage for stage in TIERS["test-all"] if stage not in kept]
    if missing:
        print(f"no page yet: {', '.join(missing)} did not run here")
        return
    SUMMARY.write_text(summary(kept))
    print(f"written to {SUMMARY.relative_to(ROOT)}")


def summary(kept: dict[str, dict[str, str]]) -> str:
    """Return the page that tells of everything: what was tested, on which commit, how long it took, what it counted."""
    rows = [
        f"| {stage} | {kept[stage]['commit']} | {kept[stage]['took']} | {kept[stage]['end']} |"
        for stage in TIERS["test-all"]
    ]
    head = ["# The last run of everything", "", f"`make test-all`, stage by stage, {os.cpu_count()} cores.", ""]
    figures = [part for page in sorted(FIGURES.glob("*.md")) for part in (f"## {page.stem}", "", page.read_text())]
    return "\n".join([*head, "| stage | commit | took | |", "|---|---|---|---|", *rows, "", *figures])


if __name__ == "__main__":
    sys.exit(main())
