"""What this server may answer: whom in which state, with which address, and for how long."""

from __future__ import annotations

from edgepair_contract.clock import Now
from edgepair_contract.value import value
from edgepair_contract.vocabulary import BindingState, FailoverState, Role, Serving
from edgepair_engine.failover.hashing import is_primarys
from edgepair_engine.leases.binding import ENDED
from edgepair_engine.leases.lease import FOREVER_AT, Lease

INFINITE_S = 0xFFFFFFFF  # DHCP's lease without end

# States in which a partner may be handing out any address: who hears of one is silent until the states are settled.
_PARTNER_SETTLES = frozenset(
    {
        FailoverState.PARTNER_DOWN,
        FailoverState.POTENTIAL_CONFLICT,
        FailoverState.RESOLUTION_INTERRUPTED,
        FailoverState.CONFLICT_DONE,
    }
)
_SERVING = {
    FailoverState.NORMAL: Serving.HALF,
    FailoverState.COMMUNICATIONS_INTERRUPTED: Serving.ALL,
    FailoverState.PARTNER_DOWN: Serving.ALL,
}


@value
class ServingRights:
    """What the state of one failover group lets this server do now. `why` says in a phrase why it is silent.

    `mclt_s` is promised by; `mclt_wait_s`, at least as large, is how far the partner may have promised.
    `hba` is None on a secondary that has not met its primary since it started: then no client counts as its own.
    """

    role: Role
    state: FailoverState
    claims_from_at: int
    mclt_s: int
    mclt_wait_s: int
    serving: Serving
    why: str
    hba: bytes | None
    load_balance_max_s: int

    @property
    def own_state(self) -> BindingState:
        """Return the state of the available addresses that are this server's."""
        return own_free_state(self.role)

    @property
    def partner_state(self) -> BindingState:
        """Return the state of the available addresses that are the partner's: has it none, we answer its clients."""
        return own_free_state(self.role.partner)

    def answers(self, key: bytes, secs: int) -> bool:
        """Return whether a DISCOVER is ours (protocol reference 4.3). DHCPREQUEST is never balanced: do not ask.

        `key`: the client identifier, else the hardware address without its type; `secs`: the packet's field.
        """
        if self.serving is not Serving.HALF:
            return self.serving is Serving.ALL
        if self.load_balance_max_s == 0 or secs > self.load_balance_max_s:
            return True
        if self.hba is None:
            return False
        return is_primarys(self.hba, key) == (self.role is Role.PRIMARY)

    def may_allocate(self, lease: Lease, now: Now) -> bool:
        """Return whether a client that does not hold this address may get it (protocol reference 4.5)."""
        match lease.state:
            case BindingState.ACTIVE:
                return False
            case BindingState.FREE | BindingState.BACKUP:
                return lease.state is self.own_state or self._partners_claim_is_over(lease, now)
            case BindingState.ABANDONED:
                mine = self.role is Role.PRIMARY and not partner_may_know_client(lease)
                return mine or self._partners_claim_is_over(lease, now)
            case BindingState.EXPIRED | BindingState.RELEASED:
                return lease.rewind is self.own_state or self._partners_claim_is_over(lease, now)
            case BindingState.RESET:
                return self._partners_claim_is_over(lease, now)

    def _partners_claim_is_over(self, lease: Lease, now: Now) -> bool:
        return self.state is FailoverState.PARTNER_DOWN and now.wall_s > claim_ends_at(
            lease, gone_at=self.claims_from_at, mclt_s=self.mclt_wait_s
        )


def serving_of(my: FailoverState, partner: FailoverState) -> tuple[Serving, str]:
    """Return whom a server in this state serves, and why not all of them.

    A partner recorded in a state of conflict silences us, but for PARTNER-DOWN: there a person, or proof, has said that
    the partner is gone, whatever it said last. A partner in RECOVER-WAIT answers nobody until its wait is over: its
    clients are ours meanwhile, where a dhcpd in NORMAL leaves them alone (Q19).
    """
    serving = _SERVING.get(my, Serving.NONE)
    if serving is Serving.NONE:
        return serving, f"in {my.label}"
    if partner in _PARTNER_SETTLES and my is not FailoverState.PARTNER_DOWN:
        return Serving.NONE, f"partner in {partner.label}"
    if serving is Serving.HALF and partner is FailoverState.RECOVER_WAIT:
        return Serving.ALL, ""
    return serving, "load balanced" if serving is Serving.HALF else ""


def own_free_state(role: Role) -> BindingState:
    """Return the state of the available addresses that belong to the server of this role."""
    return BindingState.FREE if role is Role.PRIMARY else BindingState.BACKUP


def partner_may_know_client(lease: Lease) -> bool:
    """Return whether the partner may still count on the client that an abandoned address had.

    It was not told that the client left, or has not acknowledged it: the word may be lost, or its store may be.
    """
    if lease.state is not BindingState.ABANDONED:
        return False
    is_told = lease.rewind is BindingState.ABANDONED
    return lease.rewind is BindingState.ACTIVE or (is_told and lease.needs_update)


def claim_ends_at(lease: Lease, *, gone_at: int, mclt_s: int) -> int:
    """Return until when a partner that was last alive at `gone_at` may have promised this address to a client.

    It may have gone on until it died, and then at most MCLT past what both knew. What we have told of a lease counts as
    known although no ack has come: the partner may have heard it, renewed by it, and the ack was lost with the link.
    dhcpd frees an ended lease already MCLT after it entered PARTNER-DOWN; a renewal could outlive that.
    """
    had_client = lease.state in ENDED or partner_may_know_client(lease)
    known_at = max(lease.tsfp, lease.tstp) if had_client else lease.tsfp
    return max(known_at, gone_at) + mclt_s


def granted_s(wanted_s: int, *, tsfp: int, mclt_s: int, now: Now) -> int:
    """Return for how long a client may get an address: never longer than MCLT past what the partner knows of.

    `tsfp`: the lease's, if this client held it last; 0 for another client (what was promised to the one before says
    nothing about this one).
    """
    if wanted_s <= mclt_s:
        return wanted_s
    if tsfp <= now.wall_s:
        return mclt_s
    return min(wanted_s, min(tsfp + mclt_s, FOREVER_AT) - now.wall_s)


def potential_expiry(wanted_s: int, granted_s: int, now: Now) -> int:
    """Return what the partner is told that this client may come to hold: the next renewal, asked for at half time."""
    if wanted_s == INFINITE_S:
        return FOREVER_AT
    return min(now.wall_s + wanted_s + granted_s // 2, FOREVER_AT - 1)
