"""The judgement over what live clients were told: it must see each wrong, and nothing else."""

from __future__ import annotations

from tests.interop.live.history import Event, History, Promise

ANN, BOB = "02:77:00:00:00:01", "02:77:00:00:00:02"
X = "10.77.1.100"


def a_promise(mac: str, at: float, until: float, *, address: str = X, server: str = "10.77.1.2") -> Promise:
    return Promise(mac=mac, address=address, server=server, at=at, until=until, lease_s=int(until - at))


def a_history(*promises: Promise, given_up: tuple[Event, ...] = (), refusals: tuple[Event, ...] = ()) -> History:
    history = History()
    history.promises.extend(promises)
    history.given_up.extend(given_up)
    history.refusals.extend(refusals)
    return history


def test_an_address_that_a_second_client_gets_in_the_first_ones_time_is_a_fault() -> None:
    faults = a_history(a_promise(ANN, 100.5, 110), a_promise(BOB, 109.9, 120, server="10.77.1.3")).faults()
    assert faults == [
        "10.77.1.100 belonged to 02:77:00:00:00:01 until 110.00 (10.77.1.2), "
        "and 10.77.1.3 gave it to 02:77:00:00:00:02 at 109.90"
    ]


def test_a_renewal_lengthens_the_first_ones_time() -> None:
    history = a_history(a_promise(ANN, 100, 110), a_promise(ANN, 105, 130), a_promise(BOB, 120, 140))
    assert len(history.faults()) == 1


def test_an_address_that_was_over_or_given_up_is_free_for_the_next() -> None:
    over = a_history(a_promise(ANN, 100, 110), a_promise(BOB, 110.2, 120))
    released = a_history(
        a_promise(ANN, 100, 110), a_promise(BOB, 105, 120), given_up=(Event(mac=ANN, address=X, at=104),)
    )
    assert (over.faults(), released.faults()) == ([], [])


def test_what_was_given_up_and_taken_again_counts_again() -> None:
    history = a_history(
        a_promise(ANN, 100, 110),
        a_promise(ANN, 105, 115),
        a_promise(BOB, 114, 120),
        given_up=(Event(mac=ANN, address=X, at=104),),
    )
    assert len(history.faults()) == 1


def test_two_addresses_are_two_things() -> None:
    assert a_history(a_promise(ANN, 100, 110), a_promise(BOB, 101, 111, address="10.77.1.101")).faults() == []


def test_a_refusal_within_the_lease_breaks_a_promise_and_one_after_it_does_not() -> None:
    promise = a_promise(ANN, 100, 110)
    within = a_history(promise, refusals=(Event(mac=ANN, address=X, at=109, server="10.77.1.3"),))
    after = a_history(promise, refusals=(Event(mac=ANN, address=X, at=110.5, server="10.77.1.3"),))
    assert within.faults() == [
        "10.77.1.3 refused 10.77.1.100 to 02:77:00:00:00:01 at 109.00, which 10.77.1.2 had promised until 110.00"
    ]
    assert after.faults() == []
