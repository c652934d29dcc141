"""From a plan to calls: children first, then the engine, then the status that tells of them, then events.

What stands already as it should is not written again: a child is skipped while both the manifest and the live object
are what they were after our latest write; a status is skipped when it equals the one stored.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from edgepair_operator.api.keys import ObjectKey
from edgepair_operator.api.manifests import Manifest, key_of
from edgepair_operator.apply.recorder import Recorder
from edgepair_operator.kube.errors import Forbidden, Invalid, NotFound
from edgepair_operator.kube.port import KubeClient
from edgepair_operator.metrics import Metrics
from edgepair_operator.plan.digests import digest_of
from edgepair_operator.plan.plan import Plan

Take = Callable[[str | None, Manifest], None]
LiveDigest = Callable[[ObjectKey], str | None]
_log = logging.getLogger("edgepair.apply")


@dataclass(frozen=True, slots=True)
class _Written:
    """What a child's manifest and the live object were when we wrote it last."""

    manifest: str
    live: str


class Executor:
    """Carries plans out. `take` is told what the server answered; `live_digest` says what a child is now."""

    def __init__(
        self,
        kube: KubeClient,
        recorder: Recorder,
        metrics: Metrics,
        *,
        take: Take,
        live_digest: LiveDigest,
        clock: Callable[[], datetime],
    ) -> None:
        self._kube = kube
        self._recorder = recorder
        self._metrics = metrics
        self._take = take
        self._live_digest = live_digest
        self._clock = clock
        self._began_at = clock()
        self._written: dict[ObjectKey, dict[ObjectKey, _Written]] = {}
        self._counts_at: dict[ObjectKey, datetime] = {}
        self._refusals: dict[ObjectKey, dict[ObjectKey, str]] = {}

    def counts_at(self, subject: ObjectKey) -> datetime:
        """Return when counts were last written into an object's status: by us, or before we began."""
        return self._counts_at.get(subject, self._began_at)

    def refusals(self, subject: ObjectKey) -> tuple[str, ...]:
        """Return why the API server refused children of an object, in its own words."""
        return tuple(self._refusals.get(subject, {}).values())

    def forget(self, subject: ObjectKey) -> None:
        """Drop what is remembered of an object that is gone."""
        self._written.pop(subject, None)
        self._counts_at.pop(subject, None)
        self._refusals.pop(subject, None)

    async def change(self, subject: ObjectKey, plan: Plan) -> bool:
        """Bring the children to what the plan says; return whether the server now refuses other ones than before.

        What it refuses is remembered, for the next plan to tell, and the rest still done.

        Raises:
            KubeError: the server could not be asked, or was asked too often.
        """
        for key in plan.delete:
            await self._kube.delete(key)
            self._metrics.wrote(key.kind, "delete")
            self._written.get(subject, {}).pop(key, None)
        refused: dict[ObjectKey, str] = {}
        for manifest in plan.apply:
            key = key_of(manifest)
            try:
                await self._apply(subject, key, manifest)
            except (Invalid, Forbidden) as error:
                refused[key] = f"{key.kind} {key.name}: {error.why}"
        before = self._refusals.pop(subject, {})
        if refused:
            self._refusals[subject] = refused
        return refused != before

    async def tell(self, subject: ObjectKey, plan: Plan, last: object) -> None:
        """Post the events, and then write the status, from which they follow, if it differs from the last one.

        An event that the server refuses is logged: the status matters more.

        Raises:
            KubeError: the server could not be asked, or refused.
        """
        for note in plan.events:
            try:
                await self._recorder.record(note)
            except (Invalid, Forbidden) as error:
                _log.warning("%s: an event is refused: %s", subject, error)  # a quota of events hides no status
        if plan.status is None or plan.status == last:
            return
        try:
            self._take(None, await self._kube.apply_status(subject, plan.status))
        except NotFound:
            return  # deleted meanwhile: there is nobody to tell
        self._metrics.wrote(subject.kind, "status")
        if plan.counts_written:
            self._counts_at[subject] = self._clock()

    async def _apply(self, subject: ObjectKey, key: ObjectKey, manifest: Manifest) -> None:
        wanted = digest_of(manifest)
        done = self._written.setdefault(subject, {})
        written = done.get(key)
        if written is not None and written == _Written(wanted, self._live_digest(key) or ""):
            return
        answer = await self._kube.apply(manifest)
        self._metrics.wrote(key.kind, "apply")
        self._take(None, answer)
        done[key] = _Written(wanted, digest_of(answer))
