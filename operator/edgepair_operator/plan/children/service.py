"""The headless Service that names a server's pod, ready or not."""

from __future__ import annotations

from edgepair_contract.config import FAILOVER_PORT
from edgepair_operator.api.manifests import Manifest
from edgepair_operator.api.v1alpha1.appliance_dhcp_server import ApplianceDhcpServer
from edgepair_operator.plan.children.metadata import owned, selector


def service(server: ApplianceDhcpServer) -> Manifest:
    """Return the Service; also what gives the StatefulSet's pod its name in DNS."""
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": owned(server, server.metadata.name),
        "spec": {
            "clusterIP": "None",
            "publishNotReadyAddresses": True,
            "selector": selector(server.metadata.name),
            "ports": [
                {"name": "failover", "port": FAILOVER_PORT, "protocol": "TCP"},
                {"name": "admin", "port": server.spec.network.admin_port, "protocol": "TCP"},
            ],
        },
    }
