"""The free addresses of one group between the two servers: runs of balance, and addresses that clients have left."""

from __future__ import annotations

from collections.abc import Callable

from edgepair_contract.clock import Chance, Now
from edgepair_contract.notices import NoteCode
from edgepair_contract.vocabulary import BindingState, FailoverState, Role
from edgepair_engine.failover.balance import Ages, Shares, next_run_in_s, shares, to_give, wants_back
from edgepair_engine.failover.hashing import is_primarys
from edgepair_engine.failover.outcome import Draft
from edgepair_engine.failover.serving import own_free_state
from edgepair_engine.failover.standing import Standing
from edgepair_engine.leases import binding
from edgepair_engine.leases.lease import Lease
from edgepair_engine.leases.pool import Pool
from edgepair_engine.leases.table import LeaseTable

AVAILABLE = (BindingState.FREE, BindingState.BACKUP)
OnOffer = Callable[[int, Now], bool]  # whether a client was offered this address and may still take it


class Sharing:
    """Decides what to give; the exchange writes and sends it."""

    def __init__(self, standing: Standing, leases: LeaseTable, chance: Chance, *, on_offer: OnOffer) -> None:
        self._standing = standing
        self._leases = leases
        self._chance = chance
        self._on_offer = on_offer
        self._run_at: float | None = None
        self._last_run: float | None = None
        self._moved: dict[Pool, None] = {}  # pools that have changed since the latest plan, in that order

    @property
    def run_at(self) -> float | None:
        """Return the monotonic moment of the next run; None outside NORMAL."""
        return self._run_at if self._is_on() else None

    def run(self, draft: Draft, now: Now) -> tuple[list[Lease], bool]:
        """Return the addresses that go to the partner, as they are then, and whether to ask it for some."""
        if not self._is_on():
            return [], False
        given: list[Lease] = []
        wanting = False
        for pool in self._pools():
            figures = self._shares(pool)
            leases = to_give(self._givable(pool, now), figures, is_partners=self._hashes_to_partner)
            given += [self.given(lease, now) for lease in leases]
            wanting = wanting or figures.wanting
            if leases:
                self._note_run(pool, len(leases), draft)
        self._last_run, self._run_at = now.mono_s, None
        self._moved.clear()
        return given, wanting

    def plan(self, now: Now, pool: Pool | None = None) -> None:
        """Plan the next run after something changed in a pool (None: in all); an earlier plan stays."""
        if not self._is_on():
            return
        for each in self._pools() if pool is None else (pool,):
            ages = Ages(self._leases.oldest_end(each, self._own), self._leases.oldest_end(each, self._partners))
            ago = None if self._last_run is None else now.mono_s - self._last_run
            wait_s = next_run_in_s(ages, self._standing.config, now, last_run_s_ago=ago, chance=self._chance)
            at = now.mono_s + wait_s
            self._run_at = at if self._run_at is None else min(self._run_at, at)

    def stop(self) -> None:
        """Forget the plan: outside NORMAL nobody gives."""
        self._run_at = None
        self._moved.clear()

    def moved(self, before: Lease, after: Lease) -> None:
        """Hear that a binding has changed; `settle` makes a plan of it, once for all that changed in a turn."""
        if before.state in AVAILABLE or after.state in AVAILABLE:
            self._moved[self._leases.pool_of(after.address)] = None

    def settle(self, now: Now) -> None:
        """Plan for the pools in which something has changed."""
        for pool in self._moved:
            self.plan(now, pool)
        self._moved.clear()

    def belongs_to_partner(self, lease: Lease) -> bool:
        """Return whether an address that its client has left goes to the secondary, whose client that was."""
        if self._standing.role is not Role.PRIMARY or not self._is_on() or lease.state is not BindingState.FREE:
            return False
        figures = self._shares(self._leases.pool_of(lease.address))
        return wants_back(lease, figures, is_partners=self._hashes_to_partner)

    def given(self, lease: Lease, now: Now) -> Lease:
        """Return a free address of mine after it was given to the partner."""
        return binding.given(lease, now, to=self._partners)

    @property
    def _own(self) -> BindingState:
        return own_free_state(self._standing.role)

    @property
    def _partners(self) -> BindingState:
        return own_free_state(self._standing.role.partner)

    def _is_on(self) -> bool:
        """Return whether addresses are shared: in NORMAL, once it is known here which of them clients hold."""
        standing = self._standing
        return standing.mine is FailoverState.NORMAL and not standing.starting and not standing.record.update_all_wanted

    def _pools(self) -> tuple[Pool, ...]:
        return self._leases.pools(self._standing.config.name)

    def _givable(self, pool: Pool, now: Now) -> list[Lease]:
        """Return my free addresses, longest unused first. What clients may be about to take comes last, as dhcpd's."""
        own = self._leases.oldest_first(pool, self._own)
        return sorted(own, key=lambda lease: self._on_offer(lease.address, now))

    def _shares(self, pool: Pool) -> Shares:
        own, partners = self._leases.count(pool, self._own), self._leases.count(pool, self._partners)
        return shares(own, partners, self._standing.config)

    def _hashes_to_partner(self, lease: Lease) -> bool:
        key, hba = lease.hash_key, self._standing.hba
        return key is not None and hba is not None and is_primarys(hba, key) != (self._standing.role is Role.PRIMARY)

    def _note_run(self, pool: Pool, given: int, draft: Draft) -> None:
        own = self._leases.count(pool, self._own) - given
        partners = self._leases.count(pool, self._partners) + given
        free, backup = (own, partners) if self._standing.role is Role.PRIMARY else (partners, own)
        draft.note(NoteCode.POOLS_BALANCED, pool=pool.prefix, given=given, free=free, backup=backup)
