"""Events posted once: their name is made of what they say, so a second post of the same is known on either side."""

from __future__ import annotations

import hashlib
from collections import OrderedDict

from edgepair_operator.api.manifests import Manifest
from edgepair_operator.kube.port import KubeClient
from edgepair_operator.plan.events import EventNote

REMEMBERED_MAX = 4096  # names of posted events; what falls out costs one call that the server answers with "exists"
NOTE_BYTES_MAX = 1024  # the API server's limit
CONTROLLER = "edgepair.io/operator"


class Recorder:
    """Posts events through a `KubeClient`."""

    def __init__(self, kube: KubeClient, instance: str) -> None:
        self._kube = kube
        self._instance = instance
        self._posted: OrderedDict[tuple[str, str], None] = OrderedDict()

    async def record(self, note: EventNote) -> None:
        """Post this event unless it was posted before."""
        event = manifest(note, self._instance)
        name = (event["metadata"]["namespace"], event["metadata"]["name"])
        if name in self._posted:
            return
        await self._kube.create_event(event)
        self._posted[name] = None
        if len(self._posted) > REMEMBERED_MAX:
            self._posted.popitem(last=False)


def manifest(note: EventNote, instance: str) -> Manifest:
    """Return the Event object of a note."""
    key = note.about
    content = "\0".join((note.uid, note.reason.word, note.message, note.occasion))
    name = f"{key.name[:200]}.{hashlib.sha256(content.encode()).hexdigest()[:16]}"
    return {
        "apiVersion": "events.k8s.io/v1",
        "kind": "Event",
        "metadata": {"name": name, "namespace": key.namespace},
        "eventTime": note.at.strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
        "reportingController": CONTROLLER,
        "reportingInstance": instance[:128],
        "action": "Observed",
        "reason": note.reason.word,
        "type": note.kind.value,
        "note": note.message.encode()[:NOTE_BYTES_MAX].decode(errors="ignore"),
        "regarding": {
            "apiVersion": key.api_version,
            "kind": key.kind,
            "namespace": key.namespace,
            "name": key.name,
            "uid": note.uid,
        },
    }
