"""Who must give how many free addresses to whom, and when.

Every available address is FREE (the primary's) or BACKUP (the secondary's). Nothing is divided by number: whoever has
more gives, those first whose last client hashes to the partner, so that a client that returns finds its address.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from edgepair_contract.clock import Chance, Now
from edgepair_contract.config import GroupConfig
from edgepair_contract.value import value
from edgepair_contract.vocabulary import Role
from edgepair_engine.leases.lease import Lease

SPREAD_MAX_S = 4  # random delay of a run, so that two servers with the same times do not start together


@value
class Shares:
    """The figures of one pool's run (protocol reference 6.2), from one server's view."""

    to_send: int  # half of what I have more than the partner; negative when the partner has more
    threshold: int  # tolerated misbalance
    hold: int  # how many more I may give or keep to suit the clients' hashes
    panic: int  # so far below my share I ask for addresses

    @property
    def wanting(self) -> bool:
        """Return whether the partner should be asked for addresses."""
        return self.to_send < self.panic


def shares(own: int, partners: int, config: GroupConfig) -> Shares:
    """Return the figures for `own` available addresses and the partner's. Divisions truncate towards zero."""
    total = own + partners
    threshold = (total * config.max_lease_misbalance_percent + 50) // 100
    hold = (total * config.max_lease_ownership_percent + 50) // 100
    return Shares(int((own - partners) / 2), threshold, hold, -2 * threshold or -1)


def to_give(free: Iterable[Lease], figures: Shares, *, is_partners: Callable[[Lease], bool]) -> list[Lease]:
    """Return which of my free addresses (oldest end first) go to the partner, in order."""
    leases = list(free)
    given: list[Lease] = []
    left = figures.to_send
    kept: list[Lease] = []
    for lease in leases:
        if left > -figures.hold and is_partners(lease):
            given.append(lease)
            left -= 1
        else:
            kept.append(lease)
    for lease in kept:
        if left <= (figures.hold if lease.ends_at else 0):
            break
        given.append(lease)
        left -= 1
    return given


def wants_back(lease: Lease, figures: Shares, *, is_partners: Callable[[Lease], bool]) -> bool:
    """Return whether an address that a client has left goes to the partner at once (capture c1#45)."""
    return figures.to_send > -figures.hold and is_partners(lease)


@value
class Ages:
    """When the oldest available address of each side was used last (epoch seconds; None: there is none)."""

    own: int | None
    partners: int | None


def next_run_in_s(ages: Ages, config: GroupConfig, now: Now, *, last_run_s_ago: float | None, chance: Chance) -> float:
    """Return in how many seconds the pools should be looked at again (protocol reference 6.3)."""
    own = 2 * _part_of_age(ages.own, config, now)
    partners = _part_of_age(ages.partners, config, now)
    wait_s: float = min(own, partners, config.max_balance_s)
    if last_run_s_ago is not None:
        wait_s = max(wait_s, config.min_balance_s - last_run_s_ago)
    return wait_s + chance.randint(0, SPREAD_MAX_S)


def _part_of_age(ends_at: int | None, config: GroupConfig, now: Now) -> int:
    if ends_at is None or ends_at >= now.wall_s:
        return 0
    return ((now.wall_s - ends_at) * config.max_lease_misbalance_percent + 50) // 100


def own_share_first(role: Role, *, free: int, backup: int) -> tuple[int, int]:
    """Return (own, partner's) of the two counts."""
    return (free, backup) if role is Role.PRIMARY else (backup, free)
