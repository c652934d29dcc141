"""Processes that do one task after the other, one on each core; one that hangs is ended and replaced."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from typing import Generic, TypeVar

from edgepair_contract.value import value

T = TypeVar("T")
R = TypeVar("R")

TICK_S = 0.5  # how often progress is told while no task ends
START_LIMIT_S = 60.0  # what a process may need before it takes its first task: it loads the engine
END_LIMIT_S = 5.0  # then a process that was asked to end is killed
READY = "ready"
_SPAWN = get_context("spawn")  # nothing is inherited: each process hashes text by another seed, and twins must not care


@value
class Ended(Generic[T, R]):
    """A task and its result; one without a result tells why it has none."""

    task: T
    result: R | None
    why: str = ""


class Workers(Generic[T, R]):
    """As many processes as are wanted; `work` and the tasks must be such that they can be sent to them."""

    def __init__(self, work: Callable[[T], R], *, count: int, limit_s: float) -> None:
        self._work = work
        self._count = count
        self._limit_s = limit_s  # real seconds a task may take

    def each(self, tasks: Iterable[T]) -> Iterator[Ended[T, R] | None]:
        """Give each task to the next process that is free; yield them as they end, None when none has for a tick."""
        waiting = iter(tasks)
        busy: list[_Worker[T, R]] = []
        try:
            for _, task in zip(range(self._count), waiting, strict=False):
                busy.append(self._started(task))
            while busy:
                wait([worker.pipe for worker in busy], TICK_S)
                ended = [(worker, end) for worker in busy if (end := worker.end(self._limit_s)) is not None]
                for worker, end in ended:
                    busy = [each for each in busy if each is not worker]
                    busy += self._next(worker, end, waiting)
                    yield end
                if not ended:
                    yield None
        finally:
            for worker in busy:
                worker.stop()

    def _next(self, worker: _Worker[T, R], end: Ended[T, R], waiting: Iterator[T]) -> list[_Worker[T, R]]:
        """Return the worker that does the next task: the same, or a new one where it hung or died."""
        for task in waiting:
            if end.result is not None:
                worker.begin(task)
                return [worker]
            return [self._started(task)]
        worker.stop()
        return []

    def _started(self, task: T) -> _Worker[T, R]:
        worker = _Worker(self._work)
        worker.begin(task)
        return worker


class _Worker(Generic[T, R]):
    """One process with the task it is at."""

    def __init__(self, work: Callable[[T], R]) -> None:
        self.pipe, theirs = _SPAWN.Pipe()
        self._process = _SPAWN.Process(target=_serve, args=(theirs, work), daemon=True)
        self._process.start()
        theirs.close()
        self._task: T | None = None
        self._ready = False
        self._since_s = 0.0

    def begin(self, task: T) -> None:
        """Hand a task over."""
        self._task = task
        self._since_s = time.monotonic() if self._ready else time.monotonic() + START_LIMIT_S
        with suppress(BrokenPipeError):  # of a process that is gone: `end` finds that out
            self.pipe.send(task)

    def end(self, limit_s: float) -> Ended[T, R] | None:
        """Return how its task ended, None while it is at it; a process without a result is gone then."""
        assert self._task is not None
        try:
            if self.pipe.poll() and self._took_up():
                return Ended(self._task, self.pipe.recv())
        except (EOFError, OSError):
            self._process.join(END_LIMIT_S)
            self.stop()
            return Ended(self._task, None, f"its process ended with {self._process.exitcode}")
        if time.monotonic() - self._since_s <= limit_s:
            return None
        self.stop()
        return Ended(self._task, None, f"it took longer than {limit_s:g} s")

    def _took_up(self) -> bool:
        """Return whether a result waits; the first that a process says is that it is ready."""
        if not self._ready:
            self._ready, self._since_s = bool(self.pipe.recv()), time.monotonic()
        return self.pipe.poll()

    def stop(self) -> None:
        """End the process."""
        self.pipe.close()
        self._process.terminate()
        self._process.join(END_LIMIT_S)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()


def _serve(pipe: Connection, work: Callable[[T], R]) -> None:
    """Do what comes through the pipe until it is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # of a person at the terminal: the process that started us tells us
    pipe.send(READY)
    while True:
        try:
            pipe.send(work(pipe.recv()))
        except (EOFError, BrokenPipeError):
            return
