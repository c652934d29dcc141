"""Manifests: objects as plain values, the way they travel to and from the API server."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from edgepair_operator.api.keys import ObjectKey

Manifest = Mapping[str, Any]


def key_of(manifest: Manifest) -> ObjectKey:
    """Return what names this object in the cluster."""
    metadata = manifest["metadata"]
    return ObjectKey(manifest["apiVersion"], manifest["kind"], metadata.get("namespace", ""), metadata["name"])
