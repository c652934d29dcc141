"""Every message of every capture of a dhcpd pair reads as its fields and writes as its bytes."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from edgepair_contract.vocabulary import MessageType
from edgepair_engine.wire.failover import MESSAGE_TYPES, FailoverMessage, decode_failover, encode_failover
from edgepair_engine.wire.framer import Framer

CAPTURES = sorted((Path(__file__).parents[1] / "data" / "captures").glob("*/messages.jsonl"))
NAMES = [capture.parent.name for capture in CAPTURES]

# Which field of a value holds which option of the record, and how the record spells it.
FIELD_OPTIONS = {
    "addresses_transferred": "addresses-transferred",
    "address": "assigned-ip-address",
    "client_id": "client-identifier",
    "hardware": "client-hardware-address",
    "cltt": "cltt",
    "hba": "hba",
    "lease_expires_at": "lease-expiration-time",
    "max_unacked": "max-unacked-bndupd",
    "mclt_s": "mclt",
    "text": "message",
    "potential_expires_at": "potential-expiration-time",
    "receive_timer_s": "receive-timer",
    "protocol_version": "protocol-version",
    "reject": "reject-reason",
    "relationship": "relationship-name",
    "startup": "server-flags",
    "stos": "stos",
    "tls_reply": "tls-reply",
    "tls_request": "tls-request",
    "vendor_class": "vendor-class",
}


def messages_of(capture: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in capture.read_text().splitlines()]


def test_all_nine_captures_are_here() -> None:
    counts = {capture.parent.name[:2]: len(messages_of(capture)) for capture in CAPTURES}
    assert counts == {"a1": 225, "a2": 220, "a3": 91, "b1": 34, "c1": 64, "d1": 46, "d2": 30, "d3": 37, "d4": 139}


def test_the_captures_show_every_message_but_disconnect_and_every_option_that_dhcpd_sends() -> None:
    records = [record for capture in CAPTURES for record in messages_of(capture)]
    assert {record["type"] for record in records} == set(MessageType) - {MessageType.DISCONNECT}
    codes = {option["code"] for record in records for option in record["options"]}
    assert codes == {1, 2, 3, 4, 5, 6, 11, 13, 14, 15, 16, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28}


@pytest.mark.protocol(1, 2, 6, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 60)
@pytest.mark.parametrize("capture", CAPTURES, ids=NAMES)
def test_each_message_reads_as_recorded_and_writes_the_same_bytes(capture: Path) -> None:
    for record in messages_of(capture):
        assert (record["payload_offset"], record["length"]) == (12, len(record["hex"]) // 2), record["n"]
        wire = bytes.fromhex(record["hex"])
        value = decode_failover(wire)
        assert (MESSAGE_TYPES[type(value)], value.time, value.xid) == (record["type"], record["time"], record["xid"])
        assert spelled(value) == recorded(record), record["n"]
        assert encode_failover(value) == wire, record["n"]


@pytest.mark.protocol(3)
@pytest.mark.parametrize("capture", CAPTURES, ids=NAMES)
def test_each_direction_of_a_connection_reads_the_same_in_pieces(capture: Path) -> None:
    directions: dict[tuple[str, str], list[bytes]] = {}
    for record in messages_of(capture):
        directions.setdefault((record["src"], record["dst"]), []).append(bytes.fromhex(record["hex"]))
    for wires in directions.values():
        framer, stream = Framer(), b"".join(wires)
        heard: list[FailoverMessage] = []
        for at in range(0, len(stream), 29):
            heard += framer.feed(stream[at : at + 29])
        assert heard == [decode_failover(wire) for wire in wires]


def recorded(record: dict[str, Any]) -> dict[str, Any]:
    return {option["name"]: option["value"] for option in record["options"]}


def spelled(value: FailoverMessage) -> dict[str, Any]:
    found = {field.name: getattr(value, field.name) for field in fields(value) if field.name not in {"time", "xid"}}
    state = found.pop("state", None)
    if state is not None:
        found["binding-status" if MESSAGE_TYPES[type(value)] is MessageType.BNDUPD else "server-state"] = int(state)
    if not found.get("ip_flags"):
        found.pop("ip_flags", None)
    return {FIELD_OPTIONS.get(name, name): _spelling(name, held) for name, held in found.items() if held is not None}


def _spelling(name: str, held: object) -> object:
    if name == "address":
        assert isinstance(held, int)
        return ".".join(str(byte) for byte in held.to_bytes(4))
    if name in {"relationship", "vendor_class"}:
        assert isinstance(held, bytes)
        return held.decode()
    if isinstance(held, bytes):
        return held.hex()
    return held
