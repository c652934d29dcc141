"""`edgepair-engine decode`: the failover messages of a capture file, also those that the engine would refuse."""

from __future__ import annotations

import json
import os
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any, TextIO

from edgepair_engine.cli.command import Command, Exit
from edgepair_engine.wire.describe import describe_failover
from edgepair_engine.wire.errors import WireError
from edgepair_engine.wire.framer import Splitter
from edgepair_engine.wire.pcap import Frame, ipv4_packet, read_frames
from edgepair_engine.wire.tcp_streams import Segment, TcpStream, tcp_segment

FAILOVER_PORT = 647

Record = dict[str, Any]  # one line of output, on its way to JSON


class Form(Enum):
    """How a message is shown: a line for people or a JSON object for scripts."""

    TEXT = "text"
    JSON = "json"


@dataclass(slots=True)
class _Flow:
    """One direction of one connection."""

    stream: TcpStream = field(default_factory=TcpStream)
    splitter: Splitter = field(default_factory=Splitter)
    broken: bool = False


def run_decode(path: Path, form: Form, *, out: TextIO, port: int = FAILOVER_PORT) -> int:
    """Write a line for each message of a capture; return 0, or 2 when the file cannot be read as one."""
    try:
        data = path.read_bytes()
        first = next(read_frames(data), None)
    except (OSError, WireError) as fault:
        print(f"{path}: {fault}", file=sys.stderr)
        return Exit.USAGE
    start_us = first.at_us if first else 0
    for n, record in enumerate(_records(data, start_us, port), start=1):
        line = {"n": n} | record
        out.write((json.dumps(line) if form is Form.JSON else _text(line)) + "\n")
    return Exit.OK


def _records(data: bytes, start_us: int, port: int) -> Iterator[Record]:
    flows: dict[tuple[str, str], _Flow] = {}
    try:
        for frame in read_frames(data):
            segment = _segment_of(frame, port)
            if segment is None:
                continue
            ends = segment.source, segment.destination
            if segment.opens or ends not in flows:
                flows[ends] = _Flow()
            yield from _flow_records(flows[ends], segment, start_us)
    except WireError as fault:
        yield {"error": f"the file ends early: {fault}"}
    for (source, destination), flow in flows.items():
        if flow.stream.missing:
            yield {"src": source, "dst": destination, "error": "bytes are missing: the rest cannot be read"}


def _segment_of(frame: Frame, port: int) -> Segment | None:
    packet = ipv4_packet(frame)
    segment = None if packet is None else tcp_segment(packet)
    return segment if segment is not None and port in segment.ports else None


def _flow_records(flow: _Flow, segment: Segment, start_us: int) -> Iterator[Record]:
    """Yield what a segment completes. Behind a length that cannot be, nothing of its direction can be read."""
    if flow.broken:
        return
    where: Record = {
        "t": (segment.at_us - start_us) / 1_000_000,
        "abs": segment.at_us / 1_000_000,
        "src": segment.source,
        "dst": segment.destination,
    }
    try:
        for message in flow.splitter.feed(flow.stream.take(segment)):
            yield {**where, **describe_failover(message)}
    except WireError as fault:
        flow.broken = True
        yield where | {"error": f"{fault}; the rest of this direction cannot be read"}


def _text(line: Record) -> str:
    shown = [str(line["n"])]
    if "t" in line:
        shown.append(f"{line['t']:.6f}")
    if "src" in line:
        shown.append(f"{line['src']} > {line['dst']}")
    if "name" in line:
        shown.append(f"{line['name']} time={line['time']} xid={line['xid']}")
        shown += [f"{option['name']}={option['value']}" for option in line["options"]]
    if "error" in line:
        shown.append(f"ERROR {line['error']}")
    return " ".join(shown)


def _arguments(parser: ArgumentParser) -> None:
    parser.add_argument("file", type=Path, metavar="FILE.pcap", help="a capture in classic pcap format")
    parser.add_argument(
        "--json", action="store_const", const=Form.JSON, default=Form.TEXT, dest="form", help="one JSON object a line"
    )
    parser.add_argument("--port", type=int, default=FAILOVER_PORT, help="the partners' TCP port (%(default)s)")


def _run(arguments: Namespace) -> int:
    try:
        code = run_decode(arguments.file, arguments.form, out=sys.stdout, port=arguments.port)
        sys.stdout.flush()
    except BrokenPipeError:
        # The reader has seen enough (`| head`). What is still buffered must not fail again when the process ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.OK
    return code


COMMAND = Command("decode", "show the failover messages of a capture file", _arguments, _run)
