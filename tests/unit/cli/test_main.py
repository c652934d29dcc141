"""Arguments in, text and an exit code out."""

from __future__ import annotations

import json
import subprocess
import sys
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import pytest

from edgepair_contract.vocabulary import BindingState
from edgepair_engine.leases.lease import Lease
from edgepair_engine.leases.record import LeaseRecord
from edgepair_engine.main import main
from edgepair_engine.store.journal import DATABASE, SqliteJournal
from tests.unit.admin.test_metrics import REPORT


def a_file(folder: Path, **content: object) -> str:
    path = folder / "member.json"
    path.write_text(json.dumps(content))
    return str(path)


def test_check_sums_a_good_configuration_up(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--config", a_file(tmp_path, server="ec-east-1", revision=4)]) == 0
    assert "revision 4 (" in capsys.readouterr().out


def test_check_names_path_value_and_limit(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--config", a_file(tmp_path, server="ec-east-1", admin={"port": 70000})]) == 78
    assert capsys.readouterr().err == (
        "edgepair-engine: configuration: admin.port: 70000 is refused: Input should be less than or equal to 65535\n"
    )


def test_a_missing_file_is_a_wrong_configuration(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["check", "--config", str(tmp_path / "none.json")]) == 78
    assert "'No such file or directory' must be a readable JSON document" in capsys.readouterr().err


def test_run_with_a_wrong_configuration_ends_with_78(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "--config", a_file(tmp_path, server=""), "--store", str(tmp_path / "store")]) == 78
    assert "server: '' is refused: " in capsys.readouterr().err


def test_run_on_a_damaged_store_ends_with_74(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "store").mkdir()
    (tmp_path / "store" / DATABASE).write_bytes(b"no database" * 1000)
    assert main(["run", "--config", a_file(tmp_path, server="a"), "--store", str(tmp_path / "store")]) == 74
    assert "restore the store's folder from a backup, or remove it" in capsys.readouterr().err


def test_in_a_pod_status_asks_where_the_pods_engine_listens(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("EDGEPAIR_ADMIN_ADDRESS", "127.0.0.9")
    assert main(["status"]) == 69
    assert capsys.readouterr().err.startswith("edgepair-engine: http://127.0.0.9:8443: ")


def test_leases_prints_what_the_store_holds(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    journal = SqliteJournal(tmp_path)
    lease = Lease(0x0A010032, BindingState.ACTIVE, None, b"\x01\x02\x77\0\0\0\x01", 1000, 1030, hostname="printer")
    journal.commit_now([LeaseRecord("lan0", lease), LeaseRecord("", Lease(0x0A020001))])
    journal.close()
    assert main(["leases", "--store", str(tmp_path)]) == 0
    assert capsys.readouterr().out == (
        "ADDRESS     STATE    ENDS                   HARDWARE            HOSTNAME   GROUP\n"
        "10.1.0.50   active   1970-01-01T00:17:10Z   02:77:00:00:00:01   printer    lan0\n"
        "10.2.0.1    free     -                      -                   -          -\n"
    )
    assert main(["leases", "--store", str(tmp_path), "--json"]) == 0
    first = json.loads(capsys.readouterr().out)[0]
    assert (first["address"], first["state"], first["ends_at"]) == ("10.1.0.50", "active", 1030)


def test_leases_without_a_store_says_so(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["leases", "--store", str(tmp_path / "none")]) == 74
    assert "unable to open database file" in capsys.readouterr().err


class _Answer(BaseHTTPRequestHandler):
    """The admin interface of an engine that has this report."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(REPORT.model_dump_json().encode())

    def log_message(self, *_words: object) -> None:
        """Say nothing."""


def test_status_prints_states_and_what_is_wrong(capsys: pytest.CaptureFixture[str]) -> None:
    with HTTPServer(("127.0.0.1", 0), _Answer) as server:
        Thread(target=server.handle_request).start()
        assert main(["status", "--url", f"http://127.0.0.1:{server.server_port}"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "GROUP   MY STATE   MY STATE TIME          PARTNER STATE   PARTNER STATE TIME     MCLT   SERVING",
        "lan0    Normal     2026-11-24T10:11:50Z   Normal          2026-11-24T10:11:50Z   3600   Half",
        "lan0.10 (eth1.10): device eth1.10 is down",
        "10.2.0.0/24: no address for a new client: of 50 addresses 50 leased",
    ]


def test_status_without_an_engine_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["status", "--url", "http://127.0.0.1:1"]) == 69
    assert "is the engine running, and is this its address?" in capsys.readouterr().err
    with pytest.raises(SystemExit) as end:
        main(["status", "--url", "file:///etc/passwd"])
    assert end.value.code == 2
    assert "must begin with http:// or https://, not 'file:///etc/passwd'" in capsys.readouterr().err


def test_wrong_usage_is_argparses_own(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["dance"])
    assert end.value.code == 2
    assert "invalid choice: 'dance'" in capsys.readouterr().err


def test_a_reader_that_has_enough_is_no_fault(tmp_path: Path) -> None:
    """`edgepair-engine leases | head -1`"""
    journal = SqliteJournal(tmp_path)
    journal.commit_now([LeaseRecord("lan0", Lease(0x0A010000 + number)) for number in range(5000)])
    journal.close()
    words = [sys.executable, "-m", "edgepair_engine.main", "leases", "--store", str(tmp_path)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline().startswith(b"ADDRESS")
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 0
