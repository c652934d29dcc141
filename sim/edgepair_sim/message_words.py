"""What two servers say to each other, in words: one short sentence for each message of the failover protocol."""

from __future__ import annotations

from collections.abc import Callable
from typing import assert_never

from edgepair_contract.vocabulary import FailoverState
from edgepair_engine.failover.hashing import split_of_hba
from edgepair_engine.leases.lease import FOREVER_AT
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
from edgepair_sim.page import Told

NameOf = Callable[[bytes], str]  # of a client, by its hardware address


def words_of(message: FailoverMessage, name_of: NameOf) -> Told | None:
    """Return what a message says; times count from the moment it was built. CONTACT says nothing worth a line."""
    match message:
        case BndUpd():
            return Told("BNDUPD", message.address or 0, f" {_binding(message, name_of)}")
        case BndAck():
            return Told("BNDACK", message.address or 0, _refusal(message))
        case Connect():
            return Told(f"CONNECT mclt {message.mclt_s} s, split {split_of_hba(message.hba or b'')}")
        case ConnectAck():
            return Told(f"CONNECTACK{_refusal(message)}")
        case State():
            return Told(f"STATE {_state(message)}")
        case PoolResp():
            return Told(f"POOLRESP {message.addresses_transferred}")
        case Disconnect():
            reason = message.reason.name if message.reason else "no reason"
            return Told(f"DISCONNECT {reason}" + (f" ({message.text})" if message.text else ""))
        case PoolReq() | UpdReq() | UpdReqAll() | UpdDone():
            return Told(type(message).__name__.upper())
        case Contact():
            return None
        case _:
            assert_never(message)


def _refusal(message: BndAck | ConnectAck) -> str:
    return f" rejected: {message.reject.name}" if message.reject is not None else ""


def _binding(message: BndUpd, name_of: NameOf) -> str:
    state = message.state.name if message.state is not None else f"state {message.unknown_state}"
    words = [f"{state} {name_of(message.hardware[1:])}" if message.hardware else state]
    ends = _from_now(message.lease_expires_at, message.time)
    potential = _from_now(message.potential_expires_at, message.time)
    if ends:
        words.append(f"ends {ends}")
    if (message.potential_expires_at or 0) > max(message.lease_expires_at or 0, message.time):
        words.append(f"potentially {potential}")
    return ", ".join(words)


def _from_now(at: int | None, now_at: int) -> str:
    """Return an end in seconds from now; nothing for one that is not told, or is just now as that of a free address."""
    if not at or at == now_at:
        return ""
    if at >= FOREVER_AT:
        return "never"
    return f"in {at - now_at} s" if at > now_at else f"{now_at - at} s ago"


def _state(message: State) -> str:
    state = FailoverState.from_wire(message.state or 0)
    label = state.label if state is not None else f"number {message.state}"
    return f"{label}, starting" if message.startup else label
