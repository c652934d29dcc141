"""The operator against a real API server, with real engines in the pods' place."""

from __future__ import annotations

import json
import signal
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from tests.controller.apiserver import ApiServer
from tests.controller.site import (
    Operator,
    Site,
    a_loopback_group,
    a_loopback_server,
    eventually,
    operator_process,
    site,
)

QUIET_S = 5.0  # as long as nothing may be written
PUSH_LIMIT_S = 5.0  # from an edit to the running engine
# What the quota controller would write: nothing is left.
QUOTA_SPENT = {"hard": {"count/configmaps": "0"}, "used": {"count/configmaps": "0"}}
_numbers = count(1)


@pytest.fixture(scope="module")
def operator(crds: ApiServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Operator]:
    """One operator for all tests; they keep apart by namespace."""
    with operator_process(crds, tmp_path_factory.mktemp("operator")) as running:
        yield running


@pytest.fixture
def place(crds: ApiServer, operator: Operator, tmp_path: Path) -> Iterator[Site]:
    """An empty namespace with the operator at work."""
    with site(crds, operator, f"site-{next(_numbers)}", tmp_path) as made:
        yield made


@pytest.fixture
def pair(place: Site) -> Site:
    """The same with a pair in Normal."""
    place.apply(a_loopback_server(1), a_loopback_server(2), a_loopback_group())
    for name in ("ec-1", "ec-2"):
        place.start_engine(name)
    place.wait_for_states("Normal", "Normal")
    return place


def settle(place: Site) -> tuple[str, float]:
    """Return the versions of all objects, and how much was written, once both have stopped to change."""

    def unchanged() -> tuple[str, float] | None:
        before = place.versions(), place.operator.writes()
        time.sleep(1.0)
        return before if (place.versions(), place.operator.writes()) == before else None

    eventually(lambda: place.status("dfg", "lan0").get("pools"), "the first counts")
    return eventually(unchanged, "objects that stay as they are", within_s=90)


def test_a_server_gets_its_children_and_owns_them(place: Site) -> None:
    place.apply(a_loopback_server(1))
    stateful_set = eventually(lambda: place.get("statefulset", "ec-1"), "the StatefulSet")
    server = place.get("ads", "ec-1")
    assert server is not None
    children = [stateful_set, *(place.get(*child) for child in (("service", "ec-1"), ("configmap", "ec-1-config")))]
    for child in children:
        assert child is not None
        assert [owner["uid"] for owner in child["metadata"]["ownerReferences"]] == [server["metadata"]["uid"]]
    assert stateful_set["spec"]["persistentVolumeClaimRetentionPolicy"]["whenDeleted"] == "Retain"
    place.wait_for_condition("ads", "ec-1", "Ready", says=("False", "PodMissing"))


def test_nothing_is_written_into_users_objects_but_their_status(pair: Site) -> None:
    for kind, name in (("dfg", "lan0"), ("ads", "ec-1"), ("ads", "ec-2")):
        found = pair.get(kind, name)
        assert found is not None
        assert "finalizers" not in found["metadata"]
        assert list(found["metadata"]["annotations"]) == ["kubectl.kubernetes.io/last-applied-configuration"]


def test_a_pair_in_normal_is_shown_by_both_rows_and_then_left_alone(pair: Site) -> None:
    pair.wait_for_condition("dfg", "lan0", "Ready", says=("True", "Normal"))
    status = pair.status("dfg", "lan0")
    assert (status["agreement"], status["servingText"]) == ("Agreed", "both half")
    assert [status[side]["myState"] for side in ("primary", "secondary")] == ["Normal", "Normal"]
    before = settle(pair)
    time.sleep(QUIET_S)
    assert (pair.versions(), pair.operator.writes()) == before


def test_a_killed_partner_is_seen_at_once_and_unknown_after_the_delay(pair: Site) -> None:
    pair.engines["ec-2"].signal(signal.SIGKILL)
    pair.wait_for_states("Communications-Interrupted", "Normal", within_s=3)
    pair.wait_for_states("Communications-Interrupted", "Unknown", within_s=8)
    # The operator noticed the silence a moment after the partner did, so its own delay ends a moment later.
    eventually(lambda: pair.status("dfg", "lan0")["secondary"]["myState"] == "Unknown", "the secondary's row")
    pair.start_engine("ec-2")
    pair.wait_for_states("Normal", "Normal")


def test_a_stopped_primary_is_seen_through_its_partner(pair: Site) -> None:
    pair.engines["ec-1"].signal(signal.SIGKILL)
    pair.wait_for_states("Unknown", "Communications-Interrupted")
    assert pair.status("dfg", "lan0")["agreement"] == "OneSideOnly"


def test_an_edit_reaches_both_running_engines_within_seconds(pair: Site) -> None:
    revisions = {name: engine.report()["config_revision"] for name, engine in pair.engines.items()}
    pair.kubectl("patch", "dfg", "lan0", "--type=merge", "-p", json.dumps({"spec": {"loadBalanceMaxSeconds": 7}}))
    for name, revision in revisions.items():
        pair.wait_for_engine(name, "config_revision", revision + 1, within_s=PUSH_LIMIT_S)
    pair.wait_for_condition("dfg", "lan0", "ConfigInSync", says=("True", "InForce"))
    assert pair.states() == ("Normal", "Normal")


def test_without_their_group_both_servers_run_on_and_say_that_they_answer_nobody(pair: Site) -> None:
    pair.kubectl("delete", "dfg", "lan0")
    for name in ("ec-1", "ec-2"):
        pair.wait_for_engine(name, "groups", [], within_s=PUSH_LIMIT_S)
        pair.wait_for_condition("ads", name, "Ready", says=("False", "NoScope"))
        assert "failover" not in pair.status("ads", name)


def test_a_group_that_names_a_missing_server_says_which(place: Site) -> None:
    place.apply(a_loopback_server(1), a_loopback_group())
    message = place.wait_for_condition("dfg", "lan0", "Stalled", says=("True", "ServerMissing"))
    assert message.startswith(f"secondary server ec-2 does not exist in namespace {place.namespace}:")
    events = place.kubectl("get", "events", "--output=jsonpath={.items[*].reason}").split()
    assert events == ["ServerMissing"]
    place.apply(a_loopback_server(2))
    place.wait_for_condition("dfg", "lan0", "Stalled", says=("", ""))


BAD_EDITS = {
    "names a missing server": ({"secondary": {"serverRef": {"name": "ec-9"}}}, "ServerMissing"),
    "leaves the address outside the prefix": (
        {"scopes": [{"prefix": "127.9.0.0/24", "excludeFirst": 9}]},
        "AddressOutsidePrefix",
    ),
}


@pytest.mark.parametrize(("edit", "reason"), BAD_EDITS.values(), ids=BAD_EDITS.keys())
def test_a_running_pair_outlives_an_edit_that(pair: Site, edit: dict[str, object], reason: str) -> None:
    digests = [engine.report()["config_digest"] for engine in pair.engines.values()]
    pair.kubectl("patch", "dfg", "lan0", "--type=merge", "-p", json.dumps({"spec": edit}))
    pair.wait_for_condition("dfg", "lan0", "Stalled", says=("True", reason))
    settle(pair)
    assert [engine.report()["config_digest"] for engine in pair.engines.values()] == digests
    assert pair.states() == ("Normal", "Normal")


def test_a_second_group_on_an_interface_waits_and_the_pair_goes_on(pair: Site) -> None:
    pair.apply({**a_loopback_group(), "metadata": {"name": "second"}})
    pair.wait_for_condition("dfg", "second", "Stalled", says=("True", "InterfaceTaken"))
    assert pair.status("dfg", "second")["myState"] == "Unknown"
    pair.kubectl("patch", "ads", "ec-1", "--type=merge", "-p", '{"spec": {"logLevel": "debug"}}')
    eventually(lambda: pair.status("ads", "ec-1")["observedGeneration"] == 2, "a status of the edited server")
    assert [row["failoverGroupName"] for row in pair.status("ads", "ec-1")["failover"]] == ["lan0"]
    assert pair.states() == ("Normal", "Normal")


def test_what_somebody_else_made_under_a_childs_name_is_left_alone(place: Site) -> None:
    theirs = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "ec-1-config"}, "data": {"theirs": "yes"}}
    place.apply(theirs)
    place.apply(a_loopback_server(1))
    message = place.wait_for_condition("ads", "ec-1", "Stalled", says=("True", "PodRefused"))
    assert message.startswith("ConfigMap ec-1-config: exists already and is not ours")
    found = place.get("configmap", "ec-1-config")
    assert found is not None
    assert found["data"] == {"theirs": "yes"}
    assert "ownerReferences" not in found["metadata"]


def test_a_child_that_somebody_changed_is_put_back(place: Site) -> None:
    place.apply(a_loopback_server(1))
    eventually(lambda: place.get("service", "ec-1"), "the Service")
    place.kubectl("patch", "service", "ec-1", "--type=merge", "-p", '{"spec": {"publishNotReadyAddresses": false}}')
    mended = "jsonpath={.spec.publishNotReadyAddresses}"
    eventually(lambda: place.kubectl("get", "service", "ec-1", f"--output={mended}") == "true", "what it was")
    place.kubectl("delete", "configmap", "ec-1-config")
    eventually(lambda: place.get("configmap", "ec-1-config"), "the ConfigMap again")


def test_an_operator_that_comes_back_changes_nothing(pair: Site) -> None:
    before, _ = settle(pair)
    assert pair.operator.restart() == 0
    time.sleep(QUIET_S)
    assert pair.versions() == before


def test_a_child_that_the_server_refuses_is_said_in_its_words_and_tried_again(place: Site) -> None:
    place.apply(
        {
            "apiVersion": "v1",
            "kind": "ResourceQuota",
            "metadata": {"name": "none"},
            "spec": {"hard": {"count/configmaps": "0"}},
        }
    )
    place.kubectl(
        "patch",
        "resourcequota",
        "none",
        "--subresource=status",
        "--type=merge",
        "-p",
        json.dumps({"status": QUOTA_SPENT}),
    )
    place.apply(a_loopback_server(1))
    message = place.wait_for_condition("ads", "ec-1", "Stalled", says=("True", "PodRefused"))
    assert message.startswith("ConfigMap ec-1-config: ")
    assert "exceeded quota: none" in message
    place.kubectl("delete", "resourcequota", "none")
    place.kubectl("annotate", "ads", "ec-1", "note=look-again")
    place.wait_for_condition("ads", "ec-1", "Stalled", says=("", ""))
