"""How objects are named: our API group, the two kinds, the key of any object, labels and annotations."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

GROUP = "dhcp.edgepair.io"
VERSION = "v1alpha1"
API_VERSION = f"{GROUP}/{VERSION}"
CATEGORY = "dhcp"
FIELD_MANAGER = "edgepair-operator"


class Kind(Enum):
    """Our custom resources: kind, plural and short name."""

    APPLIANCE_DHCP_SERVER = ("ApplianceDhcpServer", "appliancedhcpservers", "ads")
    DHCP_FAILOVER_GROUP = ("DhcpFailoverGroup", "dhcpfailovergroups", "dfg")

    def __init__(self, kind: str, plural: str, short: str) -> None:
        self.kind = kind
        self.plural = plural
        self.short = short

    @property
    def singular(self) -> str:
        """Return the name for one object, as the command line takes it."""
        return self.kind.lower()

    @property
    def crd_name(self) -> str:
        """Return the name of the CustomResourceDefinition."""
        return f"{self.plural}.{GROUP}"


@dataclass(frozen=True, slots=True, order=True)
class ObjectKey:
    """Which object of the cluster is meant. `namespace` is empty for what has none."""

    api_version: str
    kind: str
    namespace: str
    name: str

    def __str__(self) -> str:
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else f"{self.kind} {self.name}"


def server_key(namespace: str, name: str) -> ObjectKey:
    """Return the key of an ApplianceDhcpServer."""
    return ObjectKey(API_VERSION, Kind.APPLIANCE_DHCP_SERVER.kind, namespace, name)


def group_key(namespace: str, name: str) -> ObjectKey:
    """Return the key of a DhcpFailoverGroup."""
    return ObjectKey(API_VERSION, Kind.DHCP_FAILOVER_GROUP.kind, namespace, name)


MANAGED_BY = "edgepair"  # what the label of that name says of everything that the operator makes


class Label:
    """Labels on the children we make; `app.kubernetes.io/instance` is left to the user."""

    MANAGED_BY = "app.kubernetes.io/managed-by"
    COMPONENT = "app.kubernetes.io/component"
    NAME = "app.kubernetes.io/name"
    SERVER = f"{GROUP}/server"
    GROUP = f"{GROUP}/group"


class Annotation:
    """What a person may write on a group; the operator reads and never removes them."""

    PARTNER_DOWN = f"{GROUP}/partner-down"
    FENCE = f"{GROUP}/fence"
    PAUSE = f"{GROUP}/pause"
    RECONCILE = f"{GROUP}/reconcile"
    ACCEPT_LEASE_LOSS = f"{GROUP}/accept-lease-loss"


RECONCILE_DISABLED = "disabled"
