"""A disk that is slow, full, read-only or broken: nobody is told what is not stored, and it goes on without a person.

The kernel's answers are strace's: it is attached to the running server and lets calls fail or take their time.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.durability.place import Place, stored_beside, stored_in
from tests.interop.netns import eventually

ATTACH_LIMIT_S = 20.0
RECOVERS_LIMIT_S = 15.0
EXIT_STORE = 74
SLOW_S = 5


@contextmanager
def calls_that(what: str, pid: int, folder: Path) -> Iterator[None]:
    """Let calls of a process go wrong, as strace's `inject` says it."""
    told = folder / "strace.err"
    with told.open("wb") as errors:
        call = what.partition(":")[0]
        command = ["strace", "-f", "-p", str(pid), "-e", f"trace={call}", "-e", f"inject={what}"]
        tracer = subprocess.Popen([*command, "-o", "/dev/null"], stderr=errors)
    try:
        eventually(
            "strace is attached", lambda: "attached" in told.read_text(), within_s=ATTACH_LIMIT_S, state=told.read_text
        )
        yield
    finally:
        tracer.terminate()
        tracer.wait()


@pytest.mark.parametrize(
    ("error", "advice"),
    [
        pytest.param("ENOSPC", "free space on the volume", id="full"),
        pytest.param("EROFS", "look at the volume and the kernel's log", id="read-only"),
    ],
)
def test_a_disk_that_takes_nothing_is_told_and_goes_on_by_itself(
    place: Place, tmp_path: Path, error: str, advice: str
) -> None:
    place.started()
    place.crowd.live(0.3)
    process, engine, crowd = place.engine.process, place.engine, place.crowd
    assert process is not None
    with calls_that(f"pwrite64:error={error}", process.pid, tmp_path):
        crowd.live(1.0)
        crowd.listen()
        before = crowd.acks
        crowd.live(1.0)
        report = engine.report()
        assert report is not None
        assert report.store_error is not None
        assert advice in report.store_error
        assert (crowd.acks, report.ready) == (before, False)
        assert engine.ask("/livez")[0] == 200
        assert not crowd.lacks(stored_beside(engine.store))
    eventually("it is ready again", place.ready, within_s=RECOVERS_LIMIT_S, state=engine.log)
    crowd.live(0.5)
    assert crowd.acks > before
    engine.kill()
    assert not crowd.lacks(stored_in(engine.store))


def test_a_disk_that_takes_seconds_loses_no_ack_and_is_no_reason_to_end(place: Place, tmp_path: Path) -> None:
    place.started()
    place.crowd.live(0.3)
    process = place.engine.process
    assert process is not None
    with calls_that(f"fdatasync:delay_exit={SLOW_S * 1_000_000}", process.pid, tmp_path):
        for _ in range(3):
            place.crowd.live(SLOW_S)
            place.crowd.listen()
            assert not place.crowd.lacks(stored_beside(place.engine.store))
            assert place.engine.ask("/livez")[0] == 200
    before = place.crowd.acks
    eventually("it is ready", place.ready, within_s=RECOVERS_LIMIT_S, state=place.engine.log)
    place.crowd.live(1.0)
    assert place.crowd.acks > before
    place.engine.kill()
    place.crowd.listen()
    assert not place.crowd.lacks(stored_in(place.engine.store))


def test_after_a_sync_that_failed_it_ends_and_starts_again_with_all_that_was_told(place: Place, tmp_path: Path) -> None:
    place.started()
    place.crowd.live(0.5)
    process = place.engine.process
    assert process is not None
    with calls_that("fdatasync:error=EIO", process.pid, tmp_path):
        place.crowd.live(1.0)
        assert process.wait() == EXIT_STORE
    assert "restart on a healthy volume" in place.engine.log()
    place.crowd.listen()
    assert not place.crowd.lacks(stored_in(place.engine.store))
    place.started()
    before = place.crowd.acks
    place.crowd.live(0.5)
    assert place.crowd.acks > before
