"""Write the first inputs of each target: what dhcpd said in the captures, and the hand-made cases of the codec tests.

`python -m tests.fuzz.seeds`, then `python -m tests.fuzz all --seconds 60`, then `python -m tests.fuzz all --keep`.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator
from pathlib import Path

from edgepair_contract.vocabulary import MessageType
from edgepair_engine.wire.pcap import UDP, ipv4_packet, read_frames
from tests.fuzz.__main__ import BUILD
from tests.fuzz.stories import HAPPENINGS, Stage
from tests.fuzz.targets import TARGETS
from tests.unit.wire import dhcp4_cases, failover_cases

CAPTURES = sorted((Path(__file__).parents[1] / "data" / "captures").glob("*/messages.jsonl"))
UDP_HEADER_LENGTH = 8
SAID_BY = {"10.77.1.2": 1, "10.77.1.3": 0}  # what the primary says is heard by the other role of `Role`


def main() -> None:
    """Write them where a fuzz run looks for inputs."""
    for target, seeds in {
        "framer": framer_seeds(),
        "failover": failover_seeds(),
        "dhcp4": dhcp4_seeds(),
        "endpoint": endpoint_seeds(),
    }.items():
        folder = BUILD / target / "found"
        folder.mkdir(parents=True, exist_ok=True)
        for seed in {seed[: TARGETS[target].size_max] for seed in seeds}:
            (folder / hashlib.sha1(seed, usedforsecurity=False).hexdigest()).write_bytes(seed)


def failover_seeds() -> Iterator[bytes]:
    """Every message of the captures and of the codec's cases."""
    for _, wire in _recorded():
        yield wire
    for case in failover_cases.CASES:
        yield case.wire


def framer_seeds() -> Iterator[bytes]:
    """Streams of a few messages, cut in several ways."""
    wires = [case.wire for case in failover_cases.CASES]
    for at in range(len(wires)):
        yield bytes([0, at, 200, 11]) + b"".join(wires[at : at + 4])


def dhcp4_seeds() -> Iterator[bytes]:
    """The clients' and servers' packets."""
    for capture in CAPTURES:
        frames = read_frames((capture.parent / "capture.pcap").read_bytes())
        packets = [ipv4_packet(frame) for frame in frames]
        yield from (packet.payload[UDP_HEADER_LENGTH:] for packet in packets if packet and packet.protocol == UDP)
    for case in dhcp4_cases.CASES:
        yield case.wire


def endpoint_seeds() -> Iterator[bytes]:
    """For each capture and side, what its partner said, as a story that begins at different places."""
    for capture in CAPTURES:
        for source, hearer in SAID_BY.items():
            told = [wire for said_by, wire in _recorded([capture]) if said_by == source]
            for start in range(0, len(told), 8):
                yield _story(hearer, told[start : start + 8])


def _story(hearer: int, told: Iterable[bytes]) -> bytes:
    opening = bytes([hearer, 0, 0, HAPPENINGS.index(Stage.connect), HAPPENINGS.index(Stage.hear_opening), 0, 0, 0, 0])
    steps = [_heard(wire) for wire in told if wire[2] not in {MessageType.CONNECT, MessageType.CONNECTACK}]
    return opening + b"".join(steps)


def _heard(wire: bytes) -> bytes:
    """One message as the happening `hear_bytes`: link, type, skew of nought, size, options."""
    return bytes([HAPPENINGS.index(Stage.hear_bytes), 0, wire[2], 128, len(wire) - 12]) + wire[12:]


def _recorded(captures: Iterable[Path] = CAPTURES) -> Iterator[tuple[str, bytes]]:
    for capture in captures:
        for line in capture.read_text().splitlines():
            record = json.loads(line)
            yield record["src"].split(":")[0], bytes.fromhex(record["hex"])


if __name__ == "__main__":
    main()
