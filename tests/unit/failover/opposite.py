"""One real endpoint opposite a partner whose every word is written by the story."""

from __future__ import annotations

import random
from dataclasses import replace
from typing import Any

from edgepair_contract.clock import Now
from edgepair_contract.control import ControlAction, ControlRequest
from edgepair_contract.notices import Note
from edgepair_contract.vocabulary import BindingState, FailoverState, Role
from edgepair_engine.failover.endpoint import Endpoint
from edgepair_engine.failover.hashing import hba_of_split
from edgepair_engine.failover.outcome import HangUp, LinkId, Outcome, Send
from edgepair_engine.leases.lease import Lease
from edgepair_engine.leases.record import LeaseRecord, StateRecord
from edgepair_engine.wire.failover import BndAck, BndUpd, Connect, ConnectAck, FailoverMessage, State
from tests.unit.failover.builders import MAC_OF_PRIMARY, T0, a_group, a_record, a_table, address


class Opposite:
    """An endpoint of ours, its table and time, and what it says to its partner; the partner is the caller."""

    def __init__(self, role: Role, restored: StateRecord | None, *leases: Lease, **changes: Any) -> None:
        self.role = role
        self.config = a_group(role, **({"max_response_delay_s": 600} | changes))
        self.table = a_table(self.config, *leases)
        self.mono_s = 0.0
        self.link = LinkId(0)
        self.said: list[FailoverMessage] = []
        self.notes: list[Note] = []
        self.hung_up: list[str] = []
        self.stored: dict[int, Lease] = {}
        self.endpoint = Endpoint(self.config, self.table, restored, chance=random.Random(1), now=self.now)

    @property
    def now(self) -> Now:
        return Now(T0 + int(self.mono_s), self.mono_s)

    @property
    def state(self) -> FailoverState:
        return self.endpoint.view(self.now).my_state

    def lease(self, last: int) -> Lease:
        """Return the binding of 10.77.1.`last`."""
        return self.table.get(address(last))

    def connect(self, state: FailoverState = FailoverState.NORMAL, *, window: int = 10, startup: bool = False) -> None:
        """Make a link, on which the partner then tells its state."""
        self.greet(window=window)
        self.tell_state(state, startup=startup)

    def greet(self, *, window: int = 10) -> None:
        """Make a link: CONNECT and CONNECTACK, no word of the partner's state yet."""
        self.link = LinkId(self.link + 1)
        self._take(self.endpoint.link_up(self.link, self.now))
        fields: dict[str, Any] = {
            "time": self.now.wall_s,
            "xid": 0,
            "relationship": b"ha-pair",
            "max_unacked": window,
            "receive_timer_s": 600,
            "vendor_class": b"isc-4.4.3-P1",
            "protocol_version": 1,
        }
        if self.role is Role.PRIMARY:
            self.hear(ConnectAck(**fields, tls_reply=0))
        else:
            self.hear(Connect(**fields, tls_request=0, mclt_s=30, hba=hba_of_split(128)))

    def tell_state(self, state: FailoverState, *, startup: bool = False) -> None:
        """Let the partner tell its state."""
        stos = self.now.wall_s
        self.hear(State(time=self.now.wall_s, xid=1, state=state.wire, startup=startup, stos=stos))

    def hear(self, message: FailoverMessage) -> list[FailoverMessage]:
        """Let the partner say this, and return what is answered."""
        already = len(self.said)
        self._take(self.endpoint.on_message(self.link, message, self.now))
        return self.said[already:]

    def lose_link(self) -> None:
        """End the connection."""
        self._take(self.endpoint.link_lost(self.link, self.now))

    def wait(self, seconds: float) -> list[FailoverMessage]:
        """Let time pass, and return what is said meanwhile."""
        already = len(self.said)
        end = self.mono_s + seconds
        while (moment := self.endpoint.next_wakeup(self.now)) is not None and moment <= end:
            self.mono_s = max(self.mono_s, moment)
            self._take(self.endpoint.on_timer(self.now))
        self.mono_s = end
        return self.said[already:]

    def order(self, action: ControlAction) -> None:
        """Give the server an order that it carries out."""
        outcome = self.endpoint.on_control(ControlRequest(action=action), self.now)
        assert isinstance(outcome, Outcome), outcome
        self._take(outcome)

    def bind(self, lease: Lease) -> list[FailoverMessage]:
        """Let the server bind, free or abandon an address, and return what the partner is told."""
        already = len(self.said)
        self._take(self.endpoint.lease_changed(lease, self.now))
        return self.said[already:]

    def ack(self, update: FailoverMessage, **changes: Any) -> list[FailoverMessage]:
        """Let the partner acknowledge an update."""
        assert isinstance(update, BndUpd)
        return self.hear(replace(BndAck(time=self.now.wall_s, xid=update.xid, address=update.address), **changes))

    def ack_all(self) -> None:
        """Let the partner acknowledge every update said so far, and those that follow."""
        acked = 0
        while acked < len(self.updates()):
            self.ack(self.updates()[acked])
            acked += 1

    def updates(self) -> list[BndUpd]:
        """Return the updates said so far."""
        return [message for message in self.said if isinstance(message, BndUpd)]

    def _take(self, outcome: Outcome) -> None:
        self.notes += outcome.notes
        for record in outcome.records:
            if isinstance(record, LeaseRecord):
                self.stored[record.lease.address] = record.lease
        for action in outcome.actions:
            if isinstance(action, Send):
                self.said.append(action.message)
            elif isinstance(action, HangUp):
                self.hung_up.append(action.why)


def in_normal(role: Role, *leases: Lease, window: int = 10, **changes: Any) -> Opposite:
    """Return an endpoint in NORMAL, linked to a partner in NORMAL, with nothing more to say."""
    story = Opposite(role, a_record(FailoverState.NORMAL, FailoverState.NORMAL), *leases, **changes)
    story.connect(window=window)
    assert story.state is FailoverState.NORMAL
    story.ack_all()
    story.said.clear()
    story.notes.clear()
    return story


def an_update(last: int = 120, state: BindingState | None = BindingState.ACTIVE, **changes: Any) -> BndUpd:
    """Return a partner's BNDUPD for 10.77.1.`last`, as dhcpd writes it at T0 after a first DHCPACK."""
    with_client = state in (BindingState.ACTIVE, BindingState.EXPIRED, BindingState.RELEASED)
    fields: dict[str, Any] = {
        "time": T0,
        "xid": 47,
        "address": address(last),
        "state": state,
        "hardware": MAC_OF_PRIMARY if with_client else None,
        "lease_expires_at": T0 + 30,
        "potential_expires_at": T0 + 135,
        "stos": T0,
        "cltt": T0 if with_client else None,
    }
    return BndUpd(**(fields | changes))
