"""All that can happen to an engine."""

from __future__ import annotations

from enum import Enum
from typing import NewType

from edgepair_contract.config import MemberConfig
from edgepair_contract.control import ControlRequest
from edgepair_contract.report import InterfaceReport
from edgepair_contract.value import value
from edgepair_engine.dhcp.relay import Arrival
from edgepair_engine.failover.outcome import LinkId

AskId = NewType("AskId", int)  # one waiting request at the admin interface


@value
class DhcpDatagram:
    """A DHCP packet came in."""

    data: bytes
    arrival: Arrival


class Direction(Enum):
    """Who opened a connection."""

    DIALLED = "dialled"
    ACCEPTED = "accepted"


@value
class LinkUp:
    """A TCP connection with a partner stands. For an accepted one `group` is None; addresses are dotted."""

    link: LinkId
    direction: Direction
    group: str | None
    local: str
    remote: str


@value
class PartnerBytes:
    """The partner sent bytes."""

    link: LinkId
    data: bytes


@value
class LinkLost:
    """A connection ended, by whomever."""

    link: LinkId
    why: str


@value
class DialFailed:
    """An attempt to connect to a group's partner failed. `local` tells a fault on this side (no route, bad address)."""

    group: str
    why: str
    local: bool


@value
class ControlAsked:
    """Someone gave an order at the admin interface."""

    ask: AskId
    request: ControlRequest


@value
class ConfigReplaced:
    """A newer, valid configuration came."""

    config: MemberConfig


@value
class ConfigRefused:
    """A configuration came that cannot be used."""

    why: str


@value
class InterfacesChanged:
    """The LAN interfaces as found now, all of them."""

    interfaces: tuple[InterfaceReport, ...]


@value
class StoreChanged:
    """The store stopped working (`problem`) or works again (None)."""

    problem: str | None


@value
class DatagramsDropped:
    """The inbox was full: so many datagrams were not taken."""

    count: int
    why: str


@value
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
