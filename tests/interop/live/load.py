"""Load: so many acts of clients a second, in a thread of its own."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from functools import partial

from tests.interop.live.clients import Client

RENEWALS = 4  # then it gives the lease back
PATIENCE_S = 2.0  # before it asks again
AT_ONCE = 50  # clients that ask together; the socket of a server holds more
RUSH_LIMIT_S = 120.0


def rush(clients: Sequence[Client]) -> None:
    """Let many clients get a lease as fast as the servers give them, each by DISCOVER and REQUEST."""
    waiting = list(clients)
    deadline_s = time.monotonic() + RUSH_LIMIT_S
    while waiting:
        assert time.monotonic() < deadline_s, f"{len(waiting)} of {len(clients)} clients have no lease"
        asking = waiting[:AT_ONCE]
        crowd = asking[0].crowd
        with crowd.heard:
            for client in asking:
                client.discovers()
            crowd.heard.wait_for(partial(_all_have, asking), PATIENCE_S)
        waiting = [client for client in waiting[AT_ONCE:] + asking if client.lease is None]


class Load:
    """Clients that take, renew and give back leases, one act after the other, until stopped."""

    def __init__(self, clients: Sequence[Client], *, per_s: float) -> None:
        self.acts = 0
        self._clients = clients
        self._pause_s = 1 / per_s
        self._stop = threading.Event()
        self._asked_s: dict[str, float] = {}
        self._renewals: dict[str, int] = {}
        self._thread = threading.Thread(target=self._run, name="load")

    def __enter__(self) -> Load:
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        due_s = time.monotonic()
        while not self._stop.is_set():
            client = self._clients[self.acts % len(self._clients)]
            with client.crowd.heard:  # what it holds stays so meanwhile
                self._act(client)
            self.acts += 1
            due_s = max(due_s + self._pause_s, time.monotonic() - 1)  # a second behind is not made up for
            self._stop.wait(max(0.0, due_s - time.monotonic()))

    def _act(self, client: Client) -> None:
        lease = client.lease
        if lease is None or lease.until < time.time():
            began_s = self._asked_s.setdefault(client.mac, time.monotonic())
            self._renewals[client.mac] = 0
            client.discovers(secs=int(time.monotonic() - began_s))
            return
        self._asked_s.pop(client.mac, None)
        self._renewals[client.mac] += 1
        if self._renewals[client.mac] > RENEWALS:
            client.releases()
        elif time.time() - lease.at > PATIENCE_S * 2:
            client.asks_to_rebind()
        else:
            client.asks_to_renew()


def _all_have(clients: Sequence[Client]) -> bool:
    return all(client.lease is not None for client in clients)
