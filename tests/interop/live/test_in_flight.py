"""A server ends while thousands of updates are on their way; none is lost."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from edgepair_contract.vocabulary import FailoverState
from edgepair_engine.wire.failover import BndUpd
from tests.interop.live.conftest import PairOf
from tests.interop.live.load import rush
from tests.interop.live.pair import settled
from tests.interop.live.servers import Server
from tests.interop.live.terms import ROLES, Terms
from tests.interop.netns import eventually

ALONE = FailoverState.COMMUNICATIONS_INTERRUPTED
# 3,528 addresses, and no lease that ends meanwhile. Each server gives its own clients leases while it does not know yet
# that the link is cut: it offers nothing to the other's.
MANY = Terms(first="10.77.2.0", last="10.77.15.199", mclt_s=600, lease_s=600, max_lease_s=600, max_response_delay_s=20)
EACH = 1000


@pytest.mark.parametrize("how", ["killed", "asked to end"])
@pytest.mark.parametrize("who", ["ours", "theirs"])
@pytest.mark.protocol(137, 142, 143, "I3")
def test_a_restart_while_thousands_of_updates_are_in_flight_loses_none(
    pair_of: PairOf, who: str, how: str, figure: Callable[[str], None]
) -> None:
    pair = pair_of(MANY)
    tap = pair.tap()
    pair.start()
    clients = [*pair.crowd.clients(EACH, of=pair.ours.role), *pair.crowd.clients(EACH, of=pair.theirs.role)]
    pair.cut()
    rush(clients)
    pair.reach(ALONE)
    server: Server = pair.ours if who == "ours" else pair.theirs
    pair.mend()
    mended_s = time.monotonic()

    def passed() -> list[int]:
        return [len(tap.all(BndUpd, by=role, since=mended_s)) for role in ROLES]

    eventually("updates pass both ways", lambda: min(passed()) >= 100, within_s=60, every_s=0.01, state=pair.diary)
    if how == "killed":
        server.kill()
    else:
        server.end()
    by_then = passed()
    server.start()
    settled(pair)
    figure(f"ours {pair.role}: {who} {how} after {by_then} of {EACH} updates each way; {passed()} at the end")
    assert max(tap.most_unanswered(role, since=mended_s) for role in ROLES) == 10  # max-unacked-updates of both
    table = pair.ours.table()
    assert [table[client.address].hardware for client in clients] == [client.mac for client in clients]
