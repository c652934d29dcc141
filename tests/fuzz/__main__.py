"""Fuzz one target, or all of them two at a time: `python -m tests.fuzz TARGET|all --seconds N | --runs N`.

New inputs that reach new branches are kept in build/fuzz/TARGET/found for the next run; `--keep` puts the fewest that
reach all of it into the committed corpus. An input that fails is written to build/fuzz/TARGET: mend the defect, and
copy the input into tests/fuzz/corpus/TARGET, where `make check` tries it for ever.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from tests.fuzz.targets import CORPUS, TARGETS

ROOT = Path(__file__).resolve().parents[2]
BUILD = ROOT / "build" / "fuzz"
FIGURES = ROOT / "build" / "figures" / "fuzz.md"  # for the summary of a whole run
AT_A_TIME = 2  # cores of the smallest machine that runs this
COVERAGE_MIN = 20  # branches; fewer mean that the modules were not instrumented
INPUT_LIMIT_S = 10  # for one input; more is a loop without end
PROGRESS_EVERY_S = 30.0
STATUS = re.compile(r"^#(\d+)\s.* cov: (\d+) .*corp: (\d+)/", re.MULTILINE)  # of libFuzzer
MEMORY_LIMIT_MB = 1024  # the process takes 70; more is something that grows
ATHERIS_MISSING = (
    "fuzz: atheris is not installed here. It has wheels for Python 3.11 to 3.13 on x86_64 only (see pyproject.toml); "
    "the committed corpus is tried by `make check` all the same."
)


@dataclass(frozen=True, slots=True)
class Figures:
    """What one target's run came to."""

    target: str
    runs: int
    took_s: float
    coverage: int
    corpus: int
    committed: int
    failed: str | None


def main() -> int:
    """Run the targets that are asked for; return 1 if one failed, or if they cannot run in CI."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("target", choices=[*TARGETS, "all"])
    until = parser.add_mutually_exclusive_group(required=True)
    until.add_argument("--seconds", type=int, help="fuzz each target for so long")
    until.add_argument("--runs", type=int, help="try so many inputs on each target")
    until.add_argument("--keep", action="store_true", help="put what was found into the committed corpus, minimised")
    arguments = parser.parse_args()
    names = list(TARGETS) if arguments.target == "all" else [arguments.target]
    if arguments.keep:
        for name in names:
            keep(name)
        return 0
    limit = f"-runs={arguments.runs}" if arguments.runs else f"-max_total_time={arguments.seconds}"
    return run_all(names, limit=limit, instrumented=find_spec("atheris") is not None)


def run_all(names: list[str], *, limit: str, instrumented: bool) -> int:
    """Fuzz these targets, two at a time, and tell the figures; return the exit code."""
    if not instrumented:
        print(ATHERIS_MISSING, file=sys.stderr)
        return 1 if os.environ.get("CI") else 0
    with ThreadPoolExecutor(AT_A_TIME) as pool:
        results = list(pool.map(lambda name: fuzz(name, limit), names))
    print(table(results), flush=True)
    FIGURES.parent.mkdir(parents=True, exist_ok=True)
    FIGURES.write_text(page(results))
    return 1 if any(result.failed for result in results) else 0


def fuzz(name: str, limit: str) -> Figures:
    """Run one target and return its figures."""
    folder = BUILD / name
    found = folder / "found"
    found.mkdir(parents=True, exist_ok=True)
    start_s = time.monotonic()
    guards = (f"-timeout={INPUT_LIMIT_S}", f"-rss_limit_mb={MEMORY_LIMIT_MB}", "-report_slow_units=3600")
    exit_code, told = _libfuzzer(name, limit, *guards, f"-artifact_prefix={folder}/", str(found), str(CORPUS / name))
    (folder / "log").write_text(told)
    last = last_status(told)
    failed = None if exit_code == 0 else _failure(told, folder)
    if failed is None and last["cov"] < COVERAGE_MIN:
        failed = f"only {last['cov']} branches seen: the modules are not instrumented"
    return Figures(
        target=name,
        runs=last["runs"],
        took_s=time.monotonic() - start_s,
        coverage=last["cov"],
        corpus=last["corp"],
        committed=sum(1 for _ in (CORPUS / name).iterdir()),
        failed=failed,
    )


def keep(name: str) -> None:
    """Replace what the committed corpus covers by the fewest and smallest inputs; failures of the past stay."""
    kept, found = BUILD / name / "kept", BUILD / name / "found"
    kept.mkdir(parents=True, exist_ok=True)
    found.mkdir(exist_ok=True)
    for path in kept.iterdir():
        path.unlink()
    exit_code, told = _libfuzzer(
        name, "-set_cover_merge=1", "-use_counters=0", str(kept), str(CORPUS / name), str(found)
    )
    if exit_code != 0:
        sys.exit(f"{name}: merging failed\n{told[-2000:]}")
    committed = CORPUS / name
    for path in committed.iterdir():
        if not path.name.startswith("failed-"):
            path.unlink()
    for path in kept.iterdir():
        (committed / path.name[:12]).write_bytes(path.read_bytes())
    print(f"{name}: {sum(1 for _ in committed.iterdir())} inputs in {committed.relative_to(ROOT)}")


def table(results: list[Figures]) -> str:
    """Return the closing table, and below it what failed."""
    rows = [
        f"  {r.target:<10}{r.runs:>10} executions{r.took_s:>7.0f} s{r.coverage:>6} branches"
        f"{r.corpus:>6} inputs ({r.committed} committed)   {'FAILED' if r.failed else 'ok'}"
        for r in results
    ]
    failures = [f"\n== {r.target}\n{r.failed}" for r in results if r.failed]
    return "\n".join(["fuzz:", *rows, *failures])


def page(results: list[Figures]) -> str:
    """Return the figures for the summary of a whole run."""
    rows = [
        f"| {r.target} | {r.runs:,} | {r.took_s:.0f} s | {r.coverage} | {r.corpus} | {'failed' if r.failed else '0'} |"
        for r in results
    ]
    head = ["| fuzz target | executions | took | branches | inputs | failures |", "|---|---|---|---|---|---|"]
    return "\n".join([*head, *rows, ""])


def last_status(told: str) -> dict[str, int]:
    """Return executions, branches and inputs of libFuzzer's last status line."""
    lines = STATUS.findall(told)
    numbers = lines[-1] if lines else ("0", "0", "0")
    return dict(zip(("runs", "cov", "corp"), map(int, numbers), strict=True))


def _libfuzzer(name: str, *options: str) -> tuple[int, str]:
    command = [sys.executable, "-m", "tests.fuzz.loop", name, *options]
    told: list[str] = []
    next_s = time.monotonic() + PROGRESS_EVERY_S
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            told.append(line)
            status = STATUS.match(line)
            if status is not None and time.monotonic() >= next_s:
                next_s = time.monotonic() + PROGRESS_EVERY_S
                print(f"  {name}: {int(status[1]):,} executions, {status[2]} branches", flush=True)
    return process.returncode, "".join(told)


def _failure(told: str, folder: Path) -> str:
    found = re.search(r"=== Uncaught Python exception|==\d+== ERROR: libFuzzer", told)
    at = found.start() if found else max(len(told) - 3000, 0)
    lines = [line for line in told[at : at + 6000].splitlines() if not line.startswith(("INFO:", "WARNING:"))]
    return "\n".join(lines) + f"\nall of it: {(folder / 'log').relative_to(ROOT)}"


if __name__ == "__main__":
    sys.exit(main())
