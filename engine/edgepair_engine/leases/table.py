"""Every address of every pool with its binding, in memory: columns of numbers, read and written as `Lease` values."""

from __future__ import annotations

from array import array
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from typing import TypeVar

from edgepair_contract.errors import EdgepairError
from edgepair_contract.vocabulary import BindingState
from edgepair_engine.leases.binding import ENDED
from edgepair_engine.leases.lease import FLAG_RESERVED, ClientKey, Lease
from edgepair_engine.leases.pool import Pool
from edgepair_engine.leases.queues import EndQueue

RESERVED_SLOT = 0  # reserved addresses in FREE or BACKUP are no one's to give (protocol reference 6.1)
READ_KEPT = 4096  # `Lease` values kept beside the columns, 1 MiB
SLOTS = 8  # RESERVED_SLOT, then one for each binding state by its number

T = TypeVar("T")

_STATES = {state.value: state for state in BindingState}
_TIMES = ("starts_at", "ends_at", "tstp", "tsfp", "atsfp", "cltt")


class UnknownAddress(EdgepairError):
    """An address that belongs to no pool."""

    def __init__(self, address: int) -> None:
        super().__init__(f"address {address:#010x} is in no pool")
        self.address = address


class LeaseTable:
    """One row for each address in a pool: about 150 bytes, so a /16 takes 10 MB.

    Invariant: each address stands in exactly one queue of its pool, that of its state (`_slot`), under its `ends_at`.
    `changes` counts the writes: while it is the same, all that can be read here is the same.
    """

    def __init__(self, pools: Sequence[Pool], leases: Iterable[Lease] = ()) -> None:
        self.changes = 0
        self._aside: dict[int, Lease] = {}  # bindings of addresses that no pool holds now; a later one may
        self._build(pools, leases)

    def configure(self, pools: Sequence[Pool]) -> None:
        """Take other pools. Bindings of addresses that leave are kept aside and come back with their pool."""
        if tuple(pools) == self._pools:
            return  # most configurations change something else, and a /16 takes half a second
        used = [lease for pool in self._pools for lease in self.leases(pool) if lease != Lease(lease.address)]
        self._build(pools, [*self._aside.values(), *used])

    def pools(self, group: str) -> tuple[Pool, ...]:
        """Return the pools of a failover group ("" for those without failover)."""
        return self._pools_of.get(group, ())

    def pool_of(self, address: int) -> Pool:
        """Return the pool that holds an address.

        Raises:
            UnknownAddress: none does.
        """
        return self._pools[self._pool_index[self._row(address)]]

    def __contains__(self, address: int) -> bool:
        return self._find(address) is not None

    def get(self, address: int) -> Lease:
        """Return the binding of an address; one never used is FREE with all times 0.

        Raises:
            UnknownAddress: it is in no pool.
        """
        lease = self._read.get(address)
        if lease is None:
            lease = self._lease_of(self._row(address), address)
            self._remember(lease)
        return lease

    def put(self, lease: Lease) -> None:
        """Write the binding of an address.

        Raises:
            UnknownAddress: it is in no pool.
        """
        row, before = self._row(lease.address), self.get(lease.address)
        self.changes += 1
        self._first_ends.clear()
        slot_before, ended_at = self._slot(row), self._ends_at[row]
        self._write(row, lease)
        self._remember(lease)
        slot = self._slot(row)
        if slot != slot_before or lease.ends_at != ended_at:
            queues = self._queues_at[self._pool_index[row]]
            queues[slot_before].dropped()
            queues[slot].add(lease.address, lease.ends_at)
        if (lease.client_id, lease.hardware) != (before.client_id, before.hardware):
            self._reindex(before, lease)

    def of_client(self, client: ClientKey, pool: Pool) -> Lease | None:
        """Return the client's binding in a pool: an ACTIVE one first, otherwise the one that ends last."""
        leases = [self.get(address) for address in self._of_client.get(client, ()) if address in pool]
        return max(leases, key=_liveliness, default=None)

    def count(self, pool: Pool, state: BindingState) -> int:
        """Return how many addresses of a pool are in this state, reserved ones not counted."""
        return self._queues[pool.prefix][state].count

    def oldest_end(self, pool: Pool, state: BindingState) -> int | None:
        """Return the end of the lease in this state that ends first: the next to expire, or the longest unused."""
        return self._queues[pool.prefix][state].first_end()

    def first_end(self, group: str, states: tuple[BindingState, ...]) -> int | None:
        """Return the oldest end of a group's leases in these states. It is asked for in every turn, so it is kept."""
        if (group, states) not in self._first_ends:
            queues = [self._queues[pool.prefix][state] for pool in self.pools(group) for state in states]
            ends = [end for queue in queues if (end := queue.first_end()) is not None]
            self._first_ends[group, states] = min(ends, default=None)
        return self._first_ends[group, states]

    def oldest_first(self, pool: Pool, state: BindingState) -> Iterator[Lease]:
        """Yield the leases in this state by their end. The table must not change while this is read."""
        return map(self.get, self._queues[pool.prefix][state])

    def leases(self, pool: Pool) -> Iterator[Lease]:
        """Yield every lease of a pool by address, never-used ones included."""
        return map(self.get, pool.addresses())

    def needing_update(self, pool: Pool) -> Iterator[int]:
        """Yield the addresses of a pool whose partner must still be told (`Lease.needs_update`)."""
        tstp, atsfp = self._times[_TIMES.index("tstp")], self._times[_TIMES.index("atsfp")]
        for first, last in pool.ranges:
            base = self._row(first)
            for row in range(base, base + last - first + 1):
                if tstp[row] > atsfp[row] or self._state[row] in ENDED:
                    yield first + row - base

    def sizes(self) -> Mapping[str, int]:
        """Return how much is kept beside one row for each address."""
        return {
            "bindings_aside": len(self._aside),
            "bindings_by_client": sum(map(len, self._of_client.values())),
            "ends_queued": sum(queue.entries for queues in self._queues.values() for queue in queues),
        }

    # building

    def _build(self, pools: Sequence[Pool], leases: Iterable[Lease]) -> None:
        self.changes += 1
        self._first_ends: dict[tuple[str, tuple[BindingState, ...]], int | None] = {}
        self._pools = tuple(pools)
        groups = dict.fromkeys(pool.group for pool in self._pools)
        self._pools_of = {group: tuple(pool for pool in self._pools if pool.group == group) for group in groups}
        self._lay_out_rows()
        self._of_client: dict[ClientKey, list[int]] = {}
        self._queues_at = [[EndQueue(partial(self._is_current, slot)) for slot in range(SLOTS)] for _ in pools]
        self._queues = {pool.prefix: queues for pool, queues in zip(pools, self._queues_at, strict=True)}
        self._read: dict[int, Lease] = {}  # what was read or written lately: one packet asks for an address many times
        for pool in pools:
            free = self._queues[pool.prefix][BindingState.FREE]
            for address in pool.addresses():
                free.add(address, 0)
        self._aside = {}
        for lease in leases:
            if lease.address in self:
                self.put(lease)
            else:
                self._aside[lease.address] = lease

    def _lay_out_rows(self) -> None:
        spans = sorted((first, last, index) for index, pool in enumerate(self._pools) for first, last in pool.ranges)
        self._firsts = [first for first, _, _ in spans]
        self._lasts = [last for _, last, _ in spans]
        self._bases: list[int] = []
        self._pool_index = array("H")
        for first, last, index in spans:
            self._bases.append(len(self._pool_index))
            self._pool_index.extend([index] * (last - first + 1))
        rows = len(self._pool_index)
        self._state = array("B", [BindingState.FREE]) * rows
        self._rewind = array("B", [BindingState.FREE]) * rows
        self._flags = array("H", [0]) * rows
        self._times = tuple(array("I", [0]) * rows for _ in _TIMES)
        self._ends_at = self._times[_TIMES.index("ends_at")]
        self._client_id: dict[int, bytes] = {}
        self._hardware: dict[int, bytes] = {}
        self._hostname: dict[int, str] = {}

    # rows

    def _find(self, address: int) -> int | None:
        span = bisect_right(self._firsts, address) - 1
        if span < 0 or address > self._lasts[span]:
            return None
        return self._bases[span] + address - self._firsts[span]

    def _row(self, address: int) -> int:
        row = self._find(address)
        if row is None:
            raise UnknownAddress(address)
        return row

    def _slot(self, row: int) -> int:
        state = self._state[row]
        held_back = self._flags[row] & FLAG_RESERVED and state in (BindingState.FREE, BindingState.BACKUP)
        return RESERVED_SLOT if held_back else state

    def _is_current(self, slot: int, address: int, ends_at: int) -> bool:
        row = self._row(address)
        return self._ends_at[row] == ends_at and self._slot(row) == slot

    def _write(self, row: int, lease: Lease) -> None:
        self._state[row] = lease.state
        self._rewind[row] = lease.rewind
        self._flags[row] = lease.flags
        starts, ends, tstps, tsfps, atsfps, cltts = self._times
        starts[row], ends[row], cltts[row] = lease.starts_at, lease.ends_at, lease.cltt
        tstps[row], tsfps[row], atsfps[row] = lease.tstp, lease.tsfp, lease.atsfp
        _keep(self._client_id, row, lease.client_id)
        _keep(self._hardware, row, lease.hardware)
        _keep(self._hostname, row, lease.hostname)

    def _lease_of(self, row: int, address: int) -> Lease:
        starts_at, ends_at, tstp, tsfp, atsfp, cltt = [column[row] for column in self._times]
        return Lease(
            address=address,
            state=_STATES[self._state[row]],
            client_id=self._client_id.get(row),
            hardware=self._hardware.get(row),
            starts_at=starts_at,
            ends_at=ends_at,
            tstp=tstp,
            tsfp=tsfp,
            atsfp=atsfp,
            cltt=cltt,
            rewind=_STATES[self._rewind[row]],
            flags=self._flags[row],
            hostname=self._hostname.get(row, ""),
        )

    def _remember(self, lease: Lease) -> None:
        if len(self._read) >= READ_KEPT:
            self._read.clear()
        self._read[lease.address] = lease

    def _reindex(self, before: Lease, after: Lease) -> None:
        client = before.client
        if client is not None:
            addresses = self._of_client[client]
            addresses.remove(before.address)
            if not addresses:
                del self._of_client[client]
        client = after.client
        if client is not None:
            self._of_client.setdefault(client, []).append(after.address)


def _liveliness(lease: Lease) -> tuple[bool, int]:
    return lease.state is BindingState.ACTIVE, lease.ends_at


def _keep(column: dict[int, T], row: int, value: T | None) -> None:
    if value:
        column[row] = value
    else:
        column.pop(row, None)
