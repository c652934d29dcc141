"""The admin interface over HTTP: report, configuration, orders, leases, probes, metrics."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Sequence
from dataclasses import asdict
from ipaddress import IPv4Address
from itertools import count
from typing import Protocol

from aiohttp import web
from pydantic import ValidationError

from edgepair_contract.config import AdminConfig, MemberConfig, parse_member_config
from edgepair_contract.control import ControlAnswer, ControlRequest
from edgepair_contract.errors import ConfigError
from edgepair_contract.report import MemberReport
from edgepair_contract.value import value
from edgepair_engine.admin.board import Board
from edgepair_engine.core.effects import AnswerControl
from edgepair_engine.core.events import AskId, ConfigRefused, ConfigReplaced, ControlAsked, Event
from edgepair_engine.dhcp.explain import Explanation
from edgepair_engine.leases.record import LeaseRecord

WAIT_S_MAX = 300  # the operator uses 240; a proxy between would cut longer ones
ORDER_LIMIT_S = 10.0  # for an answer that waits for the disk
BODY_BYTES_MAX = 1024 * 1024  # a configuration over 900 KiB is refused by the operator already
ASKS_MAX = 64  # orders that wait at the same time; one more is answered 503


class Member(Protocol):
    """What the admin interface needs of the process around it."""

    def offer(self, event: Event) -> None:
        """Put an event into the inbox."""

    def alive(self) -> bool:
        """Return whether the loop has turned lately."""

    def leases(self) -> Awaitable[Sequence[LeaseRecord]]:
        """Return the stored leases."""

    def explain(self, client: str) -> Sequence[Explanation]:
        """Return what a client would be answered, or raise ValueError."""

    def metrics(self) -> bytes:
        """Return the metrics as text."""


@value
class _Ask:
    id: AskId
    answer: asyncio.Future[ControlAnswer]


class Admin:
    """The HTTP server. It decides nothing: orders and configurations become events."""

    def __init__(self, member: Member, board: Board) -> None:
        self._member = member
        self._board = board
        self._numbers = count(1)
        self._asks: dict[AskId, _Ask] = {}
        self._runner: web.AppRunner | None = None

    async def start(self, config: AdminConfig) -> tuple[str, int]:
        """Listen, and return where.

        Raises:
            OSError: the address or port cannot be had.
        """
        self._runner = web.AppRunner(self.application(), access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, str(config.address), config.port).start()
        except OSError:
            await self.stop()
            raise
        address, port = self._runner.addresses[0][:2]
        return str(address), int(port)

    async def stop(self) -> None:
        """Stop listening and end every waiting request."""
        if self._runner is not None:
            await self._runner.cleanup()
            self._runner = None

    def application(self) -> web.Application:
        """Return the routes."""
        application = web.Application(client_max_size=BODY_BYTES_MAX)
        application.add_routes(
            [
                web.get("/v1/report", self._report),
                web.put("/v1/config", self._config),
                web.post("/v1/control", self._control),
                web.get("/v1/leases", self._leases),
                web.get("/v1/explain", self._explain),
                web.get("/metrics", self._metrics),
                web.get("/livez", self._livez),
                web.get("/readyz", self._readyz),
            ]
        )
        return application

    def answer(self, output: AnswerControl) -> None:
        """Hand the engine's answer to the request that waits for it, if it still does."""
        ask = self._asks.pop(output.ask, None)
        if ask is not None and not ask.answer.done():
            ask.answer.set_result(output.answer)

    async def order(self, request: ControlRequest) -> ControlAnswer:
        """Return the engine's answer to an order.

        Raises:
            TimeoutError: it did not come in time.
        """
        ask = _Ask(AskId(next(self._numbers)), asyncio.get_running_loop().create_future())
        self._asks[ask.id] = ask
        self._member.offer(ControlAsked(ask.id, request))
        try:
            async with asyncio.timeout(ORDER_LIMIT_S):
                return await ask.answer
        finally:
            self._asks.pop(ask.id, None)

    async def _report(self, request: web.Request) -> web.Response:
        try:
            after = int(request.query.get("after", "-1"))
            wait_s = min(max(0.0, float(request.query.get("wait_s", "0"))), WAIT_S_MAX)  # "nan" is 0
        except ValueError:
            return _text(400, "after and wait_s must be numbers")
        if "after" not in request.query:
            wait_s = 0.0
        # Not "larger than": a restarted engine begins again at 1, and its report is news.
        report = await self._board.wait_for(lambda report: report.revision != after, wait_s)
        if report is None:
            return _text(503, "the first turn has not ended yet")
        return web.json_response(text=report.model_dump_json())

    async def _config(self, request: web.Request) -> web.Response:
        try:
            config = parse_member_config((await request.read()).decode(errors="replace"))
        except ConfigError as error:
            self._member.offer(ConfigRefused(str(error)))
            return _text(422, str(error))
        in_force = self._board.newest
        if in_force is not None and config.revision < in_force.config_revision:
            return _text(409, f"revision {config.revision} is older than {in_force.config_revision}, which is in force")
        self._member.offer(ConfigReplaced(config))
        return await self._verdict(config)

    async def _verdict(self, config: MemberConfig) -> web.Response:
        """Return the engine's word on a configuration: in force and stored, or refused."""

        before = self._board.newest

        def in_force(report: MemberReport) -> bool:
            return (report.config_revision, report.config_digest) == (config.revision, config.digest)

        def decided(report: MemberReport) -> bool:
            trouble = report.config_error or report.store_error
            return in_force(report) or (report is not before and trouble is not None)

        report = await self._board.wait_for(decided, ORDER_LIMIT_S)
        if report is not None and in_force(report):
            return _text(200, f"revision {config.revision} ({config.digest}) is in force")
        if report is not None and report.config_error is not None:
            return _text(409, report.config_error)
        why = "it takes long" if report is None or report.store_error is None else report.store_error
        return _text(503, f"the configuration is not stored yet: {why}")

    async def _control(self, request: web.Request) -> web.Response:
        try:
            order = ControlRequest.model_validate_json(await request.read())
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            return _text(422, f"{'.'.join(map(str, first['loc'])) or 'order'}: {first['msg']}")
        if len(self._asks) >= ASKS_MAX:
            return _text(503, f"{ASKS_MAX} orders wait already")
        try:
            answer = await self.order(order)
        except TimeoutError:
            return _text(503, f"no answer in {ORDER_LIMIT_S:.0f} s: the store does not take what the order changes")
        return web.json_response(text=answer.model_dump_json(), status=200 if answer.done else 409)

    async def _leases(self, _request: web.Request) -> web.Response:
        return web.json_response([lease_view(record) for record in await self._member.leases()])

    async def _explain(self, request: web.Request) -> web.Response:
        try:
            explanations = self._member.explain(request.query.get("client", ""))
        except ValueError as error:
            return _text(422, f"client: {error}")
        return web.json_response([asdict(explanation) for explanation in explanations])

    async def _metrics(self, _request: web.Request) -> web.Response:
        return web.Response(body=self._member.metrics(), headers={"Content-Type": "text/plain; version=0.0.4"})

    async def _livez(self, _request: web.Request) -> web.Response:
        if self._member.alive():
            return _text(200, "the loop turns")
        return _text(503, "the loop has not turned for 10 s")

    async def _readyz(self, _request: web.Request) -> web.Response:
        report = self._board.newest
        if report is None:
            return _text(503, "the first turn has not ended yet")
        return _text(200 if report.ready else 503, report.ready_why)


def lease_view(record: LeaseRecord) -> dict[str, str | int | None]:
    """Return a lease as people and scripts read it: addresses dotted, identifiers in hexadecimal digits."""
    lease = record.lease
    return {
        "address": str(IPv4Address(lease.address)),
        "group": record.group,
        "state": lease.state.name.lower(),
        "hardware": lease.hardware[1:].hex(":") if lease.hardware else None,
        "client_id": lease.client_id.hex() if lease.client_id else None,
        "starts_at": lease.starts_at,
        "ends_at": lease.ends_at,
        "tstp": lease.tstp,
        "tsfp": lease.tsfp,
        "atsfp": lease.atsfp,
        "cltt": lease.cltt,
        "hostname": lease.hostname or None,
    }


def _text(status: int, text: str) -> web.Response:
    return web.Response(status=status, text=f"{text}\n")
