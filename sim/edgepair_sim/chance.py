"""Chance in a life: streams of numbers that one seed decides, each for somebody else."""

from __future__ import annotations

import random

MIDDLE = 0.5


class Calm(random.Random):
    """No chance at all: of everything the middle. Identifiers, drawn as bits, still differ."""

    def random(self) -> float:
        """Return the middle of what may be."""
        return MIDDLE


def chance_of(seed: int, whose: str, *, calm: bool = False) -> random.Random:
    """Return somebody's stream of numbers."""
    return Calm(f"{seed} {whose}") if calm else random.Random(f"{seed} {whose}")
