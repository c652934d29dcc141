"""What each move of a binding writes, and the end of leases without failover."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from edgepair_contract.clock import Now
from edgepair_contract.config import MemberConfig
from edgepair_contract.vocabulary import BindingState
from edgepair_engine.leases import expiry
from edgepair_engine.leases.binding import MOVES, abandoned, expired, freed, given, released
from edgepair_engine.leases.expiry import end_leases, next_end
from edgepair_engine.leases.lease import Lease
from edgepair_engine.leases.pool import Pool, pools_of
from edgepair_engine.leases.record import LeaseRecord
from edgepair_engine.leases.table import LeaseTable

FREE, ACTIVE, EXPIRED, RELEASED, ABANDONED, RESET, BACKUP = BindingState
LEASE = Lease(
    100,
    state=ACTIVE,
    hardware=b"\x01a",
    client_id=b"id",
    hostname="a",
    starts_at=10,
    ends_at=40,
    tstp=145,
    tsfp=145,
    atsfp=145,
    cltt=10,
)
NOW = Now(40, 40.0)


def test_an_expired_lease_keeps_its_potential() -> None:
    assert expired(LEASE) == replace(LEASE, state=EXPIRED, atsfp=0)


@pytest.mark.protocol(129)
def test_a_released_lease_ends_now() -> None:
    assert released(LEASE, Now(20, 0)) == replace(LEASE, state=RELEASED, ends_at=20, tstp=20, atsfp=0)


@pytest.mark.protocol(130)
def test_an_abandoned_address_has_no_client() -> None:
    lease = abandoned(LEASE, NOW, abandon_s=86400)
    assert (lease.state, lease.client_id, lease.hardware, lease.hostname) == (ABANDONED, None, None, "")
    assert (lease.ends_at, lease.tstp, lease.cltt) == (86440, LEASE.tstp, LEASE.cltt)
    assert lease.needs_update


def test_an_abandoned_address_of_the_partners_is_told_too() -> None:
    lease = abandoned(replace(LEASE, tstp=0), NOW, abandon_s=86400)
    assert (lease.tstp, lease.needs_update) == (NOW.wall_s, True)


def test_a_freed_address_remembers_its_client() -> None:
    lease = freed(expired(LEASE), to=BACKUP)
    assert (lease.state, lease.hardware, lease.tstp) == (BACKUP, b"\x01a", 40)


@pytest.mark.protocol(155)
def test_a_given_address_starts_now() -> None:
    lease = given(Lease(100, ends_at=7), NOW, to=BACKUP)
    assert lease == Lease(100, state=BACKUP, starts_at=40, ends_at=7, tstp=40)
    assert lease.needs_update


@pytest.mark.parametrize("state", [state for state in BindingState if EXPIRED not in MOVES[state]])
def test_only_an_active_lease_expires(state: BindingState) -> None:
    with pytest.raises(AssertionError):
        expired(replace(LEASE, state=state))


PLAIN = Pool("10.2.0.0/24", "", ((100, 109),))
SHARED = Pool("10.1.0.0/24", "lan0", ((200, 209),))


def test_without_failover_a_lease_is_free_when_the_second_of_its_end_is_over() -> None:
    table = LeaseTable([PLAIN, SHARED], [LEASE, replace(LEASE, address=101, ends_at=41), replace(LEASE, address=200)])
    assert next_end(table, "") == 41
    assert end_leases(table, NOW) == ()
    records = end_leases(table, Now(41, 41.0))
    assert records == (LeaseRecord("", table.get(100)),)
    assert [table.get(address).state for address in (100, 101, 200)] == [FREE, ACTIVE, ACTIVE]
    assert next_end(table, "") == 42


@pytest.mark.parametrize(
    ("wall_s", "held"),
    [(39, True), (40, True), (41, False)],
    ids=["before its end", "in the second of its end", "after it"],
)
def test_an_address_is_its_clients_until_the_second_of_its_end_is_over(wall_s: int, held: bool) -> None:
    """The lease was given at some fraction of second 10, of which `ends_at` knows nothing."""
    assert LEASE.is_held(Now(wall_s, 0.0)) is held
    assert not expired(LEASE).is_held(Now(wall_s, 0.0))


def test_an_abandoned_address_has_an_end_that_a_table_can_hold() -> None:
    lease = abandoned(LEASE, Now(1_795_514_888, 0), abandon_s=4_294_967_295)
    assert lease.ends_at == 0x7FFFFFFF
    LeaseTable([PLAIN]).put(lease)


def test_an_abandoned_address_comes_back_after_its_time() -> None:
    table = LeaseTable([PLAIN], [abandoned(LEASE, Now(0, 0), abandon_s=40)])
    assert [record.lease.state for record in end_leases(table, Now(41, 41.0))] == [FREE]


def test_a_mass_expiry_is_done_in_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(expiry, "EXPIRIES_PER_STEP", 3)
    table = LeaseTable([PLAIN], [replace(LEASE, address=address) for address in range(100, 105)])
    assert [len(end_leases(table, Now(41, 41.0))) for _ in range(3)] == [3, 2, 0]


def test_a_servers_pools_are_those_of_its_groups_and_its_own() -> None:
    subnet: dict[str, Any] = {"interface": "lan0", "prefix": "10.1.0.0/24"}
    config = MemberConfig.model_validate(
        {
            "server": "ec-east-1",
            "interfaces": [{"name": name, "device": name, "address": "10.1.0.2/24"} for name in ("lan0", "lan1")],
            "groups": [
                {
                    "name": "lan0",
                    "role": "primary",
                    "my_address": "10.1.0.2",
                    "partner_address": "10.1.0.3",
                    "subnets": [
                        subnet
                        | {
                            "pools": [
                                {"start": "10.1.0.200", "end": "10.1.0.201"},
                                {"start": "10.1.0.50", "end": "10.1.0.51"},
                            ]
                        }
                    ],
                }
            ],
            "subnets": [
                {"interface": "lan1", "prefix": "10.2.0.0/24", "pools": [{"start": "10.2.0.50", "end": "10.2.0.50"}]}
            ],
        }
    )
    lan0, lan1 = pools_of(config)
    assert lan0 == Pool("10.1.0.0/24", "lan0", ((0x0A010032, 0x0A010033), (0x0A0100C8, 0x0A0100C9)))
    assert (lan0.total, list(lan1.addresses()), lan1.group) == (4, [0x0A020032], "")
