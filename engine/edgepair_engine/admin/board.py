"""The board: the newest report, and those who wait for a newer one."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from edgepair_contract.report import MemberReport


class Board:
    """Holds the last published report. It is always one of a durable turn."""

    def __init__(self) -> None:
        self._report: MemberReport | None = None
        self._turned = asyncio.Event()

    @property
    def newest(self) -> MemberReport | None:
        """Return the report published last; None before the first turn ended."""
        return self._report

    def publish(self, report: MemberReport) -> None:
        """Put up a newer report and wake all who wait."""
        self._report = report
        turned, self._turned = self._turned, asyncio.Event()
        turned.set()

    async def wait_for(self, wanted: Callable[[MemberReport], bool], wait_s: float) -> MemberReport | None:
        """Return the first report that is wanted, or the newest one when the wait is over."""
        try:
            async with asyncio.timeout(wait_s):
                while self._report is None or not wanted(self._report):
                    await self._turned.wait()
        except TimeoutError:
            pass
        return self._report
