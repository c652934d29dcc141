"""The loop: take a key, gather its world, plan, carry the plan out; and when it failed, come back later."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from datetime import datetime

from edgepair_operator.api.keys import ObjectKey
from edgepair_operator.apply.executor import Executor
from edgepair_operator.kube.errors import KubeError, Throttled
from edgepair_operator.metrics import Metrics
from edgepair_operator.observe.cache import SERVER
from edgepair_operator.observe.engines import Engines, Target
from edgepair_operator.observe.gather import Sources, gather
from edgepair_operator.plan.plan import Plan, plan
from edgepair_operator.plan.world import ServerFacts, World
from edgepair_operator.reconcile.queue import KeyQueue

REFUSED_AGAIN_S = 30.0  # no watch tells when rights or quotas change
_log = logging.getLogger("edgepair.reconcile")


class Reconciler:
    """Works off the queue with a few workers; each key is in one hand at a time."""

    def __init__(
        self,
        queue: KeyQueue,
        sources: Sources,
        *,
        executor: Executor,
        engines: Engines,
        metrics: Metrics,
        clock: Callable[[], datetime],
    ) -> None:
        self._queue = queue
        self._sources = sources
        self._executor = executor
        self._engines = engines
        self._metrics = metrics
        self._clock = clock

    async def run(self, workers: int) -> None:
        """Work until cancelled."""
        async with asyncio.TaskGroup() as group:
            for number in range(workers):
                group.create_task(self._work(), name=f"worker {number}")

    async def reconcile(self, key: ObjectKey) -> float | None:
        """Bring one object to what its world asks; return after how many seconds to look again.

        Raises:
            KubeError: the API server could not be asked, or refused.
        """
        world = gather(key, self._sources, self._clock())
        made = plan(world)
        self._follow(world)
        refusals_changed = await self._executor.change(key, made)
        await self._push(key, made)
        await self._executor.tell(key, made, self._stored_status(key))
        if refusals_changed:
            return 0.0
        refused_s = REFUSED_AGAIN_S if self._executor.refusals(key) else None
        return min((each for each in (made.revisit_after_s, refused_s) if each is not None), default=None)

    async def _work(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            key = await self._queue.take()
            began_s = loop.time()
            try:
                revisit_s = await self.reconcile(key)
            except KubeError as error:
                retry_s = error.retry_after_s if isinstance(error, Throttled) else None
                pause_s = self._queue.failed(key, retry_after_s=retry_s)
                _log.warning("%s: %s; again in %.1f s", key, error, pause_s)
                self._metrics.reconciled(key.kind, "failed", loop.time() - began_s)
                continue
            self._queue.done(key)
            if revisit_s is not None:
                self._queue.add(key, after_s=revisit_s)
            self._metrics.reconciled(key.kind, "done", loop.time() - began_s)
            self._metrics.queued(len(self._queue))

    def _follow(self, world: World) -> None:
        """Ask the engine of a server that has a pod; stop asking one that is gone."""
        key = world.subject
        if key.kind != SERVER or key in world.unreadable:
            return
        server = world.servers.get(key.name)
        if server is None:
            self._engines.forget(key)
            self._executor.forget(key)
        else:
            self._engines.follow(key, _target(server))

    async def _push(self, key: ObjectKey, made: Plan) -> None:
        if made.push is not None:
            outcome = await self._engines.push(key, made.push)
            _log.info("%s: configuration revision %s %s", key, made.push.revision, outcome.value)

    def _stored_status(self, key: ObjectKey) -> object:
        manifest = self._sources.cache.get(key)
        return None if manifest is None else manifest.get("status")


def _target(server: ServerFacts) -> Target | None:
    pod = server.pod
    if pod is None or pod.address is None:
        return None
    port = server.resource.spec.network.admin_port
    return Target(url=f"http://{pod.address}:{port}", pod_uid=pod.uid, ready=pod.ready)
