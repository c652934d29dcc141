"""The partner connections: whose they are, and what of them is not read yet."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from ipaddress import AddressValueError, IPv4Address

from edgepair_contract.clock import Now
from edgepair_contract.config import GroupConfig
from edgepair_engine.core.events import Direction, LinkUp
from edgepair_engine.failover.outcome import LinkId
from edgepair_engine.wire.framer import Framer

UNNAMED_S = 15.0  # a connection that could be several groups' must name one by then (protocol reference 2.3)
ANY_ADDRESS = IPv4Address(0)


@dataclass(slots=True)
class Link:
    """One connection. `group` is None until its first message names one of `candidates`."""

    id: LinkId
    remote: str
    candidates: tuple[str, ...]
    group: str | None
    deadline_s: float
    framer: Framer = field(default_factory=Framer)


class Links:
    """All connections that are open."""

    def __init__(self) -> None:
        self._links: dict[LinkId, Link] = {}

    def add(self, event: LinkUp, groups: Sequence[GroupConfig], now: Now) -> Link | None:
        """Take in a new connection; None when no group expects it."""
        candidates = groups_for(event, groups)
        if not candidates:
            return None
        group = candidates[0] if len(candidates) == 1 else None
        link = Link(event.link, event.remote, candidates, group, now.mono_s + UNNAMED_S)
        self._links[link.id] = link
        return link

    def get(self, link: LinkId) -> Link | None:
        """Return an open connection; None when it is closed or on its way to be."""
        return self._links.get(link)

    def drop(self, link: LinkId) -> Link | None:
        """Forget a connection and return what it was."""
        return self._links.pop(link, None)

    def of_group(self, group: str) -> list[Link]:
        """Return the connections of one group."""
        return [link for link in self._links.values() if link.group == group]

    def unnamed(self) -> Iterable[Link]:
        """Return the connections that have not said whose they are."""
        return [link for link in self._links.values() if link.group is None]

    @property
    def bytes_unframed(self) -> int:
        """Return how many bytes wait for the rest of their message."""
        return sum(link.framer.held for link in self._links.values())

    def __len__(self) -> int:
        return len(self._links)


def groups_for(event: LinkUp, groups: Sequence[GroupConfig]) -> tuple[str, ...]:
    """Return the names of the groups that a connection can belong to.

    A dialled one says it. An accepted one is matched by both its addresses (protocol reference 2.1, as dhcpd does);
    a partner that is configured by name may come from anywhere, since a Service hides where its pod dials from:
    there TLS is the guard.
    """
    if event.direction is Direction.DIALLED:
        return tuple(group.name for group in groups if group.name == event.group)
    return tuple(group.name for group in groups if _expects(group, event))


def _expects(group: GroupConfig, event: LinkUp) -> bool:
    listening = group.my_address if group.listen_address is None else group.listen_address
    if listening != ANY_ADDRESS and str(listening) != event.local:
        return False
    return _is_name(group.partner_address) or group.partner_address == event.remote


def _is_name(address: str) -> bool:
    try:
        IPv4Address(address)
    except AddressValueError:
        return True
    return False
