"""A notice becomes one JSON line, if it is loud enough."""

from __future__ import annotations

import io
import json

from edgepair_contract.notices import Note, NoteCode, Severity
from edgepair_engine.shell.logs import Log

CHANGED = Note(NoteCode.STATE_CHANGED, "lan0", {"from": "Recover", "to": "Normal", "cause": "UPDDONE"})
ANSWERED = Note(
    NoteCode.CLIENT_ANSWERED, None, {"answer": "ACK", "address": "10.1.0.50", "client": "02:..:01", "why": "renewal"}
)


def written(quietest: Severity, *notes: Note) -> list[str]:
    stream = io.StringIO()
    log = Log(stream, member="ec-east-1", quietest=quietest, stamp=lambda: "2026-11-25T18:00:00.000Z")
    for note in notes:
        log.tell(note)
    return stream.getvalue().splitlines()


def test_a_line_has_the_catalogues_text_and_the_fields() -> None:
    (line,) = written(Severity.INFO, CHANGED)
    assert json.loads(line) == {
        "time": "2026-11-25T18:00:00.000Z",
        "level": "info",
        "code": "state-changed",
        "member": "ec-east-1",
        "group": "lan0",
        "text": "my state Recover -> Normal: UPDDONE",
        "from": "Recover",
        "to": "Normal",
        "cause": "UPDDONE",
    }


def test_what_is_too_quiet_is_not_written() -> None:
    assert written(Severity.WARNING, CHANGED, ANSWERED) == []
    assert len(written(Severity.DEBUG, CHANGED, ANSWERED)) == 2
