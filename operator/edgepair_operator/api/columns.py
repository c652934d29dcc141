"""What `kubectl get` prints of each kind: column names, order, types, where their values stand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Any

from edgepair_operator.api.keys import Kind


class Shown(Enum):
    """When a column is printed; the value is its priority."""

    ALWAYS = 0
    WIDE = 1


@dataclass(frozen=True, slots=True)
class Column:
    """One printer column."""

    name: str
    path: str
    type: str = "string"
    shown: Shown = Shown.ALWAYS

    @property
    def manifest(self) -> dict[str, Any]:
        """Return the column as a CRD holds it. Priority 0 is left out, as the API server does."""
        column: dict[str, Any] = {"jsonPath": self.path, "name": self.name, "type": self.type}
        return column if self.shown is Shown.ALWAYS else {**column, "priority": self.shown.value}


def _wide(name: str, path: str, kind: str = "string") -> Column:
    return Column(name, path, kind, Shown.WIDE)


AGE = Column("Age", ".metadata.creationTimestamp", "date")

# The state times are strings over date-time fields: a column of type date would print an age.
SERVER_COLUMNS = (
    Column("Appliance", ".status.appliance"),
    Column("Group", ".status.failover[0].failoverGroupName"),
    Column("My State", ".status.failover[0].myState"),
    Column("My State Time", ".status.failover[0].myStateTime"),
    Column("Partner State", ".status.failover[0].partnerState"),
    Column("Partner State Time", ".status.failover[0].partnerStateTime"),
    Column("MCLT", ".status.failover[0].mcltSeconds", "integer"),
    AGE,
    _wide("Pod", ".status.pod"),
    _wide("Node", ".status.node"),
    _wide("Address", ".status.address"),
    _wide("Utilization", ".status.utilizationPercent", "integer"),
)

GROUP_COLUMNS = (
    Column("Group", ".status.groupName"),
    Column("My State", ".status.myState"),
    Column("My State Time", ".status.myStateTime"),
    Column("Partner State", ".status.partnerState"),
    Column("Partner State Time", ".status.partnerStateTime"),
    Column("MCLT", ".status.mcltSeconds", "integer"),
    Column("Ready", '.status.conditions[?(@.type=="Ready")].status'),
    AGE,
    _wide("Primary", ".status.primary.server"),
    _wide("Secondary", ".status.secondary.server"),
    _wide("Agreement", ".status.agreement"),
    _wide("Serving", ".status.servingText"),
    _wide("Free", ".status.freeCount", "integer"),
    _wide("Backup", ".status.backupCount", "integer"),
    _wide("Skew", ".status.skewSeconds", "integer"),
    _wide("Wait Until", ".status.wait.until"),
    _wide("Message", '.status.conditions[?(@.type=="Ready")].message'),
)

COLUMNS: Mapping[Kind, tuple[Column, ...]] = {
    Kind.APPLIANCE_DHCP_SERVER: SERVER_COLUMNS,
    Kind.DHCP_FAILOVER_GROUP: GROUP_COLUMNS,
}
