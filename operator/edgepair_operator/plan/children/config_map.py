"""The ConfigMap that a server starts from; a running one is handed each new revision at once."""

from __future__ import annotations

import json

from edgepair_contract.config import MemberConfig
from edgepair_operator.api.manifests import Manifest
from edgepair_operator.api.v1alpha1.appliance_dhcp_server import ApplianceDhcpServer
from edgepair_operator.plan.children.metadata import config_map_name, owned

CONFIG_KEY = "member.json"


def config_map(server: ApplianceDhcpServer, config: MemberConfig) -> Manifest:
    """Return the ConfigMap with a configuration, its fields in a fixed order."""
    document = json.dumps(config.model_dump(mode="json", exclude_none=True), indent=1, sort_keys=True)
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": owned(server, config_map_name(server.metadata.name)),
        "data": {CONFIG_KEY: document + "\n"},
    }
