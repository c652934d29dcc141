"""What becomes of a plan when the API server refuses a part of it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from edgepair_operator.api.conditions import Reason
from edgepair_operator.api.keys import ObjectKey, group_key
from edgepair_operator.api.manifests import Manifest
from edgepair_operator.apply.executor import Executor
from edgepair_operator.apply.recorder import Recorder
from edgepair_operator.kube.errors import Forbidden
from edgepair_operator.metrics import Metrics
from edgepair_operator.plan.events import EventKind, EventNote
from edgepair_operator.plan.plan import Plan

GROUP = group_key("site", "east-lan0")
AT = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
NOTE = EventNote(GROUP, "uid-1", EventKind.WARNING, Reason.SERVER_MISSING, "no such server", AT, "1")


class OneObject:
    """An API server that holds at most one object, and whose quota allows no event."""

    def __init__(self, stored: Manifest | None = None) -> None:
        self.stored = stored
        self.applied: list[Manifest] = []
        self.statuses: list[Mapping[str, Any]] = []

    async def list(self, kind: str, *, namespace: str | None, labels: str = "", fields: str = "") -> Sequence[Manifest]:
        if self.stored is None or fields != f"metadata.name={self.stored['metadata']['name']}":
            return []
        return [self.stored]

    async def apply(self, manifest: Manifest) -> Manifest:
        self.applied.append(manifest)
        return manifest

    async def apply_status(self, key: ObjectKey, status: Mapping[str, Any]) -> Manifest:
        self.statuses.append(status)
        return {"metadata": {"name": key.name}}

    async def delete(self, key: ObjectKey) -> None:
        return None

    async def create_event(self, event: Manifest) -> None:
        raise Forbidden("POST events", status=403, why="exceeded quota")


def executor(kube: OneObject) -> Executor:
    return Executor(
        kube,
        Recorder(kube, "operator-1"),
        Metrics(),
        take=lambda _type, _manifest: None,
        live_digest=lambda _: None,
        clock=lambda: AT,
    )


def a_config_map(**labels: str) -> Manifest:
    metadata = {"name": "ec-east-1-config", "namespace": "site", "labels": labels}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {}}


OURS = a_config_map(**{"app.kubernetes.io/managed-by": "edgepair"})


def test_a_status_is_written_even_where_no_event_is_allowed() -> None:
    kube = OneObject()
    asyncio.run(executor(kube).tell(GROUP, Plan(status={"groupName": "lan0"}, events=(NOTE,)), None))
    assert kube.statuses == [{"groupName": "lan0"}]


def test_an_object_that_somebody_else_made_is_not_taken_over() -> None:
    kube = OneObject(a_config_map(team="web"))
    working = executor(kube)
    assert asyncio.run(working.change(GROUP, Plan(apply=(OURS,))))
    assert kube.applied == []
    assert working.refusals(GROUP) == (
        "ConfigMap ec-east-1-config: exists already and is not ours: remove it, or give the server another name",
    )


@pytest.mark.parametrize("stored", [None, OURS], ids=["nothing there", "ours, not yet seen"])
def test_a_child_is_made_where_nothing_of_others_stands(stored: Manifest | None) -> None:
    kube = OneObject(stored)
    assert not asyncio.run(executor(kube).change(GROUP, Plan(apply=(OURS,))))
    assert kube.applied == [OURS]
