"""The StatefulSet of one server: one pod with a stable name, and its lease store on a volume that outlives it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from edgepair_operator.api.manifests import Manifest
from edgepair_operator.api.v1alpha1.appliance_dhcp_server import ApplianceDhcpServer
from edgepair_operator.plan.children.metadata import owned, selector
from edgepair_operator.plan.children.pod_template import STORE, pod_template
from edgepair_operator.plan.quantity import quantity
from edgepair_operator.plan.world import ClaimFacts, EngineDefaults

REVISIONS_KEPT = 2  # the one before, for a look at what changed


def stateful_set(
    server: ApplianceDhcpServer, *, partners: Sequence[str], claim: ClaimFacts | None, defaults: EngineDefaults
) -> Manifest:
    """Return the StatefulSet. `claim` is the storage of the one that stands: it cannot be changed, so it stays."""
    return {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": owned(server, server.metadata.name),
        "spec": {
            "serviceName": server.metadata.name,
            "replicas": 0 if server.spec.suspend else 1,
            "revisionHistoryLimit": REVISIONS_KEPT,
            "selector": {"matchLabels": selector(server.metadata.name)},
            # Only an ordered restart replaces a pod: never both of a pair at once.
            "updateStrategy": {"type": "OnDelete"},
            "persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Retain", "whenScaled": "Retain"},
            "template": pod_template(server, partners, defaults),
            "volumeClaimTemplates": [_claim(server, claim)],
        },
    }


def storage_differs(server: ApplianceDhcpServer, claim: ClaimFacts | None) -> bool:
    """Return whether the server asks for other storage than its volume has."""
    if claim is None:
        return False
    asked = server.spec.storage
    return quantity(asked.size) != quantity(claim.size) or asked.storage_class_name != claim.storage_class


def _claim(server: ApplianceDhcpServer, claim: ClaimFacts | None) -> dict[str, Any]:
    asked = server.spec.storage
    kept = claim or ClaimFacts(str(asked.size), asked.storage_class_name)
    spec: dict[str, Any] = {
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": kept.size}},
    }
    if kept.storage_class is not None:
        spec["storageClassName"] = kept.storage_class
    return {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": STORE}, "spec": spec}
