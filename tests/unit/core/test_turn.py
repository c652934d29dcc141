"""The order of what happens in one turn."""

from __future__ import annotations

from typing import get_args

from edgepair_engine.core import turn
from edgepair_engine.core.events import Event


def test_every_kind_of_event_has_its_place_in_a_turn() -> None:
    assert set(turn._RANKS) == set(get_args(Event))
