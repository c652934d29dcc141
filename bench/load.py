"""Runs the load generator against a pair, and finds how much the pair can bear."""

from __future__ import annotations

import json
import math
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from bench.network import BROADCAST, SERVERS
from bench.pair import Pair, here

SOURCE = Path(__file__).with_name("load.c")
LOSS_MAX = 0.001  # of the packets sent, in each half of the exchange
DONE_MIN = 0.97  # of the exchanges that the rate asks for; fewer and the generator was the limit
TRIAL_S = 3.0
STEPS = 6
_seeds = count(1)


@dataclass(frozen=True, slots=True)
class Times:
    """How long one half of the exchanges took, in milliseconds."""

    p50: float
    p99: float
    most: float


@dataclass(frozen=True, slots=True)
class Trial:
    """What came of one run. `cpu_us`: of both servers, for each exchange that was completed."""

    rate: float
    loss: float
    held: bool
    cpu_us: float
    offer: Times | None
    ack: Times | None


class Load:
    """The generator, compiled, and a way to have it do an exchange of one kind."""

    def __init__(self, folder: Path) -> None:
        self._program = folder / "load"
        subprocess.run([here("cc"), "-O2", "-o", str(self._program), str(SOURCE)], check=True)

    def dora(self, pair: Pair, rate: float, *, seconds: float = TRIAL_S) -> Trial:
        """Let new clients come, so many a second, heard by both servers."""
        seed = next(_seeds) % 0xA0 + 1  # 0xAA is the byte of those who hold a lease
        return self._run(pair, ["dora", f"{rate:.0f}", str(seconds), str(seed), BROADCAST])

    def renew(self, pair: Pair, rate: float, *, seconds: float = TRIAL_S) -> Trial:
        """Let clients renew their leases, each at its own server."""
        seed = next(_seeds) * 7919
        words = ["renew", f"{rate:.0f}", str(seconds), str(seed), ",".join(SERVERS), str(pair.terms.leases)]
        return self._run(pair, words)

    def _run(self, pair: Pair, words: list[str]) -> Trial:
        before_s = pair.cpu_s()
        command = ["ip", "netns", "exec", pair.network.relay, str(self._program), *words]
        done = subprocess.run(command, check=False, capture_output=True, text=True)
        if done.returncode:
            raise SystemExit(f"{' '.join(command)}: {done.stderr}")
        cpu_s = pair.cpu_s() - before_s
        found = json.loads(done.stdout)
        rate, seconds = float(words[1]), float(words[2])
        begun, acks, naks = found["begun"], found["acks"], found["naks"]
        asked = found.get("offers", begun)
        loss = max(1 - asked / begun, 1 - acks / asked if asked else 1.0)
        held = loss <= LOSS_MAX and not naks and begun >= DONE_MIN * rate * seconds
        return Trial(
            rate=acks / seconds,
            loss=loss,
            held=held,
            cpu_us=cpu_s * 1e6 / max(1, acks),
            offer=_times(found.get("offer_ms")),
            ack=_times(found.get("ack_ms")),
        )


def most(begin: Callable[[], None], trial: Callable[[float], Trial], *, guess: float) -> Trial | None:
    """Return the trial of the highest rate that was borne, found by halving the logarithm; None if none was.

    Each rate is tried on a pair that begins anew: an earlier one has used up addresses, or fallen behind.
    """
    best: Trial | None = None
    low, high = guess / 2, guess * 2
    rate, capped = guess, False
    for _ in range(STEPS):
        begin()
        found = trial(rate)
        if found.held:
            low = rate
            best = found
            if not capped:
                high = rate * 2
        else:
            high, capped = rate, True
        if capped and high <= low * 1.06:
            break
        rate = math.sqrt(low * high)
    return best


def _times(found: dict[str, float] | None) -> Times | None:
    return None if found is None else Times(**found)
