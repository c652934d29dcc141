"""What must not pass: a wrong configuration, a damaged store, bytes that are no failover message."""

from __future__ import annotations

import json
import socket
from ipaddress import IPv4Address
from pathlib import Path

import pytest

from edgepair_engine.store.journal import DATABASE
from edgepair_engine.wire.dhcp4 import BOOTREPLY, BOOTREQUEST, Dhcp4Message, decode_dhcp4, encode_dhcp4
from edgepair_engine.wire.dhcp4_options import Dhcp4Option, Dhcp4Type
from tests.interop.lab import Lab, both_normal, diary
from tests.interop.live.frames import BROADCAST, client_frame, dhcp_payload
from tests.interop.netns import SERVER_1, SERVER_2, eventually, inside
from tests.interop.ours import Engine
from tests.unit.dhcp.malformed import NOTHING, malformed
from tests.unit.dhcp.packets import Terminal

GARBAGE = {
    "noise": b"\xff" * 100,
    "a message shorter than its header": b"\x00\x05\x05\x0c",
    "a message longer than allowed": b"\xff\xff\x05\x0c" + bytes(8),
    "HTTP": b"GET / HTTP/1.1\r\nHost: edgepair\r\n\r\n",
    "an option that runs beyond its message": bytes.fromhex(
        "0012 0b 0c 00000000 00000000 0001 00ff 0000".replace(" ", "")
    ),
    "an unknown message type": bytes.fromhex("0012 63 0c 00000000 00000000 0001 0002 0000".replace(" ", "")),
}


def wait_for_the_end(connection: socket.socket) -> None:
    connection.settimeout(10)
    try:
        while connection.recv(4096):
            pass
    except ConnectionResetError:
        return


def test_a_wrong_configuration_ends_with_78_and_says_where(lab: Lab) -> None:
    ours = lab.engine("primary", mclt_s=0)
    ours.start()
    assert ours.process is not None
    assert ours.process.wait() == 78
    assert "groups[0].mclt_s: 0 is refused: Input should be greater than or equal to 1" in ours.log()


def test_a_damaged_store_ends_with_74_and_says_what_to_restore(lab: Lab) -> None:
    ours = lab.engine("primary")
    ours.start()
    eventually("it runs", ours.report, within_s=10, state=ours.log)
    assert ours.process is not None
    assert ours.process.terminate() == 0
    (ours.store / DATABASE).write_bytes(b"not a database" * 1000)
    ours.start()
    assert ours.process.wait() == 74
    assert "restore the store's folder from a backup, or remove it" in ours.log()


@pytest.mark.protocol(4, 31, 159)
@pytest.mark.parametrize("garbage", GARBAGE.values(), ids=GARBAGE.keys())
def test_bytes_that_are_no_message_close_the_link_and_nothing_else(lab: Lab, garbage: bytes) -> None:
    ours = lab.engine("primary")
    ours.start()
    eventually("it runs", ours.report, within_s=10, state=ours.log)

    def connect() -> socket.socket:
        return socket.create_connection((SERVER_1, 647), timeout=5, source_address=(SERVER_2, 0))

    with inside(lab.places["secondary"], connect) as partner:
        partner.sendall(garbage)
        wait_for_the_end(partner)
    assert ours.process is not None
    assert ours.process.runs()
    assert ours.ask("/livez")[0] == 200
    lines = [json.loads(line) for line in ours.log().splitlines()]
    assert any(line["code"] in ("link-refused", "link-down") for line in lines), ours.log()


@pytest.mark.protocol(37, 159)
def test_garbage_beside_a_living_link_does_not_disturb_it(lab: Lab) -> None:
    ours, theirs = lab.engine("primary"), lab.dhcpd("secondary")
    theirs.start()
    ours.start()
    both_normal(ours, theirs)

    def connect() -> socket.socket:
        return socket.create_connection((SERVER_1, 647), timeout=5, source_address=(SERVER_2, 0))

    with inside(lab.places["secondary"], connect) as stranger:
        stranger.sendall(b"\xff" * 100)
        wait_for_the_end(stranger)
    group = ours.group()
    assert group is not None
    assert group.connected, diary(ours, theirs)
    assert ours.my_state() == "Normal"


STRANGE = {
    "eight bytes of hardware address": b"\x02\x00\x00\x00\x00\x00\x00\x09",
    "no hardware address at all": b"",
}


@pytest.mark.parametrize("hardware", STRANGE.values(), ids=STRANGE.keys())
def test_a_client_without_an_ethernet_address_is_answered_and_the_server_lives(lab: Lab, hardware: bytes) -> None:
    ours, theirs = lab.engine("primary"), lab.dhcpd("secondary")
    theirs.start()
    ours.start()
    both_normal(ours, theirs)
    options = ((Dhcp4Option.MESSAGE_TYPE, bytes([Dhcp4Type.DISCOVER])), (Dhcp4Option.CLIENT_ID, b"\x00odd one"))
    asks = encode_dhcp4(Dhcp4Message(op=BOOTREQUEST, xid=9, chaddr=hardware, secs=60, options=options))

    def ask() -> socket.socket:
        client = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, b"eth0\0")
        client.bind(("0.0.0.0", 68))
        client.sendto(asks, ("255.255.255.255", 67))
        return client

    with inside(lab.lan.join("odd", "10.77.1.9"), ask) as client:
        client.settimeout(10)
        while (answer := decode_dhcp4(client.recv(4096))).server_id != int(IPv4Address(SERVER_1)):
            continue  # the partner answers as well
    assert answer.message_type == Dhcp4Type.OFFER
    assert ours.process is not None
    assert ours.process.runs()


def test_a_hundred_wrong_packets_on_the_wire_get_what_they_deserve(lab: Lab, tmp_path: Path) -> None:
    """On the network that they are made for. The answer to a good one, sent last, shows that all have been heard."""
    lan, server = lab.lan, "10.1.0.2"
    configuration = {
        "server": "ours",
        "interfaces": [{"name": "lan0", "device": "eth0", "address": f"{server}/24"}],
        "subnets": [
            {"interface": "lan0", "prefix": "10.1.0.0/24", "pools": [{"start": "10.1.0.50", "end": "10.1.0.250"}]}
        ],
        "per_client_per_second": 1000,
    }
    ours = Engine(lan.join("server", server), tmp_path / "server", configuration)
    lab.started(ours)
    eventually("it is ready", lambda: (report := ours.report()) and report.ready, within_s=10, state=ours.log)
    namespace = lan.join("odd", "10.1.0.1")  # where the answers to a relay go
    wrong, good = malformed(), Terminal()

    def listen() -> socket.socket:
        wire = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
        wire.bind(("eth0", 0))
        wire.settimeout(10)
        return wire

    answered: dict[int, str] = {}
    with inside(namespace, listen) as wire:
        for sender, data in [*((each.terminal, each.data) for each in wrong), (good, good.discovers())]:
            to = "255.255.255.255"
            wire.send(client_frame(data, hardware=sender.mac, source="0.0.0.0", to_hardware=BROADCAST, to=to))
        while good.xid not in answered:
            payload = dhcp_payload(wire.recv(4096))
            if payload is None or payload[0] != BOOTREPLY:
                continue  # its own frames come back, too
            answer = decode_dhcp4(payload)
            answered[answer.xid] = Dhcp4Type(answer.message_type or 0).name
    assert answered == {each.terminal.xid: each.answer for each in wrong if each.answer != NOTHING} | {
        good.xid: "OFFER"
    }
    assert ours.leases() == {}
