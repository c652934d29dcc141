"""The whole truth from time to time: list every kind, so that a watch that missed something does no lasting harm."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from edgepair_operator.api.keys import ObjectKey
from edgepair_operator.kube.errors import KubeError, NotFound
from edgepair_operator.kube.port import KubeClient
from edgepair_operator.kube.resources import CHILD_KINDS, CHILD_SELECTOR, OUR_KINDS
from edgepair_operator.observe.cache import Cache

PERIOD_S = 600.0
RETRY_S = 10.0
START_RETRY_S = 2.0
_log = logging.getLogger("edgepair.resync")


class Resync:
    """Fills the cache by listing. `synced_s` is when that last succeeded, by the loop's clock; None: never."""

    def __init__(
        self, kube: KubeClient, cache: Cache, namespaces: tuple[str, ...], ask: Callable[[ObjectKey], None]
    ) -> None:
        self._kube = kube
        self._cache = cache
        self._namespaces: tuple[str | None, ...] = namespaces or (None,)
        self._ask = ask
        self.synced_s: float | None = None

    @property
    def is_late(self) -> bool:
        """Return whether two periods have gone by without a whole listing."""
        now_s = asyncio.get_running_loop().time()
        return self.synced_s is not None and now_s - self.synced_s > 2 * PERIOD_S

    async def fill(self) -> None:
        """List everything once, however long it takes until the server answers and the kinds are installed."""
        while self.synced_s is None:
            try:
                await self._list_all()
            except NotFound as error:
                await self._wait(f"a kind is not installed, waiting for its CustomResourceDefinition: {error}")
            except KubeError as error:
                await self._wait(str(error))

    async def run(self) -> None:
        """List everything again every PERIOD_S, until cancelled."""
        pause_s = PERIOD_S
        while True:
            await asyncio.sleep(pause_s)
            try:
                await self._list_all()
                pause_s = PERIOD_S
            except KubeError as error:
                _log.warning("resync failed, trying again in %s s: %s", RETRY_S, error)
                pause_s = RETRY_S

    async def _wait(self, why: str) -> None:
        _log.warning("not started yet: %s", why)
        await asyncio.sleep(START_RETRY_S)

    async def _list_all(self) -> None:
        for kind in (*OUR_KINDS, *CHILD_KINDS):
            known = self._cache.keys(kind)
            labels = CHILD_SELECTOR if kind in CHILD_KINDS else ""
            listed = [
                manifest
                for namespace in self._namespaces
                for manifest in await self._kube.list(kind, namespace=namespace, labels=labels)
            ]
            self._cache.replace(known, listed)
        self.synced_s = asyncio.get_running_loop().time()
        for key in self._cache.subjects():
            self._ask(key)
