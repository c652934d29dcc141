"""`edgepair-operator run`: puts the rooms together, starts them and stops them in order."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import random
import signal
import socket
import sys
from collections.abc import Coroutine
from datetime import UTC, datetime
from importlib.metadata import version

import kopf

from edgepair_contract.errors import ConfigError
from edgepair_operator.apply.executor import Executor
from edgepair_operator.apply.recorder import Recorder
from edgepair_operator.handlers.registry import registry, settings
from edgepair_operator.kube.client import AioClient, connect
from edgepair_operator.metrics import Metrics
from edgepair_operator.observe.cache import Cache
from edgepair_operator.observe.engines import Engines
from edgepair_operator.observe.gather import Sources
from edgepair_operator.plan.world import EngineDefaults
from edgepair_operator.reconcile.queue import KeyQueue
from edgepair_operator.reconcile.reconciler import Reconciler
from edgepair_operator.reconcile.resync import Resync
from edgepair_operator.settings import Settings, parse
from edgepair_operator.web.health import serve

EX_CONFIG = 78


class _Stopped(Exception):
    """Somebody asked the process to end."""


def main() -> None:
    """Run the command line: exit 0 when asked to stop, 2 for usage, 78 for a setting that cannot be."""
    wrong: list[BaseException] = []
    try:
        given = parse(sys.argv[1:], os.environ, version("edgepair"))
        _set_up_logs(given.log_level)
        os.environ.setdefault("POD_ID", socket.gethostname())  # kopf else looks up a user's name, and 65532 has none
        asyncio.run(run(given))
    except* ConfigError as errors:
        wrong += errors.exceptions
    for error in wrong:
        print(f"edgepair-operator: {error}", file=sys.stderr)
    if wrong:
        sys.exit(EX_CONFIG)


async def run(given: Settings) -> None:
    """Log in, operate until SIGTERM or SIGINT, close the connections."""
    kube = await connect()
    try:
        async with asyncio.TaskGroup() as group:
            await _operate(given, kube, group)
            raise _Stopped
    except* _Stopped:
        logging.getLogger("edgepair").info("stopped as asked")
    finally:
        await kube.close()


async def _operate(given: Settings, kube: AioClient, group: asyncio.TaskGroup) -> None:
    stop = asyncio.Event()  # heeded until kopf has started, which then takes the signals over
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    group.create_task(_end_at(stop), name="stop")
    metrics = Metrics()
    chance = random.Random()
    queue = KeyQueue(chance)
    cache = Cache(queue.add)
    engines = Engines(clock=_now, chance=chance, metrics=metrics, changed=cache.touch)
    resync = Resync(kube, cache, given.namespaces, queue.add)
    reconciler = _reconciler(given, kube, queue=queue, cache=cache, engines=engines, metrics=metrics)

    async with serve(
        given.address,
        given.port,
        alive=lambda: "the last whole listing is too long ago" if resync.is_late else None,
        ready=lambda: None if resync.synced_s is not None else "not everything is listed yet",
        metrics=metrics.exposition,
    ):
        await resync.fill()
        work = group.create_task(_work(engines.run(), resync.run(), reconciler.run(given.workers)), name="work")

        async def end_work() -> None:
            work.cancel()
            await asyncio.wait([work])

        await kopf.operator(
            registry=registry(cache.take, end_work),
            settings=settings(),
            standalone=True,
            clusterwide=not given.namespaces,
            namespaces=given.namespaces,
        )


def _reconciler(
    given: Settings, kube: AioClient, *, queue: KeyQueue, cache: Cache, engines: Engines, metrics: Metrics
) -> Reconciler:
    executor = Executor(
        kube,
        Recorder(kube, socket.gethostname()),
        metrics,
        take=cache.take,
        live_digest=cache.digest,
        clock=_now,
    )
    sources = Sources(
        cache=cache,
        reach=engines.reach,
        refusals=executor.refusals,
        counts_at=executor.counts_at,
        engine=EngineDefaults(given.engine_image, given.image_pull_policy),
    )
    return Reconciler(queue, sources, executor=executor, engines=engines, metrics=metrics, clock=_now)


async def _work(*parts: Coroutine[None, None, None]) -> None:
    async with asyncio.TaskGroup() as group:
        for part in parts:
            group.create_task(part)


async def _end_at(stop: asyncio.Event) -> None:
    await stop.wait()
    raise _Stopped


def _now() -> datetime:
    return datetime.now(UTC)


class _JsonLines(logging.Formatter):
    """One JSON object a line: time, level, logger, text."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "code": record.name,
            "text": record.getMessage(),
        }
        if record.exc_info:
            line["trace"] = self.formatException(record.exc_info)
        return json.dumps(line)


def _set_up_logs(level: str) -> None:
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(_JsonLines())
    logging.basicConfig(level=level.upper(), handlers=[handler])
    if level != "debug":
        logging.getLogger("kopf").setLevel(logging.WARNING)


if __name__ == "__main__":
    main()
