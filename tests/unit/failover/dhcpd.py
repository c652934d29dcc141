"""A dhcpd as the partner: its states by the tables of the protocol reference, with its quirks, and no leases.

It acknowledges and answers requests two seconds late, as dhcpd does, so that a link can break in between.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from edgepair_contract.clock import Now
from edgepair_contract.config import GroupConfig
from edgepair_contract.vocabulary import FailoverState, Role
from edgepair_engine.failover import transitions as t
from edgepair_engine.failover.hashing import hba_of_split
from edgepair_engine.failover.outcome import Dial, HangUp, LinkId, Outcome, Send
from edgepair_engine.leases.record import StateRecord
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
from tests.unit.failover.dhcpd_grids import HEAD, RUNNING, STARTING, name_of, state_called

LATE_S = 2.0
SETTLING = {t.PD, t.PC, t.RI, t.CD}
IGNORES_REPEATS = {t.UNKNOWN, t.NORMAL, t.PC, t.RD, t.RW, t.SHUTDOWN, t.PAUSED}


def word_for(role: Role, mine: FailoverState, partner: FailoverState, *, starting: bool) -> str:
    """Return the cell of dhcpd's grid."""
    rows = [line.split() for line in (STARTING if starting else RUNNING)[role].strip().splitlines()]
    (row,) = [words for name, *words in rows if name == name_of(mine)]
    return row[HEAD.index(name_of(partner))]


class Dhcpd:
    """One process. `gave_up` says that it has ended, or serves nobody until a person acts, and on which word."""

    def __init__(self, config: GroupConfig, restored: StateRecord | None, now: Now) -> None:
        self.role = config.role
        self.record = restored or StateRecord(group=config.name, my_state=t.RECOVER, my_state_at=now.wall_s)
        self.starting = True
        self.gave_up: str | None = None
        self.gave_up_on: FailoverState | None = None
        self._config = config
        self._link: LinkId | None = None
        self._links: set[LinkId] = set()
        self._xid = 0
        self._asked: type[UpdReq | UpdReqAll] | None = None
        self._startup_ends_s: float | None = now.mono_s + 15
        self._wait_ends_s: float | None = None
        self._dial_s: float | None = now.mono_s
        self._heard_s = self._sent_s = now.mono_s
        self._late: list[tuple[float, Callable[[], FailoverMessage]]] = []
        self._actions: list[Send | HangUp | Dial] = []

    @property
    def state(self) -> FailoverState:
        """Return its recorded state."""
        return self.record.my_state

    # what happens

    def link_up(self, link: LinkId, now: Now) -> Outcome:
        """Take a connection; a primary says CONNECT on it."""
        self._links.add(link)
        if self.role is Role.PRIMARY:
            hello = Connect(
                time=now.wall_s,
                xid=0,
                relationship=self._config.name.encode(),
                max_unacked=10,
                receive_timer_s=10,
                vendor_class=b"isc-4.4.3-P1",
                protocol_version=1,
                tls_request=0,
                mclt_s=30,
                hba=hba_of_split(128),
            )
            self._actions.append(Send(link, hello))
        return self._outcome()

    def link_lost(self, link: LinkId, now: Now) -> Outcome:
        """Lose a connection."""
        self._links.discard(link)
        self._redial(now, 5)
        if link == self._link:
            self._lose_link(now)
        return self._outcome()

    def dial_failed(self, now: Now, *, local: bool) -> Outcome:
        """Try again later."""
        self._redial(now, 90 if local else 5)
        return self._outcome()

    def on_message(self, link: LinkId, message: FailoverMessage, now: Now) -> Outcome:
        """Take a message."""
        if self.gave_up != "exit" and link in self._links:
            if link == self._link:
                self._heard_s = now.mono_s
            self._take(link, message, now)
        return self._outcome()

    def on_timer(self, now: Now) -> Outcome:
        """Do what is due."""
        if self._startup_ends_s is not None and self._startup_ends_s <= now.mono_s:
            self._end_startup(now)
        if self._wait_ends_s is not None and self._wait_ends_s <= now.mono_s and self.state is t.RW:
            self._enter(t.RD, now)
        if self._link is not None and self._heard_s + 10 <= now.mono_s:
            self._close(self._link, now)
        late, self._late = self._late, [each for each in self._late if each[0] > now.mono_s]
        for at_s, message in late:
            if at_s <= now.mono_s and self._link is not None:
                self._send(message(), now)
        if self._link is not None and self._sent_s + 3 <= now.mono_s:
            self._tell(Contact(time=now.wall_s, xid=0), now)
        if self._dial_s is not None and self._dial_s <= now.mono_s:
            self._dial_s = None
            if self._link is None:
                self._actions.append(Dial())
        return self._outcome()

    def next_wakeup(self, now: Now) -> float | None:
        """Return when something is due."""
        if self.gave_up == "exit":
            return None
        moments = [self._startup_ends_s, self._wait_ends_s, self._dial_s, *(at_s for at_s, _ in self._late)]
        if self._link is not None:
            moments += [self._heard_s + 10, self._sent_s + 3]
        return min((moment for moment in moments if moment is not None), default=None)

    def order_partner_down(self, now: Now) -> Outcome:
        """Set the state by OMAPI."""
        if self.state in (t.CI, t.RI) and not self.starting:
            self._enter(t.PD, now)
        return self._outcome()

    # steps

    def _outcome(self) -> Outcome:
        actions, self._actions = tuple(self._actions), []
        return Outcome((self.record,), actions)

    def _take(self, link: LinkId, message: FailoverMessage, now: Now) -> None:
        match message:
            case Connect() | ConnectAck() if self._link is not None:
                self._close(link, now)
            case Connect():
                answer = ConnectAck(
                    time=now.wall_s,
                    xid=message.xid,
                    relationship=message.relationship,
                    max_unacked=10,
                    receive_timer_s=10,
                )
                self._actions.append(Send(link, answer))
                self._establish(link, now)
            case ConnectAck():
                self._establish(link, now)
            case Disconnect():
                self._close(link, now)
            case State():
                self._hear(message, now)
            case UpdReq() | UpdReqAll():
                self._answer_late(lambda: UpdDone(time=now.wall_s, xid=message.xid), now)
            case UpdDone():
                self._asked = None
                self._updates_done(now)
            case BndUpd():
                self._answer_late(lambda: BndAck(time=now.wall_s, xid=message.xid, address=message.address), now)
            case PoolReq():
                self._send(PoolResp(time=now.wall_s, xid=message.xid, addresses_transferred=0), now)
            case _:
                return

    def _hear(self, message: State, now: Now) -> None:
        assert message.state is not None
        partner = FailoverState.from_wire(message.state)
        assert partner is not None
        before = self.record.partner_state
        if partner is before and not self.starting and self.state in IGNORES_REPEATS:
            return
        self.record = replace(self.record, partner_state=partner, partner_state_at=now.wall_s)
        if partner is before and self.starting:
            word = {t.RI: "PC", t.RECOVER: ".*"}.get(self.state, ".")
        else:
            word = word_for(self.role, self.state, partner, starting=self.starting)
        if self.state is t.PD and message.startup:
            word = "."
        if (self.state, partner) == (t.PC, t.CD) and before is not t.PC and not self.starting:
            word = "."
        self._obey(word, now)

    def _obey(self, word: str, now: Now) -> None:
        name = word.rstrip("?*")
        if name == "exit":
            self._give_up("exit")
        elif name == "SHUTDOWN":
            self._enter(t.SHUTDOWN, now)
            self._give_up("shutdown")
        elif name != ".":
            self._enter(state_called(name), now)
        elif self.starting:
            self._enter(self.state, now)
        elif word == ".?":
            self._ask(UpdReq, now)
        elif word == ".*":
            self._ask(UpdReqAll, now)

    def _updates_done(self, now: Now) -> None:
        done = self.record.partner_state is t.CD
        if self.state is t.RECOVER:
            waits = self.record.my_state_at + 30 > now.wall_s and self.record.partner_state not in (t.RECOVER, t.RD)
            self._enter(t.RW if waits else t.RD, now)
        elif self.state is t.PC and self.role is Role.SECONDARY and done:
            self._enter(t.NORMAL, now)
        elif self.state is t.PC and self.role is Role.PRIMARY:
            self._obey("SHUTDOWN" if done else "CD", now)

    def _enter(self, state: FailoverState, now: Now) -> None:
        keeps_time = self.starting or state is t.RW  # also where STARTUP ends in another state: Q6
        at = self.record.my_state_at if keeps_time else now.wall_s
        self.record = replace(self.record, my_state=state, my_state_at=at)
        self.starting, self._startup_ends_s, self._wait_ends_s = False, None, None
        self._tell_state(now)
        in_conflict = state is t.PC and (self.role is Role.PRIMARY or self.record.partner_state is t.CD)
        if state is t.RECOVER:
            self._ask(UpdReqAll, now)
        elif in_conflict:
            self._ask(self._asked or UpdReq, now)
        elif state is t.RW and at + 30 <= now.wall_s:
            self._enter(t.RD, now)
        elif state is t.RW:
            self._wait_ends_s = now.mono_s + at + 30 - now.wall_s

    def _give_up(self, how: str) -> None:
        self.gave_up = self.gave_up or how
        self.gave_up_on = self.gave_up_on or self.record.partner_state
        if how == "exit":
            self._actions += [HangUp(link, "the process has ended") for link in self._links]
            self._link = None

    def _end_startup(self, now: Now) -> None:
        self._enter({t.NORMAL: t.CI, t.PC: t.RI, t.UNKNOWN: t.RI}.get(self.state, self.state), now)

    def _establish(self, link: LinkId, now: Now) -> None:
        self._link, self._xid, self._heard_s = link, 1 if self.role is Role.PRIMARY else 0, now.mono_s
        self._tell_state(now)

    def _close(self, link: LinkId, now: Now) -> None:
        self._actions.append(HangUp(link, "closed"))
        self._links.discard(link)
        self._redial(now, 5)
        if link == self._link:
            self._lose_link(now)

    def _lose_link(self, now: Now) -> None:
        self._link, self._late = None, []
        if self.starting:
            self._end_startup(now)
        elif self.state in (t.NORMAL, t.PC):
            self._enter(t.CI if self.state is t.NORMAL else t.RI, now)

    def _redial(self, now: Now, wait_s: float) -> None:
        at_s = now.mono_s + wait_s
        self._dial_s = at_s if self._dial_s is None else min(self._dial_s, at_s)

    def _ask(self, kind: type[UpdReq | UpdReqAll], now: Now) -> None:
        if self._link is not None:
            self._asked = kind
            self._tell(kind(time=now.wall_s, xid=0), now)

    def _answer_late(self, message: Callable[[], FailoverMessage], now: Now) -> None:
        self._late.append((now.mono_s + LATE_S, message))

    def _tell_state(self, now: Now) -> None:
        flag = self.starting and self.record.partner_state not in SETTLING  # Q8
        at = self.record.my_state_at
        self._tell(State(time=now.wall_s, xid=0, state=self.state.wire, startup=flag, stos=at), now)

    def _tell(self, message: FailoverMessage, now: Now) -> None:
        if self._link is not None:
            self._send(replace(message, xid=self._xid), now)
            self._xid += 1

    def _send(self, message: FailoverMessage, now: Now) -> None:
        assert self._link is not None
        self._sent_s = now.mono_s
        self._actions.append(Send(self._link, message))
