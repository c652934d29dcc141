"""The port to the API server: few methods, plain dicts, typed errors. `client.py` and the simulator implement it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from edgepair_operator.api.keys import ObjectKey
from edgepair_operator.api.manifests import Manifest


class KubeClient(Protocol):
    """What the operator asks of an API server. Every method may raise a `KubeError`."""

    async def list(self, kind: str, *, namespace: str | None, labels: str = "", fields: str = "") -> Sequence[Manifest]:
        """Return all objects of a kind, in one namespace or (None) in all, that the selectors pick."""

    async def apply(self, manifest: Manifest) -> Manifest:
        """Apply one of our children server-side, taking over the fields it names, and return what stands now."""

    async def apply_status(self, key: ObjectKey, status: Mapping[str, Any]) -> Manifest:
        """Apply the status of an object that exists, and return the object."""

    async def delete(self, key: ObjectKey) -> None:
        """Delete an object; that it is gone already is no error."""

    async def create_event(self, event: Manifest) -> None:
        """Post an Event; that one of this name exists already is no error."""
