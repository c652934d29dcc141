"""What is deleted goes, what was promised stays: group, servers, volumes, leases."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.kube import Kube, eventually
from tests.e2e.lan import places
from tests.e2e.pair import GONE_LIMIT_S, GROUP, PRIMARY, SECONDARY, Pair

pytestmark = pytest.mark.gate

SILENCE_LIMIT_S = 5.0  # an edit reaches the engine within it
BACK_LIMIT_S = 90.0
ASKED_IN_VAIN = 4  # DISCOVERs, a second apart


def test_without_their_group_the_servers_run_on_and_answer_nobody(pair: Pair, tmp_path: Path) -> None:
    pods = _pod_uids(pair.kube)
    pair.kube.run("delete", "dfg", GROUP)
    eventually(
        "both servers tell of no group",
        lambda: not any(pair.server(name).get("failover") for name in (PRIMARY, SECONDARY)),
        within_s=SILENCE_LIMIT_S + 10,
        seen=lambda: [pair.server(name) for name in (PRIMARY, SECONDARY)],
    )
    assert pair.server(PRIMARY)["groupCount"] == 0
    with places(tmp_path) as lans:
        client = lans.client()
        client.start()
        eventually("the client has asked in vain", lambda: client.discovers() >= ASKED_IN_VAIN, within_s=20)
        assert client.events("bound") == []
    assert _pod_uids(pair.kube) == pods


def test_the_same_manifests_bring_the_pair_back_with_its_leases(pair: Pair, tmp_path: Path) -> None:
    with places(tmp_path) as lans:
        client = lans.client()
        client.start()
        address, _ = client.bound()
        pair.kube.run("delete", "dfg,ads", "--all")
        eventually("children gone", lambda: not _children(pair.kube), within_s=GONE_LIMIT_S)
        assert pair.kube.names("pvc") >= {"store-ec-east-1-0", "store-ec-east-2-0"}
        pair.apply()
        pair.wait_until_normal(within_s=BACK_LIMIT_S)
        assert sum(pool["active"] for pool in pair.wait_for_counts()["pools"]) >= 1
        assert client.renew()[0] == address
        client.release()


def _children(kube: Kube) -> set[str]:
    return kube.names("statefulsets,pods,services,configmaps", "-l", "dhcp.edgepair.io/server")


def _pod_uids(kube: Kube) -> set[str]:
    return {each["metadata"]["uid"] for each in kube.items("pods", "-l", "dhcp.edgepair.io/server")}
