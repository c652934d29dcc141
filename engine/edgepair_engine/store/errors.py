"""What can be wrong with the store, and what to do about it."""

from __future__ import annotations

import sqlite3

from edgepair_contract.errors import EdgepairError


class StoreError(EdgepairError):
    """The store did not do what it was asked; the text says why and what to do."""


class StoreFull(StoreError):
    """No room on the volume: wait and try again."""


class StoreReadOnly(StoreError):
    """The volume takes no writes: wait and try again."""


class StoreBusy(StoreError):
    """Another process holds the store: wait and try again."""


class StoreDamaged(StoreError):
    """What is stored cannot be believed. Ends the process; the text says what to restore."""


class SyncFailed(StoreError):
    """A sync failed: the kernel may have dropped the pages, so no later sync proves anything. Ends the process."""


FATAL = (StoreDamaged, SyncFailed)

_RESTORE = (
    "restore the store's folder from a backup, or remove it: without it the server starts as after a lost database, "
    "learns every lease from its partner and waits MCLT"
)

_PRIMARY_CODES: dict[int, tuple[type[StoreError], str]] = {
    sqlite3.SQLITE_FULL: (StoreFull, "free space on the volume"),
    sqlite3.SQLITE_READONLY: (StoreReadOnly, "make the volume writable"),
    sqlite3.SQLITE_PERM: (StoreReadOnly, "make the folder writable for this user"),
    sqlite3.SQLITE_CANTOPEN: (StoreReadOnly, "make the folder writable for this user"),
    sqlite3.SQLITE_BUSY: (StoreBusy, "end the other process that uses the store"),
    sqlite3.SQLITE_LOCKED: (StoreBusy, "end the other process that uses the store"),
    sqlite3.SQLITE_CORRUPT: (StoreDamaged, _RESTORE),
    sqlite3.SQLITE_NOTADB: (StoreDamaged, _RESTORE),
    sqlite3.SQLITE_IOERR: (StoreReadOnly, "look at the volume and the kernel's log"),
}
# Of the input/output errors a failed sync and a failed read are never tried again.
_EXTENDED_CODES: dict[int, tuple[type[StoreError], str]] = {
    sqlite3.SQLITE_IOERR_FSYNC: (SyncFailed, "restart on a healthy volume; what was acknowledged before is stored"),
    sqlite3.SQLITE_IOERR_DIR_FSYNC: (SyncFailed, "restart on a healthy volume; what was acknowledged before is stored"),
    sqlite3.SQLITE_IOERR_READ: (StoreDamaged, _RESTORE),
    sqlite3.SQLITE_IOERR_SHORT_READ: (StoreDamaged, _RESTORE),
}


def translate(error: sqlite3.Error, where: str) -> StoreError:
    """Return our error for SQLite's; what SQLite does not number counts as damage."""
    extended = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT)
    kind, advice = _EXTENDED_CODES.get(extended) or _PRIMARY_CODES.get(extended & 0xFF, (StoreDamaged, _RESTORE))
    return kind(f"{where}: {error}: {advice}")


def damaged(where: str, why: str) -> StoreDamaged:
    """Return the error for stored values that cannot be."""
    return StoreDamaged(f"{where}: {why}: {_RESTORE}")
