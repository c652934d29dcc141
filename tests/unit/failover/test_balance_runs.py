"""Runs of balance as the partner sees them: who gives what, when, and what is said first (protocol reference 6)."""

from __future__ import annotations

from typing import Any

import pytest

from edgepair_contract.vocabulary import BindingState, FailoverState, Role
from edgepair_engine.leases.binding import abandoned
from edgepair_engine.leases.lease import FLAG_RESERVED, Lease
from edgepair_engine.wire.failover import BndUpd, FailoverMessage, PoolReq, PoolResp, State
from tests.unit.failover.builders import MAC_OF_PRIMARY, MAC_OF_SECONDARY, T0, a_lease, a_record, address
from tests.unit.failover.opposite import Opposite, an_update, in_normal

FREE, ACTIVE, EXPIRED, RELEASED, ABANDONED, RESET, BACKUP = BindingState
PRIMARY, SECONDARY = Role.PRIMARY, Role.SECONDARY
NORMAL = FailoverState.NORMAL
CI = FailoverState.COMMUNICATIONS_INTERRUPTED
EAGER = {"min_balance_s": 5, "max_balance_s": 12}


def pool_of(*, free: int, backup: int, active: int = 0) -> list[Lease]:
    """Return never-used addresses from 10.77.1.100 on, the partner in step with all of them, then leased ones."""
    states = [FREE] * free + [BACKUP] * backup
    leases = [Lease(address(100 + number), state) for number, state in enumerate(states)]
    in_step: dict[str, Any] = {"expires_in_s": 900, "tsfp": T0 + 1005, "atsfp": T0 + 1005}
    return leases + [a_lease(100 + len(states) + number, **in_step) for number in range(active)]


def a_start(role: Role, *leases: Lease, **changes: Any) -> Opposite:
    """Return an endpoint that comes back from a short interruption, up to NORMAL."""
    story = Opposite(role, a_record(NORMAL, NORMAL), *leases, last=99 + len(leases), **changes)
    story.connect(NORMAL, window=100)
    assert story.state is NORMAL
    return story


def moved(messages: list[FailoverMessage], to: BindingState) -> list[int]:
    return [
        message.address - address(0)
        for message in messages
        if isinstance(message, BndUpd) and message.state is to and message.address is not None
    ]


def shares(story: Opposite) -> tuple[int, int]:
    (pool,) = story.table.pools("ha-pair")
    return story.table.count(pool, FREE), story.table.count(pool, BACKUP)


@pytest.mark.protocol(149, 155)
def test_the_primary_gives_half_of_a_new_pool_lowest_first_when_it_comes_to_normal() -> None:
    """Capture a1#178-#207: starts and potential are now, nothing else is known."""
    story = a_start(PRIMARY, *pool_of(free=40, backup=0))
    assert moved(story.said, BACKUP) == [*range(100, 120)]
    assert shares(story) == (20, 20)
    first = story.updates()[0]
    assert (first.stos, first.potential_expires_at, first.lease_expires_at) == (T0, T0, 0)
    assert (first.cltt, first.hardware) == (None, None)


@pytest.mark.protocol(151)
def test_the_secondary_of_a_new_pool_neither_gives_nor_asks_when_it_comes_to_normal() -> None:
    """The log of a1: lts -20, far below panic, but it is no run of the timer."""
    story = a_start(SECONDARY, *pool_of(free=40, backup=0))
    assert [message for message in story.said if isinstance(message, BndUpd | PoolReq)] == []


@pytest.mark.protocol(150, 153, 155)
@pytest.mark.parametrize(
    ("free", "backup", "given", "after"),
    [(16, 20, [116, 117], (18, 18)), (17, 19, [117], (18, 18)), (18, 19, [], (18, 19)), (18, 18, [], (18, 18))],
    ids=["d1#35, #36", "d3#32", "half an address is none", "nothing to give"],
)
def test_the_secondary_gives_its_surplus_back(free: int, backup: int, given: list[int], after: tuple[int, int]) -> None:
    story = a_start(SECONDARY, *pool_of(free=free, backup=backup))
    assert moved(story.said, FREE) == given
    assert shares(story) == after
    for update in story.updates():
        assert (update.stos, update.potential_expires_at) == (T0, T0)


@pytest.mark.protocol(150, 151)
@pytest.mark.parametrize(
    ("free", "backup", "active", "asked"),
    [(12, 1, 27, True), (11, 2, 27, False), (1, 0, 1, False), (3, 0, 1, False)],
    ids=["a3: lts -5, panic -4", "lts -4, panic -4", "half of one: lts 0, panic -1", "lts -1: not below panic -1"],
)
def test_the_secondary_asks_by_its_timer_and_only_below_panic(free: int, backup: int, active: int, asked: bool) -> None:
    story = a_start(SECONDARY, *pool_of(free=free, backup=backup, active=active), **EAGER)
    assert [message for message in story.said if isinstance(message, PoolReq)] == []
    later = [message for message in story.wait(17) if isinstance(message, PoolReq)]
    assert (len(later) > 0) is asked


@pytest.mark.protocol(152, 155)
def test_a_request_for_addresses_is_answered_by_their_number_and_then_by_each_of_them() -> None:
    """Capture a3#24-#29: 12 and 1 become 7 and 6."""
    story = a_start(PRIMARY, *pool_of(free=12, backup=12, active=16))
    story.ack_all()
    for last in range(112, 123):
        story.table.put(a_lease(last, expires_in_s=900, tsfp=T0 + 1005, atsfp=T0 + 1005))
    assert shares(story) == (12, 1)
    response, *updates = story.hear(PoolReq(time=T0, xid=41))
    assert response == PoolResp(time=T0, xid=41, addresses_transferred=5)
    assert moved(updates, BACKUP) == [100, 101, 102, 103, 104]
    assert shares(story) == (7, 6)


@pytest.mark.protocol(152)
def test_a_request_for_addresses_where_there_is_nothing_to_give_is_answered_with_none() -> None:
    story = a_start(PRIMARY, *pool_of(free=10, backup=10))
    assert story.hear(PoolReq(time=T0, xid=41)) == [PoolResp(time=T0, xid=41, addresses_transferred=0)]


@pytest.mark.protocol(151)
def test_being_asked_is_no_reason_to_ask() -> None:
    story = a_start(SECONDARY, *pool_of(free=12, backup=1, active=27))
    assert story.hear(PoolReq(time=T0, xid=41)) == [PoolResp(time=T0, xid=41, addresses_transferred=0)]


@pytest.mark.parametrize(
    "state", [CI, FailoverState.PARTNER_DOWN, FailoverState.RECOVER], ids=lambda state: state.label
)
def test_outside_normal_nothing_is_given(state: FailoverState) -> None:
    story = Opposite(PRIMARY, a_record(state, state), *pool_of(free=40, backup=0))
    story.greet()
    assert story.hear(PoolReq(time=T0, xid=41)) == [PoolResp(time=T0, xid=41, addresses_transferred=0)]
    assert shares(story) == (40, 0)


def test_reserved_addresses_count_for_nobody() -> None:
    reserved = [Lease(address(100 + number), FREE, flags=FLAG_RESERVED) for number in range(10)]
    story = a_start(PRIMARY, *reserved, *pool_of(free=14, backup=0)[10:])
    assert moved(story.said, BACKUP) == [110, 111]


def two_pools(first: list[BindingState], second: list[BindingState]) -> Opposite:
    """Return a secondary that comes to NORMAL with two prefixes, whose addresses are in these states."""
    subnets = [
        {
            "interface": "lan0",
            "prefix": f"10.77.{third}.0/24",
            "pools": [{"start": f"10.77.{third}.100", "end": f"10.77.{third}.111"}],
            "default_lease_s": 120,
            "max_lease_s": 240,
        }
        for third in (1, 2)
    ]
    leases = [Lease(address(100 + number), state) for number, state in enumerate(first)]
    leases += [Lease(address(256 + 100 + number), state) for number, state in enumerate(second)]
    story = Opposite(SECONDARY, a_record(NORMAL, NORMAL), *leases, subnets=subnets, **EAGER)
    story.connect(NORMAL, window=100)
    return story


@pytest.mark.protocol("Q24")
def test_every_pool_is_balanced_for_itself() -> None:
    """As one pool of 14 and 10 there would be nothing to give, and nothing to ask for."""
    story = two_pools([FREE] * 12, [FREE] * 2 + [BACKUP] * 10)
    assert moved(story.said, FREE) == [358, 359, 360, 361]
    assert len([message for message in story.wait(9) if isinstance(message, PoolReq)]) == 1


@pytest.mark.protocol("Q24")
def test_one_timer_asks_for_all_pools_at_once() -> None:
    story = two_pools([FREE] * 12, [FREE] * 12)
    asked = [message.time for message in story.wait(60) if isinstance(message, PoolReq)]
    assert len(asked) > 1
    assert len(asked) == len(set(asked))


# Affinity: an address that its client has left goes where that client will ask again (capture c1#45).


@pytest.mark.protocol(154, 155)
@pytest.mark.parametrize(
    ("free", "backup", "hardware", "state"),
    [
        (20, 19, MAC_OF_SECONDARY, BACKUP),
        (20, 19, MAC_OF_PRIMARY, FREE),
        (11, 17, MAC_OF_SECONDARY, BACKUP),
        (10, 18, MAC_OF_SECONDARY, FREE),
    ],
    ids=[
        "the secondary's client",
        "the primary's client",
        "lts -2, hold 3",
        "lts -3, hold 3: the secondary has enough",
    ],
)
@pytest.mark.parametrize("told_by", [PRIMARY, SECONDARY], ids=lambda role: f"ended-by-the-{role.value}")
def test_whose_a_freed_address_is(free: int, backup: int, hardware: bytes, state: BindingState, told_by: Role) -> None:
    leases = pool_of(free=free, backup=backup, active=1)
    held = leases.pop()
    last = held.address - address(0)
    ends_at = T0 + 10 if told_by is PRIMARY else T0 + 900
    gone = a_lease(last, ends_at=ends_at, hardware=hardware, tsfp=T0 + 1005, atsfp=T0 + 1005, tstp=T0 + 1005)
    story = Opposite(PRIMARY, a_record(NORMAL, NORMAL), *leases, gone, last=last)
    story.connect(NORMAL, window=100)
    given_at_start = len(story.updates())
    story.ack_all()
    if told_by is PRIMARY:
        (ended,) = [message for message in story.wait(11) if isinstance(message, BndUpd)]
        assert (ended.state, story.lease(last).state) == (EXPIRED, EXPIRED)
        answers = story.ack(ended)
    else:
        released = an_update(last, RELEASED, hardware=hardware, lease_expires_at=T0, potential_expires_at=T0)
        _, *answers = story.hear(released)
    assert given_at_start == 0
    assert story.lease(last).state is state
    now = story.now.wall_s
    assert [
        (update.state, update.stos, update.potential_expires_at) for update in answers if isinstance(update, BndUpd)
    ] == ([(BACKUP, now, now)] if state is BACKUP else [])


@pytest.mark.protocol(126)
def test_the_secondary_ends_no_lease_while_the_pair_is_normal_and_does_so_once_alone() -> None:
    """Capture c1#42: the primary ends it, also a lease that the secondary gave."""
    held = a_lease(105, expires_in_s=10, tsfp=T0 + 135, atsfp=T0 + 135)
    story = in_normal(SECONDARY, held)
    assert moved(story.wait(30), EXPIRED) == []
    assert story.lease(105).state is ACTIVE
    story.lose_link()
    story.wait(1)
    assert story.state is CI
    assert story.lease(105).state is EXPIRED


@pytest.mark.protocol(126)
def test_the_primary_ends_a_lease_that_the_secondary_gave() -> None:
    story = in_normal(PRIMARY)
    story.hear(an_update(105, hardware=MAC_OF_SECONDARY))
    assert moved(story.wait(30), EXPIRED) == []
    assert moved(story.wait(1), EXPIRED) == [105]


def test_an_abandoned_address_is_free_after_its_time_at_both_without_a_word() -> None:
    kept = a_lease(105, state=ABANDONED, hardware=None, ends_at=T0 + 10, tstp=T0, tsfp=T0, atsfp=T0)
    for role in Role:
        story = in_normal(role, kept)
        story.said.clear()
        story.wait(12)
        assert story.lease(105).state is FREE
        assert [message for message in story.said if isinstance(message, BndUpd | State)] == []


def test_an_abandoned_address_is_kept_until_the_partner_has_heard_that_its_client_left() -> None:
    """Else the partner goes on to renew a lease of it while another client gets the free address here."""
    held = a_lease(105, expires_in_s=600, tsfp=T0 + 705, atsfp=T0 + 705, rewind=ACTIVE)
    story = in_normal(PRIMARY, held)
    story.lose_link()
    story.bind(abandoned(story.lease(105), story.now, abandon_s=10))
    story.wait(60)
    assert story.lease(105).state is ABANDONED


def test_nor_is_it_free_while_the_partner_was_told_and_has_not_acknowledged() -> None:
    """The partner may have lost power with the word: it wakes up on the lease as it was."""
    held = a_lease(105, expires_in_s=600, tsfp=T0 + 705, atsfp=T0 + 705, rewind=ACTIVE)
    story = in_normal(PRIMARY, held)
    told = story.bind(abandoned(story.lease(105), story.now, abandon_s=10))
    assert [message.state for message in told if isinstance(message, BndUpd)] == [ABANDONED]
    kept = story.lease(105)
    assert kept.rewind is ABANDONED
    assert not story.endpoint.rights(story.now).may_allocate(kept, story.now)
    story.wait(60)
    assert story.lease(105).state is ABANDONED
    story.ack(told[0])
    assert story.endpoint.rights(story.now).may_allocate(story.lease(105), story.now)
