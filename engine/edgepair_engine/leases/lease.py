"""One address and what is known of its binding."""

from __future__ import annotations

from typing import NewType, TypeGuard

from edgepair_contract.clock import Now
from edgepair_contract.value import value
from edgepair_contract.vocabulary import BindingState

FLAG_RESERVED = 1
FLAG_BOOTP = 2
CLOCK_TOLERANCE_S = 65  # how far ahead a server's clock may be when it says that a lease is over
FOREVER_AT = 0x7FFFFFFF  # dhcpd's moment for a lease without end; every other moment is earlier

ClientKey = NewType("ClientKey", bytes)  # who holds a lease; made by `client_key` only


def client_key(client_id: bytes | None, hardware: bytes | None) -> ClientKey | None:
    """Return what names a client: its client identifier if it gives one, else its hardware type and address.

    The two kinds never meet: a first byte tells them apart. None for a client that has neither: a hardware type without
    an address (as on InfiniBand) names nobody.
    """
    if client_id:
        return ClientKey(b"i" + client_id)
    if names_somebody(hardware):
        return ClientKey(b"h" + hardware)
    return None


def names_somebody(hardware: bytes | None) -> TypeGuard[bytes]:
    """Return whether an address follows the hardware type byte."""
    return hardware is not None and len(hardware) > 1


@value
class Lease:
    """The binding of one address, in dhcpd's terms (protocol reference 5.1). Times: epoch seconds, 0 = none.

    A never-used address is FREE with all times 0.
    """

    address: int  # 32-bit number
    state: BindingState = BindingState.FREE
    client_id: bytes | None = None  # data of DHCP option 61, type byte included
    hardware: bytes | None = None  # ARP hardware type byte and address
    starts_at: int = 0
    ends_at: int = 0
    tstp: int = 0  # potential expiry that I send (option 18)
    tsfp: int = 0  # latest potential expiry that the partner acknowledged or sent
    atsfp: int = 0  # equals tsfp when both are in step; 0 after an own change that the partner must hear
    cltt: int = 0  # client's last transaction time
    rewind: BindingState = BindingState.FREE  # last state that the partner can know of
    flags: int = 0
    hostname: str = ""

    @property
    def client(self) -> ClientKey | None:
        """Return the client that holds the address or, when it is free, held it last."""
        return client_key(self.client_id, self.hardware)

    @property
    def hash_key(self) -> bytes | None:
        """Return what load balancing hashes: the client identifier, else the address without its hardware type."""
        if self.client_id:
            return self.client_id
        return self.hardware[1:] if self.hardware else None

    def is_held(self, now: Now) -> bool:
        """Return whether a client may still count on this address.

        `ends_at` is whole seconds past a moment whose fraction was cut off, so the client's own end can be up to a
        second later (dhcpd gives the address to the next one in that second).
        """
        return self.state is BindingState.ACTIVE and now.wall_s <= self.ends_at

    def may_be_in_use(self, now: Now) -> bool:
        """Return whether the last client of an address that is free again may still count on it.

        Whose clock ended it, ours or the partner's, was perhaps ahead of the client's, by no more than the two servers
        tolerate of each other; or ahead of the other server's, which gave the lease and told the client its end.
        """
        return abs(now.wall_s - self.ends_at) <= CLOCK_TOLERANCE_S

    @property
    def needs_update(self) -> bool:
        """Return whether the partner must still be told of this binding."""
        return self.tstp > self.atsfp or self.state in (
            BindingState.EXPIRED,
            BindingState.RELEASED,
            BindingState.RESET,
        )
