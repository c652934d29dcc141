"""Who waits for a report gets the first one that is wanted, or the newest when the wait is over."""

from __future__ import annotations

import asyncio

from edgepair_contract.report import MemberReport
from edgepair_engine.admin.board import Board


def a_report(revision: int) -> MemberReport:
    return MemberReport(
        revision=revision,
        boot="b",
        server="s",
        version="0",
        started_at=0,
        config_revision=0,
        config_digest="d",
    )


def test_a_waiter_wakes_with_the_report_it_wants() -> None:
    async def story() -> MemberReport | None:
        board = Board()
        waiter = asyncio.create_task(board.wait_for(lambda report: report.revision == 3, wait_s=10.0))
        for revision in (1, 2, 3):
            await asyncio.sleep(0)
            board.publish(a_report(revision))
        return await waiter

    assert asyncio.run(story()) == a_report(3)


def test_when_the_wait_is_over_the_newest_is_given() -> None:
    async def story() -> MemberReport | None:
        board = Board()
        board.publish(a_report(1))
        return await board.wait_for(lambda report: report.revision == 3, wait_s=0.0)

    assert asyncio.run(story()) == a_report(1)


def test_nothing_is_given_before_the_first_turn() -> None:
    assert asyncio.run(Board().wait_for(lambda _report: True, wait_s=0.0)) is None
