"""The twelve failover messages as values.

Addresses are 32-bit numbers (host order of the dotted form), times seconds since the epoch. `time` is the sender's
clock when the message was built, `xid` its transaction id. None means that the option is absent.
"""

from __future__ import annotations

from edgepair_contract.value import value
from edgepair_contract.vocabulary import BindingState, RejectReason


@value(kw_only=True)
class _Message:
    time: int
    xid: int


@value(kw_only=True)
class PoolReq(_Message):
    """Asks for a share of the free addresses."""


@value(kw_only=True)
class PoolResp(_Message):
    """Says how many addresses will follow as BNDUPDs; 0 also when the partner left the number out."""

    addresses_transferred: int


@value(kw_only=True)
class BndUpd(_Message):
    """Tells one binding. Fields are None when the partner left them out; `state` may then be judged missing.

    A binding-status outside 1..7 leaves `state` None too and stands in `unknown_state`: the receiver can tell the two
    refusals apart. It is never sent: dhcpd exits on it.
    """

    address: int | None
    state: BindingState | None
    client_id: bytes | None = None  # data of DHCP option 61, type byte included
    hardware: bytes | None = None  # ARP hardware type byte and address
    lease_expires_at: int | None = None  # option 13; 0 = none
    potential_expires_at: int | None = None  # option 18; 0 = none
    stos: int | None = None  # option 25: start of the binding
    cltt: int | None = None  # option 6: client's last transaction; a received 0 counts as absent
    ip_flags: int = 0  # option 12: 1 RESERVED, 2 BOOTP
    unknown_state: int | None = None  # received option 3 when it is no BindingState; never encoded


@value(kw_only=True)
class BndAck(_Message):
    """Accepts a binding, or refuses it with a reason and a text. A reason without a name is RejectReason.UNKNOWN."""

    address: int | None
    reject: RejectReason | None = None
    text: str | None = None


@value(kw_only=True)
class Connect(_Message):
    """The primary's first word on a connection."""

    relationship: bytes | None
    max_unacked: int | None
    receive_timer_s: int | None
    vendor_class: bytes | None
    protocol_version: int | None
    tls_request: int | None
    mclt_s: int | None
    hba: bytes | None  # as received; the receiver refuses other than 32 bytes (reason 18); bit set = primary serves
    vendor_options: bytes | None = None  # option 29: only between two of ours; dhcpd skips it


@value(kw_only=True)
class ConnectAck(_Message):
    """The secondary's answer to CONNECT."""

    relationship: bytes | None
    max_unacked: int | None = None
    receive_timer_s: int | None = None
    vendor_class: bytes | None = None
    protocol_version: int | None = None
    tls_reply: int | None = None
    vendor_options: bytes | None = None  # option 29: only between two of ours; dhcpd skips it
    reject: RejectReason | None = None
    text: str | None = None


@value(kw_only=True)
class UpdReqAll(_Message):
    """Asks for every binding."""


@value(kw_only=True)
class UpdDone(_Message):
    """Says that all asked for is sent and acknowledged."""


@value(kw_only=True)
class UpdReq(_Message):
    """Asks for every binding not acknowledged yet."""


@value(kw_only=True)
class State(_Message):
    """Tells the sender's state. `state` is the raw number of option 24, so that an unknown one can be reported."""

    state: int | None
    startup: bool
    stos: int | None


@value(kw_only=True)
class Contact(_Message):
    """Says that the sender lives."""


@value(kw_only=True)
class Disconnect(_Message):
    """The sender's last word on a connection."""

    reason: RejectReason | None
    text: str | None = None


FailoverMessage = (
    PoolReq
    | PoolResp
    | BndUpd
    | BndAck
    | Connect
    | ConnectAck
    | UpdReqAll
    | UpdDone
    | UpdReq
    | State
    | Contact
    | Disconnect
)
