"""The store's tables, their version, and how an older version becomes this one."""

from __future__ import annotations

import os
import sqlite3

from edgepair_engine.store.errors import damaged

SCHEMA_VERSION = 3
INCARNATION_BYTES = 8  # names a store; two of them equal by chance is not to be feared

_EXCHANGE = """
CREATE TABLE exchange (
    failover_group TEXT PRIMARY KEY, partner TEXT NOT NULL, count INTEGER NOT NULL,
    sent INTEGER NOT NULL, acked INTEGER NOT NULL, received INTEGER NOT NULL
) WITHOUT ROWID;
"""
TABLES = f"""
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE lease (
    address INTEGER PRIMARY KEY, failover_group TEXT NOT NULL, state INTEGER NOT NULL, client_id BLOB, hardware BLOB,
    starts_at INTEGER NOT NULL, ends_at INTEGER NOT NULL, tstp INTEGER NOT NULL, tsfp INTEGER NOT NULL,
    atsfp INTEGER NOT NULL, cltt INTEGER NOT NULL, rewind INTEGER NOT NULL, flags INTEGER NOT NULL,
    hostname TEXT NOT NULL
);
CREATE TABLE endpoint (
    failover_group TEXT PRIMARY KEY, my_state INTEGER NOT NULL, my_state_at INTEGER NOT NULL,
    partner_state INTEGER NOT NULL, partner_state_at INTEGER NOT NULL, mclt_s INTEGER NOT NULL,
    last_contact_at INTEGER NOT NULL, alive_until_at INTEGER NOT NULL, update_all_wanted INTEGER NOT NULL,
    transitions TEXT NOT NULL, partner_gone_at INTEGER NOT NULL DEFAULT 0,
    mclt_wait_s INTEGER NOT NULL DEFAULT 0, fenced INTEGER NOT NULL DEFAULT 0
) WITHOUT ROWID;
{_EXCHANGE}
CREATE TABLE config (one INTEGER PRIMARY KEY CHECK (one = 1), revision INTEGER NOT NULL, text TEXT NOT NULL);
"""

# version n -> the statements that make it n + 1; they run in one transaction with the new number
MIGRATIONS = {
    1: f"""
    ALTER TABLE endpoint ADD COLUMN partner_gone_at INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE endpoint ADD COLUMN mclt_wait_s INTEGER NOT NULL DEFAULT 0;
    ALTER TABLE endpoint ADD COLUMN fenced INTEGER NOT NULL DEFAULT 0;
    {_EXCHANGE}
    """,
    2: """
    ALTER TABLE endpoint RENAME COLUMN last_alive_at TO alive_until_at;
    UPDATE endpoint SET alive_until_at = alive_until_at + 10 WHERE alive_until_at > 0;
    """,  # it was the moment of writing, and 10 s the time to the next one
}


def prepare(db: sqlite3.Connection, where: str) -> None:
    """Bring the tables of an open store to this version, whatever it was; a new file becomes a store of its own.

    Raises:
        StoreDamaged: the store was written by a newer program.
    """
    version = version_of(db)
    if version > SCHEMA_VERSION:
        raise damaged(where, f"it has version {version} and this program knows {SCHEMA_VERSION}, use the newer program")
    if version == 0:
        incarnation = os.urandom(INCARNATION_BYTES).hex()
        _apply(db, f"{TABLES} INSERT INTO meta VALUES ('incarnation', '{incarnation}');", becomes=SCHEMA_VERSION)
        return
    for older in range(version, SCHEMA_VERSION):
        _apply(db, MIGRATIONS[older], becomes=older + 1)


def version_of(db: sqlite3.Connection) -> int:
    """Return which version an open store has; 0 for a new file."""
    version: int = db.execute("PRAGMA user_version").fetchone()[0]
    return version


def _apply(db: sqlite3.Connection, statements: str, *, becomes: int) -> None:
    try:
        db.executescript(f"BEGIN IMMEDIATE; {statements} PRAGMA user_version = {becomes}; COMMIT;")
    except sqlite3.Error:
        if db.in_transaction:
            db.execute("ROLLBACK")
        raise
