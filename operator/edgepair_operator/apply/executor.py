"""From a plan to calls: children first, then the engine, then the status that tells of them, then events.

What stands already as it should is not written again: a child is skipped while both the manifest and the live object
are what they were after our latest write; a status is skipped when it equals the one stored.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from edgepair_operator.api.keys import MANAGED_BY, Label, ObjectKey
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

        What it refuses is remembered, for the next plan to tell, and the rest still done. An object of a child's name
        that somebody else made is left alone: as ours, it would go when its server goes.

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
                why = await self._apply(subject, key, manifest)
            except (Invalid, Forbidden) as error:
                why = error.why
            if why is not None:
                refused[key] = f"{key.kind} {key.name}: {why}"
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

    async def _apply(self, subject: ObjectKey, key: ObjectKey, manifest: Manifest) -> str | None:
        """Apply one child if it is not as it should be; return why that may not be."""
        wanted = digest_of(manifest)
        done = self._written.setdefault(subject, {})
        written = done.get(key)
        live = self._live_digest(key)
        if written is not None and written == _Written(wanted, live or ""):
            return None
        if live is None and await self._is_foreign(key):
            return "exists already and is not ours: remove it, or give the server another name"
        answer = await self._kube.apply(manifest)
        self._metrics.wrote(key.kind, "apply")
        self._take(None, answer)
        done[key] = _Written(wanted, digest_of(answer))
        return None

    async def _is_foreign(self, key: ObjectKey) -> bool:
        """Return whether an object that the watches, which see ours only, do not show is there all the same."""
        found = await self._kube.list(key.kind, namespace=key.namespace, fields=f"metadata.name={key.name}")
        labels = [each["metadata"].get("labels") or {} for each in found]
        return any(each.get(Label.MANAGED_BY) != MANAGED_BY for each in labels)
