"""The models read what users write, give the defaults of the API, and write what users read."""

from __future__ import annotations

from datetime import UTC, datetime
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from edgepair_contract.vocabulary import FailoverState
from edgepair_operator.api.v1alpha1.appliance_dhcp_server import ApplianceDhcpServer
from edgepair_operator.api.v1alpha1.dhcp_failover_group import DhcpFailoverGroup, PartnerDownPolicy
from edgepair_operator.api.v1alpha1.group_status import GroupStatus, TransitionEntry
from edgepair_operator.api.v1alpha1.server_status import FailoverRow, ServerStatus

EXAMPLES = Path(__file__).resolve().parents[4] / "examples"
MODELS = {"ApplianceDhcpServer": ApplianceDhcpServer, "DhcpFailoverGroup": DhcpFailoverGroup}


def documents(path: Path) -> list[dict[str, Any]]:
    return [document for document in yaml.safe_load_all(path.read_text()) if document]


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.yaml")), ids=lambda path: path.name)
def test_every_example_is_read(path: Path) -> None:
    for document in documents(path):
        assert MODELS[document["kind"]].read(document).metadata.name == document["metadata"]["name"]


def test_a_group_is_read_with_the_defaults_of_the_api() -> None:
    group = DhcpFailoverGroup.read(documents(EXAMPLES / "pair.yaml")[2])
    assert group.group_name == "lan0"
    assert group.spec.split == 128
    assert group.spec.max_response_delay_seconds == 10
    assert group.spec.partner_down.policy is PartnerDownPolicy.ON_PROOF
    assert group.spec.primary.port == 647
    assert group.spec.scopes[1].prefix == IPv4Network("10.10.0.0/24")
    assert group.spec.scopes[0].gateways == (IPv4Address("10.1.0.1"),)
    assert group.spec.scopes[0].max_lease_seconds is None
    assert group.status.observed_generation == -1


def test_a_misspelt_field_is_refused() -> None:
    document = documents(EXAMPLES / "pair.yaml")[2]
    document["spec"]["mclt"] = 60
    with pytest.raises(ValidationError, match=r"spec\.mclt"):
        DhcpFailoverGroup.read(document)


def test_a_status_reads_as_the_tab_spells_it() -> None:
    at = datetime(2026, 7, 1, 12, 0, 5, 900, UTC)
    status = ServerStatus(
        observed_generation=2,
        group_count=1,
        failover=(
            FailoverRow(
                failover_group_name="lan0",
                my_state=FailoverState.COMMUNICATIONS_INTERRUPTED,
                my_state_time=at,
                partner_state=FailoverState.UNKNOWN,
                mclt_seconds=3600,
                interfaces=("lan0", "lan0.10"),
            ),
        ),
    )
    assert status.manifest() == {
        "observedGeneration": 2,
        "groupCount": 1,
        "failover": [
            {
                "failoverGroupName": "lan0",
                "myState": "Communications-Interrupted",
                "myStateTime": "2026-07-01T12:00:05Z",
                "partnerState": "Unknown",
                "mcltSeconds": 3600,
                "interfaces": ["lan0", "lan0.10"],
            }
        ],
    }


def test_a_status_survives_being_written_and_read() -> None:
    at = datetime(2026, 7, 1, 12, 0, 5, 0, UTC)
    entry = TransitionEntry(
        time=at,
        server="ec-east-1",
        from_state=FailoverState.RECOVER_WAIT,
        to_state=FailoverState.RECOVER_DONE,
        cause="MCLT is over",
    )
    status = GroupStatus(observed_generation=1, my_state=FailoverState.NORMAL, my_state_time=at, transitions=(entry,))
    assert status.manifest()["transitions"][0]["from"] == "Recover-wait"
    assert GroupStatus.model_validate(status.manifest()) == status


def test_a_field_of_a_newer_status_is_left_aside() -> None:
    assert GroupStatus.model_validate({"observedGeneration": 1, "fromTheFuture": True}).observed_generation == 1


def test_a_state_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValidationError, match="'Sleepy' is no failover state"):
        GroupStatus.model_validate({"myState": "Sleepy"})
