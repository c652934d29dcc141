"""`edgepair-engine decode` shows of each capture what the other decoder showed, and its DHCP packets survive ours."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest

from edgepair_engine.cli.decode import Form, run_decode
from edgepair_engine.main import main
from edgepair_engine.wire.dhcp4 import Dhcp4Message, decode_dhcp4, encode_dhcp4
from edgepair_engine.wire.pcap import UDP, ipv4_packet, read_frames

CAPTURES = sorted((Path(__file__).parents[1] / "data" / "captures").glob("*/capture.pcap"))
NAMES = [capture.parent.name for capture in CAPTURES]
DHCP_HEADER_LENGTH = 8  # UDP's


def dhcp_packets(capture: Path) -> list[bytes]:
    packets = [ipv4_packet(frame) for frame in read_frames(capture.read_bytes())]
    return [packet.payload[DHCP_HEADER_LENGTH:] for packet in packets if packet is not None and packet.protocol == UDP]


@pytest.mark.protocol(3)
@pytest.mark.parametrize("capture", CAPTURES, ids=NAMES)
def test_the_capture_shows_every_recorded_message_field_by_field(capture: Path) -> None:
    out = io.StringIO()
    assert run_decode(capture, Form.JSON, out=out) == 0
    shown = [json.loads(line) for line in out.getvalue().splitlines()]
    recorded = [json.loads(line) for line in (capture.parent / "messages.jsonl").read_text().splitlines()]
    assert shown == recorded


@pytest.mark.parametrize("capture", CAPTURES, ids=NAMES)
def test_the_command_prints_a_line_for_each_recorded_message(capture: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["decode", str(capture)]) == 0
    lines = capsys.readouterr().out.splitlines()
    recorded = [json.loads(line) for line in (capture.parent / "messages.jsonl").read_text().splitlines()]
    for line, record in zip(lines, recorded, strict=True):
        head = f"{record['n']} {record['t']:.6f} {record['src']} > {record['dst']} {record['name']}"
        options = "".join(f" {option['name']}={option['value']}" for option in record["options"])
        assert line == f"{head} time={record['time']} xid={record['xid']}{options}"


def test_the_captures_hold_dhcp_packets_of_clients_and_servers() -> None:
    assert sum(len(dhcp_packets(capture)) for capture in CAPTURES) == 248


@pytest.mark.parametrize("capture", CAPTURES, ids=NAMES)
def test_each_dhcp_packet_writes_the_bytes_it_was_read_from(capture: Path) -> None:
    for wire in dhcp_packets(capture):
        read = decode_dhcp4(wire)
        again = Dhcp4Message(
            op=read.op,
            htype=read.htype,
            hops=read.hops,
            xid=read.xid,
            secs=read.secs,
            flags=read.flags,
            ciaddr=read.ciaddr,
            yiaddr=read.yiaddr,
            siaddr=read.siaddr,
            giaddr=read.giaddr,
            chaddr=read.chaddr,
            sname=read.sname,
            file=read.file,
            options=tuple(read.options.items()),
        )
        assert encode_dhcp4(again) == wire
