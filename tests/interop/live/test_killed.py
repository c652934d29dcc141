"""A server is killed and comes back; what the other gave meanwhile is known to both afterwards."""

from __future__ import annotations

from functools import partial

import pytest

from edgepair_contract.vocabulary import BindingState, FailoverState
from tests.interop.live.conftest import PairOf
from tests.interop.live.pair import Pair, settled
from tests.interop.live.servers import Server
from tests.interop.live.terms import Terms

ALONE = FailoverState.COMMUNICATIONS_INTERRUPTED
AVAILABLE = (BindingState.FREE, BindingState.BACKUP)
PATIENT = Terms(mclt_s=120, lease_s=240)  # no lease ends but that of a client that wished for it


def is_free(pair: Pair, address: str) -> bool:
    return pair.ours.table()[address].state in AVAILABLE


@pytest.mark.gate
@pytest.mark.parametrize("dead", ["ours", "theirs"])
@pytest.mark.protocol(72, 76, 110, 112, 143)
def test_what_the_survivor_gave_while_the_other_was_dead_is_known_to_both_afterwards(
    pair_of: PairOf, dead: str
) -> None:
    pair = pair_of(PATIENT)
    pair.start()
    killed: Server = pair.ours if dead == "ours" else pair.theirs
    survivor = pair.partner(killed)
    renewing, releasing = pair.crowd.clients(2, of=killed.role)
    silent = pair.crowd.client(of=killed.role, wish_s=15)
    for client in (renewing, releasing, silent):
        assert client.takes().server == killed.address
        pair.wait("it is acknowledged", partial(killed.acked, client.address))
    pair.equal()

    killed.kill()
    pair.wait("the survivor is alone", lambda: survivor.state() is ALONE)
    first = renewing.lease
    renewed = renewing.renews(at=survivor.address)
    assert first is not None
    assert (renewed.address, renewed.server) == (first.address, survivor.address)
    given_back = releasing.address
    releasing.reboots()
    releasing.releases()
    newcomers = [*pair.crowd.clients(6, of=killed.role), *pair.crowd.clients(3, of=survivor.role)]
    assert {client.takes().server for client in newcomers} == {survivor.address}

    killed.start()
    settled(pair)
    for client in (renewing, *newcomers):
        assert pair.bound(pair.ours, client.address) == client.mac
    for address in (given_back, silent.address):
        pair.wait(f"{address} is free", partial(is_free, pair, address))
    assert renewing.renews(at=killed.address).address == first.address
    assert pair.crowd.client(of=killed.role).takes().server == killed.address
    settled(pair)
