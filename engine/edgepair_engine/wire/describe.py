"""A failover message as people and scripts read it: all that stands in the bytes, and what is wrong with them."""

from __future__ import annotations

from typing import NotRequired, TypedDict

from edgepair_contract.vocabulary import MessageType
from edgepair_engine.wire.errors import IgnoredMessage, WireError
from edgepair_engine.wire.failover import decode_failover
from edgepair_engine.wire.failover_options import OPTIONS, walk_options

_ADDRESS = 2
_SHOWN_AS_TEXT = frozenset({16, 22, 28})
_TYPE_NAMES = {message_type.value: message_type.name for message_type in MessageType}


class OptionRecord(TypedDict):
    """One option, known or not; `value` is hex where its kind is bytes or its length is wrong."""

    code: int
    name: str
    len: int
    value: int | str
    hex: str


class MessageRecord(TypedDict):
    """One message; `error` says why the engine would refuse it, and is absent when it would not."""

    type: int
    name: str
    length: int
    payload_offset: int
    time: int
    xid: int
    options: list[OptionRecord]
    hex: str
    error: NotRequired[str]


def describe_failover(data: bytes) -> MessageRecord:
    """Return the record of a message that is whole (a Splitter's): never fails, a malformed one says so in `error`."""
    assert len(data) >= 12, data
    record: MessageRecord = {
        "type": data[2],
        "name": _TYPE_NAMES.get(data[2], f"type-{data[2]}"),
        "length": int.from_bytes(data[0:2]),
        "payload_offset": data[3],
        "time": int.from_bytes(data[4:8]),
        "xid": int.from_bytes(data[8:12]),
        "options": _option_records(data),
        "hex": data.hex(),
    }
    fault = _fault_of(data)
    if fault is not None:
        record["error"] = fault
    return record


def _option_records(data: bytes) -> list[OptionRecord]:
    records: list[OptionRecord] = []
    try:
        for _, code, value in walk_options(data, max(data[3], 12)):
            records.append(_option_record(code, value))
    except WireError:
        return records  # what came before the broken one; `error` tells the rest
    return records


def _option_record(code: int, value: bytes) -> OptionRecord:
    name = OPTIONS[code].name if code in OPTIONS else f"option-{code}"
    return {"code": code, "name": name, "len": len(value), "value": _shown(code, value), "hex": value.hex()}


def _shown(code: int, value: bytes) -> int | str:
    if code in _SHOWN_AS_TEXT:
        return value.decode("utf-8", errors="replace")
    if code not in OPTIONS or OPTIONS[code].kind.length != len(value):
        return value.hex()
    if code == _ADDRESS:
        return ".".join(map(str, value))
    return int.from_bytes(value)


def _fault_of(data: bytes) -> str | None:
    try:
        decode_failover(data)
    except IgnoredMessage:
        return None
    except WireError as fault:
        return str(fault)
    return None
