"""A copy of the store as one file, taken while a process serves from it."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

from edgepair_contract.value import value
from edgepair_engine.store.errors import StoreReadOnly, damaged, translate
from edgepair_engine.store.journal import Check, open_for_reading


@value
class Copied:
    """What a copy holds, and its size in bytes."""

    leases: int
    size: int


def back_up(folder: Path, target: Path) -> Copied:
    """Write a copy of a store's last durable state to a file, durably, and look at it before it counts.

    The process that runs on the store goes on committing meanwhile. An earlier file of this name is replaced in one
    step, when the new one is whole.

    Raises:
        StoreError: there is no store, it is damaged, or the file cannot be written.
    """
    unfinished = target.with_name(f".{target.name}.unfinished")
    try:
        with closing(open_for_reading(folder)) as db:
            leases = _copy(db, unfinished)
        unfinished.replace(target)
        _sync(target.parent)
        return Copied(leases, target.stat().st_size)
    except OSError as error:
        raise StoreReadOnly(f"{target}: {error.strerror}: name a file in a folder that can be written") from error
    finally:
        with suppress(OSError):
            unfinished.unlink()


def _copy(db: sqlite3.Connection, path: Path) -> int:
    path.unlink(missing_ok=True)
    path.touch(mode=0o600, exist_ok=False)  # leases are personal data
    try:
        with closing(sqlite3.connect(path, isolation_level=None)) as copy:
            db.backup(copy)
            copy.execute("PRAGMA journal_mode = DELETE")  # all of it in the one file
            verdict: str = copy.execute(Check.WHOLE.value).fetchone()[0]
            if verdict != "ok":
                raise damaged(str(path), verdict)
            leases: int = copy.execute("SELECT count(*) FROM lease").fetchone()[0]
    except sqlite3.Error as error:
        raise translate(error, str(path)) from error
    _sync(path)
    return leases


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
