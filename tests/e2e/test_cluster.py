"""The cluster of the tests itself: what a restart of Docker does to it is mended by bringing it up again."""

from __future__ import annotations

from hack.kind.cluster import KUBELET_FLAGS, node_address, up
from hack.kind.networks import LAN10, WORKERS
from hack.kind.steps import run
from tests.e2e.kube import Kube, eventually
from tests.e2e.pair import SECONDARY, Pair

DOCKER_LIMIT_S = 60.0
TOLD_LIMIT_S = 60.0
# What kind's start of a node does when Docker names an address of a LAN first.
MISTAKEN = (
    'sed -i "s/--node-ip=[^ ]*/--node-ip=$1/" "$2" && printf %s "$1" > /kind/old-ipv4 && systemctl restart kubelet'
)


def test_a_worker_that_told_an_address_of_a_lan_as_its_own_is_reached_again(pair: Pair) -> None:
    worker = pair.node_of(SECONDARY)
    assert worker in WORKERS
    wrong = LAN10.address(worker)
    run("docker", "exec", worker, "sh", "-c", MISTAKEN, "sh", wrong, KUBELET_FLAGS, limit_s=DOCKER_LIMIT_S)
    eventually("the worker tells a LAN's address", lambda: _told(pair.kube, worker) == wrong, within_s=TOLD_LIMIT_S)
    up()
    assert _told(pair.kube, worker) == node_address(worker)
    asked = ("exec", f"{SECONDARY}-0", "--", "edgepair-engine", "status")
    eventually(
        "the engine there is asked again", lambda: "Normal" in pair.kube.try_run(*asked).stdout, within_s=TOLD_LIMIT_S
    )
    pair.wait_until_normal()


def _told(kube: Kube, node: str) -> str:
    found = kube.get("node", node)
    assert found is not None, f"no node {node}"
    addresses = {each["type"]: str(each["address"]) for each in found["status"]["addresses"]}
    return addresses["InternalIP"]
