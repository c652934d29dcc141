"""What becomes of leases whose time is over, and of addresses that a partner which is down can no longer claim."""

from __future__ import annotations

from dataclasses import replace

from edgepair_contract.clock import Now
from edgepair_contract.vocabulary import BindingState, FailoverState, Role
from edgepair_engine.failover.exchange import Exchange
from edgepair_engine.failover.outcome import Draft
from edgepair_engine.failover.serving import claim_ends_at, own_free_state, partner_may_know_client
from edgepair_engine.failover.sharing import Sharing
from edgepair_engine.failover.standing import Standing
from edgepair_engine.leases.binding import ABANDONED, ENDED, expired, freed
from edgepair_engine.leases.expiry import ENDING, due, next_end
from edgepair_engine.leases.lease import FOREVER_AT, Lease
from edgepair_engine.leases.table import LeaseTable

CLAIMS_LOOKED_AT_EVERY_S = 30.0  # in PARTNER-DOWN; an address waits at least MCLT, so this is no delay that counts
KEPT_ON_S = 60  # an abandoned address that the partner still knows a client on is looked at again after that


class Endings:
    """Ends leases by the clock. In NORMAL only the primary does: the secondary hears of it as EXPIRED."""

    def __init__(self, standing: Standing, leases: LeaseTable, exchange: Exchange, sharing: Sharing) -> None:
        self._standing = standing
        self._leases = leases
        self._exchange = exchange
        self._sharing = sharing
        self._claims_at: float | None = None

    def on_timer(self, draft: Draft, now: Now) -> None:
        """End what is due."""
        if self._standing.starting:
            return
        end_at = self.next_end()
        if end_at is not None and end_at <= now.wall_s:
            self._end_all(draft, now)
        self._free_claims(draft, now)
        self._exchange.pump(draft, now)

    def next_end(self) -> int | None:
        """Return the first second at which a lease is to be ended (epoch seconds); None while this server ends none."""
        if self._standing.starting:
            return None
        return next_end(self._leases, self._standing.config.name, self._ending_states())

    def next_wakeup(self) -> float | None:
        """Return the monotonic moment of the next look at the partner's claims; None outside PARTNER-DOWN."""
        return None if self._standing.starting or not self._is_partner_down() else self._claims_at

    def out_of_touch(self, lease: Lease) -> Lease:
        """Return an ended lease, available at once if the partner never knew that a client had the address.

        That is the use of the rewind state: given and ended while the two were apart (capture d1#29).
        """
        own = own_free_state(self._standing.role)
        if self._standing.mine is FailoverState.NORMAL or lease.rewind is not own:
            return lease
        return freed(lease, to=own)

    def _ending_states(self) -> tuple[BindingState, ...]:
        if self._standing.role is Role.SECONDARY and self._standing.mine is FailoverState.NORMAL:
            return (ABANDONED,)
        return ENDING

    def _end_all(self, draft: Draft, now: Now) -> None:
        for pool in self._leases.pools(self._standing.config.name):
            for lease in due(self._leases, pool, now, states=self._ending_states()):
                self._end(lease, draft, now)

    def _end(self, lease: Lease, draft: Draft, now: Now) -> None:
        if partner_may_know_client(lease) and not self._claim_is_over(lease, now):
            self._exchange.write(replace(lease, ends_at=min(now.wall_s + KEPT_ON_S, FOREVER_AT)), draft)
        elif lease.state is ABANDONED:
            self._exchange.write(freed(lease), draft)  # the partner's clock says the same: it need not be told
        else:
            self._exchange.changed(self.out_of_touch(expired(lease)), draft)
        self._sharing.moved(lease, self._leases.get(lease.address))

    def _free_claims(self, draft: Draft, now: Now) -> None:
        if not self._is_partner_down():
            self._claims_at = None
            return
        if self._claims_at is not None and now.mono_s < self._claims_at:
            return
        self._claims_at = now.mono_s + CLAIMS_LOOKED_AT_EVERY_S
        over = [
            lease
            for pool in self._leases.pools(self._standing.config.name)
            for state in ENDED
            for lease in self._leases.oldest_first(pool, state)
            if self._claim_is_over(lease, now)
        ]
        for lease in over:
            self._exchange.changed(freed(lease), draft)

    def _claim_is_over(self, lease: Lease, now: Now) -> bool:
        gone_at, mclt_s = self._standing.record.claims_from_at, self._standing.mclt_wait_s
        return self._is_partner_down() and claim_ends_at(lease, gone_at=gone_at, mclt_s=mclt_s) < now.wall_s

    def _is_partner_down(self) -> bool:
        return self._standing.mine is FailoverState.PARTNER_DOWN
