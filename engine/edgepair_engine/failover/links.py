"""All connections with one partner: which of them is the link, when to dial, how long to bear silence."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import replace

from edgepair_contract.clock import Now
from edgepair_contract.config import GroupConfig
from edgepair_contract.notices import NoteCode
from edgepair_contract.vocabulary import RejectReason
from edgepair_engine.failover.link import LINK_STARTUP_S, Link, Terms
from edgepair_engine.failover.outcome import Dial, Draft, HangUp, LinkId, Send
from edgepair_engine.wire.failover import BndAck, Contact, Disconnect, FailoverMessage

REDIAL_S = 5
REDIAL_LOCAL_S = 90  # a fault on this side (no route, bad address) does not mend itself in seconds
CONNECTIONS_MAX = 8  # both sides dial once at a time; more open ones are a partner gone wild, or a stranger
LOST_LINKS_KEPT = 4  # windows of answers remembered: what a dhcpd waits for can be spread over several broken links
QUIET_MARGIN_S = 1.0  # a link is quiet when a CONTACT is overdue by this much


class Links:
    """The connections. At most one is established: `link`."""

    def __init__(self, config: GroupConfig, now: Now) -> None:
        self.config = config
        self.link: Link | None = None
        self.terms = Terms()
        self.lost_acks: deque[BndAck] = deque()  # answers that the partner may not have received (Q4), oldest first
        self.last_hang_up: str | None = None
        self._open: dict[LinkId, Link] = {}
        self._dial_at: float | None = now.mono_s
        self._closed_to_all = False

    # what comes

    def add(self, link: LinkId, draft: Draft, now: Now) -> Link | None:
        """Take a new connection; None when it is closed at once."""
        if self._closed_to_all or len(self._open) >= CONNECTIONS_MAX:
            draft.actions.append(HangUp(link, "fenced" if self._closed_to_all else "too many connections"))
            return None
        self._open[link] = Link(link, now, acks_kept=self.config.max_unacked_updates)
        return self._open[link]

    def get(self, link: LinkId) -> Link | None:
        """Return a connection that is open."""
        return self._open.get(link)

    def establish(self, link: Link, draft: Draft, now: Now) -> None:
        """Make a connection the link."""
        assert self.link is None
        link.agree(self.terms, now)
        self.link = link
        draft.note(NoteCode.LINK_UP, partner=self.config.partner_address)

    def remove(self, link: Link, why: str, draft: Draft, now: Now) -> bool:
        """Forget a connection that has ended, dial again soon, and return whether it was the link."""
        del self._open[link.id]
        self.redial(now, REDIAL_S)
        self.last_hang_up = why
        if link is not self.link:
            draft.note(NoteCode.LINK_REFUSED, partner=self.config.partner_address, why=why)
            return False
        self.link = None
        self._dial_at = now.mono_s + REDIAL_S  # what surplus connections had planned meanwhile is out of date
        self.lost_acks.extend(link.acks)
        while len(self.lost_acks) > LOST_LINKS_KEPT * self.config.max_unacked_updates:
            self.lost_acks.popleft()
        draft.note(NoteCode.LINK_DOWN, why=why)
        return True

    def dial_failed(self, now: Now, *, local: bool) -> None:
        """Hear that nobody answered."""
        self.redial(now, REDIAL_LOCAL_S if local else REDIAL_S)

    def redial(self, now: Now, wait_s: float) -> None:
        """Plan the next attempt, unless an earlier one is planned."""
        at = now.mono_s + wait_s
        self._dial_at = at if self._dial_at is None else min(self._dial_at, at)

    def close_to_all(self) -> None:
        """Take no connection and dial nobody until `open_again`."""
        self._closed_to_all = True

    def open_again(self, now: Now) -> None:
        """Take connections and dial."""
        self._closed_to_all = False
        self.redial(now, 0)

    @property
    def answers_kept(self) -> int:
        """Return how many answers to updates are kept that the partner may miss when a connection breaks."""
        return len(self.lost_acks) + sum(len(link.acks) for link in self._open.values())

    # what goes

    def tell(self, message: FailoverMessage, draft: Draft, now: Now) -> bool:
        """Send a message of ours on the link, with its next xid; False when there is no link."""
        if self.link is None:
            return False
        self.send(self.link, replace(message, xid=self.link.take_xid()), draft, now)
        return True

    def send(self, link: Link, message: FailoverMessage, draft: Draft, now: Now) -> None:
        """Send a message as it is: a reply, or one with its xid."""
        link.sent_at = now.mono_s
        draft.actions.append(Send(link.id, message))

    def hang_up(self, link: Link, why: str, *, reason: RejectReason | None, draft: Draft, now: Now) -> bool:
        """Close a connection, with a last word if there is a reason for one; return whether it was the link."""
        if reason is not None:
            xid = link.take_xid()
            self.send(link, Disconnect(time=now.wall_s, xid=xid, reason=reason, text=why), draft, now)
        draft.actions.append(HangUp(link.id, why))
        return self.remove(link, why, draft, now)

    # time

    @property
    def contact_at(self) -> float | None:
        """Return the monotonic moment of the next CONTACT, if nothing else is said before; None without a link."""
        return None if self.link is None else self.link.sent_at + self.link.contact_every_s

    def on_timer(self, draft: Draft, now: Now) -> bool:
        """Dial and say CONTACT when it is time; return whether CONTACT was said."""
        if self._dial_at is not None and self._dial_at <= now.mono_s:
            self._dial_at = None
            if self.link is None and not self._closed_to_all:
                draft.actions.append(Dial())
        if self.link is None or self.link.sent_at + self.link.contact_every_s > now.mono_s:
            return False
        self.send(self.link, Contact(time=now.wall_s, xid=self.link.take_xid()), draft, now)
        return True

    def overdue(self, now: Now) -> list[tuple[Link, str, RejectReason | None]]:
        """Return the connections whose time is over, why, and the last word they get."""
        found: list[tuple[Link, str, RejectReason | None]] = []
        for link in self._open.values():
            if self._ends_at(link) > now.mono_s:
                continue
            if link is self.link:
                why = f"nothing heard from the partner for {self.config.max_response_delay_s} s"
                found.append((link, why, RejectReason.NO_TRAFFIC))
            else:
                found.append((link, f"no failover link agreed on within {LINK_STARTUP_S} s", None))
        return found

    def is_taken(self, now: Now) -> bool:
        """Return whether there is a link that lives: a new one must not replace it.

        It looks dead when a CONTACT that the partner owes us is overdue (I11).
        """
        if self.link is None:
            return False
        owed_every_s = max(1, self.config.max_response_delay_s // 3)
        return now.mono_s - self.link.heard_at <= owed_every_s + QUIET_MARGIN_S

    def moments(self) -> tuple[float | None, ...]:
        """Return the monotonic moments at which there is something to do."""
        return self._dial_at, self.contact_at, *[self._ends_at(link) for link in self._open.values()]

    def __iter__(self) -> Iterator[Link]:
        return iter(tuple(self._open.values()))

    def _ends_at(self, link: Link) -> float:
        if link is self.link:
            return link.heard_at + self.config.max_response_delay_s
        return link.opened_at + LINK_STARTUP_S
