"""The queue of updates, the window, and requests for all of them."""

from __future__ import annotations

import pytest

from edgepair_engine.failover.updates import Updates, bnd_upd_of
from edgepair_engine.leases.lease import Lease
from tests.unit.failover.builders import T0, a_lease, address, at


def sent(updates: Updates, *, window: int = 10, first_xid: int = 1) -> list[int]:
    addresses: list[int] = []
    while (each := updates.next(window)) is not None:
        updates.sent(each, first_xid + len(addresses))
        addresses.append(each)
    return addresses


@pytest.mark.protocol(141)
def test_an_address_waits_once_however_often_it_changes() -> None:
    updates = Updates()
    for each in (1, 2, 1):
        updates.add(each)
    assert sent(updates) == [1, 2]


@pytest.mark.protocol(137)
def test_no_more_than_the_window_is_under_way() -> None:
    updates = Updates()
    updates.add_missing([1, 2, 3])
    assert sent(updates, window=2) == [1, 2]
    updates.forget(1)
    assert sent(updates, window=2) == [3]


def test_without_a_window_nothing_is_sent() -> None:
    updates = Updates()
    updates.add(1)
    assert sent(updates, window=0) == []


@pytest.mark.protocol(134)
def test_a_change_withdraws_what_is_under_way() -> None:
    updates = Updates()
    updates.add(1)
    assert sent(updates, first_xid=7) == [1]
    updates.add(1)
    assert not updates.matches(1, 7)
    assert sent(updates, first_xid=8) == [1]


@pytest.mark.protocol(135)
def test_an_ack_counts_with_its_xid_only() -> None:
    updates = Updates()
    updates.add(1)
    sent(updates, first_xid=7)
    assert not updates.matches(1, 6)
    assert updates.matches(1, 7)


@pytest.mark.protocol(142)
def test_what_is_under_way_goes_back_to_the_head() -> None:
    updates = Updates()
    updates.add_missing([1, 2, 3])
    sent(updates, window=2)
    updates.requeue()
    assert sent(updates) == [1, 2, 3]


@pytest.mark.protocol(147)
def test_a_request_is_done_when_everything_before_it_is_acknowledged() -> None:
    updates = Updates()
    updates.add_missing([1, 2])
    sent(updates, window=1)
    updates.ask(99)
    updates.add(3)
    updates.forget(1)
    assert updates.take_done() is None
    updates.forget(2)
    done = updates.take_done()
    assert done is not None
    assert done.xid == 99
    assert updates.take_done() is None


@pytest.mark.protocol(146)
def test_of_two_requests_the_later_is_answered() -> None:
    updates = Updates()
    updates.add(1)
    updates.ask(2)
    updates.ask(3)
    updates.forget(1)
    done = updates.take_done()
    assert done is not None
    assert done.xid == 3


@pytest.mark.protocol(144)
def test_nothing_to_tell_is_done_at_once() -> None:
    updates = Updates()
    updates.ask(5)
    assert updates.take_done() is not None


@pytest.mark.protocol(17, 26)
def test_the_message_of_a_lease() -> None:
    """Capture b1#1 and a1#178."""
    message = bnd_upd_of(a_lease(), 47, at(0))
    assert (message.lease_expires_at, message.potential_expires_at, message.stos, message.cltt) == (
        T0 + 30,
        T0 + 135,
        T0,
        T0,
    )
    never_used = bnd_upd_of(Lease(address(100)), 48, at(0))
    assert (never_used.lease_expires_at, never_used.potential_expires_at, never_used.cltt) == (0, 0, None)
