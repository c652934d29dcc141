"""Following real engines: what they say, when they fall silent, and handing them a configuration."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from random import Random

import pytest

from edgepair_contract.config import MemberConfig
from edgepair_contract.report import MemberReport
from edgepair_operator.api.keys import ObjectKey, server_key
from edgepair_operator.metrics import Metrics
from edgepair_operator.observe.engines import ASK_LIMIT_S, Engines, Push, Target
from tests.interop.loopback import EngineProcess, a_member

EC_EAST_1 = server_key("site", "ec-east-1")
SOON_S = 10.0  # for what takes a tenth of a second on an idle machine


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[EngineProcess]:
    """An engine called ec-east-1 that listens."""
    process = EngineProcess(tmp_path, a_member())
    process.report()
    yield process
    process.stop()


class _TellingMetrics(Metrics):
    """Metrics that tell when a request was counted as failed."""

    def __init__(self) -> None:
        super().__init__()
        self.failed = asyncio.Event()

    def asked(self, outcome: str) -> None:
        super().asked(outcome)
        if outcome == "failed":
            self.failed.set()


class Follower:
    """Engines, and a way to wait for what they tell."""

    def __init__(self) -> None:
        self._told = asyncio.Event()
        self._metrics = _TellingMetrics()
        self.engines = Engines(
            clock=lambda: datetime.now(UTC), chance=Random(1), metrics=self._metrics, changed=lambda _: self._told.set()
        )

    async def until_not_taken(self) -> None:
        """Wait until an answer was not taken."""
        async with asyncio.timeout(SOON_S):
            await self._metrics.failed.wait()

    async def until(self, key: ObjectKey, holds: Callable[[MemberReport | None, bool], bool]) -> None:
        """Wait until what is known of a server, its report and whether it is lost, is as asked."""
        async with asyncio.timeout(SOON_S):
            while True:
                reach = self.engines.reach(key)
                if holds(reach.report, reach.lost_at is not None):
                    return
                self._told.clear()
                await self._told.wait()


@asynccontextmanager
async def following() -> AsyncIterator[Follower]:
    follower = Follower()
    running = asyncio.ensure_future(follower.engines.run())
    await asyncio.sleep(0)
    try:
        yield follower
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


def at(engine: EngineProcess, *, ready: bool = True) -> Target:
    return Target(f"http://127.0.0.1:{engine.member['admin']['port']}", "pod-1", ready)


def test_a_report_is_heard_and_its_successor_too(engine: EngineProcess) -> None:
    async def story() -> Push:
        async with following() as follower:
            follower.engines.follow(EC_EAST_1, at(engine))
            await follower.until(EC_EAST_1, lambda report, lost: report is not None and not lost)
            pushed = await follower.engines.push(
                EC_EAST_1, MemberConfig.model_validate({**engine.member, "revision": 2})
            )
            await follower.until(EC_EAST_1, lambda report, _: report is not None and report.config_revision == 2)
            return pushed

    assert asyncio.run(story()) is Push.ACCEPTED


def test_an_older_configuration_is_not_taken(engine: EngineProcess) -> None:
    async def story() -> Push:
        async with following() as follower:
            follower.engines.follow(EC_EAST_1, at(engine))
            older = MemberConfig.model_validate({**engine.member, "revision": 0})
            return await follower.engines.push(EC_EAST_1, older)

    assert asyncio.run(story()) is Push.OUTDATED


def test_an_engine_that_ends_is_lost_at_once_and_its_last_word_kept(engine: EngineProcess) -> None:
    async def story() -> None:
        async with following() as follower:
            follower.engines.follow(EC_EAST_1, at(engine))
            await follower.until(EC_EAST_1, lambda report, lost: report is not None and not lost)
            engine.signal(signal.SIGKILL)
            async with asyncio.timeout(1):
                await follower.until(EC_EAST_1, lambda report, lost: report is not None and lost)

    asyncio.run(story())


def test_a_stopped_process_is_found_when_its_readiness_turns(engine: EngineProcess) -> None:
    async def story() -> None:
        async with following() as follower:
            follower.engines.follow(EC_EAST_1, at(engine))
            await follower.until(EC_EAST_1, lambda report, lost: report is not None and not lost)
            engine.signal(signal.SIGSTOP)
            follower.engines.follow(EC_EAST_1, at(engine, ready=False))
            async with asyncio.timeout(ASK_LIMIT_S + 1):
                await follower.until(EC_EAST_1, lambda _, lost: lost)

    asyncio.run(story())


def test_what_another_server_says_is_not_taken(engine: EngineProcess) -> None:
    async def story() -> MemberReport | None:
        async with following() as follower:
            other = server_key("site", "ec-east-2")
            follower.engines.follow(other, at(engine))
            await follower.until_not_taken()
            return follower.engines.reach(other).report

    assert asyncio.run(story()) is None


def test_a_server_without_a_pod_is_lost_since_we_began_to_follow_it() -> None:
    async def story() -> Push:
        async with following() as follower:
            follower.engines.follow(EC_EAST_1, None)
            await follower.until(EC_EAST_1, lambda report, lost: report is None and lost)
            return await follower.engines.push(EC_EAST_1, MemberConfig(server="ec-east-1"))

    assert asyncio.run(story()) is Push.UNREACHED
