"""The store gives back what it acknowledged, and says what to do when it cannot."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from edgepair_contract.vocabulary import BindingState, FailoverState
from edgepair_engine.leases.lease import Lease
from edgepair_engine.leases.record import ConfigRecord, LeaseRecord, Record, Restored, StateRecord, TransitionEntry
from edgepair_engine.store.errors import (
    StoreBusy,
    StoreDamaged,
    StoreError,
    StoreFull,
    StoreReadOnly,
    SyncFailed,
    translate,
)
from edgepair_engine.store.journal import DATABASE, SqliteJournal, read_store

LEASE = LeaseRecord(
    "lan0",
    Lease(
        address=0x0A010032,
        state=BindingState.ACTIVE,
        client_id=b"\x01\x02\x03",
        hardware=b"\x01\x02\x00\x00\x00\x00\x01",
        starts_at=1000,
        ends_at=1030,
        tstp=1090,
        tsfp=1030,
        atsfp=0,
        cltt=1000,
        rewind=BindingState.BACKUP,
        flags=1,
        hostname="printer",
    ),
)
STATE = StateRecord(
    group="lan0",
    my_state=FailoverState.RECOVER_WAIT,
    my_state_at=900,
    partner_state=FailoverState.NORMAL,
    partner_state_at=901,
    mclt_s=3600,
    last_contact_at=950,
    alive_until_at=960,
    update_all_wanted=True,
    partner_gone_at=955,
    mclt_wait_s=7200,
    fenced=True,
    transitions=(
        TransitionEntry(at=900, from_state=FailoverState.RECOVER, to_state=FailoverState.RECOVER_WAIT, cause="UPDDONE"),
    ),
)


def store(folder: Path, *records: Record) -> None:
    journal = SqliteJournal(folder)
    journal.commit_now(records)
    journal.close()


def stored(folder: Path) -> Restored:
    journal = SqliteJournal(folder)
    try:
        return journal.recover()
    finally:
        journal.close()


def test_the_first_start_finds_an_empty_store_with_a_name_of_its_own(tmp_path: Path) -> None:
    first = stored(tmp_path / "a")
    assert (first.leases, first.states, first.config) == ((), (), None)
    assert len(first.incarnation) == 16
    assert first.incarnation == stored(tmp_path / "a").incarnation
    assert first.incarnation != stored(tmp_path / "b").incarnation


def test_every_field_of_every_record_comes_back(tmp_path: Path) -> None:
    store(tmp_path, LEASE, STATE, ConfigRecord(7, '{"server": "ec-east-1"}'))
    found = stored(tmp_path)
    assert found.leases == (LEASE,)
    assert found.states == (STATE,)
    assert found.config == ConfigRecord(7, '{"server": "ec-east-1"}')


def test_a_later_record_of_the_same_thing_replaces_the_earlier_one_even_in_one_batch(tmp_path: Path) -> None:
    freed = LeaseRecord("lan0", replace(LEASE.lease, state=BindingState.FREE, client_id=None))
    store(tmp_path, LEASE, STATE, freed, replace(STATE, my_state=FailoverState.RECOVER_DONE))
    store(tmp_path, freed)
    found = stored(tmp_path)
    assert found.leases == (freed,)
    assert [state.my_state for state in found.states] == [FailoverState.RECOVER_DONE]


def test_commits_run_in_a_thread_while_the_loop_turns(tmp_path: Path) -> None:
    async def story() -> Restored:
        journal = SqliteJournal(tmp_path)
        ends: list[BaseException | None] = []
        both = asyncio.Event()

        def done(raised: BaseException | None) -> None:
            ends.append(raised)
            if len(ends) == 2:
                both.set()

        journal.commit([LEASE], done)
        journal.commit([STATE], done)
        await both.wait()
        assert ends == [None, None]
        found = journal.recover()
        journal.close()
        return found

    found = asyncio.run(story())
    assert (found.leases, found.states) == ((LEASE,), (STATE,))


def test_a_killed_process_loses_nothing_it_acknowledged(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "tests.unit.store.committer", str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for _ in range(120):
            process.stdout.readline()
        process.kill()
        said = process.stdout.read().split()
    newest = int(said[-1]) if said else 120
    ends = {record.lease.address: record.lease.ends_at for record in stored(tmp_path).leases}
    assert len(ends) == 50
    assert max(ends.values()) - newest in (0, 1)  # one more may have been committed and not said
    assert sorted(ends.values()) == list(range(max(ends.values()) - 49, max(ends.values()) + 1))


def test_a_reader_sees_a_running_store_and_a_stopped_one(tmp_path: Path) -> None:
    journal = SqliteJournal(tmp_path)
    journal.commit_now([LEASE])
    assert read_store(tmp_path).leases == (LEASE,)
    journal.close()
    assert read_store(tmp_path).leases == (LEASE,)


def test_a_reader_says_that_there_is_no_store(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="unable to open database file"):
        read_store(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_two_processes_never_share_a_store(tmp_path: Path) -> None:
    journal = SqliteJournal(tmp_path)
    with pytest.raises(StoreBusy, match="another edgepair-engine runs on this store"):
        SqliteJournal(tmp_path)
    journal.close()
    SqliteJournal(tmp_path).close()


def overwrite_the_header(path: Path) -> None:
    path.write_bytes(b"not a database, not at all" * 200)


def overwrite_the_middle(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[4096:8192] = b"\xa5" * 4096
    path.write_bytes(content)


def cut_it_short(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:6000])


def put_in_a_state_that_is_none(path: Path) -> None:
    with sqlite3.connect(path) as db:
        db.execute("UPDATE lease SET state = 77")
    db.close()


def take_its_name(path: Path) -> None:
    with sqlite3.connect(path) as db:
        db.execute("DELETE FROM meta")
    db.close()


DAMAGES = [overwrite_the_header, overwrite_the_middle, cut_it_short, put_in_a_state_that_is_none, take_its_name]


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
def test_a_damaged_store_is_never_believed(tmp_path: Path, damage: object) -> None:
    store(tmp_path, LEASE, STATE)
    assert callable(damage)
    damage(tmp_path / DATABASE)
    with pytest.raises(StoreDamaged, match="restore the store's folder from a backup, or remove it"):
        stored(tmp_path)


WRONG_VALUES = {
    "a time beyond its column": "UPDATE lease SET ends_at = 1099511627776",
    "a time before all times": "UPDATE lease SET tsfp = -1",
    "an address that is none": "UPDATE lease SET address = 4294967296",
    "text for a number": "UPDATE lease SET cltt = 'yesterday'",
    "text for a client": "UPDATE lease SET client_id = 'a client'",
    "flags beyond their column": "UPDATE lease SET flags = 65536",
    "a binding state that is none": "UPDATE lease SET state = 9",
    "text for the moment of a state": "UPDATE endpoint SET my_state_at = 'yesterday'",
    "an MCLT that is none": "UPDATE endpoint SET mclt_s = -1",
    "text for a revision": "UPDATE config SET revision = 'the newest'",
    "transitions that are none": "UPDATE endpoint SET transitions = '[[1]]'",
}


@pytest.mark.parametrize("statement", WRONG_VALUES.values(), ids=WRONG_VALUES.keys())
def test_a_value_that_cannot_be_is_damage_even_in_a_sound_file(tmp_path: Path, statement: str) -> None:
    store(tmp_path, LEASE, STATE, ConfigRecord(1, "{}"))
    with sqlite3.connect(tmp_path / DATABASE) as db:
        db.execute(statement)
    db.close()
    with pytest.raises(StoreDamaged, match="restore the store's folder from a backup, or remove it"):
        stored(tmp_path)


def test_a_store_of_a_newer_program_is_left_alone(tmp_path: Path) -> None:
    store(tmp_path, LEASE)
    with sqlite3.connect(tmp_path / DATABASE) as db:
        db.execute("PRAGMA user_version = 99")
    db.close()
    with pytest.raises(StoreDamaged, match="it has version 99 and this program knows 3"):
        SqliteJournal(tmp_path)


def test_a_store_of_version_1_is_brought_to_this_one_and_readable_before(tmp_path: Path) -> None:
    undated = replace(STATE, partner_gone_at=0, mclt_wait_s=0, fenced=False)
    store(tmp_path, LEASE, replace(undated, alive_until_at=950))
    with sqlite3.connect(tmp_path / DATABASE) as db:
        db.execute("ALTER TABLE endpoint RENAME COLUMN alive_until_at TO last_alive_at")
        for column in ("partner_gone_at", "mclt_wait_s", "fenced"):
            db.execute(f"ALTER TABLE endpoint DROP COLUMN {column}")
        db.execute("DROP TABLE exchange")
        db.execute("PRAGMA user_version = 1")
    db.close()
    assert read_store(tmp_path).states == (undated,)
    found = stored(tmp_path)
    assert (found.leases, found.states) == ((LEASE,), (undated,))
    store(tmp_path, STATE)
    assert stored(tmp_path).states == (STATE,)


def test_a_file_where_the_folder_should_be_is_said(tmp_path: Path) -> None:
    (tmp_path / "store").write_text("")
    with pytest.raises(StoreReadOnly, match="make the folder writable"):
        SqliteJournal(tmp_path / "store")


CODES = {
    "a full volume is waited for": (sqlite3.SQLITE_FULL, StoreFull),
    "a read-only volume is waited for": (sqlite3.SQLITE_READONLY, StoreReadOnly),
    "a failed write is waited for": (sqlite3.SQLITE_IOERR_WRITE, StoreReadOnly),
    "a locked store is waited for": (sqlite3.SQLITE_BUSY, StoreBusy),
    "a failed sync is the end": (sqlite3.SQLITE_IOERR_FSYNC, SyncFailed),
    "a failed read is damage": (sqlite3.SQLITE_IOERR_READ, StoreDamaged),
    "a broken page is damage": (sqlite3.SQLITE_CORRUPT, StoreDamaged),
    "what is not known is damage": (sqlite3.SQLITE_INTERNAL, StoreDamaged),
}


@pytest.mark.parametrize(("code", "kind"), CODES.values(), ids=CODES.keys())
def test_errors_of_the_file(code: int, kind: type[StoreError]) -> None:
    error = sqlite3.OperationalError("trouble")
    error.sqlite_errorcode = code
    assert type(translate(error, "edgepair.db")) is kind
