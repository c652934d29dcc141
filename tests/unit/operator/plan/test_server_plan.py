"""What a server owns, what its status says, when its engine is handed a configuration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from edgepair_contract.report import InterfaceReport
from edgepair_contract.vocabulary import FailoverState, Role, Serving
from edgepair_operator.api.keys import ObjectKey, server_key
from edgepair_operator.plan.plan import PUSH_AGAIN_S, Plan, plan
from edgepair_operator.plan.world import ClaimFacts, PodFacts, Reach, World
from tests.unit.operator.plan.worlds import (
    EAST_1,
    EAST_2,
    LAN0,
    NAMESPACE,
    a_group,
    a_group_report,
    a_normal_world,
    a_report,
    a_server,
    a_world,
    at,
    child,
    condition_of,
    facts,
    settled,
    status_of,
    with_reach,
)

SERVER_1, SERVER_2 = server_key(NAMESPACE, EAST_1), server_key(NAMESPACE, EAST_2)
BUDGET_2 = ObjectKey("policy/v1", "PodDisruptionBudget", NAMESPACE, EAST_2)
ACCOUNT = ObjectKey("v1", "ServiceAccount", NAMESPACE, "edgepair-engine")


def pod_spec(made: Plan) -> Mapping[str, Any]:
    spec: Mapping[str, Any] = child(made, "StatefulSet")["spec"]["template"]["spec"]
    return spec


def alone(**spec: Any) -> World:
    return a_world(SERVER_1, servers=(facts(a_server(EAST_1, **spec)),), groups=())


def test_a_server_owns_its_children_in_the_order_that_a_pod_needs_them() -> None:
    made = plan(a_world(SERVER_1))
    assert [(manifest["kind"], manifest["metadata"]["name"]) for manifest in made.apply] == [
        ("ServiceAccount", "edgepair-engine"),
        ("Service", "ec-east-1"),
        ("ConfigMap", "ec-east-1-config"),
        ("StatefulSet", "ec-east-1"),
        ("PodDisruptionBudget", "ec-east-1"),
    ]


def test_the_lease_store_outlives_its_server() -> None:
    spec = child(plan(a_world(SERVER_1)), "StatefulSet")["spec"]
    assert spec["persistentVolumeClaimRetentionPolicy"] == {"whenDeleted": "Retain", "whenScaled": "Retain"}
    assert spec["updateStrategy"] == {"type": "OnDelete"}
    assert spec["volumeClaimTemplates"][0]["spec"]["resources"] == {"requests": {"storage": "1Gi"}}


def test_a_pod_stands_where_its_appliance_stands_and_never_beside_its_partner() -> None:
    spec = pod_spec(plan(a_world(SERVER_1)))
    assert "nodeName" not in spec
    assert spec["affinity"]["nodeAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"] == {
        "nodeSelectorTerms": [{"matchFields": [{"key": "metadata.name", "operator": "In", "values": ["worker-1"]}]}]
    }
    (term,) = spec["affinity"]["podAntiAffinity"]["requiredDuringSchedulingIgnoredDuringExecution"]
    assert term["labelSelector"]["matchExpressions"][0]["values"] == ["ec-east-2"]


def test_spread_preferred_is_a_wish() -> None:
    servers = (facts(a_server(EAST_1, placement={"nodeName": "w", "spread": "Preferred"})), facts(a_server(EAST_2)))
    affinity = pod_spec(plan(a_world(SERVER_1, servers=servers)))["affinity"]["podAntiAffinity"]
    assert list(affinity) == ["preferredDuringSchedulingIgnoredDuringExecution"]


def test_a_pod_has_two_capabilities_and_no_token() -> None:
    spec = pod_spec(plan(a_world(SERVER_1)))
    assert spec["automountServiceAccountToken"] is False
    assert (spec["hostNetwork"], spec["dnsPolicy"]) == (True, "ClusterFirstWithHostNet")
    assert spec["containers"][0]["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"], "add": ["NET_BIND_SERVICE", "NET_RAW"]},
    }


def test_an_edit_of_the_group_leaves_the_pod_template_alone() -> None:
    before = pod_spec(plan(a_world(SERVER_1)))
    assert pod_spec(plan(a_world(SERVER_1, groups=(a_group(mcltSeconds=60),)))) == before


def test_a_suspended_server_has_no_pod() -> None:
    made = plan(alone(suspend=True))
    assert child(made, "StatefulSet")["spec"]["replicas"] == 0


def test_one_budget_covers_all_servers_that_groups_tie_together() -> None:
    budget = child(plan(a_world(SERVER_1)), "PodDisruptionBudget")
    assert budget["spec"]["selector"]["matchExpressions"][0]["values"] == ["ec-east-1", "ec-east-2"]
    assert [owner["name"] for owner in budget["metadata"]["ownerReferences"]] == ["ec-east-1", "ec-east-2"]


def test_a_server_that_is_no_longer_alone_gives_up_its_budget() -> None:
    made = plan(a_world(SERVER_2, children=frozenset({BUDGET_2})))
    assert made.delete == (BUDGET_2,)
    assert "PodDisruptionBudget" not in [manifest["kind"] for manifest in made.apply]


def test_the_last_server_of_a_namespace_takes_the_account_with_it() -> None:
    gone = a_world(SERVER_2, servers=(), groups=(), children=frozenset({BUDGET_2, ACCOUNT}))
    assert plan(gone).delete == (BUDGET_2, ACCOUNT)
    assert plan(replace(gone, server_count=1)).delete == (BUDGET_2,)


def test_another_storage_size_is_a_condition_and_the_claim_stays() -> None:
    server = replace(facts(a_server(EAST_1, storage={"size": "2Gi"})), claim=ClaimFacts("1Gi"))
    world = a_world(SERVER_1, servers=(server,), groups=())
    assert condition_of(world, "Stalled") == ("True", "StorageFixed")
    claims = child(plan(world), "StatefulSet")["spec"]["volumeClaimTemplates"]
    assert claims[0]["spec"]["resources"] == {"requests": {"storage": "1Gi"}}


def test_the_same_storage_written_otherwise_is_no_change() -> None:
    server = replace(facts(a_server(EAST_1, storage={"size": "1024Mi"})), claim=ClaimFacts("1Gi"))
    assert condition_of(a_world(SERVER_1, servers=(server,), groups=()), "Stalled") == ("", "")


def test_an_engine_that_runs_an_older_configuration_is_handed_the_newest() -> None:
    world = a_normal_world(subject=SERVER_1)
    edited = replace(world, groups={LAN0: a_group(mcltSeconds=1800)})
    made = plan(edited)
    assert made.push is not None
    assert (made.push.revision, made.push.groups[0].mclt_s) == (2, 1800)
    assert made.revisit_after_s == PUSH_AGAIN_S
    assert condition_of(edited, "ConfigInSync") == ("False", "Pushing")


def test_nothing_is_handed_to_an_engine_that_is_in_sync_or_silent() -> None:
    world = a_normal_world(subject=SERVER_1)
    assert plan(world).push is None
    edited = replace(world, groups={LAN0: a_group(mcltSeconds=1800)})
    silent = with_reach(edited, EAST_1, replace(edited.servers[EAST_1].reach, lost_at=at(-2)))
    assert plan(silent).push is None


READY: Mapping[str, tuple[World, tuple[str, str]]] = {
    "all is well": (a_normal_world(subject=SERVER_1), ("True", "Serving")),
    "there is no pod": (
        a_world(SERVER_1, servers=(facts(a_server(EAST_1), pod=None),), groups=()),
        ("False", "PodMissing"),
    ),
    "no node takes the pod": (
        a_world(
            SERVER_1,
            servers=(facts(a_server(EAST_1), pod=PodFacts("p", "u", refused="0/3 nodes are available")),),
            groups=(),
        ),
        ("False", "PodRefused"),
    ),
    "the pod does not answer": (
        with_reach(a_normal_world(subject=SERVER_1), EAST_1, Reach(a_report(EAST_1), at(-12))),
        ("Unknown", "ServerUnknown"),
    ),
    "the group is in Recover": (
        with_reach(
            a_normal_world(subject=SERVER_1),
            EAST_1,
            Reach(a_report(EAST_1, a_group_report(my_state=FailoverState.RECOVER, serving=Serving.NONE))),
        ),
        ("False", "Recover"),
    ),
    "a device is missing": (
        with_reach(
            a_normal_world(subject=SERVER_1),
            EAST_1,
            Reach(
                a_report(
                    EAST_1,
                    a_group_report(),
                    interfaces=(
                        InterfaceReport(name="lan0", device="eth1", address="10.1.0.2/24", problem="no such device"),
                    ),
                )
            ),
        ),
        ("False", "InterfaceProblem"),
    ),
    "its engine refused the configuration": (
        with_reach(
            a_normal_world(subject=SERVER_1),
            EAST_1,
            Reach(a_report(EAST_1, a_group_report(), config_digest="older", config_error="groups[0].mclt_s: 0")),
        ),
        ("False", "ConfigRefused"),
    ),
    "its group was deleted": (
        settled(a_world(SERVER_1, servers=(facts(a_server(EAST_1), reach=Reach(a_report(EAST_1))),), groups=())),
        ("False", "NoScope"),
    ),
}


@pytest.mark.parametrize(("world", "ready"), READY.values(), ids=READY.keys())
def test_ready(world: World, ready: tuple[str, str]) -> None:
    assert condition_of(world, "Ready") == ready


@pytest.mark.parametrize(("world", "_"), READY.values(), ids=READY.keys())
def test_the_same_world_gives_the_same_plan(world: World, _: object) -> None:
    assert plan(world) == plan(world)


def test_a_server_shows_a_row_for_each_group_as_the_tab_does() -> None:
    assert status_of(a_normal_world(subject=SERVER_2))["failover"] == [
        {
            "failoverGroupName": "lan0",
            "myState": "Normal",
            "myStateTime": "2026-11-25T11:50:00Z",
            "partnerState": "Normal",
            "partnerStateTime": "2026-11-25T11:50:01Z",
            "mcltSeconds": 3600,
            "interfaces": ["lan0"],
        }
    ]


def test_a_server_whose_group_was_deleted_says_that_nobody_is_answered() -> None:
    status = status_of(READY["its group was deleted"][0])
    assert status["groupCount"] == 0
    assert "failover" not in status
    ready = next(each for each in status["conditions"] if each["type"] == "Ready")
    assert ready["message"] == "nobody is answered on lan0: no DhcpFailoverGroup and no scope covers it"


def test_a_refused_child_is_said_in_the_servers_own_words() -> None:
    world = a_world(
        SERVER_1, servers=(facts(a_server(EAST_1), refusals=("StatefulSet ec-east-1: denied",)),), groups=()
    )
    stalled = next(each for each in status_of(world)["conditions"] if each["type"] == "Stalled")
    assert stalled["message"] == "StatefulSet ec-east-1: denied"


def test_a_role_is_read_from_the_group() -> None:
    config = settled(a_world(SERVER_2)).servers[EAST_2].config
    assert config is not None
    assert config.config is not None
    assert config.config.groups[0].role is Role.SECONDARY


def test_an_operator_that_has_just_started_leaves_a_servers_status_alone_until_it_was_asked() -> None:
    world = a_normal_world(subject=SERVER_1)
    shown = facts(a_server(EAST_1, status=status_of(world)))
    restarted = replace(world, servers={**world.servers, EAST_1: shown})
    assert plan(restarted).status is None
    silent = replace(restarted, servers={**world.servers, EAST_1: replace(shown, reach=Reach(lost_at=at(-11)))})
    assert condition_of(silent, "Ready") == ("Unknown", "ServerUnknown")


def test_a_server_without_a_group_is_looked_at_again_when_its_engine_stays_silent_after_the_operators_start() -> None:
    world = settled(alone())
    shown = facts(a_server(EAST_1, status=status_of(with_reach(world, EAST_1, Reach(a_report(EAST_1))))))
    restarted = plan(replace(world, servers={EAST_1: shown}))
    assert restarted.status is None
    assert restarted.revisit_after_s == pytest.approx(10.05)


def test_a_group_whose_scopes_are_all_tagged_is_shown_with_every_interface() -> None:
    scopes = [{"prefix": f"10.{vlan}.0.0/24", "interface": f"lan0.{vlan}", "excludeFirst": 9} for vlan in range(1, 65)]
    status = status_of(a_world(SERVER_1, groups=(a_group(scopes=scopes),)))
    assert status["failover"][0]["interfaces"][::64] == ["lan0", "lan0.64"]


def test_a_server_that_too_many_groups_name_shows_as_many_rows_as_it_can_run() -> None:
    groups = tuple(a_group(f"g{number}", interface=f"lan{number}") for number in range(66))
    status = status_of(a_world(SERVER_1, groups=groups))
    assert (len(status["failover"]), status["groupCount"]) == (64, 66)


def test_a_refusal_of_any_length_fits_a_condition() -> None:
    world = a_world(SERVER_1, servers=(facts(a_server(EAST_1), refusals=("x" * 40000,)),), groups=())
    assert condition_of(world, "Stalled") == ("True", "PodRefused")
