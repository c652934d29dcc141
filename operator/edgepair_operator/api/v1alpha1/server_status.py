"""ApplianceDhcpServer, as users read it: the tab's rows of this appliance, its scopes, its pod."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from edgepair_contract.report import StateLabel
from edgepair_operator.api.conditions import Conditions
from edgepair_operator.api.markers import AtomicList, MapList
from edgepair_operator.api.v1alpha1.model import Moment, StatusModel

OBSERVED_NEVER = -1  # no generation is that low: an object nobody has looked at is not taken for finished
ROWS_MAX = 64  # groups that a server's configuration takes
COVERED_MAX = 65  # interfaces of a group: the physical one, and as many tagged ones as it may have scopes


class FailoverRow(StatusModel):
    """One row of the tab DHCP Failover State."""

    failover_group_name: str = Field(description="Failover Group Name.")
    my_state: StateLabel = Field(description="My State.")
    my_state_time: Moment | None = Field(None, description="My State Time: when this server entered it.")
    partner_state: StateLabel = Field(description="Partner State.")
    partner_state_time: Moment | None = Field(None, description="Partner State Time: when this server heard of it.")
    mclt_seconds: int | None = Field(None, description="MCLT.")
    interfaces: Annotated[tuple[str, ...], Field(max_length=COVERED_MAX), AtomicList()] = Field(
        (), description="The tagged and untagged interfaces it covers."
    )


class ScopeUse(StatusModel):
    """How full one scope is."""

    prefix: str = Field(description="The scope's prefix.")
    total: int = Field(description="Addresses in its ranges.")
    active: int = Field(description="Addresses that clients hold.")
    available: int = Field(description="Addresses that can be given.")
    utilization_percent: int = Field(description="Active addresses of all, in percent.")


class ServerStatus(StatusModel):
    """What the operator and the engine say of the server."""

    observed_generation: int = Field(OBSERVED_NEVER, description="The generation of spec that this status speaks of.")
    conditions: Conditions = Field((), description="Ready, Reconciling, Stalled, ConfigInSync.")
    appliance: str | None = Field(None, description="The appliance's effective name: the column Appliance.")
    pod: str | None = Field(None, description="The server's pod.")
    node: str | None = Field(None, description="The node it runs on.")
    address: str | None = Field(None, description="The address clients know it by.")
    version: str | None = Field(None, description="The engine's version.")
    group_count: int | None = Field(None, description="Failover groups it is a member of.")
    utilization_percent: int | None = Field(None, description="The fullest scope, in percent.")
    failover: Annotated[tuple[FailoverRow, ...], Field(max_length=ROWS_MAX), MapList("failoverGroupName")] = Field(
        (), description="The rows of the tab DHCP Failover State, sorted by group name."
    )
    scopes: Annotated[tuple[ScopeUse, ...], Field(max_length=4096), MapList("prefix")] = Field(
        (), description="How full each scope is."
    )
