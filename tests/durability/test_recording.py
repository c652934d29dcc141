"""What is read from a record of calls, and what a disk holds after a cut between them."""

from __future__ import annotations

import random
from pathlib import Path

from tests.durability.recording import Event, Made, Removed, Synced, Written, after_power_cuts, events_of

STORE = Path("/store")


def escaped(text: str) -> str:
    return "".join(f"\\x{byte:02x}" for byte in text.encode())


def test_calls_are_read_in_their_order_whatever_the_width_of_a_process_number(tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    database = escaped("/store/a.db")
    trace.write_text(
        f'12345 openat(AT_FDCWD<>, "{database}", O_RDWR|O_CREAT, 0600) = 4<{database}>\n'
        f'7     pwrite64(4<{database}>, "{escaped("one")}", 3, 512) = 3\n'
        f"7     fdatasync(4<{database}> <unfinished ...>\n"
        f'12345 pwrite64(4<{database}>, "{escaped("two")}", 3, 0 <unfinished ...>\n'
        "7     <... fdatasync resumed>)          = 0\n"
        "12345 <... pwrite64 resumed>)           = 3\n"
        f"7     fsync(5<{escaped('/store')}>) = 0\n"
        f'7     unlink("{database}") = 0\n'
        f'7     pwrite64(6<{escaped("/elsewhere")}>, "{escaped("x")}", 1, 0) = 1\n'
        "7     +++ exited with 0 +++\n"
    )
    assert events_of(trace, STORE) == [
        Made("a.db"),
        Written("a.db", 512, b"one"),
        Written("a.db", 0, b"two"),
        Synced("a.db", 2),
        Synced("", 4),
        Removed("a.db"),
    ]


def test_what_was_synced_is_there_and_of_the_rest_anything_may_be_missing() -> None:
    events: list[Event] = [
        Made("a"),
        Written("a", 0, b"old"),
        Synced("a", 2),
        Synced("", 3),
        Written("a", 0, b"new"),
        Made("b"),
    ]
    held = {
        (bytes(image.files["a"]), "b" in image.named)
        for seed in range(40)
        for image, _ in after_power_cuts(events, [len(events)], random.Random(seed))
    }
    assert held == {(content, is_named) for content in (b"old", b"new") for is_named in (False, True)}


def test_a_file_that_its_folder_was_not_synced_for_may_be_gone_with_all_that_was_synced_in_it() -> None:
    events: list[Event] = [Made("a"), Written("a", 0, b"all"), Synced("a", 2)]
    images = [next(after_power_cuts(events, [3], random.Random(seed)))[0] for seed in range(40)]
    assert {frozenset(image.named) for image in images} == {frozenset(), frozenset({"a"})}
