"""Kubernetes quantities as numbers, to tell whether two spellings mean the same."""

from __future__ import annotations

from decimal import Decimal

_SUFFIXES = {
    **{f"{letter}i": Decimal(1024) ** (place + 1) for place, letter in enumerate("KMGTPE")},
    **{letter: Decimal(1000) ** (place + 1) for place, letter in enumerate("kMGTPE")},
    "m": Decimal("0.001"),
    "u": Decimal("0.000001"),
    "n": Decimal("0.000000001"),
}


def quantity(text: str | int) -> Decimal:
    """Return the number that `1Gi`, `500m` or `1e3` stands for; it has passed the schema's pattern."""
    given = str(text)
    for suffix, factor in _SUFFIXES.items():
        if given.endswith(suffix):
            return Decimal(given.removesuffix(suffix)) * factor
    return Decimal(given)
