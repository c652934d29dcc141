"""What is kept of clients in memory, and its bounds."""

from __future__ import annotations

from edgepair_contract.clock import Now
from edgepair_engine.dhcp.offers import OFFERS_MAX, Offers
from edgepair_engine.dhcp.rate import SENDERS_MAX, RateLimit
from edgepair_engine.leases.lease import ClientKey

T0 = Now(1_795_514_888, 1000.0)


def client(number: int) -> ClientKey:
    return ClientKey(b"h" + number.to_bytes(4))


def at(mono_s: float) -> Now:
    return Now(T0.wall_s, mono_s)


def test_a_client_has_one_pending_offer() -> None:
    offers = Offers()
    offers.hold(1, client(1), T0)
    offers.hold(2, client(1), T0)
    assert offers.of_client(client(1), T0) == 2
    assert offers.is_open_to(1, client(2), T0)
    assert not offers.is_open_to(2, client(2), T0)


def test_an_address_is_offered_to_one_client() -> None:
    offers = Offers()
    offers.hold(1, client(1), T0)
    offers.hold(1, client(2), T0)
    assert offers.of_client(client(1), T0) is None
    assert len(offers) == 1


def test_the_oldest_offer_is_forgotten_at_the_bound() -> None:
    offers = Offers()
    for number in range(OFFERS_MAX + 1):
        offers.hold(number, client(number), T0)
    assert len(offers) == OFFERS_MAX
    assert offers.of_client(client(0), T0) is None
    assert offers.of_client(client(1), T0) == 1


def test_offers_whose_time_is_over_are_forgotten_with_the_next_one() -> None:
    offers = Offers()
    offers.hold(1, client(1), at(0.0))
    offers.hold(2, client(2), at(120.0))
    assert len(offers) == 1


def test_an_offer_is_held_for_its_time() -> None:
    offers = Offers()
    offers.hold(1, client(1), at(0.0))
    assert [offers.is_held(number, at(119.0)) for number in (1, 2)] == [True, False]
    assert not offers.is_held(1, at(120.0))


def test_a_client_may_ask_twice_its_rate_at_once_and_then_its_rate() -> None:
    limit = RateLimit(10)
    assert [limit.lets_through(b"client", at(0.0)) for _ in range(21)] == [True] * 20 + [False]
    assert not limit.lets_through(b"client", at(0.05))
    assert limit.lets_through(b"client", at(0.1))
    assert limit.lets_through(b"another", at(0.1))


def test_only_so_many_senders_are_remembered() -> None:
    limit = RateLimit(1)
    for sender in range(SENDERS_MAX + 1):
        limit.lets_through(sender, at(0.0))
    assert limit.lets_through(1, at(0.0))
    assert not limit.lets_through(1, at(0.0))
