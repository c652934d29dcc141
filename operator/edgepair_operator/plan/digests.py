"""What names an object's content, so that two versions of it can be compared without keeping either."""

from __future__ import annotations

import hashlib
import json

from edgepair_operator.api.manifests import Manifest

_OWNERS_METADATA = ("labels", "annotations", "ownerReferences", "deletionTimestamp")


def digest_of(manifest: Manifest) -> str:
    """Return 16 digits for all but the status, and of the metadata for what somebody decides."""
    metadata = manifest["metadata"]
    content = {name: value for name, value in manifest.items() if name not in ("metadata", "status")}
    content["metadata"] = {name: metadata.get(name) or None for name in _OWNERS_METADATA}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]
