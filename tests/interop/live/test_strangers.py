"""Who else talks to the failover port while the pair serves: nobody is believed, and dhcpd notices nothing."""

from __future__ import annotations

import socket
import time
from functools import partial

import pytest

from edgepair_contract.vocabulary import BindingState, FailoverState
from edgepair_engine.wire.failover import BndUpd, FailoverMessage, State, encode_failover
from tests.interop.live.pair import Pair, settled
from tests.interop.live.terms import LINK
from tests.interop.netns import inside

CLOSED_WITHIN_S = 5.0
A119 = 0x0A4D0177  # 10.77.1.119


def before_connect() -> list[FailoverMessage]:
    now = int(time.time())
    lease = BndUpd(
        time=now,
        xid=1,
        address=A119,
        state=BindingState.ACTIVE,
        hardware=bytes.fromhex("01026600000001"),
        lease_expires_at=now + 600,
        potential_expires_at=now + 900,
        stos=now,
    )
    return [State(time=now, xid=0, state=FailoverState.PARTNER_DOWN.wire, startup=False, stos=now), lease]


def closes_on(address: str, message: FailoverMessage) -> bool:
    """Return whether the server there hangs up on a connection that begins with this message."""
    with socket.create_connection((address, 647), timeout=CLOSED_WITHIN_S) as connection:
        connection.sendall(encode_failover(message))
        while connection.recv(4096):  # a primary says CONNECT first, to whomever it may be
            pass
    return True


@pytest.mark.protocol(37, "I8", "Q23")
def test_what_comes_before_connect_counts_for_nothing_even_from_the_partners_address(pair: Pair) -> None:
    pair.start()
    ours = LINK[pair.ours.role]
    for message in before_connect():
        assert inside(pair.theirs.namespace, partial(closes_on, ours, message))
    assert pair.ours.state() is FailoverState.NORMAL
    assert pair.bound(pair.ours, "10.77.1.119") is None
    client = pair.crowd.client(of=pair.theirs.role)
    client.takes()
    settled(pair)
