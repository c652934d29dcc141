"""What is read off a pod."""

from __future__ import annotations

from typing import Any

import pytest

from edgepair_operator.observe.gather import pod_facts
from edgepair_operator.plan.world import PodFacts


def pod(**status: Any) -> dict[str, Any]:
    return {"metadata": {"name": "a-0", "uid": "u"}, "spec": {"nodeName": "w"}, "status": status}


def crash_loop(code: int, message: str) -> dict[str, Any]:
    return {
        "state": {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 10s restarting failed container"}},
        "lastState": {"terminated": {"exitCode": code, "message": message}},
    }


CASES = {
    "a running one": (
        pod(hostIP="172.18.0.2", conditions=[{"type": "Ready", "status": "True"}]),
        PodFacts("a-0", "u", "w", "172.18.0.2", ready=True),
    ),
    "one that no node takes": (
        pod(conditions=[{"type": "PodScheduled", "reason": "Unschedulable", "message": "0/3 nodes are available"}]),
        PodFacts("a-0", "u", "w", refused="0/3 nodes are available"),
    ),
    "one whose image is missing": (
        pod(containerStatuses=[{"state": {"waiting": {"reason": "ErrImagePull", "message": "not found"}}}]),
        PodFacts("a-0", "u", "w", refused="ErrImagePull: not found"),
    ),
    "one whose engine cannot start and says why": (
        pod(containerStatuses=[crash_loop(74, "starting\nedgepair-engine: store: /store: restore the folder\n")]),
        PodFacts(
            *("a-0", "u", "w"),
            refused=(
                "the engine ends again and again, with exit code 74: edgepair-engine: store: /store: restore the folder"
            ),
        ),
    ),
    "one whose engine ends without a word": (
        pod(containerStatuses=[crash_loop(137, "")]),
        PodFacts(
            *("a-0", "u", "w"),
            refused="the engine ends again and again, with exit code 137: see kubectl logs --previous",
        ),
    ),
}


@pytest.mark.parametrize(("manifest", "facts"), CASES.values(), ids=CASES.keys())
def test_pod(manifest: dict[str, Any], facts: PodFacts) -> None:
    assert pod_facts(manifest) == facts
