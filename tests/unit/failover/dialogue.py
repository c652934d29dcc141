"""What a partner says to one endpoint, and what that endpoint answers."""

from __future__ import annotations

import random
from typing import Any

from edgepair_contract.clock import Now
from edgepair_contract.vocabulary import FailoverState, Role
from edgepair_engine.failover.endpoint import Endpoint
from edgepair_engine.failover.hashing import hba_of_split
from edgepair_engine.failover.outcome import Dial, HangUp, LinkId, Outcome, Send
from edgepair_engine.wire.failover import Connect, ConnectAck, FailoverMessage, State
from tests.unit.failover.builders import a_group, a_lease, a_record, a_table, at

L1, L2 = LinkId(1), LinkId(2)


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


def a_restarted(role: Role, **changes: Any) -> Endpoint:
    """Return an endpoint that begins anew in NORMAL, with one lease that its partner does not know of."""
    config = a_group(role, **changes)
    endpoint = Endpoint(
        config,
        a_table(config, a_lease(120)),
        a_record(FailoverState.NORMAL, FailoverState.NORMAL),
        chance=random.Random(1),
        now=at(0),
    )
    assert endpoint.on_timer(at(0)).actions == (Dial(),)
    return endpoint


def linked(role: Role, **changes: Any) -> Endpoint:
    """Return an endpoint that is in NORMAL, in touch with a partner in NORMAL on link 1 since T0."""
    endpoint = a_restarted(role, **changes)
    endpoint.link_up(L1, at(0))
    endpoint.on_message(L1, a_connect(at(0)) if role is Role.SECONDARY else an_ack(at(0)), at(0))
    endpoint.on_message(L1, a_state(at(0)), at(0))
    assert endpoint.view(at(0)).my_state is FailoverState.NORMAL
    return endpoint
