"""The queue of keys: each once, in order of time, back after a failure, in virtual time."""

from __future__ import annotations

import asyncio
from random import Random

import pytest

from edgepair_operator.api.keys import ObjectKey, group_key
from edgepair_operator.reconcile.queue import RETRY_MAX_S, KeyQueue
from tests.unit.operator.virtual_time import run


class NoJitter(Random):
    """Chance that is always nought."""

    def random(self) -> float:
        return 0.0


def key(name: str) -> ObjectKey:
    return group_key("site", name)


def now_s() -> float:
    return asyncio.get_running_loop().time()


def test_a_key_that_is_asked_for_twice_comes_once() -> None:
    async def story() -> list[ObjectKey]:
        queue = KeyQueue(NoJitter())
        for name in ("a", "b", "a"):
            queue.add(key(name))
        return [await queue.take(), await queue.take()] if len(queue) == 2 else []

    assert run(story()) == [key("a"), key("b")]


def test_a_later_time_does_not_hide_an_earlier_one() -> None:
    async def story() -> float:
        queue = KeyQueue(NoJitter())
        queue.add(key("a"), after_s=30)
        queue.add(key("a"), after_s=5)
        queue.add(key("a"), after_s=60)
        await queue.take()
        return now_s()

    assert run(story()) == pytest.approx(5)


def test_a_key_that_is_asked_for_while_it_is_worked_on_comes_again_afterwards() -> None:
    async def story() -> ObjectKey:
        queue = KeyQueue(NoJitter())
        queue.add(key("a"))
        taken = await queue.take()
        queue.add(key("a"))
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(10):
                await queue.take()
        queue.done(taken)
        return await queue.take()

    assert run(story()) == key("a")


def test_a_key_asked_for_while_others_wait_is_handed_over_at_once() -> None:
    async def story() -> float:
        queue = KeyQueue(NoJitter())
        queue.add(key("late"), after_s=100)
        async with asyncio.TaskGroup() as group:
            taking = group.create_task(queue.take())
            await asyncio.sleep(7)
            queue.add(key("a"))
        assert taking.result() == key("a")
        return now_s()

    assert run(story()) == pytest.approx(7)


def test_failures_wait_longer_each_time_up_to_a_minute_and_a_success_begins_anew() -> None:
    async def story() -> list[float]:
        queue = KeyQueue(NoJitter())
        queue.add(key("a"))
        pauses = []
        for _ in range(9):
            pauses.append(queue.failed(await queue.take()))
        queue.done(await queue.take())
        queue.add(key("a"))
        return [*pauses, queue.failed(await queue.take())]

    assert run(story()) == [0.5, 1, 2, 4, 8, 16, 32, RETRY_MAX_S, RETRY_MAX_S, 0.5]


def test_a_server_that_says_when_to_come_back_is_heeded() -> None:
    async def story() -> float:
        queue = KeyQueue(NoJitter())
        queue.add(key("a"))
        return queue.failed(await queue.take(), retry_after_s=20)

    assert run(story()) == 20


def test_news_about_a_failed_key_does_not_wait_for_its_retry() -> None:
    async def story() -> float:
        queue = KeyQueue(NoJitter())
        queue.add(key("a"))
        for _ in range(8):
            queue.failed(await queue.take())
        began_s = now_s()
        queue.add(key("a"))
        await queue.take()
        return now_s() - began_s

    assert run(story()) == pytest.approx(0)
