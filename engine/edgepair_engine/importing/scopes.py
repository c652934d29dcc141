"""What a dhcpd configuration declares: scopes within scopes, each with its settings, ranges and permissions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum
from ipaddress import IPv4Address, IPv4Network

from edgepair_engine.importing.failover_peer import Peer
from edgepair_engine.importing.option_types import Value
from edgepair_engine.importing.statements import Statement

Key = tuple[str, int | str]  # an option by space and code, or ("server", name of a parameter)

ROUTERS: Key = ("dhcp", 3)
SERVER_ID: Key = ("dhcp", 54)
CLIENT_ID: Key = ("dhcp", 61)
AUTHORITATIVE: Key = ("server", "authoritative")


class ScopeKind(Enum):
    """What declares a scope."""

    ROOT = "the file"
    SHARED_NETWORK = "a shared network"
    SUBNET = "a subnet"
    POOL = "a pool"
    GROUP = "a group"
    HOST = "a host"
    CLIENTS = "a class or condition"


@dataclass(frozen=True, slots=True, eq=False)
class Setting:
    """One option or parameter as it is set in one scope; `value` is None for an expression."""

    key: Key
    value: Value | None
    statement: Statement


@dataclass(frozen=True, slots=True, eq=False)
class Range:
    """Addresses to lease, both ends included, and the scope that says to whom and how."""

    first: int
    last: int
    statement: Statement
    scope: Scope


@dataclass(slots=True, eq=False)
class Scope:
    """A declaration. What is not set here is taken from `parent`; of two equal settings here the later one counts."""

    kind: ScopeKind
    parent: Scope | None
    statement: Statement | None
    settings: dict[Key, Setting] = field(default_factory=dict)
    shadowed: list[Setting] = field(default_factory=list)
    ranges: list[Range] = field(default_factory=list)
    peer: Peer | None = None
    network: IPv4Network | None = None

    def put(self, setting: Setting) -> None:
        """Set an option or parameter."""
        before = self.settings.get(setting.key)
        if before is not None:
            self.shadowed.append(before)
        self.settings[setting.key] = setting

    def chain(self) -> tuple[Scope, ...]:
        """Return this scope and those around it, the innermost first."""
        return (self, *self.parent.chain()) if self.parent is not None else (self,)

    def within(self, kind: ScopeKind) -> Scope | None:
        """Return the nearest scope of a kind, this one included."""
        return next((scope for scope in self.chain() if scope.kind is kind), None)


def lookup(chain: Sequence[Scope], key: Key) -> Setting | None:
    """Return what counts in a chain of scopes."""
    return next((scope.settings[key] for scope in chain if key in scope.settings), None)


@dataclass(slots=True, eq=False)
class Host:
    """A host declaration. `names` are hosts in its fixed addresses that would have to be looked up."""

    name: str
    scope: Scope
    statement: Statement
    hardware: bytes | None = None
    client_id: Setting | None = None
    addresses: list[IPv4Address] = field(default_factory=list)
    names: list[str] = field(default_factory=list)
