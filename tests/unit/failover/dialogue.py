"""What a partner says to one endpoint, and what that endpoint answers."""

from __future__ import annotations

from typing import Any

from edgepair_contract.clock import Now
from edgepair_contract.vocabulary import FailoverState
from edgepair_engine.failover.hashing import hba_of_split
from edgepair_engine.failover.outcome import HangUp, Outcome, Send
from edgepair_engine.wire.failover import Connect, ConnectAck, FailoverMessage, State


def a_connect(now: Now, **changes: Any) -> Connect:
    fields: dict[str, Any] = {
        "time": now.wall_s,
        "xid": 0,
        "relationship": b"ha-pair",
        "max_unacked": 10,
        "receive_timer_s": 10,
        "vendor_class": b"isc-4.4.3-P1",
        "protocol_version": 1,
        "tls_request": 0,
        "mclt_s": 30,
        "hba": hba_of_split(128),
    }
    return Connect(**(fields | changes))


def an_ack(now: Now, **changes: Any) -> ConnectAck:
    fields: dict[str, Any] = {
        "time": now.wall_s,
        "xid": 0,
        "relationship": b"ha-pair",
        "max_unacked": 10,
        "receive_timer_s": 10,
    }
    return ConnectAck(**(fields | changes))


def a_state(now: Now, state: FailoverState = FailoverState.NORMAL, *, startup: bool = False) -> State:
    return State(time=now.wall_s, xid=1, state=state.wire, startup=startup, stos=now.wall_s)


def said(outcome: Outcome) -> list[FailoverMessage]:
    return [action.message for action in outcome.actions if isinstance(action, Send)]


def hung_up(outcome: Outcome) -> list[tuple[int, str]]:
    return [(action.link, action.why) for action in outcome.actions if isinstance(action, HangUp)]
