"""The table of what was caught: the page that is kept, and the line and the object of one defect."""

from __future__ import annotations

from collections.abc import Sequence

from edgepair_sim.mutants.hunt import Hunt
from edgepair_sim.mutants.table import NOTHING

SAID_MAX = 160  # of a checker's words; the seed tells the rest
_HEAD = """# Planted defects

The simulator must be able to fail. Each of these defects was planted in the engine, alone; then lives were lived with
it, from seed 1 on, until a checker saw that something was wrong. `make sim-mutants` does it all again and writes this
page; the defects themselves stand in `sim/edgepair_sim/mutants`. The engine as it is lives the same seeds, too: nothing
may be seen then.

*Seed*: the first that shows it, so also how many were lived. *Core seconds*: what all of them took of one core.

| defect | what goes wrong | caught by | seed | core seconds | what it said |
|---|---|---|---|---|---|
"""


def page(hunts: Sequence[Hunt]) -> str:
    """Return the page about hunts, in their order."""
    defects = [hunt for hunt in hunts if hunt.mutant != NOTHING]
    rows = "".join(f"| {' | '.join(map(_cell, _row(hunt)))} |\n" for hunt in defects)
    return f"{_HEAD}{rows}\n{''.join(_sentence(hunt) for hunt in hunts if hunt.mutant == NOTHING)}{_total(defects)}\n"


def line(hunt: Hunt) -> str:
    """Return what is printed when a hunt is over."""
    lived = f"{hunt.seeds} seed{'s'[: hunt.seeds != 1]}, {hunt.core_s:.0f} core seconds"
    if hunt.seen is None:
        return f"survived  {hunt.mutant.name}: {lived}"
    return f"caught    {hunt.mutant.name}: {hunt.seen.checker}, {lived}: {_first_line(hunt.seen.how)}"


def facts(hunt: Hunt) -> dict[str, object]:
    """Return a hunt for machines."""
    return {
        "mutant": hunt.mutant.name,
        "as_wanted": hunt.as_wanted,
        "seeds": hunt.seeds,
        "core_s": round(hunt.core_s, 1),
        "checker": None if hunt.seen is None else hunt.seen.checker,
        "how": None if hunt.seen is None else hunt.seen.how,
        "at_s": None if hunt.seen is None else hunt.seen.at_s,
    }


def _row(hunt: Hunt) -> tuple[str, ...]:
    name, tells = f"`{hunt.mutant.name}`", hunt.mutant.tells
    if hunt.seen is None:
        return name, tells, "**survived**", f"over {hunt.seeds}", f"{hunt.core_s:.1f}", ""
    return name, tells, f"`{hunt.seen.checker}`", str(hunt.seeds), f"{hunt.core_s:.1f}", _first_line(hunt.seen.how)


def _sentence(hunt: Hunt) -> str:
    if hunt.seen is None:
        return f"With no defect planted, {hunt.seeds} seeds were lived and nothing was seen. "
    return f"**With no defect planted**, seed {hunt.seeds} showed `{hunt.seen.checker}`: nothing above counts. "


def _total(defects: Sequence[Hunt]) -> str:
    caught = sum(1 for hunt in defects if hunt.seen is not None)
    return f"{caught} of {len(defects)} defects were caught."


def _first_line(how: str) -> str:
    first = how.splitlines()[0] if how else ""
    return first if len(first) <= SAID_MAX else f"{first[: SAID_MAX - 1]}…"


def _cell(text: str) -> str:
    return text.replace("|", r"\|")
