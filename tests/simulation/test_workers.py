"""Processes that work tasks off: all come back, and one that hangs or dies holds nobody up."""

from __future__ import annotations

import os

from edgepair_sim.workers import Ended, Workers

HANGS, DIES = 3, 4


def square(number: int) -> int:
    """Return the square of a number, except of two."""
    while number == HANGS:
        pass
    if number == DIES:
        os._exit(7)
    return number * number


def ended(*numbers: int, limit_s: float = 60) -> list[Ended[int, int]]:
    workers = Workers(square, count=2, limit_s=limit_s)
    return sorted((end for end in workers.each(numbers) if end is not None), key=lambda end: end.task)


def test_every_task_comes_back_with_its_result() -> None:
    assert ended(5, 6, 7) == [Ended(5, 25), Ended(6, 36), Ended(7, 49)]


def test_fewer_tasks_than_processes_are_enough() -> None:
    assert ended(5) == [Ended(5, 25)]
    assert ended() == []


def test_a_task_that_hangs_is_ended_and_the_others_go_on() -> None:
    assert ended(HANGS, 5, 6, limit_s=2) == [Ended(HANGS, None, "it took longer than 2 s"), Ended(5, 25), Ended(6, 36)]


def test_a_process_that_dies_is_replaced() -> None:
    assert ended(DIES, 5, 6) == [Ended(DIES, None, "its process ended with 7"), Ended(5, 25), Ended(6, 36)]
