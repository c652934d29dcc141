"""A copy of the store, taken while it is written, and put back."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from edgepair_contract.vocabulary import BindingState, FailoverState
from edgepair_engine.leases.lease import Lease
from edgepair_engine.leases.record import ConfigRecord, LeaseRecord, Record, StateRecord
from edgepair_engine.main import main
from edgepair_engine.store.backup import Copied, back_up
from edgepair_engine.store.errors import StoreDamaged, StoreReadOnly
from edgepair_engine.store.journal import DATABASE, SqliteJournal, read_store

LEASE = LeaseRecord("lan0", Lease(0x0A010032, BindingState.ACTIVE, None, b"\x01\x02\0\0\0\0\1", 1000, 1030))
STATE = StateRecord(
    group="lan0",
    my_state=FailoverState.NORMAL,
    my_state_at=900,
    partner_state=FailoverState.NORMAL,
    partner_state_at=901,
    mclt_s=3600,
)


def store(folder: Path, *records: Record) -> None:
    journal = SqliteJournal(folder)
    journal.commit_now(records)
    journal.close()


def test_a_copy_that_is_put_back_is_the_store_it_was(tmp_path: Path) -> None:
    store(tmp_path / "store", LEASE, STATE, ConfigRecord(7, "{}"))
    before = read_store(tmp_path / "store")
    copied = back_up(tmp_path / "store", tmp_path / "copy.db")
    assert copied == Copied(1, (tmp_path / "copy.db").stat().st_size)
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == ["copy.db"]
    (tmp_path / "again").mkdir()
    (tmp_path / "copy.db").rename(tmp_path / "again" / DATABASE)
    assert read_store(tmp_path / "again") == before


def test_a_copy_of_a_store_that_is_written_meanwhile_is_whole(tmp_path: Path) -> None:
    """The committer gives fifty addresses in turn, each with the next number as its end."""
    command = [sys.executable, "-m", "tests.unit.store.committer", str(tmp_path / "store")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for _ in range(60):
            process.stdout.readline()
        copies = [back_up(tmp_path / "store", tmp_path / "copy.db") for _ in range(5)]
        process.kill()
        process.stdout.read()
    assert [copied.leases for copied in copies] == [50] * 5
    (tmp_path / "again").mkdir()
    (tmp_path / "copy.db").rename(tmp_path / "again" / DATABASE)
    ends = sorted(record.lease.ends_at for record in read_store(tmp_path / "again").leases)
    assert ends == list(range(ends[-1] - 49, ends[-1] + 1))


def test_an_earlier_copy_is_replaced_and_a_failed_one_leaves_it(tmp_path: Path) -> None:
    target = tmp_path / "copy.db"
    target.write_text("last week's")
    (tmp_path / "bad").mkdir()
    (tmp_path / "bad" / DATABASE).write_bytes(b"no database" * 1000)
    with pytest.raises(StoreDamaged):
        back_up(tmp_path / "bad", target)
    assert target.read_text() == "last week's"
    store(tmp_path / "store", LEASE)
    assert back_up(tmp_path / "store", target).leases == 1
    assert target.stat().st_mode & 0o777 == 0o600


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    store(tmp_path / "store", LEASE)
    with pytest.raises(StoreReadOnly, match="No such file or directory: name a file in a folder that can be written"):
        back_up(tmp_path / "store", tmp_path / "none" / "copy.db")


def test_the_command_says_how_to_put_it_back(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store(tmp_path / "store", LEASE)
    target = tmp_path / "copy.db"
    assert main(["backup", str(target), "--store", str(tmp_path / "store")]) == 0
    first, second = capsys.readouterr().out.splitlines()
    assert first == f"{target}: 1 leases, {target.stat().st_size} bytes"
    assert second.startswith("to restore: end the engine, remove all files of its store, put this one there as ")


def test_a_store_is_checked_and_summed_up(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store(tmp_path, LEASE, LeaseRecord("lan0", Lease(0x0A010033)), STATE, ConfigRecord(7, "{}"))
    assert main(["check-store", "--store", str(tmp_path)]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == f"{tmp_path / DATABASE}: sound"
    assert lines[2:] == [
        "configuration: revision 7",
        "leases: 2 (1 active, 1 free)",
        "group lan0: Normal since 1970-01-01T00:15:00Z, partner Normal since 1970-01-01T00:15:01Z, MCLT 3600 s",
    ]


def test_a_damaged_store_is_told_with_what_to_do(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    store(tmp_path, LEASE)
    (tmp_path / DATABASE).write_bytes(b"no database" * 1000)
    assert main(["check-store", "--store", str(tmp_path)]) == 74
    assert "restore the store's folder from a backup, or remove it" in capsys.readouterr().err
