"""The fuzz target for the endpoint: bytes are read as a story of connections, messages, waits and orders.

Whatever the story, the endpoint raises nothing, says nothing that a partner must not hear, and keeps its bounds
(statement 159 of the protocol reference).
"""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from edgepair_contract.clock import Now
from edgepair_contract.config import GroupConfig
from edgepair_contract.control import ControlAction, ControlRequest
from edgepair_contract.vocabulary import BindingState, FailoverState, RejectReason, Role, Serving
from edgepair_engine.failover.endpoint import Endpoint
from edgepair_engine.failover.hashing import hba_of_split
from edgepair_engine.failover.introduction import MARK, NUMBER_MAX, Introduction, encode_introduction
from edgepair_engine.failover.machine import SAFE_IN_CONFLICT_DONE
from edgepair_engine.failover.outcome import HangUp, LinkId, Outcome, Send
from edgepair_engine.failover.serving import INFINITE_S, granted_s, potential_expiry
from edgepair_engine.failover.tally import Origin
from edgepair_engine.leases.binding import released
from edgepair_engine.leases.lease import FOREVER_AT
from edgepair_engine.leases.record import CountsRecord, LeaseRecord, Record, StateRecord
from edgepair_engine.leases.table import LeaseTable
from edgepair_engine.store.rows import COUNT_MAX, lease_of, lease_row, state_of, state_row
from edgepair_engine.wire.errors import WireError
from edgepair_engine.wire.failover import (
    BndAck,
    BndUpd,
    Connect,
    ConnectAck,
    Contact,
    FailoverMessage,
    PoolReq,
    PoolResp,
    State,
    UpdDone,
    UpdReq,
    UpdReqAll,
    decode_failover,
    encode_failover,
)
from tests.unit.failover.builders import T0, a_group, a_record, a_table, address

FIRST, LAST = 100, 109  # a pool small enough that stories soon use it up
ACTIONS_MAX = 200  # what one step may say: every address once or twice, and a few words more
WAKEUPS_MAX = 400  # within a minute: a CONTACT each second, and what else is due; more would be a storm
LONG_WAIT_S = 64
TIME_MAX = 0xFFFF_FFFF  # what four bytes hold
GROUPS = tuple(
    a_group(role, first=FIRST, last=LAST, auto_partner_down_s=down_s, partner_is_ours=ours)
    for ours in (False, True)
    for down_s in (0, 40)
    for role in Role
)
ORIGIN = Origin(store="mine")
STATES = tuple(FailoverState)
NEVER_SAVED = {FailoverState.UNKNOWN, FailoverState.PAUSED, FailoverState.SHUTDOWN}
SAVED = (*(state for state in STATES if state not in NEVER_SAVED), None)
PLAIN: tuple[Callable[..., FailoverMessage], ...] = (UpdDone, UpdReq, UpdReqAll, Contact, PoolReq)


def endpoint(data: bytes) -> None:
    """Live through the story that these bytes tell."""
    script = Script(data)
    stage = Stage(script)
    while script.left:
        script.one_of(HAPPENINGS)(stage)
    stage.endpoint.view(stage.now).model_dump_json()
    stage.endpoint.rights(stage.now)


class Script:
    """The bytes of a story, taken one after the other; behind the end there are noughts."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    @property
    def left(self) -> bool:
        return self._at < len(self._data)

    def byte(self) -> int:
        self._at += 1
        return self._data[self._at - 1] if self._at <= len(self._data) else 0

    def signed(self) -> int:
        return self.byte() - 128

    def some(self, count: int) -> bytes:
        self._at += count
        return self._data[self._at - count : self._at]

    def one_of(self, things: Any) -> Any:
        return things[self.byte() % len(things)]


class Stage:
    """One endpoint, its connections as its shell would see them, and the clock."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.mono_s = 0.0
        self.wall_s = T0
        self.links: list[LinkId] = []
        self.told: list[BndUpd] = []  # the latest updates that it has sent
        self.config: GroupConfig = script.one_of(GROUPS)
        self.table: LeaseTable = a_table(self.config)
        saved, partner = script.one_of(SAVED), script.one_of(STATES)
        restored = None if saved is None else a_record(saved, partner)
        self.partner = partner
        self.endpoint = Endpoint(
            self.config, self.table, restored, chance=random.Random(1), now=self.now, origin=ORIGIN
        )
        self._next_link = 1
        self._xid = 0

    @property
    def now(self) -> Now:
        return Now(self.wall_s, self.mono_s)

    # what happens

    def connect(self) -> None:
        link = LinkId(self._next_link)
        self._next_link += 1
        self.links.append(link)
        self.perform(self.endpoint.link_up(link, self.now))

    def lose(self) -> None:
        link = self._link()
        if link in self.links:
            self.links.remove(link)
        self.perform(self.endpoint.link_lost(link, self.now))

    def garble(self) -> None:
        self.perform(self.endpoint.break_link(self._link(), "bytes that are no message", self.now))

    def dial_in_vain(self) -> None:
        self.perform(self.endpoint.dial_failed(self.now, local=self.script.byte() % 2 == 1))

    def wait(self) -> None:
        """Live for up to a minute, woken when something is due."""
        until_s = self.mono_s + self.script.byte() / 4
        for _ in range(WAKEUPS_MAX):
            due_s = self.endpoint.next_wakeup(self.now)
            if due_s is None or due_s > until_s:
                self._pass(until_s - self.mono_s)
                return
            self._pass(max(0.0, due_s - self.mono_s))
            self.perform(self.endpoint.on_timer(self.now))
        raise AssertionError("it never comes to rest")

    def sleep(self) -> None:
        """Be stopped for up to four hours."""
        self._pass(self.script.byte() * LONG_WAIT_S)
        self.perform(self.endpoint.on_timer(self.now))

    def step_clock(self) -> None:
        self.wall_s += self.script.signed() * 8

    def hear_bytes(self) -> None:
        """Hear a message of any type with any options."""
        link, number, skew_s, size = self._link(), self.script.byte(), self.script.signed(), self.script.byte()
        payload = self.script.some(size)
        head = (12 + len(payload)).to_bytes(2) + bytes([number % 14, 12]) + (self.wall_s + skew_s).to_bytes(4)
        try:
            message = decode_failover(head + self._new_xid().to_bytes(4) + payload)
        except WireError:
            return
        self.hear(link, message)

    def hear_opening(self) -> None:
        """Hear CONNECT or CONNECTACK as they should be."""
        window = self.script.one_of((10, 1, 100, 0))
        shared: dict[str, Any] = {
            "time": self.wall_s,
            "xid": 0,
            "relationship": self.config.name.encode(),
            "max_unacked": window,
            "receive_timer_s": self.script.one_of((10, 0, 60)),
            "vendor_class": b"isc-4.4.3-P1",
            "protocol_version": 1,
            "vendor_options": self._introduction(),
        }
        if self.config.role is Role.PRIMARY:
            self.hear(self._link(), ConnectAck(**shared))
        else:
            mclt_s = self.script.one_of((30, 1, 86400, TIME_MAX))
            self.hear(self._link(), Connect(**shared, tls_request=0, mclt_s=mclt_s, hba=hba_of_split(128)))

    def hear_state(self) -> None:
        state, startup = self.script.one_of(STATES), self.script.byte() % 2 == 1
        self.hear(self._link(), self._word(State, state=state.wire, startup=startup, stos=self.wall_s))

    def hear_plain(self) -> None:
        self.hear(self._link(), self._word(self.script.one_of(PLAIN)))

    def hear_pool_resp(self) -> None:
        self.hear(self._link(), self._word(PoolResp, addresses_transferred=self.script.byte()))

    def hear_update(self) -> None:
        ends_at = self.wall_s + self.script.signed() * 4
        update = self._word(
            BndUpd,
            address=address(FIRST - 1 + self.script.byte() % (LAST - FIRST + 3)),
            state=self.script.one_of(tuple(BindingState)),
            hardware=self._hardware(),
            lease_expires_at=ends_at,
            potential_expires_at=self.script.one_of((ends_at + 60, ends_at, 0, TIME_MAX)),
            stos=self.wall_s + self.script.signed(),
            cltt=self.wall_s + self.script.signed(),
        )
        self.hear(self._link(), update)

    def hear_ack(self) -> None:
        """Hear an answer to one of the latest updates, in its turn or again, well or not."""
        if not self.told:
            return
        update, number = self.script.one_of(self.told[-10:]), self.script.byte()
        reject = tuple(RejectReason)[number % len(RejectReason)] if number > 200 else None
        self.hear(self._link(), BndAck(time=self.wall_s, xid=update.xid, address=update.address, reject=reject))

    def bind(self) -> None:
        """Let a client have a lease, if the endpoint may give one, or give it back."""
        rights = self.endpoint.rights(self.now)
        if rights.serving is Serving.NONE:
            return
        lease = self.table.get(address(FIRST + self.script.byte() % (LAST - FIRST + 1)))
        if lease.state is BindingState.ACTIVE:
            if self.script.byte() % 2:
                self.perform(self.endpoint.lease_changed(released(lease, self.now), self.now))
                return
        elif not rights.may_allocate(lease, self.now):
            return
        wanted_s = self.script.one_of((120, 1, INFINITE_S))
        for_s = granted_s(wanted_s, tsfp=lease.tsfp, mclt_s=rights.mclt_s, now=self.now)
        bound = replace(
            lease,
            state=BindingState.ACTIVE,
            hardware=self._hardware(),
            starts_at=self.wall_s,
            ends_at=min(self.wall_s + for_s, FOREVER_AT),
            tstp=potential_expiry(wanted_s, for_s, self.now),
            cltt=self.wall_s,
        )
        self.perform(self.endpoint.lease_changed(bound, self.now))

    def order(self) -> None:
        outcome = self.endpoint.on_control(ControlRequest(action=self.script.one_of(tuple(ControlAction))), self.now)
        if isinstance(outcome, Outcome):
            self.perform(outcome)

    # how it takes it

    def hear(self, link: LinkId, message: FailoverMessage) -> None:
        self.perform(self.endpoint.on_message(link, message, self.now))

    def perform(self, outcome: Outcome) -> None:
        """Do what it wants done, and check it."""
        assert len(outcome.actions) <= ACTIONS_MAX
        for record in outcome.records:
            assert _is_storable(record), record
            if isinstance(record, StateRecord):
                self.partner = record.partner_state
        for action in outcome.actions:
            match action:
                case Send(link, message):
                    assert link in self.links, "a word on a connection that is closed"
                    encode_failover(message)
                    self._check(message)
                case HangUp(link):
                    self.links.remove(link)

    def _check(self, message: FailoverMessage) -> None:
        if isinstance(message, BndUpd):
            assert message.xid != 0
            assert message.state is not None
            self.told.append(message)
        if isinstance(message, State):
            assert message.state not in {None, 0, 1}
            state = FailoverState.from_wire(message.state or 0)
            assert self.partner is not FailoverState.CONFLICT_DONE or state in SAFE_IN_CONFLICT_DONE

    def _introduction(self) -> bytes | None:
        """Return what a partner of ours says of itself, or what it should not."""
        match self.script.byte() % 4:
            case 0 | 1:
                return None
            case 2:
                return MARK + self.script.some(self.script.byte())
            case _:
                numbers: dict[str, Any] = {
                    name: self.script.one_of((0, 1, 2, 7, NUMBER_MAX))
                    for name in ("count", "sent", "acked", "received")
                }
                store, behind = self.script.one_of(("", "a", "b")), self.script.byte() % 4 == 3
                said = Introduction(store=store, partner=self.script.one_of(("", "mine")), behind=behind, **numbers)
                return encode_introduction(said)

    def _link(self) -> LinkId:
        """Return one of the connections, the latest first; one that never was when there is none."""
        number = self.script.byte()
        return self.links[-1 - number % len(self.links)] if self.links else LinkId(0)

    def _word(self, kind: Callable[..., FailoverMessage], **fields: Any) -> FailoverMessage:
        return kind(time=self.wall_s, xid=self._new_xid(), **fields)

    def _new_xid(self) -> int:
        self._xid += 1
        return self._xid

    def _hardware(self) -> bytes:
        return bytes([1, 2, 0, 0, 0, 0, self.script.byte() % 16])

    def _pass(self, seconds: float) -> None:
        before_s = int(self.mono_s)
        self.mono_s += seconds
        self.wall_s += int(self.mono_s) - before_s


def _is_storable(record: Record) -> bool:
    """Return whether the store can hold a record, and believes it when it reads it again."""
    match record:
        case LeaseRecord(_, lease):
            times = (lease.starts_at, lease.ends_at, lease.tstp, lease.tsfp, lease.atsfp, lease.cltt)
            ours = address(FIRST) <= lease.address <= address(LAST)
            return ours and all(0 <= at <= TIME_MAX for at in times) and lease_of(lease_row(record)) == record
        case StateRecord():
            numbers = [value for value in state_row(record) if isinstance(value, int)]
            believed = all(0 <= number <= TIME_MAX for number in numbers) and state_of(state_row(record)) == record
            return believed and record.my_state not in NEVER_SAVED
        case CountsRecord():
            counts = (record.count, record.sent, record.acked, record.received)
            return all(0 <= count <= COUNT_MAX for count in counts) and record.partner.isprintable()
        case _:
            return False


HAPPENINGS: tuple[Callable[[Stage], None], ...] = (
    Stage.connect,
    Stage.hear_opening,
    Stage.hear_state,
    Stage.wait,
    Stage.hear_bytes,
    Stage.hear_update,
    Stage.hear_ack,
    Stage.hear_plain,
    Stage.bind,
    Stage.lose,
    Stage.order,
    Stage.sleep,
    Stage.step_clock,
    Stage.garble,
    Stage.dial_in_vain,
    Stage.hear_pool_resp,
)
