"""The kinds that the operator touches: where the API server keeps them, and the verbs it uses on each.

The verbs are the whole RBAC need of the operator; the chart's role is compared with this table.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from edgepair_operator.api.keys import ObjectKey

_WATCHED = ("list", "watch")
_OWNED = (*_WATCHED, "create", "patch")


@dataclass(frozen=True, slots=True)
class Resource:
    """One kind as the API server sees it, and the verbs we use on it and on its status subresource."""

    api_version: str
    plural: str
    verbs: tuple[str, ...]
    status_verbs: tuple[str, ...] = ()

    @property
    def prefix(self) -> str:
        """Return the path under which the API server serves this group and version."""
        return f"/apis/{self.api_version}" if "/" in self.api_version else f"/api/{self.api_version}"


RESOURCES: Mapping[str, Resource] = {
    "ApplianceDhcpServer": Resource("dhcp.edgepair.io/v1alpha1", "appliancedhcpservers", _WATCHED, ("patch",)),
    "DhcpFailoverGroup": Resource("dhcp.edgepair.io/v1alpha1", "dhcpfailovergroups", _WATCHED, ("patch",)),
    "Pod": Resource("v1", "pods", _WATCHED),
    "ConfigMap": Resource("v1", "configmaps", _OWNED),
    "Service": Resource("v1", "services", _OWNED),
    "ServiceAccount": Resource("v1", "serviceaccounts", (*_OWNED, "delete")),
    "StatefulSet": Resource("apps/v1", "statefulsets", _OWNED),
    "PodDisruptionBudget": Resource("policy/v1", "poddisruptionbudgets", (*_OWNED, "delete")),
    "Event": Resource("events.k8s.io/v1", "events", ("create",)),
}
OUR_KINDS = ("ApplianceDhcpServer", "DhcpFailoverGroup")
CHILD_KINDS = ("Pod", "ConfigMap", "Service", "ServiceAccount", "StatefulSet", "PodDisruptionBudget")
CHILD_SELECTOR = "app.kubernetes.io/managed-by=edgepair"


def collection_path(kind: str, namespace: str | None) -> str:
    """Return where all objects of a kind are listed."""
    resource = RESOURCES[kind]
    middle = "" if namespace is None else f"/namespaces/{namespace}"
    return f"{resource.prefix}{middle}/{resource.plural}"


def object_path(key: ObjectKey) -> str:
    """Return where one object stands."""
    return f"{collection_path(key.kind, key.namespace)}/{key.name}"
