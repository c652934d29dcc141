"""The lease table reads back what was written, and finds it by client, state and end."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edgepair_contract.vocabulary import BindingState
from edgepair_engine.leases.lease import FLAG_RESERVED, Lease, client_key
from edgepair_engine.leases.pool import Pool
from edgepair_engine.leases.table import LeaseTable, UnknownAddress

LAN = Pool("10.1.0.0/24", "lan0", ((100, 109), (120, 129)))
VLAN = Pool("10.10.0.0/24", "lan0", ((500, 509),))
OTHER = Pool("10.2.0.0/24", "", ((300, 309),))
FREE, ACTIVE, EXPIRED, RELEASED, ABANDONED, RESET, BACKUP = BindingState


def a_table(*leases: Lease) -> LeaseTable:
    return LeaseTable([LAN, VLAN, OTHER], leases)


def addresses(table: LeaseTable, state: BindingState, pool: Pool = LAN) -> list[int]:
    return [lease.address for lease in table.oldest_first(pool, state)]


def test_a_never_used_address_is_free_with_all_times_zero() -> None:
    assert a_table().get(100) == Lease(100)


def test_what_is_written_is_read_back() -> None:
    lease = Lease(
        105,
        state=ACTIVE,
        client_id=b"kiosk",
        hardware=bytes.fromhex("01020000000001"),
        starts_at=1,
        ends_at=2,
        tstp=3,
        tsfp=4,
        atsfp=5,
        cltt=6,
        rewind=BACKUP,
        flags=2,
        hostname="kiosk-6",
    )
    assert a_table(lease).get(105) == lease


@pytest.mark.parametrize("address", [0, 99, 110, 119, 130, 2**32 - 1])
def test_an_address_between_the_ranges_is_unknown(address: int) -> None:
    table = a_table()
    assert address not in table
    with pytest.raises(UnknownAddress):
        table.get(address)
    with pytest.raises(UnknownAddress):
        table.put(Lease(address))


def test_an_address_knows_its_pool() -> None:
    assert a_table().pool_of(125) == LAN
    assert a_table().pool_of(300) == OTHER
    assert a_table().pools("lan0") == (LAN, VLAN)


def test_the_longest_unused_address_comes_first_and_the_lowest_of_the_never_used() -> None:
    table = a_table(Lease(100, ends_at=50), Lease(101, ends_at=20), Lease(102, state=BACKUP, ends_at=10))
    assert addresses(table, FREE)[:3] == [103, 104, 105]
    assert addresses(table, FREE)[-2:] == [101, 100]
    assert table.oldest_end(LAN, BACKUP) == 10
    assert table.oldest_end(LAN, ACTIVE) is None


def test_counts_follow_every_move() -> None:
    table = a_table()
    lease = Lease(100, state=ACTIVE, ends_at=30)
    for state in (ACTIVE, EXPIRED, FREE, BACKUP):
        table.put(replace(lease, state=state))
        assert table.count(LAN, state) == (20 if state is FREE else 1)
    assert table.count(LAN, FREE) == 19
    assert table.count(OTHER, FREE) == 10


def test_an_address_that_comes_back_with_its_old_end_is_there_once() -> None:
    table = a_table(Lease(100, ends_at=7))
    table.put(Lease(100, state=BACKUP, ends_at=7))
    table.put(Lease(100, ends_at=7))
    assert addresses(table, FREE).count(100) == 1


def test_reserved_addresses_are_nobodys_to_give() -> None:
    table = a_table(Lease(100, flags=FLAG_RESERVED))
    assert 100 not in addresses(table, FREE)
    assert table.count(LAN, FREE) == 19
    assert table.get(100).state is FREE


def test_a_client_is_found_by_its_identifier_or_else_by_its_hardware() -> None:
    hardware = bytes.fromhex("01020000000001")
    named = Lease(100, state=ACTIVE, client_id=b"kiosk", hardware=hardware, ends_at=9)
    plain = Lease(101, state=ACTIVE, hardware=hardware, ends_at=9)
    table = a_table(named, plain)
    by_name, by_hardware = client_key(b"kiosk", hardware), client_key(None, hardware)
    assert by_name is not None
    assert by_hardware is not None
    assert table.of_client(by_name, LAN) == named
    assert table.of_client(by_hardware, LAN) == plain
    assert table.of_client(by_hardware, OTHER) is None


def test_of_a_clients_bindings_the_live_one_counts_then_the_latest() -> None:
    hardware = bytes.fromhex("01020000000001")
    key = client_key(None, hardware)
    assert key is not None
    old, late = Lease(100, hardware=hardware, ends_at=50), Lease(101, hardware=hardware, ends_at=60)
    live = Lease(102, state=ACTIVE, hardware=hardware, ends_at=40)
    table = a_table(old, late, live)
    assert table.of_client(key, LAN) == live
    table.put(Lease(102))
    assert table.of_client(key, LAN) == late


def test_bindings_of_a_range_that_goes_come_back_with_it() -> None:
    lease = Lease(300, state=ACTIVE, ends_at=9)
    table = a_table(lease, Lease(100, state=ACTIVE, ends_at=5))
    table.configure([LAN])
    assert 300 not in table
    assert table.count(LAN, ACTIVE) == 1
    table.configure([LAN, OTHER])
    assert table.get(300) == lease


def test_the_first_end_is_that_of_the_group_whatever_its_pools() -> None:
    table = a_table(Lease(300, state=ACTIVE, ends_at=3), Lease(100, state=ACTIVE, ends_at=9))
    assert table.first_end("lan0", (ACTIVE, ABANDONED)) == 9
    table.put(Lease(501, state=ABANDONED, ends_at=7))
    assert table.first_end("lan0", (ACTIVE, ABANDONED)) == 7
    table.configure([LAN])
    assert table.first_end("lan0", (ACTIVE, ABANDONED)) == 9
    assert table.first_end("", (ACTIVE, ABANDONED)) is None


def test_what_the_partner_must_be_told_is_found() -> None:
    leases = [Lease(100, tstp=5, atsfp=5), Lease(101, tstp=6, atsfp=5), Lease(102, state=EXPIRED), Lease(121, tstp=1)]
    assert [*a_table(*leases).needing_update(LAN)] == [101, 102, 121]


leases = st.builds(
    Lease,
    st.integers(100, 109),
    state=st.sampled_from(BindingState),
    hardware=st.sampled_from([None, b"\x01a", b"\x01b"]),
    ends_at=st.integers(0, 5),
    flags=st.sampled_from([0, FLAG_RESERVED]),
)


@settings(max_examples=60, deadline=None)
@given(st.lists(leases, max_size=120))
def test_the_queues_always_agree_with_the_rows(writes: list[Lease]) -> None:
    table = a_table()
    for lease in writes:
        table.put(lease)
        ends = [each.ends_at for each in table.leases(LAN) if each.state in (ACTIVE, ABANDONED)]
        assert table.first_end("lan0", (ACTIVE, ABANDONED)) == min(ends, default=None)
    rows = list(table.leases(LAN))
    for state in BindingState:
        expected = [
            (lease.ends_at, lease.address)
            for lease in rows
            if lease.state is state and not (lease.flags and state in (FREE, BACKUP))
        ]
        found = [(lease.ends_at, lease.address) for lease in table.oldest_first(LAN, state)]
        assert found == sorted(expected)
        assert table.count(LAN, state) == len(expected)
        assert table.oldest_end(LAN, state) == (found[0][0] if found else None)
    for hardware in (b"\x01a", b"\x01b"):
        key = client_key(None, hardware)
        assert key is not None
        assert (table.of_client(key, LAN) is None) == all(lease.hardware != hardware for lease in rows)
