"""A server that is alone gives away all that it may give; when the other is back they share what is left."""

from __future__ import annotations

import pytest

from edgepair_contract.vocabulary import BindingState, FailoverState
from tests.interop.live.conftest import PairOf
from tests.interop.live.pair import FREE_OF, settled
from tests.interop.live.servers import Server
from tests.interop.live.terms import Terms

ALONE = FailoverState.COMMUNICATIONS_INTERRUPTED
# 24 addresses, no lease that ends meanwhile, and a look at the shares every few seconds.
SMALL = Terms(last="10.77.1.123", mclt_s=120, lease_s=240, min_balance_s=3, max_balance_s=4)


@pytest.mark.parametrize("gone", ["ours", "theirs"])
@pytest.mark.protocol(115, 150, 153)
def test_a_server_that_ran_dry_while_alone_gets_half_of_what_is_left(pair_of: PairOf, gone: str) -> None:
    pair = pair_of(SMALL)
    pair.start()
    killed: Server = pair.ours if gone == "ours" else pair.theirs
    alone = pair.partner(killed)
    killed.kill()
    pair.wait("the other is alone", lambda: alone.state() is ALONE)
    clients = [*pair.crowd.clients(6, of=killed.role), *pair.crowd.clients(6, of=alone.role)]
    assert {client.takes().server for client in clients} == {alone.address}
    late = pair.crowd.client(of=alone.role)
    late.asks_around(secs=10)
    pair.crowd.all_answered([alone.address])
    assert late.offers == []  # the twelve that are left are the other's

    killed.start()
    pair.wait("they have shared what was left", lambda: pair.count(FREE_OF[alone.role]) == 6)
    assert late.takes().server == alone.address
    settled(pair)
    assert [pair.count(state) for state in (BindingState.FREE, BindingState.BACKUP)] in ([6, 5], [5, 6])
