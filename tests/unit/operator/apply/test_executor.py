"""What becomes of a plan when the API server refuses a part of it."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

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


class NoEvents:
    """An API server whose quota allows no event."""

    def __init__(self) -> None:
        self.statuses: list[Mapping[str, Any]] = []

    async def list(self, kind: str, *, namespace: str | None, labels: str = "") -> Sequence[Manifest]:
        return []

    async def apply(self, manifest: Manifest) -> Manifest:
        return manifest

    async def apply_status(self, key: ObjectKey, status: Mapping[str, Any]) -> Manifest:
        self.statuses.append(status)
        return {"metadata": {"name": key.name}}

    async def delete(self, key: ObjectKey) -> None:
        return None

    async def create_event(self, event: Manifest) -> None:
        raise Forbidden("POST events", status=403, why="exceeded quota")


def test_a_status_is_written_even_where_no_event_is_allowed() -> None:
    kube = NoEvents()
    executor = Executor(
        kube,
        Recorder(kube, "operator-1"),
        Metrics(),
        take=lambda _type, _manifest: None,
        live_digest=lambda _: None,
        clock=lambda: AT,
    )
    asyncio.run(executor.tell(GROUP, Plan(status={"groupName": "lan0"}, events=(NOTE,)), None))
    assert kube.statuses == [{"groupName": "lan0"}]
