"""How many free addresses go to the partner, which, and when."""

from __future__ import annotations

import pytest

from edgepair_contract.vocabulary import BindingState
from edgepair_engine.failover.balance import Ages, Shares, next_run_in_s, shares, to_give
from edgepair_engine.leases.lease import Lease
from tests.unit.failover.builders import MAC_OF_SECONDARY, T0, a_group, a_lease, address, at


@pytest.mark.protocol(150)
@pytest.mark.parametrize(
    ("own", "partners", "expected"),
    [
        (40, 0, Shares(to_send=20, threshold=6, hold=4, panic=-12)),
        (0, 40, Shares(to_send=-20, threshold=6, hold=4, panic=-12)),
        (1, 12, Shares(to_send=-5, threshold=2, hold=1, panic=-4)),
        (12, 1, Shares(to_send=5, threshold=2, hold=1, panic=-4)),
        (20, 16, Shares(to_send=2, threshold=5, hold=4, panic=-10)),
        (19, 17, Shares(to_send=1, threshold=5, hold=4, panic=-10)),
        (4, 7, Shares(to_send=-1, threshold=2, hold=1, panic=-4)),
        (0, 1, Shares(to_send=0, threshold=0, hold=0, panic=-1)),
    ],
    ids=[
        "a1 primary",
        "a1 secondary",
        "a3 secondary",
        "a3 primary",
        "d1 secondary",
        "d3 secondary",
        "halves are cut towards nought",
        "too few for a threshold",
    ],
)
def test_the_figures_of_a_run(own: int, partners: int, expected: Shares) -> None:
    assert shares(own, partners, a_group()) == expected


@pytest.mark.protocol(151)
def test_only_far_below_its_share_a_server_asks() -> None:
    assert shares(1, 12, a_group()).wanting
    assert not shares(4, 12, a_group()).wanting


def free(last: int, *, ends_ago_s: int | None = None, hardware: bytes | None = None) -> Lease:
    if ends_ago_s is None:
        return Lease(address(last))
    return a_lease(last, state=BindingState.FREE, expires_in_s=-ends_ago_s, hardware=hardware)


def given(leases: list[Lease], figures: Shares) -> list[int]:
    chosen = to_give(leases, figures, is_partners=lambda lease: lease.hardware == MAC_OF_SECONDARY)
    return [lease.address - address(0) for lease in chosen]


@pytest.mark.protocol(149)
def test_never_used_addresses_go_lowest_first_until_both_have_the_same() -> None:
    leases = [free(last) for last in range(100, 106)]
    assert given(leases, Shares(to_send=3, threshold=1, hold=1, panic=-2)) == [100, 101, 102]


def test_addresses_of_the_partners_clients_go_even_when_it_has_enough() -> None:
    leases = [free(101, ends_ago_s=50, hardware=MAC_OF_SECONDARY), free(102, ends_ago_s=40)]
    assert given(leases, Shares(to_send=0, threshold=1, hold=1, panic=-2)) == [101]
    assert given(leases, Shares(to_send=-1, threshold=1, hold=1, panic=-2)) == []


def test_used_addresses_of_my_clients_stay_within_the_hold() -> None:
    leases = [free(101, ends_ago_s=50), free(102, ends_ago_s=40), free(103, ends_ago_s=30)]
    assert given(leases, Shares(to_send=3, threshold=1, hold=1, panic=-2)) == [101, 102]


def next_run(ages: Ages, *, last_run_s_ago: float | None = None) -> float:
    config = a_group(min_balance_s=60, max_balance_s=3600)
    return next_run_in_s(ages, config, at(0), last_run_s_ago=last_run_s_ago, chance=NoChance())


class NoChance:
    """Chance that always says the least: the spread of runs is not what is looked at here."""

    def random(self) -> float:
        return 0.0

    def randint(self, a: int, b: int, /) -> int:
        return a


@pytest.mark.parametrize(
    ("ages", "last_run_s_ago", "expected"),
    [
        (Ages(0, 0), None, 3600),
        (Ages(T0 - 1000, 0), None, 300),
        (Ages(0, T0 - 1000), None, 150),
        (Ages(None, 0), None, 0),
        (Ages(None, 0), 10.0, 50),
        (Ages(T0 + 5, T0 + 5), 100.0, 0),
    ],
    ids=[
        "never-used addresses can wait",
        "my oldest counts twice",
        "the partner's counts once",
        "nothing left: now",
        "but not so soon after the last run",
        "an end ahead is no age",
    ],
)
def test_when_the_next_run_is(ages: Ages, last_run_s_ago: float | None, expected: float) -> None:
    assert next_run(ages, last_run_s_ago=last_run_s_ago) == expected
