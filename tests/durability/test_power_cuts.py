"""A disk that loses power at any moment holds every lease that a client was told of."""

from __future__ import annotations

import random
import signal
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from tests.durability.crowd import lacking
from tests.durability.place import Place, stored_in
from tests.durability.recording import Told, after_power_cuts, events_of, recorder
from tests.durability.volume import Volume

LIVED_S = 6.0  # under strace: long enough that SQLite moves its log into the database a few times
IMAGES_PER_CUT = 10  # an image costs little beside the life that was recorded
BETWEEN_CUTS_S = 0.5  # at most


def test_whatever_part_of_the_unsynced_writes_is_missing_no_ack_is(
    place: Place, cuts: int, chance: random.Random, tmp_path: Path, figure: Callable[[str], None]
) -> None:
    trace = tmp_path / "trace"
    place.engine.recorder = recorder(trace)
    place.started()
    place.crowd.live(LIVED_S)
    place.crowd.listen()
    assert place.engine.process is not None
    assert place.engine.process.terminate() == 0
    events = events_of(trace, place.engine.store)
    told = [number for number, event in enumerate(events) if isinstance(event, Told)]
    assert len(told) >= place.crowd.acks > 100
    moments = [chance.randrange(len(events)) for _ in range(cuts * IMAGES_PER_CUT)]
    for number, (image, promised) in enumerate(after_power_cuts(events, moments, chance)):
        folder = tmp_path / f"image-{number}"
        image.write(folder)
        lost = lacking(promised, stored_in(folder))
        assert not lost, f"cut {number}, before event {sorted(moments)[number]}: {lost[:3]}"
    kinds = Counter(type(event).__name__ for event in events)
    figure(f"{len(moments)} power cuts in {dict(kinds)}: no ACK lost")


def test_a_file_system_that_is_cut_off_holds_every_ack(
    volume: Volume, place_on_volume: Place, cuts: int, chance: random.Random, figure: Callable[[str], None]
) -> None:
    place = place_on_volume
    place.started()
    process = place.engine.process
    assert process is not None
    for number in range(cuts):
        place.crowd.live(chance.uniform(0, BETWEEN_CUTS_S))
        process.signal(signal.SIGSTOP)
        place.crowd.listen()
        with volume.after_power_cut() as path:
            lost = place.crowd.lacks(stored_in(path / place.engine.store.relative_to(volume.path)))
        assert not lost, f"cut {number + 1}: {lost[:3]}"
        process.signal(signal.SIGCONT)
    assert place.crowd.acks > cuts
    figure(f"{cuts} copies of an ext4 under load: {place.crowd.acks} ACKs, none lost")
