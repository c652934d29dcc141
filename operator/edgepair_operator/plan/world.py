"""All that a plan may know of the world: plain values, time included. `observe.gather` makes them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from edgepair_contract.config import MemberConfig
from edgepair_contract.report import MemberReport
from edgepair_operator.api.keys import ObjectKey
from edgepair_operator.api.v1alpha1.appliance_dhcp_server import ApplianceDhcpServer
from edgepair_operator.api.v1alpha1.dhcp_failover_group import DhcpFailoverGroup

SOON_S = 0.05  # a moment that a plan waits for has passed when it is made again


@dataclass(frozen=True, slots=True)
class EngineDefaults:
    """What the operator's settings say about engines whose server does not."""

    image: str
    image_pull_policy: str = "IfNotPresent"


@dataclass(frozen=True, slots=True)
class PodFacts:
    """A server's pod as its node says. `refused` is why it cannot start, in the words of scheduler or kubelet."""

    name: str
    uid: str
    node: str | None = None
    address: str | None = None
    ready: bool = False
    refused: str | None = None


@dataclass(frozen=True, slots=True)
class ConfigFacts:
    """The configuration in a server's ConfigMap; `config` None: it is there, but not readable."""

    revision: int
    config: MemberConfig | None


@dataclass(frozen=True, slots=True)
class ClaimFacts:
    """The storage that a StatefulSet asks for: it cannot be changed once it exists."""

    size: str
    storage_class: str | None = None


@dataclass(frozen=True, slots=True)
class Reach:
    """What a server's engine said last, and, while it does not answer, since when. No report: never since we run."""

    report: MemberReport | None = None
    lost_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class ServerFacts:
    """One ApplianceDhcpServer and what is known of its pod, its configuration and its engine.

    `refusals`: why the API server refused children of it, in its own words.
    """

    resource: ApplianceDhcpServer
    pod: PodFacts | None = None
    config: ConfigFacts | None = None
    claim: ClaimFacts | None = None
    reach: Reach = Reach()
    refusals: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """Return the object's name."""
        return self.resource.metadata.name


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A stored object that does not fit our models: why, and what can be told of it all the same.

    `servers`: those it decides about, which is itself or those it names. `status`: as it is stored.
    """

    why: str
    generation: int = 0
    uid: str = ""
    servers: frozenset[str] = frozenset()
    status: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class World:
    """One object, everything that groups connect it with, and the moment.

    `subject` may name an object that is gone, or one of `unreadable`.
    `children`: those of our objects that exist for the subject. `server_count`: how many servers its namespace holds.
    `counts_at`: when this operator last wrote counts into the subject's status.
    """

    subject: ObjectKey
    now: datetime
    engine: EngineDefaults
    servers: Mapping[str, ServerFacts]
    groups: Mapping[str, DhcpFailoverGroup]
    unreadable: Mapping[ObjectKey, Unreadable]
    children: frozenset[ObjectKey] = frozenset()
    server_count: int = 0
    counts_at: datetime | None = None

    def groups_of(self, server: str) -> tuple[DhcpFailoverGroup, ...]:
        """Return the groups that name a server, sorted by their name on the wire."""
        named = [group for group in self.groups.values() if server in servers_of(group)]
        return tuple(sorted(named, key=lambda group: (group.group_name, group.metadata.name)))

    def unreadable_about(self, server: str) -> tuple[ObjectKey, Unreadable] | None:
        """Return the first object that decides about a server and cannot be read: itself, or a group that names it."""
        return next((each for each in sorted(self.unreadable.items(), key=_key) if server in each[1].servers), None)

    def until_s(self, moment: datetime) -> float:
        """Return how many seconds from now on a moment has passed."""
        return max(0.0, (moment - self.now) / timedelta(seconds=1)) + SOON_S


def _key(item: tuple[ObjectKey, Unreadable]) -> ObjectKey:
    return item[0]


def servers_of(group: DhcpFailoverGroup) -> tuple[str, ...]:
    """Return the names of our servers in a group, the primary first."""
    sides = (group.spec.primary, group.spec.secondary)
    return tuple(side.server_ref.name for side in sides if side.server_ref is not None)
