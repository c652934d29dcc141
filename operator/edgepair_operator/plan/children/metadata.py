"""What all children have in common: names, labels, who owns them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from edgepair_operator.api.keys import MANAGED_BY, Label
from edgepair_operator.api.v1alpha1.appliance_dhcp_server import ApplianceDhcpServer

ENGINE = "edgepair-engine"


def config_map_name(server: str) -> str:
    """Return the name of a server's ConfigMap."""
    return f"{server}-config"


def labels(server: str) -> dict[str, str]:
    """Return the labels of everything a server owns. Nothing is taken over from the server's own labels."""
    return {Label.MANAGED_BY: MANAGED_BY, Label.NAME: ENGINE, Label.SERVER: server}


def selector(server: str) -> dict[str, str]:
    """Return what picks a server's pod."""
    return {Label.SERVER: server}


def owned(server: ApplianceDhcpServer, name: str) -> dict[str, Any]:
    """Return the metadata of a child that goes when its server goes."""
    return {
        "name": name,
        "namespace": server.metadata.namespace,
        "labels": labels(server.metadata.name),
        "ownerReferences": [{**owner(server), "controller": True}],
    }


def owner(server: ApplianceDhcpServer) -> Mapping[str, Any]:
    """Return a reference to a server as an owner; its deletion never waits for the child."""
    return {
        "apiVersion": server.api_version,
        "kind": server.kind,
        "name": server.metadata.name,
        "uid": server.metadata.uid,
    }
