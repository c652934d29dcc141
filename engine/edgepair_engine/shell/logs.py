"""Notices as JSON lines: time, level, code, group, member, text, and the notice's fields."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import TextIO

from edgepair_contract.notices import CATALOGUE, Note, Severity

_ORDER = [Severity.DEBUG, Severity.INFO, Severity.WARNING, Severity.ERROR]


class Log:
    """Writes the notices that are loud enough."""

    def __init__(self, stream: TextIO, *, member: str, quietest: Severity, stamp: Callable[[], str]) -> None:
        self._stream = stream
        self._member = member
        self._written = set(_ORDER[_ORDER.index(quietest) :])
        self._stamp = stamp

    def tell(self, note: Note) -> None:
        """Write one notice, if it is loud enough."""
        notice = CATALOGUE[note.code]
        if notice.severity not in self._written:
            return
        line: dict[str, str | int] = {
            "time": self._stamp(),
            "level": notice.severity.value,
            "code": note.code.value,
            "member": self._member,
        }
        if note.group is not None:
            line["group"] = note.group
        line["text"] = notice.text.format(**note.fields)
        line |= {name: value for name, value in note.fields.items() if name not in line}
        self._stream.write(json.dumps(line, ensure_ascii=False) + "\n")
        self._stream.flush()
