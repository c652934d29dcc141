"""kopf as we use it: it watches, logs in, starts and stops. No change handlers, so nothing is written into objects."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable
from typing import Any

import kopf

from edgepair_operator.api.keys import GROUP, VERSION, Kind
from edgepair_operator.api.manifests import Manifest

Take = Callable[[str | None, Manifest], None]
EndWork = Callable[[], Awaitable[None]]

CHILD_SELECTOR = "app.kubernetes.io/managed-by=edgepair"
CHILDREN = (
    ("", "v1", "pods"),
    ("", "v1", "configmaps"),
    ("", "v1", "services"),
    ("", "v1", "serviceaccounts"),
    ("apps", "v1", "statefulsets"),
    ("policy", "v1", "poddisruptionbudgets"),
)
# A watch that the server has not ended is ended here; one that says nothing at all, bookmarks included, sooner.
WATCH_SERVER_LIMIT_S = 290
WATCH_CLIENT_LIMIT_S = 300
WATCH_SILENCE_LIMIT_S = 70
CONNECT_LIMIT_S = 10
# An API server that is away is asked again every five seconds for a day; then the process ends, to be started anew.
RETRIES_S = (1, 1, 2, 3, *[5] * 17_280)
WORKER_IDLE_S = 0.5


def registry(take: Take, end_work: EndWork) -> kopf.OperatorRegistry:
    """Return the handlers: each hands what a watch brought to `take`, in one line.

    `end_work` is called between the end of the watches and the end of kopf.
    """
    made = kopf.OperatorRegistry()

    async def on_event(type: str | None, body: kopf.Body, **_: Any) -> None:  # noqa: A002 - kopf's own word
        take(type, dict(body))

    for kind in Kind:
        kopf.on.event(GROUP, VERSION, kind.plural, registry=made)(on_event)
    for group, version, plural in CHILDREN:
        kopf.on.event(group, version, plural, registry=made)(on_event)

    async def on_cleanup(**_: Any) -> None:
        await end_work()

    kopf.on.cleanup(registry=made)(on_cleanup)
    kopf.on.login(registry=made)(_login)
    return made


def settings() -> kopf.OperatorSettings:
    """Return how kopf runs: alone, silent in objects, with limits on every wait."""
    made = kopf.OperatorSettings()
    made.peering.standalone = True
    made.scanning.disabled = True
    made.posting.enabled = False
    made.posting.loggers = False
    made.watching.server_timeout = WATCH_SERVER_LIMIT_S
    made.watching.client_timeout = WATCH_CLIENT_LIMIT_S
    made.watching.connect_timeout = CONNECT_LIMIT_S
    made.watching.inactivity_timeout = WATCH_SILENCE_LIMIT_S
    # The cache is the queue: a worker of an object has nothing to wait for, and would only delay the end.
    made.queueing.idle_timeout = WORKER_IDLE_S
    made.queueing.exit_timeout = WORKER_IDLE_S
    made.networking.request_timeout = WATCH_CLIENT_LIMIT_S
    made.networking.connect_timeout = CONNECT_LIMIT_S
    made.networking.error_backoffs = RETRIES_S
    for group, version, plural in CHILDREN:
        made.watching.label_selectors[group, version, plural] = CHILD_SELECTOR
    return made


async def _login(**kwargs: Any) -> kopf.ConnectionInfo | None:
    """Log in as the pod's service account, or as the kubeconfig says; asked again when a credential has expired."""
    if os.environ.get("KUBECONFIG"):
        return kopf.login_with_kubeconfig(**kwargs)
    return kopf.login_with_service_account(**kwargs) or kopf.login_with_kubeconfig(**kwargs)
