"""Clients that renew all along, from a thread of their own, while servers under them are exchanged."""

from __future__ import annotations

import signal
import threading
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from tests.interop.clients import Udhcpc

EVERY_S = 0.4  # one client after the other: each renews every few seconds


class Renewals:
    """Asks one client after the other to renew, for as long as the `with` lasts."""

    def __init__(self, clients: Sequence[Udhcpc]) -> None:
        self._clients = clients
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        turn = 0
        while not self._over.wait(EVERY_S):
            process = self._clients[turn % len(self._clients)].process
            if process is not None and process.runs():
                process.signal(signal.SIGUSR1)
            turn += 1


def servers_of(client: Udhcpc) -> list[str]:
    """Return which server answered each renewal."""
    return [server for _address, server, *_ in client.events("renew")]


def addresses_of(client: Udhcpc) -> set[str]:
    """Return all addresses that the client has had."""
    return {event[0] for event in (*client.events("bound"), *client.events("renew"))}
