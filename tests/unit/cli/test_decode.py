"""`decode` shows what a capture holds, line by line, and says what cannot be read."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from edgepair_engine.cli.decode import Form, run_decode
from edgepair_engine.main import main
from tests.unit.wire.pcap_builder import SYN, a_pcap, a_tcp, an_ipv4, ethernet

CONTACT = bytes.fromhex("000c 0b 0c 6b05620b 00000043")
ACK_119 = bytes.fromhex("0014 04 0c 6b05623d 0000002f  0002 0004 0a4d0177")
TWICE = bytes.fromhex("001c 04 0c 6b05623d 0000002f  0002 0004 0a4d0177  0002 0004 0a4d0177")


def a_frame(data: bytes, sequence: int, **tcp: Any) -> bytes:
    return ethernet(an_ipv4(a_tcp(data, sequence=sequence, **tcp)))


def decoded(path: Path, *frames: bytes, form: Form = Form.JSON, cut: int = 0) -> list[str]:
    data = a_pcap(*frames)
    path.write_bytes(data[: len(data) - cut])
    out = io.StringIO()
    assert run_decode(path, form, out=out) == 0
    return out.getvalue().splitlines()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "partners.pcap"


def test_a_message_is_a_json_object_with_its_place_and_fields(file: Path) -> None:
    (line,) = decoded(file, ethernet(an_ipv4(b"", protocol=17)), a_frame(CONTACT, 10))
    assert json.loads(line) == {
        "n": 1,
        "t": 1.0,
        "abs": 101.000007,
        "src": "10.0.0.1:5000",
        "dst": "10.0.0.2:647",
        "type": 11,
        "name": "CONTACT",
        "length": 12,
        "payload_offset": 12,
        "time": 1795514891,
        "xid": 67,
        "options": [],
        "hex": "000c0b0c6b05620b00000043",
    }


def test_without_json_a_message_is_a_line_for_people(file: Path) -> None:
    assert decoded(file, a_frame(ACK_119, 10), form=Form.TEXT) == [
        "1 0.000000 10.0.0.1:5000 > 10.0.0.2:647 BNDACK time=1795514941 xid=47 assigned-ip-address=10.77.1.119"
    ]


def test_a_message_over_two_segments_is_dated_by_the_second(file: Path) -> None:
    (line,) = decoded(file, a_frame(CONTACT[:5], 10), a_frame(CONTACT[5:], 15))
    assert json.loads(line)["t"] == 1.0


def test_a_message_the_engine_would_refuse_is_shown_with_the_reason_and_the_next_one_too(file: Path) -> None:
    first, second = (json.loads(line) for line in decoded(file, a_frame(TWICE + CONTACT, 10)))
    assert first["error"] == "option 2 (assigned-ip-address) a second time at offset 20"
    assert len(first["options"]) == 2
    assert second["name"] == "CONTACT"


def test_an_impossible_length_ends_a_direction_until_it_is_opened_anew(file: Path) -> None:
    lines = decoded(
        file,
        a_frame(b"\0\x0b" + CONTACT, 10),
        a_frame(CONTACT, 24),
        a_frame(b"", 99, flags=SYN),
        a_frame(CONTACT, 100),
        form=Form.TEXT,
    )
    assert [line.split(" ", 2)[2] for line in lines] == [
        "10.0.0.1:5000 > 10.0.0.2:647 ERROR length 11, allowed are 12..2048 at offset 0; "
        "the rest of this direction cannot be read",
        "10.0.0.1:5000 > 10.0.0.2:647 CONTACT time=1795514891 xid=67",
    ]


def test_bytes_that_were_not_captured_are_told_at_the_end(file: Path) -> None:
    lines = decoded(file, a_frame(CONTACT, 10), a_frame(CONTACT, 30), form=Form.TEXT)
    assert lines[1:] == ["2 10.0.0.1:5000 > 10.0.0.2:647 ERROR bytes are missing: the rest cannot be read"]


def test_a_file_that_ends_early_shows_what_it_holds(file: Path) -> None:
    first, last = decoded(file, a_frame(CONTACT, 10), a_frame(CONTACT, 22), cut=1)
    assert json.loads(first)["name"] == "CONTACT"
    assert json.loads(last)["error"].startswith("the file ends early: ")


def test_other_ports_are_passed_over(file: Path) -> None:
    assert decoded(file, a_frame(CONTACT, 10, ports=(5000, 80))) == []


def test_a_capture_without_frames_shows_nothing(file: Path) -> None:
    assert decoded(file) == []


@pytest.mark.parametrize("content", [b"text", None], ids=["no capture", "no file"])
def test_a_file_that_cannot_be_read_is_named(
    file: Path, content: bytes | None, capsys: pytest.CaptureFixture[str]
) -> None:
    if content is not None:
        file.write_bytes(content)
    assert run_decode(file, Form.JSON, out=io.StringIO()) == 2
    assert str(file) in capsys.readouterr().err


def test_the_subcommand_runs_from_its_arguments(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file.write_bytes(a_pcap(a_frame(CONTACT, 10, ports=(5000, 6470))))
    assert main(["decode", str(file), "--json", "--port", "6470"]) == 0
    assert json.loads(capsys.readouterr().out)["name"] == "CONTACT"


def test_a_reader_that_has_seen_enough_is_no_fault(file: Path) -> None:
    file.write_bytes(a_pcap(*(a_frame(CONTACT * 100, 10 + 1200 * n) for n in range(50))))
    reading = subprocess.Popen(
        [sys.executable, "-m", "edgepair_engine.main", "decode", str(file), "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    assert reading.stdout is not None
    assert reading.stderr is not None
    assert json.loads(reading.stdout.readline())["n"] == 1
    reading.stdout.close()
    complaints = reading.stderr.read()
    reading.stderr.close()
    assert (reading.wait(timeout=30), complaints) == (0, b"")
