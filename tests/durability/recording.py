"""What a server did to its disk and told its clients, in order, and what a disk could hold after a power cut.

strace writes down every call. A disk holds for certain what was synced; of what was not, any part may be missing: whole
writes, single sectors of one, a file that was made, one that was removed. The order of calls is the kernel's: a call
counts from its beginning, a sync from its end, and it covers what had begun before it began.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from edgepair_engine.wire.dhcp4 import decode_dhcp4
from edgepair_engine.wire.dhcp4_options import Dhcp4Type
from tests.durability.crowd import Promise

CALLS = "openat,pwrite64,fsync,fdatasync,ftruncate,unlink,sendto"
SHARED_MEMORY = "-shm"  # mapped, and made anew after a cut
SECTOR_BYTES = 512
KEPT = 0.5  # of what was not synced
TORN = 0.25  # of what is kept
IP_VERSION_AND_LENGTH = b"\x45"
UDP = 17  # in the header's byte 9
DHCP_AT = 28  # behind an IP and a UDP header

_LINE = re.compile(r"^(\d+) +(?:<\.\.\. )?(\w+)(?:\(| resumed>)(.*)$")
_FILE = re.compile(r"^\d+<((?:\\x[0-9a-f]{2})+)>")
_TEXT = re.compile(r'"((?:\\x[0-9a-f]{2})*)"')
_NUMBERS_END = re.compile(r", (\d+)(?:\)| <unfinished)")


def recorder(trace: Path) -> list[str]:
    """Return the words that go before a command so that its calls are written down; its process stays the child."""
    return ["strace", "-D", "-f", "-y", "-xx", "-s", "1048576", "-e", f"trace={CALLS}", "-o", str(trace)]


@dataclass(frozen=True, slots=True)
class Written:
    """Bytes went to a file, or to what the kernel holds of it."""

    file: str
    at: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Shortened:
    """A file was given this length."""

    file: str
    length: int


@dataclass(frozen=True, slots=True)
class Made:
    """A file is there."""

    file: str


@dataclass(frozen=True, slots=True)
class Removed:
    """A file is there no longer."""

    file: str


@dataclass(frozen=True, slots=True)
class Synced:
    """All that had happened to a file, or to the folder's list of files, before the event of this number is durable."""

    file: str
    until: int


@dataclass(frozen=True, slots=True)
class Told:
    """A client was sent an ACK."""

    mac: bytes
    promise: Promise


Event = Written | Shortened | Made | Removed | Synced | Told
_Change = Written | Shortened | Made | Removed


def events_of(trace: Path, folder: Path) -> list[Event]:
    """Return what a trace tells of the files in a folder, and of ACKs."""
    return list(_Reader(folder).events(trace))


class _Reader:
    def __init__(self, folder: Path) -> None:
        self._folder = str(folder)
        self._files: set[str] = set()
        self._count = 0
        self._syncs_begun: dict[str, tuple[str, int]] = {}  # by thread

    def events(self, trace: Path) -> Iterator[Event]:
        for line in trace.read_text().splitlines():
            found = _LINE.match(line)
            if found is None:
                continue  # a signal, or an exit
            event = self._event(*found.groups(), resumed="resumed>" in line[:64])
            if event is not None:
                self._count += 1
                yield event

    def _event(self, thread: str, call: str, rest: str, *, resumed: bool) -> Event | None:
        if call in ("fsync", "fdatasync"):
            return self._sync(thread, rest, resumed=resumed)
        if resumed:
            return None  # it counted when it began
        match call:
            case "openat" if "O_CREAT" in rest:
                file = self._name(_text(rest))
                if file is None or file in self._files:
                    return None
                self._files.add(file)
                return Made(file)
            case "unlink":
                file = self._name(_text(rest))
                self._files.discard(file or "")
                return None if file is None else Removed(file)
            case "pwrite64":
                file = self._file(rest)
                return None if file is None else Written(file, _last_number(rest), _text(rest))
            case "ftruncate":
                file = self._file(rest)
                return None if file is None else Shortened(file, _last_number(rest))
            case "sendto":
                return _ack(_text(rest))
            case _:
                return None

    def _sync(self, thread: str, rest: str, *, resumed: bool) -> Synced | None:
        if not resumed:
            file = self._file(rest)
            if file is None:
                return None
            self._syncs_begun[thread] = file, self._count
        if "<unfinished" in rest or thread not in self._syncs_begun:
            return None
        assert rest.endswith(" = 0"), rest
        return Synced(*self._syncs_begun.pop(thread))

    def _file(self, rest: str) -> str | None:
        found = _FILE.match(rest)
        return None if found is None else self._name(_bytes(found.group(1)))

    def _name(self, path: bytes) -> str | None:
        """Return a file's name in the folder, "" for the folder itself, None for what lies elsewhere."""
        where = path.decode()
        if where == self._folder:
            return ""
        name = where.removeprefix(f"{self._folder}/")
        return None if name == where or name.endswith(SHARED_MEMORY) else name


def _text(rest: str) -> bytes:
    found = _TEXT.search(rest)
    return b"" if found is None else _bytes(found.group(1))


def _bytes(escaped: str) -> bytes:
    return bytes.fromhex(escaped.replace("\\x", ""))


def _last_number(rest: str) -> int:
    found = _NUMBERS_END.search(rest[rest.rfind('"') + 1 :])
    assert found is not None, rest[-80:]
    return int(found.group(1))


def _ack(packet: bytes) -> Told | None:
    if packet[:1] != IP_VERSION_AND_LENGTH or packet[9] != UDP:
        return None  # what the admin interface says, or the engine to itself
    answer = decode_dhcp4(packet[DHCP_AT:])
    if answer.message_type != Dhcp4Type.ACK:
        return None
    assert answer.lease_time_s is not None
    return Told(answer.chaddr, Promise(answer.yiaddr, answer.lease_time_s))


@dataclass
class Image:
    """What a disk holds: the contents of files, and which of them have a name in the folder."""

    files: dict[str, bytearray] = field(default_factory=dict)
    named: set[str] = field(default_factory=set)

    def apply(self, change: _Change, only: Sequence[int] | None = None) -> None:
        """Let a change reach the disk, whole or only these sectors of it. A file is there once its folder says so."""
        match change:
            case Made(file):
                self.named.add(file)
                self.files.setdefault(file, bytearray())
            case Removed(file):
                self.named.discard(file)
                self.files.pop(file, None)
            case Shortened(file, length):
                content = self.files.setdefault(file, bytearray())
                del content[length:]
                content.extend(bytes(length - len(content)))
            case Written(file, at, data):
                content = self.files.setdefault(file, bytearray())
                content.extend(bytes(max(0, at + len(data) - len(content))))
                for first, last in _sectors(at, len(data)):
                    if only is None or first // SECTOR_BYTES in only:
                        content[first:last] = data[first - at : last - at]

    def write(self, folder: Path) -> None:
        """Put the files into a folder."""
        folder.mkdir()
        for name in self.named:
            (folder / name).write_bytes(self.files[name])


def after_power_cuts(
    events: Sequence[Event], moments: Sequence[int], chance: random.Random
) -> Iterator[tuple[Image, dict[bytes, Promise]]]:
    """Yield what a disk could hold after a cut before each of these events, and what clients had been promised."""
    promised: dict[bytes, Promise] = {}
    durable, pending = Image(), list[tuple[int, _Change]]()
    done = 0
    for moment in sorted(moments):
        for number, event in enumerate(events[done:moment], done):
            match event:
                case Told(mac, promise):
                    promised[mac] = promise
                case Synced(file, until):
                    for at, change in pending:
                        if at < until and _place(change) == file:
                            durable.apply(change)
                    pending = [(at, change) for at, change in pending if at >= until or _place(change) != file]
                case _:
                    pending.append((number, event))
        done = moment
        yield _cut(durable, [change for _, change in pending], chance), dict(promised)


def _place(change: _Change) -> str:
    """Return which sync makes a change durable: the file's, or the folder's, which is called ""."""
    return "" if isinstance(change, Made | Removed) else change.file


def _cut(durable: Image, pending: Sequence[_Change], chance: random.Random) -> Image:
    image = Image({name: bytearray(content) for name, content in durable.files.items()}, set(durable.named))
    kept = chance.choice((0.0, KEPT, KEPT, 1.0))
    for change in pending:
        if chance.random() >= kept:
            continue
        if isinstance(change, Written) and chance.random() < TORN:
            sectors = [first // SECTOR_BYTES for first, _ in _sectors(change.at, len(change.data))]
            image.apply(change, [sector for sector in sectors if chance.random() < KEPT])
        else:
            image.apply(change)
    return image


def _sectors(at: int, length: int) -> Iterator[tuple[int, int]]:
    """Yield where each sector of a piece of a file begins and ends within the piece."""
    first = at
    while first < at + length:
        last = min((first // SECTOR_BYTES + 1) * SECTOR_BYTES, at + length)
        yield first, last
        first = last
