"""Manifests of both kinds for the tests of the API: small ones that are right, to be changed in one place."""

from __future__ import annotations

from typing import Any

Manifest = dict[str, Any]

API_VERSION = "dhcp.edgepair.io/v1alpha1"


def changed(base: Manifest, changes: Manifest) -> Manifest:
    """Return base with the changes over it; what is changed to None is left out."""
    return {key: value for key, value in (base | changes).items() if value is not None}


def a_server(*, name: str = "ec-east-1", **spec: Any) -> Manifest:
    """Return a server with HostNetwork and lan0 in a failover group."""
    base = {
        "network": {"mode": "HostNetwork"},
        "placement": {"nodeName": "worker-1"},
        "interfaces": [an_interface()],
    }
    return {
        "apiVersion": API_VERSION,
        "kind": "ApplianceDhcpServer",
        "metadata": {"name": name},
        "spec": changed(base, spec),
    }


def an_interface(**changes: Any) -> Manifest:
    """Return lan0, whose scope comes from its group."""
    return changed({"name": "lan0", "address": "10.1.0.2/24", "failover": True}, changes)


def a_server_with(**interface: Any) -> Manifest:
    """Return a server whose one interface is lan0 with these changes."""
    return a_server(interfaces=[an_interface(**interface)])


def a_relay_server(*, service: Manifest | None = None, **spec: Any) -> Manifest:
    """Return a server in the pod network that relays send to."""
    network = changed({"mode": "Relay"}, {"service": service})
    return a_server(**{"network": network, "placement": None, "interfaces": [{"name": "lan0"}], **spec})


def a_multus_server(**network: Any) -> Manifest:
    """Return a server with one attachment."""
    base = {"mode": "Multus", "attachments": [{"name": "lan", "device": "net1"}]}
    return a_server(network=changed(base, network), placement=None)


def a_group(*, name: str = "east-lan0", **spec: Any) -> Manifest:
    """Return a group of two of our servers with one scope."""
    base = {
        "interface": "lan0",
        "primary": {"serverRef": {"name": "ec-east-1"}},
        "secondary": {"serverRef": {"name": "ec-east-2"}},
        "scopes": [a_scope()],
    }
    return {
        "apiVersion": API_VERSION,
        "kind": "DhcpFailoverGroup",
        "metadata": {"name": name},
        "spec": changed(base, spec),
    }


def a_scope(**changes: Any) -> Manifest:
    """Return a scope of one range."""
    base = {"prefix": "10.1.0.0/24", "ranges": [{"start": "10.1.0.50", "end": "10.1.0.250"}]}
    return changed(base, changes)


def a_group_with(**scope: Any) -> Manifest:
    """Return a group whose one scope has these changes."""
    return a_group(scopes=[a_scope(**scope)])


def a_group_with_option(**option: Any) -> Manifest:
    """Return a group whose one scope has this option."""
    return a_group_with(options=[option])


def a_group_with_ranges(*ranges: tuple[str, str]) -> Manifest:
    """Return a group whose one scope has these ranges."""
    return a_group_with(ranges=[{"start": start, "end": end} for start, end in ranges])
