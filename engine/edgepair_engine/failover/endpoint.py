"""One failover group's endpoint: what happens goes in, outcomes come out.

It never raises on what a partner sends: a violation closes the link with its reason (statement 159 of the protocol
reference), and the process lives.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import assert_never

from edgepair_contract.clock import Chance, Now
from edgepair_contract.config import GroupConfig
from edgepair_contract.control import ControlAction, ControlRequest
from edgepair_contract.notices import NoteCode
from edgepair_contract.report import GroupReport
from edgepair_contract.vocabulary import BindingState, FailoverState, RejectReason, Role
from edgepair_engine.failover.bindings import known_until
from edgepair_engine.failover.endings import Endings
from edgepair_engine.failover.exchange import Exchange
from edgepair_engine.failover.introduction import decode_introduction
from edgepair_engine.failover.link import (
    Link,
    connect,
    connect_ack,
    connect_refusal,
    judge_connect,
    judge_connect_ack,
)
from edgepair_engine.failover.links import Links
from edgepair_engine.failover.machine import Machine
from edgepair_engine.failover.outcome import NOTHING, Draft, LinkId, Outcome
from edgepair_engine.failover.plan import Plan
from edgepair_engine.failover.serving import ServingRights
from edgepair_engine.failover.sharing import OnOffer, Sharing
from edgepair_engine.failover.standing import Standing
from edgepair_engine.failover.tally import Origin, Tally, Verdict
from edgepair_engine.failover.transitions import Refuse
from edgepair_engine.failover.view import GroupFacts, group_facts, group_report
from edgepair_engine.leases.lease import Lease
from edgepair_engine.leases.pool import Pool, pool_of_subnet
from edgepair_engine.leases.record import StateRecord
from edgepair_engine.leases.table import LeaseTable
from edgepair_engine.wire.errors import ProtocolViolation
from edgepair_engine.wire.failover import (
    BndAck,
    BndUpd,
    Connect,
    ConnectAck,
    Contact,
    Disconnect,
    FailoverMessage,
    PoolReq,
    PoolResp,
    State,
    UpdDone,
    UpdReq,
    UpdReqAll,
)

SKEW_IGNORED_S = 1  # whole seconds are told; one of difference is the moment of reading
SKEW_NOTED_S = 5
AGREED_AT_CONNECT = ("role", "mclt_s", "split", "max_response_delay_s", "max_unacked_updates", "partner_is_ours")


class Endpoint:
    """This server's side of one failover relationship."""

    def __init__(
        self,
        config: GroupConfig,
        leases: LeaseTable,
        restored: StateRecord | None,
        *,
        chance: Chance,
        on_offer: OnOffer = lambda _address, _now: False,
        now: Now,
        origin: Origin = Origin(),  # noqa: B008 - a frozen value
    ) -> None:
        self._leases = leases
        self._standing = Standing(config, restored, now)
        self._links = Links(config, now)
        self._sharing = Sharing(self._standing, leases, chance, on_offer=on_offer)
        self._tally = Tally(self._standing, origin)
        self._exchange = Exchange(self._standing, self._links, leases, sharing=self._sharing, tally=self._tally)
        self._endings = Endings(self._standing, leases, self._exchange, self._sharing)
        self._machine = Machine(self._standing, self._links, self._exchange, self._sharing, now=now)
        self._alive_at = now.mono_s
        self._plan: Plan | None = None  # forgotten at each step
        self._ranges_differ: str | None = None
        if self._standing.fenced:
            self._links.close_to_all()

    # what happens

    def link_up(self, link: LinkId, now: Now) -> Outcome:
        """A connection with the partner stands, whoever dialled. The primary opens on it, the secondary waits."""
        draft = self._draft()
        added = self._links.add(link, draft, now)
        if added is not None and self._standing.role is Role.PRIMARY:
            assert self._standing.hba is not None
            self._standing.offer()
            config, hba = self._standing.config, self._standing.hba
            message = connect(config, self._tally.introduction(), hba=hba, xid=added.take_xid(), now=now)
            self._links.send(added, message, draft, now)
        return self._finish(draft, now)

    def link_lost(self, link: LinkId, now: Now, why: str = "connection closed") -> Outcome:
        """A connection has ended, by whomever. One that was closed here is forgotten already."""
        lost = self._links.get(link)
        if lost is None:
            return NOTHING
        draft = self._draft()
        if self._links.remove(lost, why, draft, now):
            self._machine.link_closed(draft, now)
        return self._finish(draft, now)

    def break_link(self, link: LinkId, why: str, now: Now) -> Outcome:
        """Close a connection on which the partner sent what cannot be read."""
        broken = self._links.get(link)
        if broken is None:
            return NOTHING
        draft = self._draft()
        self._hang_up(broken, why, reason=RejectReason.OTHER, draft=draft, now=now)
        return self._finish(draft, now)

    def dial_failed(self, now: Now, local: bool) -> Outcome:
        """An attempt to connect has failed; `local` tells a fault on this side."""
        self._plan = None
        self._links.dial_failed(now, local=local)
        return NOTHING

    def on_message(self, link: LinkId, message: FailoverMessage, now: Now) -> Outcome:
        """The partner has said something on a connection."""
        came_on = self._links.get(link)
        if came_on is None:
            return NOTHING  # what was still on its way when we closed
        draft = self._draft()
        try:
            self._take(message, came_on, draft, now)
        except ProtocolViolation as violation:
            self._hang_up(came_on, str(violation), reason=violation.reason, draft=draft, now=now)
        return self._finish(draft, now)

    def on_timer(self, now: Now) -> Outcome:
        """Do all that is due. Calling it too early or too often does no harm."""
        draft = self._draft()
        self._sharing.settle(now)
        for link, why, reason in self._links.overdue(now):
            self._hang_up(link, why, reason=reason, draft=draft, now=now)
        self._machine.on_timer(draft, now)
        self._endings.on_timer(draft, now)
        if self._exchange.on_timer(draft, now):
            self._machine.ask_anew(draft, now)
        contact_said = self._links.on_timer(draft, now)
        if self._alive_at <= now.mono_s or (contact_said and self._is_last_before_alive()):
            self._alive_at = now.mono_s + self._standing.alive_every_s
            self._standing.unsaved = True
        return self._finish(draft, now)

    def next_wakeup(self, now: Now) -> float:
        """Return the monotonic moment at which `on_timer` has something to do."""
        if self._plan is None or self._plan.changes != self._leases.changes:
            self._sharing.settle(now)
            self._plan = self.plan()
        return self._plan.moment(now)

    def plan(self) -> Plan:
        """Return when something is due. It holds until the next step, or the next change of the lease table."""
        others = (self._endings.next_wakeup(), self._exchange.next_wakeup())
        moments = (self._alive_at, *self._links.moments(), *self._machine.moments(), *others)
        timer_at = min([moment for moment in moments if moment is not None])
        return Plan(timer_at, self._endings.next_end(), self._leases.changes)

    def on_control(self, request: ControlRequest, now: Now) -> Outcome | Refuse:
        """Carry out an order, or say why it cannot be."""
        last_alive_at = request.last_alive_at if request.action is ControlAction.PARTNER_DOWN else None
        if last_alive_at is not None and (doubt := self._doubt(last_alive_at, now)) is not None:
            return doubt
        draft = self._draft()
        refusal = self._machine.order(request.action, draft, now)
        if refusal is not None:
            return refusal
        if last_alive_at is not None:
            self._standing.date_partners_end(last_alive_at)
        if request.action is ControlAction.FENCE:
            self._fence(draft, now)
        elif request.action is ControlAction.UNFENCE and self._standing.fenced:
            self._standing.change(replace(self._standing.record, fenced=False))
            self._links.open_again(now)
        return self._finish(draft, now)

    def lease_changed(self, lease: Lease, now: Now) -> Outcome:
        """This server has bound, released or abandoned an address: write it, record it, tell the partner.

        An ACTIVE lease brings its `tstp` (`serving.potential_expiry`); the others come from `leases.binding`.
        """
        draft = self._draft()
        before = self._leases.get(lease.address)
        tsfp = min(lease.tsfp, lease.tstp) if lease.state is BindingState.ACTIVE else lease.tsfp
        changed = replace(lease, tsfp=tsfp, atsfp=0, rewind=before.rewind)
        if changed.state is BindingState.RELEASED:
            changed = self._endings.out_of_touch(changed)
        self._exchange.changed(changed, draft)
        self._sharing.moved(before, changed)
        self._exchange.pump(draft, now)
        return self._finish(draft, now)

    def configured(self, config: GroupConfig, now: Now) -> Outcome:
        """Take a new configuration of the same group and role; the table has its pools already.

        What the two servers agree on at CONNECT takes effect by connecting again, at once.
        """
        before = self._standing.config
        assert config.role is before.role, "a change of role is a new endpoint"
        draft = self._draft()
        self._standing.configure(config)
        self._links.config = config
        known = [pool_of_subnet(subnet, before.name) for subnet in before.subnets]
        moved = known != [pool_of_subnet(subnet, config.name) for subnet in config.subnets]
        if moved:
            self._exchange.ranges.changed()
            self._tell_returned(known, draft, now)
        if any(getattr(config, name) != getattr(before, name) for name in AGREED_AT_CONNECT):
            self._hang_up_all("configuration changed", draft, now)
            self._links.redial(now, 0)
        elif self._standing.mine is FailoverState.NORMAL:
            self._exchange.queue_pending()  # of pools that came; after connecting anew it is done anyway
            self._exchange.pump(draft, now)
            if moved:
                self._machine.ask(draft, now)  # the partner may have had the new ranges before and was refused
        self._sharing.plan(now)
        return self._finish(draft, now)

    def started_with_other_ranges(self, known: Sequence[Pool], now: Now) -> Outcome:
        """Tell again what has come into a range since this server ran last, when it had these pools."""
        draft = self._draft()
        if known and known != list(self._leases.pools(self._standing.config.name)):
            self._tell_returned(known, draft, now)
        return self._finish(draft, now)

    # what can be asked

    def rights(self, now: Now) -> ServingRights:
        """Return what this server may answer now."""
        return self._standing.rights()

    def view(self, now: Now) -> GroupReport:
        """Return what people are told of this group."""
        return group_report(self.facts(now), self._leases, last_contact_at=self._standing.last_contact_at)

    def facts(self, now: Now) -> GroupFacts:
        """Return what the view is made of, but the counts and the last contact: cheap enough for every turn."""
        return group_facts(self._standing, self._links, self._tally, ranges_differ=self._ranges_differ, now=now)

    def sizes(self) -> Mapping[str, int]:
        """Return how much is kept for the partner."""
        return {**self._exchange.updates.sizes(), "answers_kept": self._links.answers_kept}

    # steps

    def _draft(self) -> Draft:
        self._plan = None
        return Draft(self._standing.config.name)

    def _finish(self, draft: Draft, now: Now) -> Outcome:
        difference = self._exchange.ranges.difference
        if difference != self._ranges_differ:
            self._ranges_differ = difference
            if difference is not None:
                draft.note(NoteCode.RANGES_DIFFER, how=difference)
        return draft.outcome(*self._standing.take_unsaved(now), *self._tally.take_unsaved())

    def _is_last_before_alive(self) -> bool:
        """Return whether the record that this server lives would need a turn of its own before the next CONTACT."""
        contact_at = self._links.contact_at
        return contact_at is not None and self._alive_at < contact_at

    def _tell_returned(self, known: Sequence[Pool], draft: Draft, now: Now) -> None:
        """Tell the bindings of addresses that came into a range again: the partner may have lost its store since.

        It may not have them in its range yet, and refuse; so each is told until it is acknowledged. Until then nothing
        is promised beyond MCLT, whatever it acknowledged once.
        """
        for pool in self._leases.pools(self._standing.config.name):
            for lease in self._leases.leases(pool):
                if lease != Lease(lease.address) and not any(lease.address in each for each in known):
                    told_at = max(known_until(lease), now.wall_s)
                    tsfp = min(lease.tsfp, now.wall_s) if lease.state is BindingState.ACTIVE else lease.tsfp
                    self._exchange.changed(replace(lease, tstp=told_at, tsfp=tsfp, atsfp=0), draft)

    def _take(self, message: FailoverMessage, link: Link, draft: Draft, now: Now) -> None:
        link.heard_at = now.mono_s
        match message:
            case Connect():
                self._on_connect(message, link, draft, now)
            case ConnectAck():
                self._on_connect_ack(message, link, draft, now)
            case Disconnect():
                self._hang_up(link, f"partner disconnects: {_reason_of(message)}", reason=None, draft=draft, now=now)
            case _ if not link.established:
                raise ProtocolViolation(f"{type(message).__name__} before CONNECT and CONNECTACK")
            case _:
                self._standing.touch(now)
                self._on_established(message, link, draft, now)

    def _on_established(self, message: FailoverMessage, link: Link, draft: Draft, now: Now) -> None:
        match message:
            case Contact():
                self._measure(message.time, draft, now)
            case State():
                self._machine.hear_state(message, draft, now)
            case BndUpd():
                self._exchange.answered()
                self._exchange.on_update(message, link, draft, now)
            case BndAck():
                self._exchange.on_ack(message, draft, now)
            case UpdReq() | UpdReqAll():
                link.partner_asked = True
                self._exchange.on_request(message, draft, now)
            case UpdDone():
                self._machine.updates_done(message.xid, draft, now)
            case PoolReq():
                self._on_pool_req(message, link, draft, now)
            case PoolResp():
                return  # the addresses come as BNDUPDs
            case Connect() | ConnectAck() | Disconnect():
                raise AssertionError(message)
            case _:
                assert_never(message)

    def _on_connect(self, message: Connect, link: Link, draft: Draft, now: Now) -> None:
        if self._standing.role is Role.PRIMARY:
            text = "the partner says CONNECT: both servers are configured as primary"
            raise ProtocolViolation(text, reason=RejectReason.INVALID_PARTNER)
        if link.established:
            raise ProtocolViolation("CONNECT on an established link")
        self._measure(message.time, draft, now)
        refused = judge_connect(message, self._standing.config, now, linked=self._links.is_taken(now))
        if refused is not None:
            if not refused.silent:
                answer = connect_refusal(self._standing.config, message, refused, now)
                self._links.send(link, answer, draft, now)
            self._hang_up(link, f"CONNECT refused: {refused.text}", reason=None, draft=draft, now=now)
            return
        self._make_room(draft, now)
        assert message.hba is not None
        assert message.mclt_s is not None
        self._standing.learn(mclt_s=message.mclt_s, hba=message.hba)
        verdict = self._tally.judge(decode_introduction(message.vendor_options))
        introduction = self._tally.introduction(behind=verdict.partners_is_behind)
        self._links.send(link, connect_ack(self._standing.config, message, introduction, now), draft, now)
        self._act_on(verdict, draft, now)
        self._established(message, link, draft, now)

    def _on_connect_ack(self, message: ConnectAck, link: Link, draft: Draft, now: Now) -> None:
        if self._standing.role is Role.SECONDARY:
            raise ProtocolViolation("CONNECTACK, but CONNECT is the primary's to send")
        if link.established:
            raise ProtocolViolation("CONNECTACK on an established link")
        self._measure(message.time, draft, now)
        refused = judge_connect_ack(message, self._standing.config, now, linked=self._links.is_taken(now))
        if refused is not None:
            reason = None if refused.silent else refused.reason
            self._hang_up(link, refused.text, reason=reason, draft=draft, now=now)
            return
        self._make_room(draft, now)
        self._standing.agree()
        self._act_on(self._tally.agree(decode_introduction(message.vendor_options)), draft, now)
        self._established(message, link, draft, now)

    def _act_on(self, verdict: Verdict, draft: Draft, now: Now) -> None:
        partner = self._tally.partner
        if partner is not None and partner.config != self._standing.config.shared_digest:
            draft.note(NoteCode.PARTNER_CONFIG_DIFFERS)
        if verdict.mine_is_behind:
            self._machine.store_is_behind(draft, now)

    def _established(self, message: Connect | ConnectAck, link: Link, draft: Draft, now: Now) -> None:
        self._links.terms = self._links.terms.heard(message)
        self._links.establish(link, draft, now)
        self._standing.touch(now)
        self._machine.link_opened(draft, now)

    def _make_room(self, draft: Draft, now: Now) -> None:
        """Drop a link that has gone quiet for a new one (I11)."""
        old = self._links.link
        if old is not None:
            self._hang_up(old, "quiet, and the partner has connected anew", reason=None, draft=draft, now=now)

    def _on_pool_req(self, message: PoolReq, link: Link, draft: Draft, now: Now) -> None:
        given, _ = self._sharing.run(draft, now)
        # POOLRESP first, the moved addresses after it as BNDUPDs: dhcpd's order (capture a3).
        answer = PoolResp(time=now.wall_s, xid=message.xid, addresses_transferred=len(given))
        self._links.send(link, answer, draft, now)
        for lease in given:
            self._exchange.changed(lease, draft)
        self._exchange.pump(draft, now)
        self._sharing.plan(now)

    def _hang_up(self, link: Link, why: str, *, reason: RejectReason | None, draft: Draft, now: Now) -> None:
        if self._links.hang_up(link, why, reason=reason, draft=draft, now=now):
            self._machine.link_closed(draft, now)

    def _hang_up_all(self, why: str, draft: Draft, now: Now) -> None:
        for link in self._links:
            self._hang_up(link, why, reason=None, draft=draft, now=now)

    def _doubt(self, last_alive_at: int, now: Now) -> Refuse | None:
        contact_at = self._standing.last_contact_at
        if contact_at > last_alive_at:
            return Refuse(f"the partner was heard at {contact_at}, later than {last_alive_at}")
        if last_alive_at > now.wall_s:
            return Refuse(f"{last_alive_at} has not come yet: by this server's clock it is {now.wall_s}")
        return None

    def _fence(self, draft: Draft, now: Now) -> None:
        self._standing.change(replace(self._standing.record, fenced=True))
        self._links.close_to_all()
        self._hang_up_all("fenced", draft, now)

    def _measure(self, partner_time: int, draft: Draft, now: Now) -> None:
        skew_s = partner_time - now.wall_s
        skew_s = skew_s if abs(skew_s) > SKEW_IGNORED_S else 0
        if abs(skew_s) > SKEW_NOTED_S >= abs(self._standing.skew_s):
            draft.note(NoteCode.CLOCK_SKEW, skew_s=skew_s)
        self._standing.skew_s = skew_s


def _reason_of(message: Disconnect) -> str:
    if message.text:
        return message.text
    return "no reason given" if message.reason is None else message.reason.name.lower().replace("_", " ")
