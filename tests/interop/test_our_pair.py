"""Two engines of ours as partners."""

from __future__ import annotations

import time
from collections.abc import Callable

from tests.interop.lab import Lab
from tests.interop.netns import eventually


def test_two_of_ours_reach_normal_serve_both_halves_and_outlive_each_other(
    lab: Lab, figure: Callable[[str], None]
) -> None:
    began_s = time.monotonic()
    first, second = lab.engine("primary", partner_is_ours=True), lab.engine("secondary", partner_is_ours=True)
    first.start()
    second.start()

    def both(state: str) -> bool:
        return (first.my_state(), second.my_state()) == (state, state)

    eventually("both NORMAL", lambda: both("Normal"), within_s=30, state=lambda: first.log() + second.log())
    figure(f"ours and ours: both NORMAL {time.monotonic() - began_s:.2f} s after both were started")
    clients = lab.clients(2)
    for client in clients:
        client.start()
    given = [client.bound() for client in clients]
    assert [server for _address, server in given] == ["10.77.1.2", "10.77.1.3"]
    eventually(
        "both know both leases",
        lambda: all(address in side.leases() for side in (first, second) for address, _server in given),
        within_s=10,
    )

    second.kill()
    killed_s = time.monotonic()
    eventually("the first notices", lambda: first.my_state() == "Communications-Interrupted", within_s=2, every_s=0.005)
    figure(f"ours and ours: partner killed, noticed {1000 * (time.monotonic() - killed_s):.0f} ms later")
    assert clients[1].renew() == (given[1][0], "10.77.1.2")
    second.start()
    eventually("both NORMAL again", lambda: both("Normal"), within_s=30, state=lambda: first.log() + second.log())
