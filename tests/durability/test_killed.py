"""A server that is killed at any moment has stored every lease that a client was told of."""

from __future__ import annotations

import random
from collections.abc import Callable

from tests.durability.place import Place, stored_in

LIVED_S = 0.4  # at most, from ready to the end
STARTING = 0.2  # which part is killed while it starts
START_S = 0.6
CONFIRM_LIMIT_S = 300.0  # tens of thousands of clients after hundreds of kills


def test_whatever_was_acknowledged_is_stored_and_belongs_to_nobody_else(
    place: Place, cuts: int, chance: random.Random, figure: Callable[[str], None]
) -> None:
    for number in range(cuts):
        if chance.random() < STARTING:
            place.engine.start()
            place.crowd.live(chance.uniform(0, START_S))
        else:
            place.started()
            place.crowd.live(chance.uniform(0, LIVED_S))
        place.engine.kill()
        place.crowd.listen()
        lost = place.crowd.lacks(stored_in(place.engine.store))
        assert not lost, f"after kill {number + 1}: {lost}"
    assert place.crowd.acks > cuts
    place.started()
    place.crowd.confirm(CONFIRM_LIMIT_S)
    assert place.crowd.refused == []
    figure(f"{cuts} kills: {place.crowd.acks} ACKs to {len(place.crowd.promised)} clients, none lost")
