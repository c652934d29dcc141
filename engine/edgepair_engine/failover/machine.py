"""The walker of the transition tables: what moves the endpoint, and what entering a state does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import assert_never

from edgepair_contract.clock import Now
from edgepair_contract.control import ControlAction
from edgepair_contract.notices import NoteCode
from edgepair_contract.vocabulary import FailoverState, RejectReason, Role
from edgepair_engine.failover import transitions as t
from edgepair_engine.failover.exchange import Exchange
from edgepair_engine.failover.link import Link
from edgepair_engine.failover.links import Links
from edgepair_engine.failover.outcome import Draft, LinkId
from edgepair_engine.failover.sharing import Sharing
from edgepair_engine.failover.standing import Standing
from edgepair_engine.failover.transitions import Guard, Move
from edgepair_engine.wire.errors import ProtocolViolation
from edgepair_engine.wire.failover import PoolReq, State, UpdReq, UpdReqAll

STARTUP_S = 15  # how long a start waits for the partner's word
PARTNER_ASKS_WITHIN_S = 5.0  # a partner that will ask for bindings does so as soon as it has heard our state

# What a partner recorded in CONFLICT-DONE may hear: a dhcpd ends its process on any other state (Q3), but for SHUTDOWN,
# on which it goes to SHUTDOWN itself until a person acts.
SAFE_IN_CONFLICT_DONE = frozenset({t.NORMAL, t.PC, t.RI})


class Machine:
    """The failover state of one endpoint in motion."""

    def __init__(self, standing: Standing, links: Links, exchange: Exchange, sharing: Sharing, *, now: Now) -> None:
        self._standing = standing
        self._links = links
        self._exchange = exchange
        self._sharing = sharing
        self._startup_ends_at: float | None = now.mono_s + STARTUP_S
        self._wait_ends_at: float | None = None
        self._down_at: float | None = None
        self._told_at = now.mono_s
        self._asked_on: LinkId | None = None
        self._asked_anew: int | None = None  # the xid of the request that replaced one without an answer
        self._interrupted = self._standing.record.update_all_wanted and not self._never_met  # a request, by a lost link
        self._untold: set[int] = set()  # what was missing at the end of such a request

    # what moves it

    def hear_state(self, message: State, draft: Draft, now: Now) -> None:
        """Take the partner's word on its state."""
        partner = FailoverState.from_wire(message.state) if message.state is not None else None
        if partner is None:
            raise ProtocolViolation(f"STATE names state {message.state}", reason=RejectReason.OTHER)
        link = self._links.link
        assert link is not None
        is_news = not link.partner_heard or self._standing.record.partner_state is not partner
        link.partner_heard = True
        if is_news or self._standing.starting or self._standing.told not in t.REPEATS_IGNORED:
            self._take_word(partner, message, draft, now)
        if self._links.link is link and not link.state_told:
            self._tell_state(draft, now)
            self._exchange.pump(draft, now)

    def _take_word(self, partner: FailoverState, message: State, draft: Draft, now: Now) -> None:
        before = self._standing.record.partner_state
        holding = self._holding(message)
        if partner is not before:
            draft.note(NoteCode.PARTNER_STATE_HEARD, **{"from": before.label, "to": partner.label})
            self._exchange.queue_refused()
        self._standing.hear(partner, now)
        cause = f"partner is in {partner.label}"
        if self._standing.starting:
            self._leave_startup(t.resolve(t.PARTNER[self._standing.mine, partner], holding), cause, draft, now)
        else:
            self._make(t.resolve(t.PARTNER[self._standing.told, partner], holding), cause, draft, now)
        if partner is t.NORMAL:
            self._sharing.plan(now)

    def updates_done(self, xid: int, draft: Draft, now: Now) -> None:
        """Hear that the partner has sent all that was asked for.

        It counts for the one request that is under way on this link, whatever its xid: dhcpd answers the latest only
        (Q7). Without a request it says nothing: to believe it would end RECOVER with bindings missing. So would the
        answer to a request that was asked anew: our refusals may have ended it.
        """
        link = self._links.link
        if link is None or self._asked_on != link.id or self._asked_anew not in (None, xid):
            return
        self._exchange.answered()
        if self._interrupted and self._lacks_some(link, draft, now):
            return
        self._asked_on = self._asked_anew = None
        self._interrupted = False
        holding = self._holding(now=now)
        if self._standing.record.update_all_wanted:
            self._standing.change(replace(self._standing.record, update_all_wanted=False))
            self._exchange.all_told()
        if self._standing.mine is t.NORMAL:
            self._sharing.plan(now)
            self._standing.settle_mclt()
        cell = t.UPDATES_DONE[self._standing.mine, self._standing.role]
        self._make(t.resolve(cell, holding), "all bindings received", draft, now)

    def link_opened(self, draft: Draft, now: Now) -> None:
        """Tell the partner our state on a link just made."""
        self._exchange.link_opened()
        self._make(t.resolve(t.LINK[self._standing.mine, t.LinkEvent.OPENED], ()), "", draft, now)
        self._tell_state(draft, now)

    def store_is_behind(self, draft: Draft, now: Now) -> None:
        """Hear, before anything is told, that the store was rolled back: recover everything (I17)."""
        cause = "the lease store is older than what the partner knows of it"
        draft.note(NoteCode.STORE_ROLLED_BACK)
        self._standing.distrust(now)
        if self._standing.mine is t.RECOVER:
            return
        if self._standing.starting:
            self._write_state(t.RECOVER, cause, draft, now)
        else:
            self._enter(t.RECOVER, cause, draft, now)

    def link_closed(self, draft: Draft, now: Now) -> None:
        """Hear that the established link is gone."""
        self._exchange.link_closed()
        self._interrupted = self._interrupted or self._asked_on is not None
        self._untold = set()
        self._asked_on = self._asked_anew = None
        cause = "link to the partner lost"
        if self._standing.starting:
            cell = t.TIMER[self._standing.mine, t.Timer.STARTUP]
            self._leave_startup(t.resolve(cell, ()), cause, draft, now)
        else:
            self._make(t.resolve(t.LINK[self._standing.mine, t.LinkEvent.CLOSED], ()), cause, draft, now)

    def on_timer(self, draft: Draft, now: Now) -> None:
        """Do what is due."""
        if self._startup_ends_at is not None and self._startup_ends_at <= now.mono_s:
            cell = t.TIMER[self._standing.mine, t.Timer.STARTUP]
            cause = f"nothing heard from the partner within {STARTUP_S} s of the start"
            self._leave_startup(t.resolve(cell, ()), cause, draft, now)
        if self._wait_ends_at is not None and self._wait_ends_at <= now.mono_s:
            self._wait_ends_at = None
            self._fire(t.Timer.RECOVER_WAIT, "the wait of MCLT is over", draft, now)
        held = self._standing.fenced or self._standing.announced is not None
        if self._down_at is not None and self._down_at <= now.mono_s and not held:
            self._down_at = None
            cause = f"no link to the partner for {self._standing.config.auto_partner_down_s} s"
            self._fire(t.Timer.AUTO_PARTNER_DOWN, cause, draft, now)
        unasked_at = self._unasked_at()
        if unasked_at is not None and unasked_at <= now.mono_s:
            self._fire(t.Timer.PARTNER_ASKS_NOT, "the partner recovers and does not ask", draft, now)
        run_at = self._sharing.run_at
        if run_at is not None and run_at <= now.mono_s:
            self._balance_by_timer(draft, now)

    def moments(self) -> tuple[float | None, ...]:
        """Return the monotonic moments at which there is something to do."""
        held = self._standing.fenced or self._standing.announced is not None
        down_at = None if held else self._down_at
        return self._startup_ends_at, self._wait_ends_at, down_at, self._unasked_at(), self._sharing.run_at

    def order(self, action: ControlAction, draft: Draft, now: Now) -> t.Refuse | None:
        """Carry out an order, or say why not."""
        if self._standing.starting and action is ControlAction.PARTNER_DOWN:
            return t.Refuse(f"this server is starting; ask again in {STARTUP_S} s")
        move = t.resolve(t.CONTROL[self._standing.mine, action], self._holding(now=now))
        if isinstance(move, t.Refuse):
            return move
        self._make(move, "told that the partner is down", draft, now)
        return None

    def ask(self, draft: Draft, now: Now) -> None:
        """Ask the partner for bindings; one request at a time, and a broken UPDREQALL is repeated as such.

        With an intact store what the partner holds unacknowledged is enough: all that we acknowledged we have (I9).
        """
        link = self._links.link
        if link is None or not link.partner_heard or self._asked_on == link.id:
            return
        self._request(link, draft, now)

    def ask_anew(self, draft: Draft, now: Now) -> None:
        """Ask once more on the same link: an answer to the request before says nothing any more."""
        link = self._links.link
        if link is not None and self._asked_on == link.id:
            self._asked_anew = self._request(link, draft, now)

    # steps

    def _lacks_some(self, link: Link, draft: Draft, now: Now) -> bool:
        """Ask anew, after an interruption, when the partner is done and has not told every address on this link.

        dhcpd still holds some for under way on the link that broke, and tells them to nobody; and an ack, repeated for
        one that it has queued again, can end the request before the rest is told (seen live). What is missing twice,
        its ranges do not have.
        """
        untold = set() if self._standing.config.partner_is_ours else self._exchange.untold()
        if not untold or untold == self._untold:
            return False
        self._untold = untold
        self._exchange.refuse_untold(untold, link, draft, now)
        self._asked_anew = self._request(link, draft, now)
        return True

    @property
    def _never_met(self) -> bool:
        return self._standing.record.partner_state is t.UNKNOWN

    def _request(self, link: Link, draft: Draft, now: Now) -> int:
        record = self._standing.record
        kind = UpdReqAll if record.update_all_wanted else UpdReq
        if kind is UpdReq and self._standing.mine is t.RECOVER and not self._standing.config.partner_is_ours:
            # If it is broken off, all must be told: a dhcpd may hold some for told that never came here (Q4).
            self._standing.change(replace(record, update_all_wanted=True))
        xid = link.take_xid()
        self._asked_on = link.id
        self._links.send(link, kind(time=now.wall_s, xid=xid), draft, now)
        self._exchange.asked(now)
        return xid

    def _holding(self, message: State | None = None, *, now: Now | None = None) -> set[Guard]:
        record = self._standing.record
        facts = {
            Guard.I_AM_STARTING: self._standing.starting,
            Guard.PARTNER_IS_STARTING: message is not None and message.startup,
            Guard.PARTNER_CAME_FROM_CONFLICT: record.partner_state is t.PC,
            Guard.PARTNER_IS_CONFLICT_DONE: record.partner_state is t.CD,
            Guard.PARTNER_IS_RECOVERED: record.partner_state is t.RD,
            Guard.PARTNER_RECOVERS_TOO: record.partner_state in (t.RECOVER, t.RD) and not self._exchange.forgot_leases,
            Guard.WAIT_IS_OVER: now is not None and self._standing.wait_ends_at <= now.wall_s,
            Guard.NEVER_MET: self._never_met,
        }
        return {guard for guard, holds in facts.items() if holds}

    def _make(self, move: Move, cause: str, draft: Draft, now: Now) -> None:
        match move:
            case t.Stay() | t.Refuse():
                return
            case t.Go():
                if move.updates_first:
                    self._exchange.pump(draft, now)
                self._enter(move.state, cause, draft, now)
            case t.Ask():
                self.ask(draft, now)
            case t.Announce():
                self._announce(move.state, draft, now)
            case _:
                assert_never(move)

    def _fire(self, timer: t.Timer, cause: str, draft: Draft, now: Now) -> None:
        self._make(t.resolve(t.TIMER[self._standing.mine, timer], ()), cause, draft, now)

    def _leave_startup(self, move: Move, cause: str, draft: Draft, now: Now) -> None:
        self._startup_ends_at = None
        if isinstance(move, t.Go) and move.state is not self._standing.mine:
            self._write_state(move.state, cause, draft, now)  # still starting: the time of a stop counts (I1)
            self._standing.starting = False
        else:
            self._standing.starting = False  # the state resumed keeps its time
        self._entered(draft, now)
        if isinstance(move, t.Ask):
            self.ask(draft, now)

    def _enter(self, state: FailoverState, cause: str, draft: Draft, now: Now) -> None:
        if self._standing.mine in (t.NORMAL, t.PC, t.PD):
            self._exchange.updates.requeue()
        self._write_state(state, cause, draft, now)
        self._entered(draft, now)

    def _write_state(self, state: FailoverState, cause: str, draft: Draft, now: Now) -> None:
        before = self._standing.mine
        assert state is not before, state
        draft.note(NoteCode.STATE_CHANGED, **{"from": before.label, "to": state.label, "cause": cause})
        self._standing.enter(state, cause=cause, now=now)

    def _entered(self, draft: Draft, now: Now) -> None:
        self._wait_ends_at = None
        self._down_at = None
        self._sharing.stop()
        self._tell_state(draft, now)
        self._exchange.queue_refused()
        action = ON_ENTER.get(self._standing.mine)
        if action is not None:
            action(self, draft, now)

    def _tell_state(self, draft: Draft, now: Now) -> None:
        link = self._links.link
        if link is None:
            return
        told, partner = self._standing.told, self._standing.record.partner_state
        if not link.partner_heard and self._may_harm(told, partner):
            return  # its word on this link comes first: it may be in another state by now, or we go to a safe one
        if partner is t.CD and told not in SAFE_IN_CONFLICT_DONE:
            why = f"partner in {partner.label} must not hear of {told.label}"
            self._links.hang_up(link, why, reason=None, draft=draft, now=now)
            self.link_closed(draft, now)
            return
        link.state_told, self._told_at = True, now.mono_s
        flag, at = self._standing.starting, self._standing.record.my_state_at
        self._links.tell(State(time=now.wall_s, xid=0, state=told.wire, startup=flag, stos=at), draft, now)

    def _unasked_at(self) -> float | None:
        """Return when a partner in RECOVER should have asked for our bindings, if it has not."""
        standing, link = self._standing, self._links.link
        if standing.told is not t.RD or standing.starting or standing.record.partner_state is not t.RECOVER:
            return None
        if link is None or not link.partner_heard or link.partner_asked:
            return None
        return self._told_at + PARTNER_ASKS_WITHIN_S

    def _may_harm(self, told: FailoverState, partner: FailoverState) -> bool:
        """Return whether a dhcpd that was last heard in this state may end, or shut down, when it is told that one.

        A primary in POTENTIAL-CONFLICT may be in CONFLICT-DONE by now: its word can be lost with the link.
        """
        if partner is t.PC and self._standing.role is Role.SECONDARY:
            return told not in SAFE_IN_CONFLICT_DONE - {t.NORMAL}
        return partner is t.CD and told not in SAFE_IN_CONFLICT_DONE

    def _announce(self, state: FailoverState | None, draft: Draft, now: Now) -> None:
        if self._standing.announced is state:
            return
        self._standing.announced = state
        move = self._missed() if state is None else t.STAY
        if not isinstance(move, t.Go):
            self._tell_state(draft, now)
        self._make(move, "partner's word during the pause", draft, now)

    def _missed(self) -> Move:
        """Return what the partner's latest word on this link does now; when it came, it moved nothing."""
        link = self._links.link
        if link is None or not link.partner_heard or self._standing.starting:
            return t.STAY
        partner = self._standing.record.partner_state
        if self._standing.mine is t.CD and partner in (t.PC, t.RI):
            return t.Go(t.PC)  # it asks a primary only that it saw coming from the conflict: not one that was PAUSED
        came_from = {Guard.PARTNER_CAME_FROM_CONFLICT} if partner is t.CD else set()
        return t.resolve(t.PARTNER[self._standing.mine, partner], self._holding() | came_from)

    def _balance_by_timer(self, draft: Draft, now: Now) -> None:
        given, wanting = self._sharing.run(draft, now)
        for lease in given:
            self._exchange.changed(lease, draft)
        if wanting:
            self._links.tell(PoolReq(time=now.wall_s, xid=0), draft, now)
        self._exchange.pump(draft, now)
        self._sharing.plan(now)

    def _enter_normal(self, draft: Draft, now: Now) -> None:
        """Give the partner its share of the free addresses, and tell it every binding it has not acknowledged."""
        for lease in self._sharing.run(draft, now)[0]:
            self._exchange.changed(lease, draft)
        self._exchange.queue_pending()
        self._exchange.pump(draft, now)
        self._sharing.plan(now)
        if self._standing.record.update_all_wanted:
            self.ask(draft, now)  # it came here by an order, not by RECOVER: what was lost is still lost
        elif self._standing.record.mclt_wait_s:
            self.ask(draft, now)  # what the partner promised by a larger MCLT is not all told yet

    def _enter_interrupted(self, _: Draft, now: Now) -> None:
        """Start the clock of auto-partner-down, where it is configured; any other state stops it."""
        if self._standing.config.auto_partner_down_s:
            self._down_at = now.mono_s + self._standing.config.auto_partner_down_s

    def _enter_conflict(self, draft: Draft, now: Now) -> None:
        """Ask for the partner's bindings: the primary at once, the secondary when the primary is done with asking."""
        if self._standing.role is Role.PRIMARY or self._standing.record.partner_state in (t.CD, t.RD):
            self.ask(draft, now)

    def _enter_recover(self, draft: Draft, now: Now) -> None:
        """Ask for the partner's bindings: all of them if the store was lost, else those not acknowledged."""
        self.ask(draft, now)

    def _enter_recover_done(self, draft: Draft, now: Now) -> None:
        """Act on what the partner has said during the wait, as if it came just now."""
        self._make(self._missed(), "partner's word during the wait", draft, now)

    def _enter_recover_wait(self, draft: Draft, now: Now) -> None:
        """Wait until MCLT after the last lease this server can have given; go on at once if that has passed."""
        self._standing.begin_wait(now)
        self._wait_ends_at = now.mono_s + max(0, self._standing.wait_ends_at - now.wall_s)
        if self._wait_ends_at <= now.mono_s:
            self._wait_ends_at = None
            self._fire(t.Timer.RECOVER_WAIT, "the wait of MCLT is over", draft, now)


# What entering a state does, after it is written and told. The other states do nothing.
ON_ENTER: Mapping[FailoverState, Callable[[Machine, Draft, Now], None]] = {
    t.NORMAL: Machine._enter_normal,
    t.CI: Machine._enter_interrupted,
    t.PC: Machine._enter_conflict,
    t.RECOVER: Machine._enter_recover,
    t.RW: Machine._enter_recover_wait,
    t.RD: Machine._enter_recover_done,
}
