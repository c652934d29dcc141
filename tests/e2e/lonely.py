"""A group whose servers do not exist: the operator must say so, and has then looked at all that came before."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from tests.e2e.kube import Kube, Object, condition, eventually

STALLED_LIMIT_S = 15.0

LONELY_GROUP = """\
apiVersion: dhcp.edgepair.io/v1alpha1
kind: DhcpFailoverGroup
metadata: {name: lonely}
spec:
  interface: lan7
  primary: {serverRef: {name: ec-nowhere-1}}
  secondary: {serverRef: {name: ec-nowhere-2}}
  scopes:
  - prefix: 10.7.0.0/24
    ranges: [{start: 10.7.0.50, end: 10.7.0.99}]
"""


@contextmanager
def lonely_group(kube: Kube) -> Iterator[Object]:
    """Lend the condition Stalled of such a group; the group is gone after the block."""
    kube.apply(LONELY_GROUP)
    try:
        yield eventually(
            "Stalled",
            lambda: condition(kube.status("dfg", "lonely"), "Stalled") or None,
            within_s=STALLED_LIMIT_S,
            seen=lambda: kube.get("dfg", "lonely"),
        )
    finally:
        kube.run("delete", "dfg", "lonely")
