"""dhcpd's lease file: the bindings that it holds at a moment of its life."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime
from ipaddress import IPv4Address
from pathlib import Path

from edgepair_contract.vocabulary import BindingState
from edgepair_engine.leases.lease import Lease

_ENTRY = re.compile(r"^lease (\S+) \{\n(.*?)^\}", re.MULTILINE | re.DOTALL)
_FIELD = re.compile(r"^  (?P<name>starts|ends|tstp|tsfp|atsfp|cltt) \d (?P<moment>\S+ \S+);$", re.MULTILINE)
_STATE = re.compile(r"^  binding state (\w+);$", re.MULTILINE)
_REWIND = re.compile(r"^  rewind binding state (\w+);$", re.MULTILINE)
_HARDWARE = re.compile(r"^  hardware ethernet (\S+);$", re.MULTILINE)
_UID = re.compile(r'^  uid "(.*)";$', re.MULTILINE)
_STATES = re.compile(
    r"^failover peer \S+ state \{\n  my state (\S+) at \d (\S+ \S+);\n  partner state (\S+) at \d (\S+ \S+);\n"
    r"(?:  mclt (\d+);\n)?\}",
    re.MULTILINE,
)
_OCTAL = re.compile(rb"\\([0-7]{3})")


def leases_at_the_end(path: Path) -> dict[int, Lease]:
    """Return what the file holds: of each address its last entry."""
    return {lease.address: lease for lease in _entries(path.read_text())}


def leases_before_clients(path: Path) -> dict[int, Lease]:
    """Return what the file held before the first client came: all entries up to the first lease."""
    found: dict[int, Lease] = {}
    for lease in _entries(path.read_text()):
        if lease.state is BindingState.ACTIVE:
            break
        found[lease.address] = lease
    return found


@dataclass(frozen=True, slots=True)
class States:
    """A `failover peer` entry: both states by dhcpd's names with their times, and the MCLT that a secondary learned."""

    mine: str
    mine_at: int
    partners: str
    partners_at: int
    mclt_s: int | None


def states_before(path: Path, moment: int) -> States:
    """Return the last entry of states, leaving out a move at or after a moment."""
    found = [
        States(mine, _epoch(mine_at), partners, _epoch(partners_at), int(mclt) if mclt else None)
        for mine, mine_at, partners, partners_at, mclt in _STATES.findall(path.read_text())
    ]
    return [states for states in found if states.mine_at < moment][-1]


def _entries(text: str) -> list[Lease]:
    return [_lease(address, body) for address, body in _ENTRY.findall(text)]


def _lease(dotted: str, body: str) -> Lease:
    times = {match["name"]: _epoch(match["moment"]) for match in _FIELD.finditer(body)}
    state = _STATE.search(body)
    assert state is not None, body
    rewind = _REWIND.search(body) or state
    hardware, uid = _HARDWARE.search(body), _UID.search(body)
    return Lease(
        int(IPv4Address(dotted)),
        state=BindingState[state[1].upper()],
        client_id=None if uid is None else _unescaped(uid[1]),
        hardware=None if hardware is None else b"\x01" + bytes.fromhex(hardware[1].replace(":", "")),
        starts_at=times.get("starts", 0),
        ends_at=times.get("ends", 0),
        tstp=times.get("tstp", 0),
        tsfp=times.get("tsfp", 0),
        atsfp=times.get("atsfp", 0),
        cltt=times.get("cltt", 0),
        rewind=BindingState[rewind[1].upper()],
    )


def _epoch(moment: str) -> int:
    return int(datetime.strptime(moment, "%Y/%m/%d %H:%M:%S").replace(tzinfo=UTC).timestamp())


def _unescaped(text: str) -> bytes:
    return _OCTAL.sub(lambda match: bytes([int(match[1], 8)]), text.encode("latin-1"))
