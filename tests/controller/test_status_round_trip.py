"""A whole status goes through the API server and comes back as it was: nothing pruned, nothing refused."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from edgepair_contract.vocabulary import FailoverState, Serving
from edgepair_operator.api.conditions import ConditionStatus, ConditionType, Reason, condition
from edgepair_operator.api.v1alpha1.group_status import (
    Agreement,
    GroupServing,
    GroupStatus,
    MemberRow,
    PoolUse,
    TransitionEntry,
    Wait,
    WaitReason,
)
from edgepair_operator.api.v1alpha1.model import StatusModel
from edgepair_operator.api.v1alpha1.server_status import FailoverRow, ScopeUse, ServerStatus
from tests.controller.apiserver import ApiServer
from tests.controller.manifests import Manifest, a_group, a_server

AT = datetime(2026, 7, 1, 12, 0, 5, 0, UTC)
READY = condition(
    ConditionType.READY, ConditionStatus.FALSE, reason=Reason.RECOVER_WAIT, message="until 13:00", generation=3, at=AT
)
WAIT = Wait(until=AT, reason=WaitReason.RECOVER_WAIT, pool_exhausted_at=AT)


def a_full_row(server: str) -> MemberRow:
    return MemberRow(
        appliance=server.upper(),
        server=server,
        my_state=FailoverState.RECOVER_WAIT,
        my_state_time=AT,
        partner_state=FailoverState.UNKNOWN,
        partner_state_time=AT,
        mclt_seconds=3600,
        pod=f"{server}-0",
        node="worker-1",
        connected=False,
        starting=False,
        clock_skew_seconds=7,
        last_partner_state=FailoverState.PARTNER_DOWN,
        last_partner_state_time=AT,
        last_contact_time=AT,
        wait=WAIT,
    )


A_FULL_GROUP_STATUS = GroupStatus(
    observed_generation=3,
    conditions=(READY,),
    group_name="lan0",
    my_state=FailoverState.RECOVER_WAIT,
    my_state_time=AT,
    partner_state=FailoverState.UNKNOWN,
    partner_state_time=AT,
    mclt_seconds=3600,
    split=128,
    primary=a_full_row("ec-east-1"),
    secondary=a_full_row("ec-east-2"),
    agreement=Agreement.DISAGREE,
    serving=GroupServing(primary=Serving.NONE, secondary=Serving.ALL),
    serving_text="secondary all",
    wait=WAIT,
    pools=(PoolUse(prefix="10.1.0.0/24", total=201, active=1, free=98, backup=99, expired=1, released=1, abandoned=1),),
    free_count=98,
    backup_count=99,
    skew_seconds=7,
    message="until 13:00",
    transitions=(
        TransitionEntry(
            time=AT,
            server="ec-east-1",
            from_state=FailoverState.RECOVER,
            to_state=FailoverState.RECOVER_WAIT,
            cause="all updates are here",
        ),
    ),
)
A_FULL_SERVER_STATUS = ServerStatus(
    observed_generation=3,
    conditions=(READY,),
    appliance="EC-East-1",
    pod="ec-east-1-0",
    node="worker-1",
    address="10.1.0.2",
    version="0.1.0",
    group_count=1,
    utilization_percent=1,
    failover=(
        FailoverRow(
            failover_group_name="lan0",
            my_state=FailoverState.RECOVER_WAIT,
            my_state_time=AT,
            partner_state=FailoverState.UNKNOWN,
            partner_state_time=AT,
            mclt_seconds=3600,
            interfaces=("lan0", "lan0.10"),
        ),
    ),
    scopes=(ScopeUse(prefix="10.1.0.0/24", total=201, active=1, available=197, utilization_percent=1),),
)

STATUSES = {
    "a group's": (a_group(name="round-trip"), A_FULL_GROUP_STATUS),
    "a server's": (a_server(name="round-trip"), A_FULL_SERVER_STATUS),
}


@pytest.mark.parametrize(("manifest", "status"), STATUSES.values(), ids=STATUSES.keys())
def test_a_full_status_comes_back_as_it_was_written(crds: ApiServer, manifest: Manifest, status: StatusModel) -> None:
    made = crds.kubectl("create", "-f", "-", stdin=json.dumps(manifest))
    assert made.returncode == 0, made.stderr
    document = {key: manifest[key] for key in ("apiVersion", "kind", "metadata")} | {"status": status.manifest()}
    written = crds.kubectl("apply", "--server-side", "--subresource=status", "-f", "-", stdin=json.dumps(document))
    assert written.returncode == 0, written.stderr
    shown = json.loads(crds.kubectl("get", manifest["kind"], "round-trip", "-o", "json").stdout)
    assert shown["status"] == status.manifest()
    assert type(status).model_validate(shown["status"]) == status


@pytest.mark.parametrize("status", [A_FULL_GROUP_STATUS, A_FULL_SERVER_STATUS], ids=lambda each: type(each).__name__)
def test_the_full_status_leaves_no_field_out(status: StatusModel) -> None:
    assert [name for name in type(status).model_fields if getattr(status, name) in (None, ())] == []
