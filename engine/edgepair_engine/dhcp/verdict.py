"""What the server decides about one packet, as values that can be explained."""

from __future__ import annotations

from enum import Enum

from edgepair_contract.value import value
from edgepair_engine.leases.lease import Lease


class Why(Enum):
    """The reasons of a decision; the value is what a person reads."""

    NEW_CLIENT = "an address for a new client"
    KNOWN_CLIENT = "the address the client had"
    RESERVED = "the address reserved for this client"
    SELECTED = "the client took the offer"
    RENEWED = "the lease goes on"
    RENEWED_EARLY = "asked again so early that the lease keeps its end"
    REACTIVATED = "the client takes its former address again"
    INFORMED = "configuration without a lease"
    CLIENT_RELEASED = "the client gave the address back"
    CLIENT_DECLINED = "the client found the address in use"

    WRONG_NETWORK = "the address does not belong to this network"
    RESERVED_ELSEWHERE = "another address is reserved for this client"
    ANOTHER_CLIENT = "the address is leased to another client"
    BINDING_RESET = "the binding was reset"

    NOT_SERVING = "this state answers no clients"
    PARTNERS_CLIENT = "load balancing leaves this client to the partner"
    PARTNERS_ADDRESS = "the address is the partner's"
    NO_ADDRESS = "no address that this server may give"
    OTHER_SERVER = "the client chose another server"
    OFFERED_ELSEWHERE = "the address is offered to another client"
    NOT_MANAGED = "no range holds the address"
    NOT_THE_HOLDER = "the client does not hold the address"
    NO_SUBNET = "no configured subnet for where the packet came from"
    NO_GROUP = "the subnet's failover group does not run"
    TOO_MANY = "the client asks more often than its limit allows"
    NOT_RESERVED = "no address is reserved for this BOOTP client"
    NOT_A_REQUEST = "not a packet for a DHCP server"


@value
class Offer:
    """Offer this address for so long. Nothing is recorded."""

    address: int
    lease_s: int
    why: Why


@value
class Ack:
    """Confirm the address for so long. `lease` is the binding to record; None when nothing changes.

    `age_s`: how old the lease is already; its times to renew and to rebind count from its beginning.
    """

    address: int
    lease_s: int
    why: Why
    lease: Lease | None
    age_s: int = 0


@value
class Inform:
    """Tell the configuration to a client that has its address from elsewhere."""

    why: Why = Why.INFORMED


@value
class Nak:
    """Refuse the address, so that the client starts over."""

    address: int
    why: Why


@value
class BootReply:
    """Tell a BOOTP client the address that is reserved for it; it keeps it without a lease."""

    address: int
    why: Why = Why.RESERVED


@value
class Freed:
    """The client gave the address back or declined it: record `lease`, answer nothing."""

    lease: Lease
    why: Why


@value
class Silent:
    """Answer nothing. `detail` adds what a person needs to know, a state for example."""

    why: Why
    detail: str = ""


Answering = Offer | Ack | Inform | Nak | BootReply  # a packet goes out
Verdict = Answering | Freed | Silent
