"""The fuzz targets by name, how long their inputs may be, and where their corpus is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.fuzz import codecs, stories

CORPUS = Path(__file__).with_name("corpus")


@dataclass(frozen=True, slots=True)
class Target:
    """A function that fails by an exception, and the longest input worth trying on it."""

    check: Callable[[bytes], None]
    size_max: int


TARGETS: Mapping[str, Target] = {
    "framer": Target(codecs.framer, 1024),
    "failover": Target(codecs.failover, 2060),
    "dhcp4": Target(codecs.dhcp4, 1400),
    "endpoint": Target(stories.endpoint, 320),
}


def corpus(target: str) -> Iterator[Path]:
    """Return the committed inputs of a target: what covers it, and what once failed."""
    return iter(sorted((CORPUS / target).iterdir()))
