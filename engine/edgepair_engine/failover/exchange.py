"""The bindings of one group on their way between the two servers: updates both ways, and what each step writes."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from edgepair_contract.clock import Now
from edgepair_contract.notices import NoteCode
from edgepair_contract.vocabulary import FailoverState, RejectReason
from edgepair_engine.failover.bindings import Reject, UpdateFacts, acknowledged, judge_update
from edgepair_engine.failover.link import Link
from edgepair_engine.failover.links import Links
from edgepair_engine.failover.outcome import Draft
from edgepair_engine.failover.ranges import Ranges
from edgepair_engine.failover.sharing import Sharing
from edgepair_engine.failover.standing import Standing
from edgepair_engine.failover.tally import Tally
from edgepair_engine.failover.updates import Updates, bnd_upd_of
from edgepair_engine.leases.binding import ABANDONED, ACTIVE, BACKUP, ENDED, FREE
from edgepair_engine.leases.lease import FLAG_RESERVED, Lease
from edgepair_engine.leases.table import LeaseTable
from edgepair_engine.wire.failover import BndAck, BndUpd, UpdDone, UpdReq, UpdReqAll

SILENT_AFTER_S = 3.0  # a dhcpd that answers a request with nothing waits for acks of a link that broke (Q4)
REFUSED_AT_ONCE_MAX = 4096  # refusals of what was never heard: 300 kB in one write; the next ones if silence goes on

REFUSED_AGAIN_S = 300.0  # a lease that is over by one clock only: the other one comes to it, or is set right

# The order in which bindings are told: dhcpd's lists of a pool, each by its ends; reserved addresses are the last list.
_LISTS = ((FREE,), (ACTIVE,), ENDED, (ABANDONED,), (BACKUP,))
_LIST_OF = {state: number for number, states in enumerate(_LISTS) for state in states}

# Reasons that a later moment can make void (I15); the others say that the binding will never do.
TOLD_ONCE_MORE = (RejectReason.FATAL_CONFLICT, RejectReason.LESS_CRITICAL_BINDING_INFORMATION)


class Exchange:
    """Sends what the partner must know, judges what it tells, and keeps the table in step with both."""

    def __init__(self, standing: Standing, links: Links, leases: LeaseTable, *, sharing: Sharing, tally: Tally) -> None:
        self._standing = standing
        self._links = links
        self._tally = tally
        self._leases = leases
        self._sharing = sharing
        self.updates = Updates()
        self.ranges = Ranges()
        self._silent_at: float | None = None
        self._refused_again_at: float | None = None  # when all that was refused is told once more
        self._unheard: list[int] | None = None  # addresses to refuse while the partner stays silent; None: not begun

    @property
    def forgot_leases(self) -> bool:
        """Return whether this server may have given leases that neither it nor its partner knows."""
        return self._tally.forgot_leases

    # ours to the partner

    def changed(self, lease: Lease, draft: Draft) -> None:
        """Write a binding that this server has changed, and queue it."""
        self.write(lease, draft)
        self.updates.add(lease.address)

    def write(self, lease: Lease, draft: Draft) -> None:
        """Write a binding into the table and the records."""
        self._leases.put(lease)
        draft.leases[lease.address] = lease

    def pump(self, draft: Draft, now: Now) -> None:
        """Send queued updates as far as the partner takes them, and UPDDONE when all it asked for is acknowledged.

        Not before both have told their states: a STATE can be held back, and an update never has the xid 0.
        """
        link = self._links.link
        if link is None or not (link.partner_heard and link.state_told) or self._standing.starting:
            return
        while (address := self.updates.next(link.window)) is not None:
            lease = self._ours(address)
            if lease is None:
                self.updates.forget(address)  # its pool is gone since, or another group's now
                continue
            self._send(lease, link, draft, now=now)
        done = self.updates.take_done()
        if done is not None:
            self._links.send(link, UpdDone(time=now.wall_s, xid=done.xid), draft, now)

    def queue_pending(self) -> None:
        """Queue every binding that the partner must still be told."""
        for pool in self._leases.pools(self._standing.config.name):
            pending = map(self._leases.get, self._leases.needing_update(pool))
            self.updates.add_missing(_in_order_of_telling(pending))

    def queue_refused(self) -> None:
        """Queue, once more, what the partner refused and still must be told: one of the two states has changed."""
        self._queue_again(self.updates.take_refused())

    def link_opened(self) -> None:
        """Hear that the partner can be heard."""
        if self._standing.record.update_all_wanted:
            self.ranges.begin()

    def link_closed(self) -> None:
        """Take back what was under way. dhcpd does so in three states only, and stalls in the others (I3)."""
        self.ranges.stop()
        self.updates.requeue()
        self.updates.drop_request()
        self._silent_at = self._unheard = self._refused_again_at = None

    # the partner's to us

    def on_update(self, message: BndUpd, link: Link, draft: Draft, now: Now) -> None:
        """Judge a BNDUPD and acknowledge it in the same outcome as its record."""
        self._tally.received()
        ours = self._ours(message.address)
        if message.address is not None:
            self.ranges.heard(message.address, known=ours is not None)
        outstanding = ours is not None and self.updates.is_outstanding(ours.address)
        verdict = judge_update(ours, message, self._facts(outstanding=outstanding), now)
        if isinstance(verdict, Reject):
            self._reject(message, verdict, link, draft=draft, now=now)
        else:
            self._accept(message, verdict.lease, link, draft=draft, now=now)
        self.pump(draft, now)

    def on_ack(self, message: BndAck, draft: Draft, now: Now) -> None:
        """Take the partner's answer to an update. One that was withdrawn meanwhile is answered in vain."""
        self._tally.acked()
        if message.address is None or not self.updates.matches(message.address, message.xid):
            return
        lease = self._ours(message.address)
        if lease is None:
            self.updates.forget(message.address)  # its pool is gone since
        elif message.reject is not None:
            self.updates.refused(lease.address, retry=message.reject in TOLD_ONCE_MORE)
            if self._refused_again_at is None:
                self._refused_again_at = now.mono_s + REFUSED_AGAIN_S
            if message.reject is RejectReason.ILLEGAL_ADDRESS:
                self.ranges.refused(lease.address)
            self._note_reject(lease.address, message.reject, message.text or "", draft)
        else:
            self.updates.accepted(lease.address)
            self.ranges.accepted(lease.address)
            self._settle(acknowledged(lease), lease, draft, now=now)
        self.pump(draft, now)

    def on_request(self, message: UpdReq | UpdReqAll, draft: Draft, now: Now) -> None:
        """Queue what the partner asks for; UPDDONE follows when it has acknowledged all of it."""
        if isinstance(message, UpdReqAll):
            for pool in self._leases.pools(self._standing.config.name):
                self.updates.add_missing(_in_order_of_telling(self._leases.leases(pool)))
        else:
            self.queue_pending()
        self.updates.ask(message.xid)
        self.pump(draft, now)

    def all_told(self) -> None:
        """Hear that the partner has told every address that it has."""
        self.ranges.complete(self._addresses())

    def untold(self) -> set[int]:
        """Return which of our addresses a partner that was asked for all has not told on this link."""
        return self.ranges.untold(self._addresses())

    def refuse_untold(self, untold: set[int], link: Link, draft: Draft, now: Now) -> None:
        """Refuse what the partner may hold for told already: told again, it is among all that it is asked for."""
        self._refuse(sorted(untold)[:REFUSED_AT_ONCE_MAX], link, draft, now)

    # what the partner may have missed

    def asked(self, now: Now) -> None:
        """Hear that the partner was asked for bindings: from now on silence is suspicious, but for one of ours."""
        if not self._standing.config.partner_is_ours:
            self._silent_at = now.mono_s + SILENT_AFTER_S

    def answered(self) -> None:
        """Hear that it does answer."""
        self._silent_at = None

    def on_timer(self, draft: Draft, now: Now) -> bool:
        """Wake a partner that answers a request with nothing; return whether it must then be asked anew.

        It waits for acks of updates that went on a link which broke. Those that we had answered are answered again.
        Those that never came here have addresses and xids that we cannot know; but a dhcpd that hears a refusal looks
        at the address only, and tells the binding again when it is asked again.
        """
        link = self._links.link
        if self._refused_again_at is not None and self._refused_again_at <= now.mono_s:
            self._refused_again_at = None
            self._queue_again(self.updates.take_all_refused())
            self.pump(draft, now)
        if self._silent_at is None or self._silent_at > now.mono_s or link is None:
            return False
        self._silent_at = None
        if self._links.lost_acks:
            while self._links.lost_acks:
                self._answer(replace(self._links.lost_acks.popleft(), time=now.wall_s), link, draft, now)
            self.asked(now)
            return False
        return self._refuse_unheard(link, draft, now)

    def next_wakeup(self) -> float | None:
        """Return the monotonic moment of the next thing to do."""
        return min((at for at in (self._silent_at, self._refused_again_at) if at is not None), default=None)

    # steps

    def _queue_again(self, addresses: Iterable[int]) -> None:
        leases = map(self._ours, addresses)
        self.updates.add_missing(lease.address for lease in leases if lease is not None and lease.needs_update)

    def _facts(self, *, outstanding: bool) -> UpdateFacts:
        standing = self._standing
        return UpdateFacts(
            role=standing.role,
            state=standing.mine,
            outstanding=outstanding,
            distrusted=standing.distrusted and standing.mine is FailoverState.RECOVER,
        )

    def _ours(self, address: int | None) -> Lease | None:
        if address is None or address not in self._leases:
            return None
        if self._leases.pool_of(address).group != self._standing.config.name:
            return None
        return self._leases.get(address)

    def _send(self, lease: Lease, link: Link, draft: Draft, *, now: Now) -> None:
        if lease.rewind is not lease.state:
            self.write(replace(lease, rewind=lease.state), draft)  # from now on the partner may know this state
        xid = link.take_xid()
        self._links.send(link, bnd_upd_of(lease, xid, now), draft, now)
        self.updates.sent(lease.address, xid)
        self._tally.sent()

    def _accept(self, message: BndUpd, lease: Lease, link: Link, *, draft: Draft, now: Now) -> None:
        before = self._leases.get(lease.address)
        duel_lost = self.updates.is_outstanding(lease.address)
        if duel_lost:
            self.updates.forget(lease.address)
        self._settle(lease, before, draft, now=now, ended=message.state in ENDED)
        promised_more = lease.ends_at != message.lease_expires_at
        gave_in_too = duel_lost and before.state is not ACTIVE  # a dhcpd may have freed the address on our word
        if lease.state is ACTIVE and (promised_more or gave_in_too):
            self.updates.add(lease.address)
        self._answer(BndAck(time=now.wall_s, xid=message.xid, address=lease.address), link, draft, now)

    def _answer(self, answer: BndAck, link: Link, draft: Draft, now: Now) -> None:
        self._links.send(link, answer, draft, now)
        link.acks.append(answer)

    def _refuse_unheard(self, link: Link, draft: Draft, now: Now) -> bool:
        if self._unheard is None:
            self._unheard = self._addresses()
        refused, self._unheard = self._unheard[:REFUSED_AT_ONCE_MAX], self._unheard[REFUSED_AT_ONCE_MAX:]
        self._refuse(refused, link, draft, now)
        return bool(refused)

    def _refuse(self, addresses: Iterable[int], link: Link, draft: Draft, now: Now) -> None:
        for address in addresses:
            refusal = BndAck(time=now.wall_s, xid=0, address=address, reject=RejectReason.OTHER, text="never received")
            self._links.send(link, refusal, draft, now)

    def _addresses(self) -> list[int]:
        pools = self._leases.pools(self._standing.config.name)
        return [address for pool in pools for address in pool.addresses()]

    def _settle(self, lease: Lease, before: Lease, draft: Draft, *, now: Now, ended: bool | None = None) -> None:
        if ended is None:
            ended = before.state in ENDED
        self.write(replace(lease, rewind=lease.state), draft)
        if ended and self._sharing.belongs_to_partner(lease):
            self.changed(self._sharing.given(lease, now), draft)
        self._sharing.moved(before, lease)

    def _reject(self, message: BndUpd, why: Reject, link: Link, *, draft: Draft, now: Now) -> None:
        answer = BndAck(time=now.wall_s, xid=message.xid, address=message.address, reject=why.reason, text=why.text)
        self._answer(answer, link, draft, now)
        self._note_reject(message.address, why.reason, why.text, draft)
        ours = self._ours(message.address)
        if ours is not None and ours.state is ACTIVE and ours.needs_update:
            self.updates.add_missing([ours.address])  # our newer word follows (Q28)

    def _note_reject(self, address: int | None, reason: RejectReason, text: str, draft: Draft) -> None:
        if reason is RejectReason.LESS_CRITICAL_BINDING_INFORMATION:
            return  # a duel is part of the protocol: at a first start there is one for each address
        draft.note(NoteCode.UPDATE_REJECTED, address=_dotted(address), reason=reason.value, why=text)


def _in_order_of_telling(leases: Iterable[Lease]) -> list[int]:
    return [lease.address for lease in sorted(leases, key=_place)]


def _place(lease: Lease) -> tuple[int, int]:
    reserved = lease.flags & FLAG_RESERVED and lease.state in (FREE, BACKUP)
    return len(_LISTS) if reserved else _LIST_OF[lease.state], lease.ends_at


def _dotted(address: int | None) -> str:
    return "none" if address is None else ".".join(str(byte) for byte in address.to_bytes(4, "big"))
