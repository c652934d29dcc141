"""Arbitrary failover messages for properties: all that our own engine could send."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from edgepair_contract.vocabulary import BindingState, RejectReason
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

U8 = st.integers(0, 0xFF)
U16 = st.integers(0, 0xFFFF)
U32 = st.integers(0, 0xFFFF_FFFF)
RAW = st.binary(max_size=40)
# A text's closing NULs are not read back.
TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40)
REASON = st.sampled_from(RejectReason)


HEADER: dict[str, st.SearchStrategy[Any]] = {"time": U32, "xid": U32}


def failover_messages() -> st.SearchStrategy[FailoverMessage]:
    return st.one_of(
        *(st.builds(empty, **HEADER) for empty in (PoolReq, UpdReqAll, UpdDone, UpdReq, Contact)),
        st.builds(PoolResp, addresses_transferred=U32, **HEADER),
        bnd_upds(),
        st.builds(BndAck, address=_maybe(U32), reject=_maybe(REASON), text=_maybe(TEXT), **HEADER),
        st.builds(State, state=_maybe(U8), startup=st.booleans(), stos=_maybe(U32), **HEADER),
        st.builds(Disconnect, reason=_maybe(REASON), text=_maybe(TEXT), **HEADER),
        connects(),
        connect_acks(),
    )


def bnd_upds() -> st.SearchStrategy[BndUpd]:
    return st.builds(
        BndUpd,
        address=_maybe(U32),
        state=_maybe(st.sampled_from(BindingState)),
        client_id=_maybe(RAW),
        hardware=_maybe(RAW),
        lease_expires_at=_maybe(U32),
        potential_expires_at=_maybe(U32),
        stos=_maybe(U32),
        cltt=_maybe(st.integers(1, 0xFFFF_FFFF)),
        ip_flags=U16,
        **HEADER,
    )


def connects() -> st.SearchStrategy[Connect]:
    return st.builds(Connect, tls_request=_maybe(U8), mclt_s=_maybe(U32), hba=_maybe(RAW), **_OPENING)


def connect_acks() -> st.SearchStrategy[ConnectAck]:
    return st.builds(ConnectAck, tls_reply=_maybe(U8), reject=_maybe(REASON), text=_maybe(TEXT), **_OPENING)


def _maybe(values: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | values


_OPENING = HEADER | {
    "relationship": _maybe(RAW),
    "max_unacked": _maybe(U32),
    "receive_timer_s": _maybe(U32),
    "vendor_class": _maybe(RAW),
    "protocol_version": _maybe(U8),
}
