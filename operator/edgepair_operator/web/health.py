"""`/livez`, `/readyz` and `/metrics` of the operator."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from aiohttp import web

from edgepair_contract.errors import ConfigError

Check = Callable[[], str | None]
Handler = Callable[[web.Request], Awaitable[web.Response]]


@asynccontextmanager
async def serve(
    address: str, port: int, *, alive: Check, ready: Check, metrics: Callable[[], bytes]
) -> AsyncIterator[int]:
    """Answer while the block runs; yields the port. A check returns why not, or None.

    Raises:
        ConfigError: nobody can listen there.
    """
    application = web.Application()
    application.add_routes(
        [
            web.get("/livez", _answering(alive)),
            web.get("/readyz", _answering(ready)),
            web.get("/metrics", _exposing(metrics)),
        ]
    )
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    try:
        site = web.TCPSite(runner, address, port)
        try:
            await site.start()
        except OSError as error:
            raise ConfigError("--http-port", port, f"cannot be listened on: {error.strerror}") from error
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


def _answering(check: Check) -> Handler:
    async def answer(_: web.Request) -> web.Response:
        why = check()
        return web.Response(text="ok\n") if why is None else web.Response(status=503, text=f"{why}\n")

    return answer


def _exposing(metrics: Callable[[], bytes]) -> Handler:
    async def answer(_: web.Request) -> web.Response:
        return web.Response(body=metrics(), content_type="text/plain", charset="utf-8")

    return answer
