"""The committing thread: one call at a time, so that the loop never waits for a disk."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from queue import SimpleQueue
from threading import Thread

from edgepair_contract.value import value

Done = Callable[[BaseException | None], None]  # hears what a call raised, in the loop's thread


@value
class _Call:
    call: Callable[[], None]
    done: Done
    loop: asyncio.AbstractEventLoop


class Worker:
    """One thread that runs what it is given, in order. It costs the loop less than an executor and its futures."""

    def __init__(self, name: str) -> None:
        self._calls = SimpleQueue[_Call | None]()
        self._thread = Thread(target=self._work, name=name, daemon=True)  # whoever fails before `close` must still end
        self._thread.start()

    def run(self, call: Callable[[], None], done: Done) -> None:
        """Run a call, and tell the running loop when it has ended. It is never stopped halfway."""
        self._calls.put(_Call(call, done, asyncio.get_running_loop()))

    def close(self) -> None:
        """Wait for what was given to it, and end the thread."""
        self._calls.put(None)
        self._thread.join()

    def _work(self) -> None:
        for each in iter(self._calls.get, None):
            raised: BaseException | None = None
            try:
                each.call()
            except BaseException as error:  # noqa: BLE001 whoever asked for the call judges it
                raised = error
            try:
                each.loop.call_soon_threadsafe(each.done, raised)
            except RuntimeError:  # the loop has ended: nobody waits
                continue
