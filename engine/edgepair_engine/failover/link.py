"""One connection with the partner: CONNECT and CONNECTACK, transaction ids, and how long silence may last."""

from __future__ import annotations

from collections import deque

from edgepair_contract.clock import Now
from edgepair_contract.config import GroupConfig
from edgepair_contract.value import value
from edgepair_contract.vocabulary import RejectReason
from edgepair_engine.failover.hashing import HBA_LENGTH
from edgepair_engine.failover.introduction import Introduction, encode_introduction
from edgepair_engine.failover.outcome import LinkId
from edgepair_engine.wire.failover import BndAck, Connect, ConnectAck

LINK_STARTUP_S = 15  # a connection on which nothing is agreed by then is closed
CLOCK_OFFSET_MAX_S = 60  # dhcpd refuses a partner whose clock is further away
# Between two of ours: a small window costs a sync for each, behind a large one clients wait for a turn full of updates.
OURS_UNACKED_MIN = 256
NAME_REPEATED_MAX = 255  # bytes; a longer one would leave no room for the refusal, and is no name of a group
PROTOCOL_VERSION = 1
VENDOR_CLASS = b"edgepair"


class Link:
    """What is known of one TCP connection. Times are monotonic seconds.

    `partner_heard`: a STATE came on it, so the two are in touch. `state_told`: one of ours went.
    `partner_asked`: it wanted our bindings.
    `acks` are the latest answers to updates on it: what the partner may not have received when it breaks.
    """

    def __init__(self, link: LinkId, now: Now, *, acks_kept: int) -> None:
        self.id = link
        self.opened_at = now.mono_s
        self.sent_at = now.mono_s
        self.heard_at = now.mono_s
        self.established = False
        self.partner_heard = False
        self.state_told = False
        self.partner_asked = False
        self.window = 0  # how many updates the partner takes before it acknowledges
        self.contact_every_s = 1
        self.acks: deque[BndAck] = deque(maxlen=acks_kept)
        self._xid = 0

    def take_xid(self) -> int:
        """Return the next transaction id of ours. A connection does not live long enough to use them up."""
        xid = self._xid
        self._xid += 1
        return xid

    def agree(self, terms: Terms, now: Now) -> None:
        """Make this the link: both sides have said what they need."""
        self.established = True
        self.window = terms.max_unacked
        self.contact_every_s = max(1, terms.receive_timer_s // 3)
        self.heard_at = now.mono_s


@value
class Terms:
    """What the partner said of itself when the link was made. An absent option keeps the value before (at first 0)."""

    max_unacked: int = 0
    receive_timer_s: int = 0

    def heard(self, message: Connect | ConnectAck) -> Terms:
        """Return the terms after this message."""
        return Terms(
            self.max_unacked if message.max_unacked is None else message.max_unacked,
            self.receive_timer_s if message.receive_timer_s is None else message.receive_timer_s,
        )


@value
class Refused:
    """Why the partner's CONNECT or CONNECTACK is not accepted; `silent`: the connection is closed without a word."""

    reason: RejectReason
    text: str
    silent: bool = False


def connect(config: GroupConfig, introduction: Introduction | None, *, hba: bytes, xid: int, now: Now) -> Connect:
    """Return the primary's first word."""
    return Connect(
        time=now.wall_s,
        xid=xid,
        relationship=config.name.encode(),
        max_unacked=max_unacked(config),
        receive_timer_s=config.max_response_delay_s,
        vendor_class=VENDOR_CLASS,
        protocol_version=PROTOCOL_VERSION,
        tls_request=0,
        mclt_s=config.mclt_s,
        hba=hba,
        vendor_options=None if introduction is None else encode_introduction(introduction),
    )


def connect_ack(config: GroupConfig, request: Connect, introduction: Introduction | None, now: Now) -> ConnectAck:
    """Return the secondary's acceptance."""
    return ConnectAck(
        time=now.wall_s,
        xid=request.xid,
        relationship=config.name.encode(),
        max_unacked=max_unacked(config),
        receive_timer_s=config.max_response_delay_s,
        vendor_class=VENDOR_CLASS,
        protocol_version=PROTOCOL_VERSION,
        tls_reply=None if request.tls_request is None else 0,
        vendor_options=None if introduction is None else encode_introduction(introduction),
    )


def connect_refusal(config: GroupConfig, request: Connect, why: Refused, now: Now) -> ConnectAck:
    """Return the secondary's refusal. With a wrong name nothing of ours is told but that."""
    known = why.reason is not RejectReason.INVALID_PARTNER
    name = request.relationship
    return ConnectAck(
        time=now.wall_s,
        xid=request.xid,
        relationship=None if name is None or len(name) > NAME_REPEATED_MAX else name,
        max_unacked=max_unacked(config) if known else None,
        receive_timer_s=config.max_response_delay_s if known else None,
        vendor_class=VENDOR_CLASS,
        protocol_version=PROTOCOL_VERSION,
        tls_reply=None if request.tls_request is None else 0,
        reject=why.reason,
        text=why.text,
    )


def judge_connect(message: Connect, config: GroupConfig, now: Now, *, linked: bool) -> Refused | None:
    """Return why a CONNECT is refused, in dhcpd's order of checks; None if it is good.

    A dhcpd says nothing when there is a link or no MCLT; without MCLT we tell the reason that it has for it.
    """
    if message.relationship is None:
        return Refused(RejectReason.INVALID_PARTNER, "missing relationship-name")
    if message.relationship != config.name.encode():
        return Refused(RejectReason.INVALID_PARTNER, "unknown failover relationship name")
    if abs(now.wall_s - message.time) > CLOCK_OFFSET_MAX_S:
        return Refused(RejectReason.TIME_MISMATCH, "time offset too large")
    if message.hba is None or len(message.hba) != HBA_LENGTH:
        return Refused(RejectReason.HBA_CONFLICT, "invalid HBA")
    if linked:
        return Refused(RejectReason.DUPLICATE_CONNECTION, "already connected", silent=True)
    if not message.mclt_s:
        return Refused(RejectReason.INVALID_MCLT, "no MCLT provided")
    return None


def judge_connect_ack(message: ConnectAck, config: GroupConfig, now: Now, *, linked: bool) -> Refused | None:
    """Return why a CONNECTACK cannot be built upon, in dhcpd's order of checks; None if it is good."""
    if message.relationship is None:
        return Refused(RejectReason.INVALID_PARTNER, "missing relationship-name")
    if message.reject is not None:
        text = message.text or message.reject.name.lower().replace("_", " ")
        return Refused(message.reject, text, silent=True)
    if message.relationship != config.name.encode():
        return Refused(RejectReason.INVALID_PARTNER, "unknown failover relationship name")
    if linked:
        return Refused(RejectReason.DUPLICATE_CONNECTION, "already connected")
    if abs(now.wall_s - message.time) > CLOCK_OFFSET_MAX_S:
        return Refused(RejectReason.TIME_MISMATCH, "time offset too large")
    return None


def max_unacked(config: GroupConfig) -> int:
    """Return how many updates we take before we acknowledge; between two of ours never a small number."""
    return max(config.max_unacked_updates, OURS_UNACKED_MIN) if config.partner_is_ours else config.max_unacked_updates
