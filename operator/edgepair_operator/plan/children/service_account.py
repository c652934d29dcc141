"""The account of all engine pods of a namespace: it may do nothing and gives no token."""

from __future__ import annotations

from edgepair_operator.api.keys import MANAGED_BY, Label
from edgepair_operator.api.manifests import Manifest
from edgepair_operator.plan.children.metadata import ENGINE


def service_account(namespace: str) -> Manifest:
    """Return the account. No server owns it: the operator deletes it with the namespace's last server."""
    return {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": {
            "name": ENGINE,
            "namespace": namespace,
            "labels": {Label.MANAGED_BY: MANAGED_BY, Label.NAME: ENGINE},
        },
        "automountServiceAccountToken": False,
    }
