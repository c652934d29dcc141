"""DhcpFailoverGroup, as users write it: two servers, one physical interface, its scopes, the failover parameters."""

from __future__ import annotations

from enum import Enum
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from edgepair_contract.config import FAILOVER_PORT
from edgepair_operator.api.markers import MapList, Rule
from edgepair_operator.api.v1alpha1.addresses import Address
from edgepair_operator.api.v1alpha1.appliance_dhcp_server import ServerName
from edgepair_operator.api.v1alpha1.group_status import GroupStatus
from edgepair_operator.api.v1alpha1.model import Model, Resource
from edgepair_operator.api.v1alpha1.scope import InterfaceName, Scope

GROUP_NAME_PATTERN = r"^[!#-~]([ !#-~]*[!#-~])?$"  # printable, and no quotation mark: dhcpd.conf has it between two
EXTERNAL_SKEW_MAX_S = 60  # dhcpd refuses a connection above

Port = Annotated[int, Field(ge=1, le=65535)]
Percent = Annotated[int, Field(ge=0, le=100)]


class PartnerDownPolicy(Enum):
    """When a server that lost its partner may take over all addresses."""

    ON_PROOF = "OnProof"
    MANUAL = "Manual"
    AFTER = "After"


class SecurityMode(Enum):
    """How the link between the two servers is guarded."""

    TLS = "TLS"
    PLAIN = "Plain"


class ServerRef(Model):
    """An ApplianceDhcpServer in the group's namespace."""

    name: ServerName = Field(description="Its name.")


class ExternalPartner(Model):
    """A partner that we do not run: a dhcpd, a physical appliance."""

    address: Address = Field(description="The address it listens on and dials from.")
    port: Port = Field(FAILOVER_PORT, description="The port it listens on.")


class Member(Model):
    """One side of the group: a server of ours, or a partner that we do not run."""

    server_ref: ServerRef | None = Field(None, description="A server of ours.")
    external: ExternalPartner | None = Field(None, description="A partner that we do not run; for one side at most.")
    address: Address | None = Field(
        None, description="The address of our side of the link; by the server's network mode when absent."
    )
    port: Port = Field(FAILOVER_PORT, description="The port our side listens on.")

    rules: ClassVar = (
        Rule(
            "has(self.serverRef) != has(self.external)",
            "each side is either ours or external: write serverRef: {name: ...}, or external: {address: ...}",
        ),
        Rule(
            f"!has(self.external) || (!has(self.address) && self.port == {FAILOVER_PORT})",
            "an external partner's address and port stand in external: {address: ..., port: ...}",
        ),
    )


class Balance(Model):
    """When free addresses are moved between the two servers."""

    max_lease_misbalance_percent: Percent = Field(15, description="Imbalance from which on addresses are moved.")
    max_lease_ownership_percent: Percent = Field(10, description="Share that a server keeps when it gives some away.")
    min_seconds: int = Field(60, ge=0, le=4294967295, description="Shortest time between two moves.")
    max_seconds: int = Field(3600, ge=0, le=4294967295, description="Longest time between two looks at the balance.")

    rules: ClassVar = (
        Rule("self.minSeconds <= self.maxSeconds", "balance.minSeconds must not be larger than balance.maxSeconds"),
    )


class PartnerDown(Model):
    """When a server that lost its partner may take over all addresses."""

    policy: PartnerDownPolicy = Field(
        PartnerDownPolicy.ON_PROOF,
        description="OnProof: when the cluster proves that the partner is gone. Manual: when a person says so."
        " After: by itself, afterSeconds after contact was lost.",
    )
    after_seconds: int | None = Field(None, ge=1, le=4294967295, description="With policy After: how long it waits.")

    rules: ClassVar = (
        Rule(
            "has(self.afterSeconds) == (self.policy == 'After')",
            "afterSeconds and policy: After belong together: write both or neither",
        ),
    )


class ClockSkew(Model):
    """How far the two clocks may be apart before somebody is told."""

    warn_seconds: int = Field(5, ge=1, le=EXTERNAL_SKEW_MAX_S, description="From here on it is shown.")
    critical_seconds: int = Field(30, ge=1, le=EXTERNAL_SKEW_MAX_S, description="From here on ClockInSync is False.")

    rules: ClassVar = (
        Rule(
            "self.warnSeconds <= self.criticalSeconds",
            "clockSkew.warnSeconds must not be larger than clockSkew.criticalSeconds",
        ),
    )


class Security(Model):
    """How the link between the two servers is guarded."""

    mode: SecurityMode = Field(description="TLS, or Plain (a connection from any other address is closed).")


class GroupSpec(Model):
    """What is asked of two servers for one physical interface and its tagged sub-interfaces."""

    interface: InterfaceName = Field(description="The physical interface, such as lan0. It cannot be changed.")
    group_name: str | None = Field(
        None,
        pattern=GROUP_NAME_PATTERN,
        min_length=1,
        max_length=63,
        description="The relationship's name on the wire (failover peer); the interface when absent.",
    )
    primary: Member = Field(description="The primary server.")
    secondary: Member = Field(description="The secondary server.")
    mclt_seconds: int = Field(3600, ge=1, le=86400, description="MCLT: how far a lease may run ahead of the partner.")
    split: int = Field(128, ge=0, le=256, description="How many of 256 buckets of clients the primary answers.")
    max_response_delay_seconds: int = Field(
        10, ge=3, le=3600, description="Silence after which the link counts as lost."
    )
    max_unacked_updates: int = Field(10, ge=1, le=65535, description="Updates that may wait for an acknowledgement.")
    load_balance_max_seconds: int = Field(
        5, ge=0, le=65535, description="A client that has tried for so long is answered by both servers."
    )
    balance: Balance = Field(Balance(), description="When free addresses are moved between the two servers.")
    partner_down: PartnerDown = Field(PartnerDown(), description="When a survivor takes over all addresses.")
    clock_skew: ClockSkew = Field(ClockSkew(), description="How far the two clocks may be apart.")
    security: Security | None = Field(
        None,
        description="How the link is guarded; TLS between two of ours, Plain with an external partner, when absent.",
    )
    scopes: Annotated[tuple[Scope, ...], Field(min_length=1, max_length=64), MapList("prefix")] = Field(
        description="The scopes of the interface and of its tagged sub-interfaces."
    )
    suspend: bool = Field(False, description="Whether the operator leaves this group alone; status goes on.")

    rules: ClassVar = (
        Rule(
            "!self.interface.contains('.')",
            "interface is the physical one: write lan0, and add lan0.10 as a scope with interface: lan0.10",
        ),
        Rule(
            "self.interface == oldSelf.interface",
            "interface cannot be changed: make a new DhcpFailoverGroup for the other interface",
        ),
        Rule(
            "self.interface != oldSelf.interface || (has(self.groupName) ? self.groupName : self.interface)"
            " == (has(oldSelf.groupName) ? oldSelf.groupName : oldSelf.interface)",
            "the group's name cannot be changed (a rename costs a Recover-wait): make a new DhcpFailoverGroup",
        ),
        Rule(
            "!has(self.primary.external) || !has(self.secondary.external)",
            "one side must be a server of ours: write serverRef for primary or secondary",
        ),
        Rule(
            "!has(self.primary.serverRef) || !has(self.secondary.serverRef)"
            " || self.primary.serverRef.name != self.secondary.serverRef.name",
            "primary and secondary must be two different servers",
        ),
        Rule(
            "!has(self.partnerDown.afterSeconds) || self.partnerDown.afterSeconds > 2 * self.maxResponseDelaySeconds",
            "partnerDown.afterSeconds must be larger than twice maxResponseDelaySeconds",
        ),
        Rule(
            "self.scopes.all(s, !has(s.interface) || s.interface == self.interface"
            " || s.interface.startsWith(self.interface + '.'))",
            "each scope's interface is the group's interface or tagged on it, such as lan0.10 in a group of lan0",
        ),
        Rule(
            "self.scopes.all(a, self.scopes.all(b, a.prefix == b.prefix || !isCIDR(a.prefix) || !isCIDR(b.prefix)"
            " || !(cidr(a.prefix).containsCIDR(b.prefix) || cidr(b.prefix).containsCIDR(a.prefix))))",
            "the scopes' prefixes must not overlap",
        ),
    )


class DhcpFailoverGroup(Resource):
    """A failover relationship: two servers, one physical interface and all of its tagged sub-interfaces."""

    kind: Literal["DhcpFailoverGroup"] = "DhcpFailoverGroup"
    spec: GroupSpec
    status: GroupStatus = Field(GroupStatus(), description="What the two servers say of it.")

    @property
    def group_name(self) -> str:
        """Return the effective name of the relationship: what stands on the wire."""
        return self.spec.group_name or self.spec.interface
