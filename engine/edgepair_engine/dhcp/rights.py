"""What a server may do for the clients of a subnet, whether or not it shares the subnet with a partner."""

from __future__ import annotations

from typing import Protocol

from edgepair_contract.clock import Now
from edgepair_contract.value import value
from edgepair_contract.vocabulary import BindingState, Serving
from edgepair_engine.leases.lease import Lease


class Rights(Protocol):
    """The part of the failover room's serving rights that answers to packets rest on."""

    @property
    def serving(self) -> Serving:
        """Which clients are answered at all."""

    @property
    def why(self) -> str:
        """Why not all of them, in words for people."""

    @property
    def mclt_s(self) -> int | None:
        """How far a promise may go beyond what the partner knows of; None without a partner."""

    @property
    def own_state(self) -> BindingState:
        """The state of the available addresses that are this server's."""

    @property
    def partner_state(self) -> BindingState | None:
        """The state of those that are the partner's; None without a partner."""

    def answers(self, key: bytes, secs: int) -> bool:
        """Return whether a new conversation with this client is this server's part."""

    def may_allocate(self, lease: Lease, now: Now) -> bool:
        """Return whether this address may be given to a client that does not hold it."""


@value
class PlainRights:
    """The rights on a subnet without failover: everything that no client holds."""

    serving: Serving = Serving.ALL
    why: str = ""
    mclt_s: int | None = None
    own_state: BindingState = BindingState.FREE
    partner_state: BindingState | None = None

    def answers(self, key: bytes, secs: int) -> bool:
        """Return True: there is nobody else."""
        return True

    def may_allocate(self, lease: Lease, now: Now) -> bool:
        """Return whether no promise on this address runs any more."""
        return not lease.is_held(now)
