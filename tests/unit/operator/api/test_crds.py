"""The definitions hold the names, defaults and limits that the API promises, and every rule has its two examples."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft7Validator
from pydantic import ValidationError

from edgepair_operator.api.columns import GROUP_COLUMNS, SERVER_COLUMNS
from edgepair_operator.api.crds import MODELS, custom_resource_definition, resource_schema
from edgepair_operator.api.keys import Kind
from tests.controller.manifests import (
    Manifest,
    a_group,
    a_group_with,
    a_group_with_option,
    a_relay_server,
    a_scope,
    a_server,
    a_server_with,
)
from tests.controller.rule_cases import CASES

KINDS = {kind.kind: kind for kind in Kind}


def messages(node: Any) -> Iterator[str]:
    """Return the messages of all rules below a node of a schema."""
    if isinstance(node, dict):
        yield from (rule["message"] for rule in node.get("x-kubernetes-validations", ()))
        for value in node.values():
            yield from messages(value)


def test_every_rule_has_an_accepted_and_a_refused_example() -> None:
    rules = {message for kind in Kind for message in messages(resource_schema(kind))}
    assert rules == {case.message for case in CASES}


def test_the_names_of_the_kinds() -> None:
    spec = custom_resource_definition(Kind.DHCP_FAILOVER_GROUP)["spec"]
    assert spec["group"] == "dhcp.edgepair.io"
    assert spec["scope"] == "Namespaced"
    assert spec["conversion"] == {"strategy": "None"}
    assert spec["names"] == {
        "categories": ["dhcp"],
        "kind": "DhcpFailoverGroup",
        "listKind": "DhcpFailoverGroupList",
        "plural": "dhcpfailovergroups",
        "shortNames": ["dfg"],
        "singular": "dhcpfailovergroup",
    }
    assert custom_resource_definition(Kind.APPLIANCE_DHCP_SERVER)["spec"]["names"]["shortNames"] == ["ads"]


@pytest.mark.parametrize("kind", Kind, ids=lambda kind: kind.kind)
def test_a_status_begins_with_generation_minus_one(kind: Kind) -> None:
    (version,) = custom_resource_definition(kind)["spec"]["versions"]
    status = version["schema"]["openAPIV3Schema"]["properties"]["status"]
    assert version["subresources"] == {"status": {}}
    assert status["default"] == {"observedGeneration": -1}
    assert status["properties"]["observedGeneration"]["default"] == -1


def test_the_columns_of_a_group_in_their_order() -> None:
    always = [column.name for column in GROUP_COLUMNS if "priority" not in column.manifest]
    wide = [column.name for column in GROUP_COLUMNS if "priority" in column.manifest]
    assert always == [
        *("Group", "My State", "My State Time", "Partner State", "Partner State Time", "MCLT", "Ready", "Age"),
    ]
    assert wide == [
        *("Primary", "Secondary", "Agreement", "Serving", "Free", "Backup", "Skew", "Wait Until", "Message"),
    ]


def test_the_columns_of_a_server_read_the_tabs_first_row() -> None:
    assert [column.path for column in SERVER_COLUMNS if "failover[0]" in column.path] == [
        ".status.failover[0].failoverGroupName",
        ".status.failover[0].myState",
        ".status.failover[0].myStateTime",
        ".status.failover[0].partnerState",
        ".status.failover[0].partnerStateTime",
        ".status.failover[0].mcltSeconds",
    ]


def test_a_state_time_is_printed_as_a_time_and_not_as_an_age() -> None:
    assert {column.type for column in GROUP_COLUMNS if column.name.endswith("Time")} == {"string"}


ACCEPTED: dict[str, Manifest] = {
    "an MCLT of a second": a_group(mcltSeconds=1),
    "an MCLT of a day": a_group(mcltSeconds=86400),
    "a split of nought": a_group(split=0),
    "a split of 256": a_group(split=256),
    "an answer within 3 s": a_group(maxResponseDelaySeconds=3),
    "a lease of a minute": a_group_with(defaultLeaseSeconds=60),
    "a lease for ever": a_group_with(defaultLeaseSeconds=4294967295),
    "a name of 63 characters": a_group(groupName="n" * 63),
    "16 ranges": a_group_with(ranges=[{"start": "10.1.0.9", "end": "10.1.0.9"}] * 16),
    "64 scopes": a_group(scopes=[a_scope(prefix=f"10.1.{number}.0/24") for number in range(64)]),
    "option 254": a_group_with_option(code=254, type="Hex", value="00"),
    "VLAN 4094": a_server_with(name="lan0.4094", vlan=4094),
    "a threshold of 61 percent": a_server(utilizationThresholdPercent=61),
    "a size as a number": a_server(storage={"size": 1073741824}),
    "a load balancer": a_relay_server(service={"type": "LoadBalancer"}),
}

REFUSED: dict[str, tuple[Manifest, str]] = {
    "an MCLT of nought": (a_group(mcltSeconds=0), "spec.mcltSeconds"),
    "an MCLT above a day": (a_group(mcltSeconds=86401), "spec.mcltSeconds"),
    "a split above 256": (a_group(split=257), "spec.split"),
    "an answer within 2 s": (a_group(maxResponseDelaySeconds=2), "spec.maxResponseDelaySeconds"),
    "no unacked update": (a_group(maxUnackedUpdates=0), "spec.maxUnackedUpdates"),
    "a lease below a minute": (a_group_with(defaultLeaseSeconds=59), "spec.scopes.0.defaultLeaseSeconds"),
    "a name of 64 characters": (a_group(groupName="n" * 64), "spec.groupName"),
    "a name with a quotation mark": (a_group(groupName='a"b'), "spec.groupName"),
    "no scope": (a_group(scopes=[]), "spec.scopes"),
    "65 scopes": (a_group(scopes=[a_scope()] * 65), "spec.scopes"),
    "17 ranges": (a_group_with(ranges=[{"start": "10.1.0.9", "end": "10.1.0.9"}] * 17), "spec.scopes.0.ranges"),
    "nine name servers": (a_group_with(dnsServers=["10.1.0.9"] * 9), "spec.scopes.0.dnsServers"),
    "option 255": (a_group_with_option(code=255, value="x"), "spec.scopes.0.options.0.code"),
    "an unknown policy": (a_group(partnerDown={"policy": "Soon"}), "spec.partnerDown.policy"),
    "VLAN 4095": (a_server_with(name="lan0.10", vlan=4095), "spec.interfaces.0.vlan"),
    "an interface without a number": (a_server_with(name="lan"), "spec.interfaces.0.name"),
    "a device name that Linux cannot hold": (a_server_with(device="d" * 16), "spec.interfaces.0.device"),
    "a threshold of 60 percent": (a_server(utilizationThresholdPercent=60), "spec.utilizationThresholdPercent"),
    "a threshold of 100 percent": (a_server(utilizationThresholdPercent=100), "spec.utilizationThresholdPercent"),
    "no network": (a_server(network=None), "spec"),
    "an unknown mode": (a_server(network={"mode": "Bridge"}), "spec.network.mode"),
}


def wrong_fields(manifest: Manifest) -> list[str]:
    schema = resource_schema(KINDS[manifest["kind"]])
    return [".".join(map(str, error.path)) for error in Draft7Validator(schema).iter_errors(manifest)]


@pytest.mark.parametrize("manifest", ACCEPTED.values(), ids=ACCEPTED.keys())
def test_schema_and_model_take_a_value_at_its_limit(manifest: Manifest) -> None:
    assert wrong_fields(manifest) == []
    assert MODELS[KINDS[manifest["kind"]]].read(manifest).metadata.name


@pytest.mark.parametrize(("manifest", "path"), REFUSED.values(), ids=REFUSED.keys())
def test_schema_and_model_refuse_a_value_beyond_its_limit(manifest: Manifest, path: str) -> None:
    assert wrong_fields(manifest) == [path]
    with pytest.raises(ValidationError):
        MODELS[KINDS[manifest["kind"]]].read(manifest)
