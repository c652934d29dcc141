"""What the engines say: one task and kept connection a server, long polls; and how to hand one its configuration."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum

from aiohttp import AddrInfoType, ClientError, ClientSession, ClientTimeout, TCPConnector

from edgepair_contract.clock import Chance
from edgepair_contract.config import MemberConfig
from edgepair_contract.report import MemberReport
from edgepair_operator.api.keys import ObjectKey
from edgepair_operator.metrics import Metrics
from edgepair_operator.plan.world import Reach

WAIT_S = 240  # how long an engine may hold a question; it allows 300
ASK_LIMIT_S = 3.0  # the least maxResponseDelaySeconds: a first question, and one after a failure, is answered at once
PUSH_LIMIT_S = 5.0
RETRY_FIRST_S = 0.25
RETRY_MAX_S = 5.0  # a server that comes back is seen within this
REPORT_BYTES_MAX = 4 * 1024 * 1024  # 64 groups with 64 pools and 20 transitions each stay below it
# A host that died answers no probe of the kernel: it shows after 2 + 3 x 1 s.
KEEPALIVE = (
    (socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1),
    (socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 2),
    (socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 1),
    (socket.IPPROTO_TCP, socket.TCP_KEEPCNT, 3),
    (socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 5000),
)


@dataclass(frozen=True, slots=True)
class Target:
    """Where a server's engine answers. A new pod, or one whose readiness turned, is another target: it is asked anew.

    So a stopped process, whose kernel still answers for it, is found out by its readiness probe.
    """

    url: str
    pod_uid: str
    ready: bool


class Push(Enum):
    """What became of a configuration that was handed to an engine."""

    ACCEPTED = "accepted"
    OUTDATED = "outdated"
    REFUSED = "refused"
    UNREACHED = "unreached"


class Engines:
    """The reports of all servers that are followed.

    `changed` is told the key of a server whose report is new, or that stopped or began to answer.
    """

    def __init__(
        self, *, clock: Callable[[], datetime], chance: Chance, metrics: Metrics, changed: Callable[[ObjectKey], None]
    ) -> None:
        self._clock = clock
        self._chance = chance
        self._metrics = metrics
        self._changed = changed
        self._reaches: dict[ObjectKey, Reach] = {}
        self._targets: dict[ObjectKey, Target] = {}
        self._tasks: dict[ObjectKey, asyncio.Task[None]] = {}
        self._group: asyncio.TaskGroup | None = None
        self._session: ClientSession | None = None

    async def run(self) -> None:
        """Own the tasks and the connections until cancelled."""
        connector = TCPConnector(limit=0, socket_factory=_socket)
        async with ClientSession(connector=connector, timeout=ClientTimeout(total=None)) as session:
            self._session = session
            async with asyncio.TaskGroup() as self._group:
                await asyncio.Event().wait()

    def follow(self, server: ObjectKey, target: Target | None) -> None:
        """Ask this server from now on, at the given place; None: it has no pod that could answer."""
        if target == self._targets.get(server) and server in self._reaches:
            return
        self._stop(server)
        self._reaches.setdefault(server, Reach(lost_at=self._clock()))
        if target is None:
            self._lose(server)
            return
        assert self._group is not None, "follow before run"
        self._targets[server] = target
        self._tasks[server] = self._group.create_task(self._ask_on(server, target), name=f"follow {server}")

    def forget(self, server: ObjectKey) -> None:
        """Stop asking a server that is gone."""
        self._stop(server)
        self._reaches.pop(server, None)

    def reach(self, server: ObjectKey) -> Reach:
        """Return what is known from this server."""
        return self._reaches.get(server, Reach())

    async def push(self, server: ObjectKey, config: MemberConfig) -> Push:
        """Hand an engine its newest configuration and return what it made of it."""
        target = self._targets.get(server)
        if target is None or self._session is None:
            return Push.UNREACHED
        try:
            async with (
                asyncio.timeout(PUSH_LIMIT_S),
                self._session.put(
                    f"{target.url}/v1/config",
                    data=config.model_dump_json(),
                    headers={"Content-Type": "application/json"},
                ) as answer,
            ):
                outcome = {200: Push.ACCEPTED, 409: Push.OUTDATED}.get(answer.status, Push.REFUSED)
        except (ClientError, OSError, TimeoutError):
            outcome = Push.UNREACHED
        self._metrics.asked(f"config-{outcome.value}")
        return outcome

    async def _ask_on(self, server: ObjectKey, target: Target) -> None:
        after: int | None = None
        failures = 0
        while True:
            try:
                report = await self._ask(server, target, after)
            except (ClientError, OSError, TimeoutError, ValueError):
                self._metrics.asked("failed")
                after = None
                self._lose(server)
                failures += 1
                await asyncio.sleep(self._pause_s(failures))
            else:
                self._metrics.asked("answered")
                after, failures = report.revision, 0
                self._hear(server, report)

    async def _ask(self, server: ObjectKey, target: Target, after: int | None) -> MemberReport:
        """Return the report now, or, when `after` is known, as soon as it differs.

        Raises:
            ValueError: what answers there is no engine of ours, or another server's.
        """
        assert self._session is not None
        wait_s = 0 if after is None else round(WAIT_S * (0.75 + 0.25 * self._chance.random()))
        query = {} if after is None else {"after": str(after), "wait_s": str(wait_s)}
        async with (
            asyncio.timeout(ASK_LIMIT_S + wait_s),
            self._session.get(f"{target.url}/v1/report", params=query) as answer,
        ):
            answer.raise_for_status()
            body = await answer.content.read(REPORT_BYTES_MAX)
            while not answer.content.at_eof() and len(body) < REPORT_BYTES_MAX:
                body += await answer.content.read(REPORT_BYTES_MAX - len(body))
        report = MemberReport.model_validate_json(body)
        if report.server != server.name:
            raise ValueError(f"{target.url} answers for {report.server}, not for {server.name}")
        return report

    def _hear(self, server: ObjectKey, report: MemberReport) -> None:
        before = self._reaches.get(server)
        self._reaches[server] = Reach(report=report)
        if before != self._reaches[server]:
            self._changed(server)

    def _lose(self, server: ObjectKey) -> None:
        reach = self._reaches.get(server)
        if reach is not None and reach.lost_at is None:
            self._reaches[server] = replace(reach, lost_at=self._clock())
            self._changed(server)

    def _stop(self, server: ObjectKey) -> None:
        self._targets.pop(server, None)
        task = self._tasks.pop(server, None)
        if task is not None:
            task.cancel()

    def _pause_s(self, failures: int) -> float:
        return min(RETRY_MAX_S, RETRY_FIRST_S * 2.0 ** min(failures, 16)) * (0.5 + self._chance.random())


def _socket(address: AddrInfoType) -> socket.socket:
    family, kind, protocol, _, _ = address
    made = socket.socket(family, kind, protocol)
    for level, option, value in KEEPALIVE:
        made.setsockopt(level, option, value)
    return made
