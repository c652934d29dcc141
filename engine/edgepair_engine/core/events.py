"""All that can happen to an engine."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import NewType

from edgepair_contract.config import MemberConfig
from edgepair_contract.control import ControlRequest
from edgepair_contract.report import InterfaceReport
from edgepair_engine.dhcp.relay import Arrival
from edgepair_engine.failover.outcome import LinkId

AskId = NewType("AskId", int)  # one waiting request at the admin interface


@dataclass(frozen=True, slots=True)
class DhcpDatagram:
    """A DHCP packet came in."""

    data: bytes
    arrival: Arrival


class Direction(Enum):
    """Who opened a connection."""

    DIALLED = "dialled"
    ACCEPTED = "accepted"


@dataclass(frozen=True, slots=True)
class LinkUp:
    """A TCP connection with a partner stands. For an accepted one `group` is None; addresses are dotted."""

    link: LinkId
    direction: Direction
    group: str | None
    local: str
    remote: str


@dataclass(frozen=True, slots=True)
class PartnerBytes:
    """The partner sent bytes."""

    link: LinkId
    data: bytes


@dataclass(frozen=True, slots=True)
class LinkLost:
    """A connection ended, by whomever."""

    link: LinkId
    why: str


@dataclass(frozen=True, slots=True)
class DialFailed:
    """An attempt to connect to a group's partner failed. `local` tells a fault on this side (no route, bad address)."""

    group: str
    why: str
    local: bool


@dataclass(frozen=True, slots=True)
class ControlAsked:
    """Someone gave an order at the admin interface."""

    ask: AskId
    request: ControlRequest


@dataclass(frozen=True, slots=True)
class ConfigReplaced:
    """A newer, valid configuration came. `text` is its JSON."""

    config: MemberConfig
    text: str


@dataclass(frozen=True, slots=True)
class ConfigRefused:
    """A configuration came that cannot be used."""

    why: str


@dataclass(frozen=True, slots=True)
class InterfacesChanged:
    """The LAN interfaces as found now, all of them."""

    interfaces: tuple[InterfaceReport, ...]


@dataclass(frozen=True, slots=True)
class StoreChanged:
    """The store stopped working (`problem`) or works again (None)."""

    problem: str | None


@dataclass(frozen=True, slots=True)
class DatagramsDropped:
    """The inbox was full: so many datagrams were not taken."""

    count: int
    why: str


@dataclass(frozen=True, slots=True)
class Woken:
    """Nothing came, but a planned moment has."""


Event = (
    DhcpDatagram
    | LinkUp
    | PartnerBytes
    | LinkLost
    | DialFailed
    | ControlAsked
    | ConfigReplaced
    | ConfigRefused
    | InterfacesChanged
    | StoreChanged
    | DatagramsDropped
    | Woken
)
