"""Defects in which address a client gets: whose it is, and who may still count on it."""

from __future__ import annotations

from edgepair_sim.mutants.mutant import Mutant

_SERVING, _TERMS = "failover/serving.py", "dhcp/terms.py"
_CLAIM_IS_OVER = """return self.state is FailoverState.PARTNER_DOWN and now.wall_s > claim_ends_at(
            lease, gone_at=self.claims_from_at, mclt_s=self.mclt_wait_s
        )"""

OF_SERVICE = (
    Mutant(
        "partners-pool-in-interruption",
        "in Communications-interrupted a server gives its partner's addresses",
        _SERVING,
        "                return lease.state is self.own_state or self._partners_claim_is_over(lease, now)",
        "                return lease.state is self.own_state or self.serving is Serving.ALL",
    ),
    Mutant(
        "partners-pool-at-once",
        "in Partner-down a server gives its partner's addresses without waiting MCLT",
        _SERVING,
        _CLAIM_IS_OVER,
        "return self.state is FailoverState.PARTNER_DOWN",
    ),
    Mutant(
        "partners-last-promises-not-waited",
        "the wait for a partner that is down counts from what was known, not from when it was last alive",
        _SERVING,
        "return max(known_at, gone_at) + mclt_s",
        "return known_at + mclt_s",
    ),
    Mutant(
        "partners-known-promises-not-waited",
        "the wait for a partner that is down passes over what it may have promised beyond what was known",
        _SERVING,
        "return max(known_at, gone_at) + mclt_s",
        "return gone_at + mclt_s",
    ),
    Mutant(
        "told-counts-for-nothing",
        "the wait for a partner that is down passes over what it was told and did not acknowledge",
        _SERVING,
        "known_at = max(lease.tsfp, lease.tstp) if had_client else lease.tsfp",
        "known_at = lease.tsfp",
    ),
    Mutant(
        "mclt-of-the-client-before",
        "a new client gets as long a lease as the partner has acknowledged for the one before",
        _TERMS,
        "return lease.tsfp if client.had(lease) else 0",
        "return lease.tsfp",
    ),
    Mutant(
        "clock-of-the-partner-trusted",
        "an address is given to another client as soon as the partner says that its lease is over",
        _TERMS,
        "if lease.may_be_in_use(now) and not client.had(lease):",
        "if lease.ends_at < 0:",
    ),
    Mutant(
        "anybody-releases",
        "a client can release the address of another one",
        "dhcp/responder.py",
        "lease.state is not BindingState.ACTIVE or not ask.client.had(lease) or lease.ends_at",
        "lease.state is not BindingState.ACTIVE or lease.ends_at",
    ),
    Mutant(
        "anybody-renews",
        "a client that asks for another one's address gets it",
        "dhcp/requests.py",
        "if lease.state is BindingState.ACTIVE and holds:",
        "if lease.state is BindingState.ACTIVE:",
    ),
    Mutant(
        "renewed-lease-leaves-the-queue",
        "a lease that is renewed is never looked at again when it ends",
        "leases/table.py",
        "if slot != slot_before or lease.ends_at != ended_at:",
        "if slot != slot_before:",
    ),
)
