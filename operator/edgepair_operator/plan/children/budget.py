"""One PodDisruptionBudget for all servers that groups tie together, named after the first of them."""

from __future__ import annotations

from collections.abc import Sequence

from edgepair_operator.api.keys import Label
from edgepair_operator.api.manifests import Manifest
from edgepair_operator.api.v1alpha1.appliance_dhcp_server import ApplianceDhcpServer
from edgepair_operator.plan.children.metadata import labels, owner


def budget(servers: Sequence[ApplianceDhcpServer]) -> Manifest:
    """Return the budget over these servers, sorted by name; it goes with the last of them.

    A server in Recover is not ready, so it protects its partner from eviction.
    """
    names = [server.metadata.name for server in servers]
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": {
            "name": names[0],
            "namespace": servers[0].metadata.namespace,
            "labels": labels(names[0]),
            "ownerReferences": [dict(owner(server)) for server in servers],
        },
        "spec": {
            "maxUnavailable": 1,
            "selector": {"matchExpressions": [{"key": Label.SERVER, "operator": "In", "values": names}]},
        },
    }
