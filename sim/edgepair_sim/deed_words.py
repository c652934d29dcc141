"""What is done to a pair, in plain words: one sentence for each deed, and one for the moment it is undone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from edgepair_sim import deeds
from edgepair_sim.crash import CrashPoint, Power
from edgepair_sim.deeds import BOTH, Act, Change, Deed, StoreFate
from edgepair_sim.pair import PRIMARY, SECONDARY

_POINTS: Mapping[CrashPoint, str] = {
    CrashPoint.NOW: "",
    CrashPoint.SENDING: " while it sends",
    CrashPoint.BEFORE_COMMIT: " before its next commit",
    CrashPoint.AFTER_COMMIT: " after its next commit, before it hears of it",
    CrashPoint.TWO_BATCHES: " while it has two batches to write",
}
_POWERS: Mapping[Power, str] = {Power.PROCESS: "is killed", Power.MACHINE: "loses power"}
_STORES: Mapping[StoreFate, str] = {
    StoreFate.KEPT: "",
    StoreFate.LOST: " with an empty store",
    StoreFate.ROLLED_BACK: " with a store that is {back_s:g} s old",
}
_ACTS: Mapping[Act, str] = {
    Act.JOIN: "is switched on",
    Act.LEAVE: "releases its address and leaves",
    Act.VANISH: "is switched off without a word",
    Act.REBOOT: "is switched off and on",
    Act.MOVE: "is plugged in elsewhere",
    Act.DECLINE: "finds its address in use by somebody else",
    Act.REPEAT: "repeats what it sent last",
    Act.LIE: "lies about what it holds",
}
_CHANGES: Mapping[Change, str] = {
    Change.MCLT: "MCLT is {value} s",
    Change.LEASE: "leases are {value} s long",
    Change.RANGE_SHRINKS: "each range loses its last {value} addresses",
    Change.RANGE_GROWS: "each range grows by {value} addresses",
    Change.SPLIT: "the split is {value}",
    Change.DELAY: "max-response-delay is {value} s",
    Change.WINDOW: "at most {value} updates are unacknowledged",
}


def words_of(deed: Deed) -> str:
    """Return what is done, as a person would tell it."""
    return _DONE[type(deed)](deed)


def words_of_end(deed: Deed) -> str:
    """Return what is so again when a deed has lasted its time; nothing if it is not undone."""
    tell = _UNDONE.get(type(deed))
    return tell(deed) if tell is not None and lasts_s(deed) else ""


def lasts_s(deed: Deed) -> float:
    """Return after how long a deed is undone; 0: never, or by somebody else."""
    return float(getattr(deed, "for_s", 0.0))


def _kill(deed: deeds.Kill) -> str:
    store = _STORES[deed.store].format(back_s=deed.back_s)
    return f"{deed.node} {_POWERS[deed.power]}{_POINTS[deed.point]}, and is back {deed.down_s:g} s later{store}"


def _cut(deed: deeds.Cut) -> str:
    if deed.node == BOTH:
        return f"the link is cut for {deed.for_s:g} s"
    partner = SECONDARY if deed.node == PRIMARY else PRIMARY
    return f"nothing that {deed.node} sends reaches {partner} for {deed.for_s:g} s"


def _step(deed: deeds.StepClock) -> str:
    return f"{_clocks(deed)} put {abs(deed.by_s)} s {'forward' if deed.by_s > 0 else 'back'}"


def _clocks(deed: deeds.StepClock) -> str:
    return "both wall clocks are" if deed.node == BOTH else f"the wall clock of {deed.node} is"


def _order(deed: deeds.Order) -> str:
    known = f", the partner having been alive {deed.alive_s_ago} s ago" if deed.alive_s_ago >= 0 else ""
    return f"a person orders {deed.node}: {deed.action.value}{known}"


def _configure(deed: deeds.Configure) -> str:
    first, second = (PRIMARY, SECONDARY) if deed.lag_s >= 0 else (SECONDARY, PRIMARY)
    change = _CHANGES[deed.change].format(value=deed.value)
    mount = f"; the files follow {deed.mount_s:g} s later" if deed.mount_s else ""
    return f"a new configuration: {change}; for {second} {abs(deed.lag_s):g} s after {first}{mount}"


_DONE: Mapping[type[Deed], Callable[[Any], str]] = {  # Any: each takes the kind it stands beside
    deeds.Start: lambda deed: f"{deed.node} is started",
    deeds.Kill: _kill,
    deeds.Restart: lambda deed: f"{deed.node} is asked to end, and is back {deed.down_s:g} s later",
    deeds.Stop: lambda deed: f"the process of {deed.node} is stopped for {deed.for_s:g} s",
    deeds.FillDisk: lambda deed: f"the disk of {deed.node} is full for {deed.for_s:g} s",
    deeds.SlowDisk: lambda deed: f"each sync of {deed.node} takes {deed.commit_s:g} s, for {deed.for_s:g} s",
    deeds.Busy: lambda deed: f"{deed.node} is busy: each turn comes {deed.turn_s:g} s late, for {deed.for_s:g} s",
    deeds.Cut: _cut,
    deeds.Delay: lambda deed: f"the link takes {deed.delay_s:g} s longer, for {deed.for_s:g} s",
    deeds.Reset: lambda _: "every connection between the two is reset",
    deeds.Unplug: lambda deed: f"no client reaches {deed.node} for {deed.for_s:g} s",
    deeds.StepClock: _step,
    deeds.Order: _order,
    deeds.Configure: _configure,
    deeds.ClientDoes: lambda deed: f"c{deed.client} {_ACTS[deed.act]}",
    deeds.Flood: lambda deed: f"{deed.count} hosts that nobody knows ask for addresses within {deed.for_s:g} s",
}
_UNDONE: Mapping[type[Deed], Callable[[Any], str]] = {
    deeds.Stop: lambda deed: f"the process of {deed.node} goes on",
    deeds.FillDisk: lambda deed: f"the disk of {deed.node} has room again",
    deeds.SlowDisk: lambda deed: f"the disk of {deed.node} is fast again",
    deeds.Busy: lambda deed: f"{deed.node} is busy no longer",
    deeds.Cut: lambda _: "the link is mended",
    deeds.Delay: lambda _: "the link is as fast as before",
    deeds.Unplug: lambda deed: f"clients reach {deed.node} again",
    deeds.StepClock: lambda deed: f"{_clocks(deed)} set right",
    deeds.Order: lambda deed: f"the person takes back what {deed.node} was ordered",
}
