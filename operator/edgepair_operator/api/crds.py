"""The CustomResourceDefinitions of both kinds, as manifests."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from edgepair_operator.api.columns import COLUMNS
from edgepair_operator.api.keys import CATEGORY, GROUP, VERSION, Kind
from edgepair_operator.api.markers import Schema
from edgepair_operator.api.schema import structural_schema
from edgepair_operator.api.v1alpha1.appliance_dhcp_server import ApplianceDhcpServer
from edgepair_operator.api.v1alpha1.dhcp_failover_group import DhcpFailoverGroup
from edgepair_operator.api.v1alpha1.model import Resource

MODELS: Mapping[Kind, type[Resource]] = {
    Kind.APPLIANCE_DHCP_SERVER: ApplianceDhcpServer,
    Kind.DHCP_FAILOVER_GROUP: DhcpFailoverGroup,
}
# These three belong to the API server, which gives them schemas of its own.
SERVERS_OWN: Schema = {
    "apiVersion": {"type": "string"},
    "kind": {"type": "string"},
    "metadata": {"type": "object"},
}


def custom_resource_definition(kind: Kind) -> dict[str, Any]:
    """Return the CRD of a kind: nothing in it that the API server would change or add on reading."""
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": kind.crd_name},
        "spec": {
            "conversion": {"strategy": "None"},
            "group": GROUP,
            "names": _names(kind),
            "scope": "Namespaced",
            "versions": [_version(kind)],
        },
    }


def resource_schema(kind: Kind) -> Schema:
    """Return the structural schema of a kind. A new object has a status at once: nobody has looked at it yet."""
    schema = structural_schema(MODELS[kind])
    return {**schema, "properties": {**schema["properties"], **SERVERS_OWN}, "required": ["spec"]}


def _names(kind: Kind) -> dict[str, Any]:
    return {
        "categories": [CATEGORY],
        "kind": kind.kind,
        "listKind": f"{kind.kind}List",
        "plural": kind.plural,
        "shortNames": [kind.short],
        "singular": kind.singular,
    }


def _version(kind: Kind) -> dict[str, Any]:
    return {
        "additionalPrinterColumns": [column.manifest for column in COLUMNS[kind]],
        "name": VERSION,
        "schema": {"openAPIV3Schema": resource_schema(kind)},
        "served": True,
        "storage": True,
        "subresources": {"status": {}},
    }
