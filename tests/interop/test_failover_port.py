"""The failover port of a running engine: who may connect, who speaks first, and when it dials, on real sockets."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from edgepair_contract.vocabulary import RejectReason
from edgepair_engine.failover.hashing import hba_of_split
from edgepair_engine.wire.failover import (
    Connect,
    ConnectAck,
    Contact,
    FailoverMessage,
    State,
    decode_failover,
    encode_failover,
)
from tests.interop.loopback import EngineProcess, a_free_port, a_member
from tests.interop.netns import eventually

OURS, PARTNERS, STRANGERS = "127.0.0.1", "127.0.0.2", "127.0.0.3"
ANSWER_LIMIT_S = 10.0


class Site:
    """An engine at 127.0.0.1 and the place at 127.0.0.2 where it looks for its partner."""

    def __init__(self, folder: Path, role: str, **changes: Any) -> None:
        self.port = a_free_port()
        self.partner = socket.create_server((PARTNERS, 0))
        self.partner.settimeout(ANSWER_LIMIT_S)
        subnet = {"interface": "lan0", "prefix": "10.1.0.0/24", "pools": [{"start": "10.1.0.50", "end": "10.1.0.59"}]}
        group = {
            "name": "lan0",
            "role": role,
            "my_address": OURS,
            "my_port": self.port,
            "partner_address": PARTNERS,
            "partner_port": self.partner.getsockname()[1],
            "max_response_delay_s": 3,
            "subnets": [subnet],
        }
        self.engine = EngineProcess(folder, a_member(groups=[group | changes]))
        self._wires: list[Wire] = []

    def accept(self) -> Wire:
        """Return the connection that the engine dials."""
        connection, (address, _) = self.partner.accept()
        assert address == OURS
        return self._taken(connection)

    def dial(self, source: str = PARTNERS) -> Wire:
        """Connect to the engine's port from an address; waits until it listens."""

        def connected() -> socket.socket | None:
            try:
                return socket.create_connection((OURS, self.port), source_address=(source, 0))
            except ConnectionRefusedError:
                return None

        return self._taken(eventually("it listens", connected, within_s=ANSWER_LIMIT_S))

    def why_refused(self) -> str:
        """Return the reason for which the engine closed a connection, when it has logged it."""

        def logged() -> str | None:
            whys = [str(line["why"]) for line in self.engine.log() if line["code"] == "link-refused"]
            return whys[0] if whys else None

        return eventually("the reason is logged", logged, within_s=ANSWER_LIMIT_S)

    def close(self) -> None:
        self.engine.stop()
        for wire in self._wires:
            wire.close()
        self.partner.close()

    def _taken(self, connection: socket.socket) -> Wire:
        self._wires.append(Wire(connection))
        return self._wires[-1]


class Wire:
    """One connection with the engine, read message by message."""

    def __init__(self, connection: socket.socket) -> None:
        connection.settimeout(ANSWER_LIMIT_S)
        self._connection = connection

    def say(self, message: FailoverMessage) -> None:
        self._connection.sendall(encode_failover(message))

    def hear(self) -> FailoverMessage | None:
        """Return the next message; None when the engine has closed."""
        head = self._read(2)
        return decode_failover(head + self._read(int.from_bytes(head) - 2)) if head else None

    def close(self) -> None:
        self._connection.close()

    def _read(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            try:
                more = self._connection.recv(size - len(data))
            except ConnectionResetError:
                more = b""
            if not more:
                return data
            data += more
        return data


def a_connect(**changes: Any) -> Connect:
    fields: dict[str, Any] = {
        "time": int(time.time()),
        "xid": 0,
        "relationship": b"lan0",
        "max_unacked": 10,
        "receive_timer_s": 3,
        "vendor_class": b"isc-4.4.3-P1",
        "protocol_version": 1,
        "tls_request": 0,
        "mclt_s": 30,
        "hba": hba_of_split(128),
    }
    return Connect(**(fields | changes))


@pytest.fixture
def primary(tmp_path: Path) -> Iterator[Site]:
    site = Site(tmp_path, "primary")
    yield site
    site.close()


@pytest.fixture
def secondary(tmp_path: Path) -> Iterator[Site]:
    site = Site(tmp_path, "secondary")
    yield site
    site.close()


@pytest.mark.protocol(31, 32, 33)
def test_the_primary_opens_on_what_it_dials_and_on_what_it_accepts(primary: Site) -> None:
    for wire in (primary.accept(), primary.dial()):
        message = wire.hear()
        assert isinstance(message, Connect)
        assert (message.relationship, message.xid, message.receive_timer_s) == (b"lan0", 0, 3)
        wire.close()


@pytest.mark.protocol(34, 35, 37)
def test_the_secondary_answers_the_first_connect_and_closes_the_second_connection(secondary: Site) -> None:
    first, second = secondary.dial(), secondary.accept()
    first.say(a_connect())
    ack, state = first.hear(), first.hear()
    assert isinstance(ack, ConnectAck)
    assert isinstance(state, State)
    assert (ack.reject, ack.xid, state.xid) == (None, 0, 0)
    second.say(a_connect())
    assert second.hear() is None
    assert isinstance(first.hear(), Contact)


@pytest.mark.protocol(39)
@pytest.mark.parametrize("role", ["primary", "secondary"])
def test_a_stranger_hears_nothing_but_the_end(tmp_path: Path, role: str) -> None:
    site = Site(tmp_path, role)
    try:
        stranger = site.dial(STRANGERS)
        assert stranger.hear() is None
        assert site.why_refused() == f"no failover group expects {STRANGERS} at {OURS}"
    finally:
        site.close()


@pytest.mark.protocol(32, 54)
@pytest.mark.parametrize("refused", [False, True], ids=["closed at once", "refused by CONNECTACK"])
def test_it_dials_again_five_seconds_after_a_connection_came_to_nothing(primary: Site, refused: bool) -> None:
    wire = primary.accept()
    asked = wire.hear()
    assert isinstance(asked, Connect)
    if refused:
        wire.say(ConnectAck(time=asked.time, xid=0, relationship=b"lan0", reject=RejectReason.HBA_CONFLICT))
    else:
        wire.close()
    ended_s = time.monotonic()
    again = primary.accept()
    assert 4.5 < time.monotonic() - ended_s < 8
    assert isinstance(again.hear(), Connect)


@pytest.mark.protocol(48, 49, 50)
@pytest.mark.parametrize(
    ("changes", "reason"),
    [({"relationship": b"lan1"}, 8), ({"time": 1_000_000_000}, 4), ({"hba": bytes(31)}, 18)],
    ids=["another name", "another clock", "other buckets"],
)
def test_a_refused_connect_is_answered_before_the_end(secondary: Site, changes: dict[str, Any], reason: int) -> None:
    wire = secondary.dial()
    wire.say(a_connect(**changes))
    answer = wire.hear()
    assert isinstance(answer, ConnectAck)
    assert answer.reject == reason
    assert wire.hear() is None


@pytest.mark.protocol(43, 45, "I7")
def test_a_silent_partner_hears_contacts_and_then_why_the_link_ends(secondary: Site) -> None:
    wire = secondary.dial()
    wire.say(a_connect())
    start_s = time.monotonic()
    heard = []
    while (message := wire.hear()) is not None:
        heard.append(type(message).__name__)
    assert heard == ["ConnectAck", "State", "Contact", "Contact", "Disconnect"]
    assert 2.5 < time.monotonic() - start_s < 6
