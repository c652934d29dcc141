"""The journal: records made durable batch by batch, and all of them back after a start.

SQLite in write-ahead mode with `synchronous=FULL`: a commit is one transaction and one sync. Memory is the authority
while the process runs; the file is read at the start only. One process at a time holds a store, by a lock on `LOCK`.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from enum import Enum
from functools import partial
from pathlib import Path
from typing import Protocol, assert_never
from urllib.parse import quote

from edgepair_engine.leases.record import ConfigRecord, CountsRecord, LeaseRecord, Record, Restored, StateRecord
from edgepair_engine.store.errors import StoreBusy, StoreReadOnly, damaged, translate
from edgepair_engine.store.rows import (
    COUNTS_COLUMNS,
    LEASE_COLUMNS,
    STATE_COLUMNS,
    WRONG_CONFIG,
    WRONG_COUNTS,
    WRONG_LEASE,
    WRONG_STATE,
    Row,
    counts_of,
    counts_row,
    lease_of,
    lease_row,
    state_of,
    state_row,
)
from edgepair_engine.store.schema import SCHEMA_VERSION, prepare, version_of
from edgepair_engine.store.worker import Done, Worker

DATABASE = "edgepair.db"
LOCK = "lock"
BUSY_LIMIT_S = 2.0  # a reader (`edgepair-engine leases`) holds a lock for milliseconds

_UPSERT_LEASE = f"INSERT OR REPLACE INTO lease ({LEASE_COLUMNS}) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?)"
_UPSERT_STATE = f"INSERT OR REPLACE INTO endpoint ({STATE_COLUMNS}) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?)"
_UPSERT_COUNTS = f"INSERT OR REPLACE INTO exchange ({COUNTS_COLUMNS}) VALUES (?,?,?,?,?,?)"
_UPSERT_CONFIG = "INSERT OR REPLACE INTO config (one, revision, text) VALUES (1,?,?)"


class Check(Enum):
    """How closely the file is looked at before it is believed; the value is SQLite's statement."""

    QUICK = "PRAGMA quick_check(1)"  # at every start: half a second for a million leases
    WHOLE = "PRAGMA integrity_check(1)"  # the indexes too


class Journal(Protocol):
    """The port the shell uses. A commit without error is durable; one that fails may be tried again unless fatal."""

    def commit(self, records: Sequence[Record], done: Done) -> None:
        """Make all records durable with one sync, or none of them, and tell the running loop when that has ended."""

    def recover(self) -> Restored:
        """Return all that was ever committed, newest values only."""

    def close(self) -> None:
        """Wait for a commit that runs and let go of the store."""


class SqliteJournal:
    """A store in a folder."""

    def __init__(self, folder: Path) -> None:
        """Open the store, or make it.

        Raises:
            StoreError: it cannot be opened, or is damaged, or another process holds it.
        """
        self._where = str(folder / DATABASE)
        self._lock = _lock(folder)
        try:
            self._db = _open(self._where)
        except BaseException:
            os.close(self._lock)
            raise
        self._worker = Worker("commit")

    def recover(self) -> Restored:
        """Return all that is stored.

        Raises:
            StoreDamaged: the file or a value in it cannot be believed.
        """
        return read_all(self._db, self._where)

    def commit(self, records: Sequence[Record], done: Done) -> None:
        """Make all records durable, in a thread. `done` hears of a StoreError when nothing of them is stored."""
        self._worker.run(partial(self.commit_now, records), done)

    def commit_now(self, records: Sequence[Record]) -> None:
        """Make all records durable in the calling thread."""
        rows = _sorted(records)
        try:
            self._db.execute("BEGIN IMMEDIATE")
            for upsert, of_one_table in rows.items():
                self._db.executemany(upsert, of_one_table)
            self._db.execute("COMMIT")
        except sqlite3.Error as error:
            self._roll_back()
            raise translate(error, self._where) from error

    def close(self) -> None:
        """Wait for a commit that runs and let go of the store."""
        self._worker.close()
        self._db.close()
        os.close(self._lock)

    def _roll_back(self) -> None:
        if not self._db.in_transaction:
            return
        try:
            self._db.execute("ROLLBACK")
        except sqlite3.Error as error:
            raise translate(error, self._where) from error


def open_for_reading(folder: Path) -> sqlite3.Connection:
    """Return a connection to a store that another process may run on.

    Raises:
        StoreError: there is none.
    """
    where = str(folder / DATABASE)
    try:
        db = sqlite3.connect(f"file:{quote(where)}?mode=ro", uri=True, timeout=BUSY_LIMIT_S)
    except sqlite3.Error as error:
        raise translate(error, where) from error
    try:
        db.execute("PRAGMA user_version")  # a file that is no database shows here, not at the first use
    except sqlite3.Error as error:
        db.close()
        raise translate(error, where) from error
    return db


def read_store(folder: Path, *, check: Check = Check.QUICK) -> Restored:
    """Return what a store holds without taking it from the process that runs on it.

    Raises:
        StoreError: there is none, or it is damaged.
    """
    where = str(folder / DATABASE)
    with closing(open_for_reading(folder)) as db, closing(sqlite3.connect(":memory:")) as copy:
        try:
            if version_of(db) == SCHEMA_VERSION:
                return read_all(db, where, check)
            db.backup(copy)  # of another version: made readable beside it, the store stays as it is
        except sqlite3.Error as error:
            raise translate(error, where) from error
        prepare(copy, where)
        return read_all(copy, where, check)


def read_all(db: sqlite3.Connection, where: str, check: Check = Check.QUICK) -> Restored:
    """Return what an open store holds.

    Raises:
        StoreDamaged: the file or a value in it cannot be believed.
    """
    try:
        verdict: str = db.execute(check.value).fetchone()[0]
        if verdict != "ok":
            raise damaged(where, verdict)
        for query in (WRONG_LEASE, WRONG_STATE, WRONG_COUNTS, WRONG_CONFIG):
            wrong = db.execute(query).fetchone()
            if wrong is not None:
                raise damaged(where, f"{wrong[0]} has a value that cannot be")
        config = db.execute("SELECT revision, text FROM config").fetchone()
        incarnation = db.execute("SELECT value FROM meta WHERE key = 'incarnation'").fetchone()
        if incarnation is None:
            raise damaged(where, "it does not name itself")
        return Restored(
            leases=tuple(map(lease_of, db.execute(f"SELECT {LEASE_COLUMNS} FROM lease"))),
            states=tuple(map(state_of, db.execute(f"SELECT {STATE_COLUMNS} FROM endpoint"))),
            counts=tuple(map(counts_of, db.execute(f"SELECT {COUNTS_COLUMNS} FROM exchange"))),
            config=ConfigRecord(*config) if config else None,
            incarnation=incarnation[0],
        )
    except sqlite3.Error as error:
        raise translate(error, where) from error
    except (ValueError, TypeError) as error:
        raise damaged(where, str(error)) from error


def _lock(folder: Path) -> int:
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise StoreReadOnly(f"{folder}: {error.strerror}: make the folder writable for this user") from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        os.close(handle)
        raise StoreBusy(f"{folder}: another edgepair-engine runs on this store: end it first") from error
    return handle


def _open(where: str) -> sqlite3.Connection:
    try:
        # One thread at a time uses it: the main one for recovery, the worker afterwards.
        db = sqlite3.connect(where, isolation_level=None, timeout=BUSY_LIMIT_S, check_same_thread=False)
    except sqlite3.Error as error:
        raise translate(error, where) from error
    try:
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = FULL")
        prepare(db, where)
    except sqlite3.Error as error:
        db.close()
        raise translate(error, where) from error
    except BaseException:
        db.close()
        raise
    return db


def _sorted(records: Sequence[Record]) -> dict[str, list[Row]]:
    """Return the rows to write, by the statement that writes them."""
    rows: dict[str, list[Row]] = {}
    for record in records:
        match record:
            case LeaseRecord():
                rows.setdefault(_UPSERT_LEASE, []).append(lease_row(record))
            case StateRecord():
                rows.setdefault(_UPSERT_STATE, []).append(state_row(record))
            case CountsRecord():
                rows.setdefault(_UPSERT_COUNTS, []).append(counts_row(record))
            case ConfigRecord(revision=revision, text=text):
                rows.setdefault(_UPSERT_CONFIG, []).append((revision, text))
            case _:
                assert_never(record)
    return rows
