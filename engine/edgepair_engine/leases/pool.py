"""The ranges of one prefix: which addresses may be leased there, and which failover group shares them."""

from __future__ import annotations

from collections.abc import Iterator

from edgepair_contract.config import MemberConfig, SubnetConfig
from edgepair_contract.value import value

NO_GROUP = ""  # the group of prefixes without failover


@value
class Pool:
    """The leasable addresses of one prefix. `ranges` are (first, last) pairs, ascending, both ends included."""

    prefix: str  # canonical, "10.1.0.0/24"; unique within a server
    group: str
    ranges: tuple[tuple[int, int], ...]

    @property
    def total(self) -> int:
        """Return how many addresses the pool has."""
        return sum(last - first + 1 for first, last in self.ranges)

    def __contains__(self, address: int) -> bool:
        return any(first <= address <= last for first, last in self.ranges)

    def addresses(self) -> Iterator[int]:
        """Yield every address, ascending."""
        for first, last in self.ranges:
            yield from range(first, last + 1)


def pools_of(config: MemberConfig) -> tuple[Pool, ...]:
    """Return the pools of a server: those of its failover groups, then those without failover."""
    shared = [pool_of_subnet(subnet, group.name) for group in config.groups for subnet in group.subnets]
    return (*shared, *(pool_of_subnet(subnet, NO_GROUP) for subnet in config.subnets))


def pool_of_subnet(subnet: SubnetConfig, group: str) -> Pool:
    """Return the pool that a subnet's ranges make."""
    ranges = sorted((int(pool.start), int(pool.end)) for pool in subnet.pools)
    return Pool(prefix=str(subnet.prefix), group=group, ranges=tuple(ranges))
