"""Failover messages as values and as the bytes that dhcpd 4.4.3-P1 sends for them; [a1#3] = message 3 of capture a1."""

from __future__ import annotations

from dataclasses import dataclass

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


@dataclass(frozen=True, slots=True)
class Case:
    """One message, both ways."""

    title: str
    value: FailoverMessage
    wire: bytes


def _case(title: str, value: FailoverMessage, *wire: str) -> Case:
    return Case(title, value, bytes.fromhex("".join(wire)))


CASES = [
    _case(
        "CONNECT of a primary [a1#1]",
        Connect(
            time=1795514888,
            xid=0,
            relationship=b"ha-pair",
            max_unacked=10,
            receive_timer_s=10,
            vendor_class=b"isc-4.4.3-P1",
            protocol_version=1,
            tls_request=0,
            mclt_s=30,
            hba=b"\xff" * 16 + b"\0" * 16,
        ),
        "006d 05 0c 6b056208 00000000",
        "0016 0007 68612d70616972",
        "000e 0004 0000000a",
        "0013 0004 0000000a",
        "001c 000c 6973632d342e342e332d5031",
        "0014 0001 01",
        "001b 0001 00",
        "000f 0004 0000001e",
        "000b 0020 ffffffffffffffffffffffffffffffff 00000000000000000000000000000000",
    ),
    _case(
        "CONNECTACK that accepts [a1#2]",
        ConnectAck(
            time=1795514888,
            xid=0,
            relationship=b"ha-pair",
            max_unacked=10,
            receive_timer_s=10,
            vendor_class=b"isc-4.4.3-P1",
            protocol_version=1,
            tls_reply=0,
        ),
        "0041 06 0c 6b056208 00000000",
        "0016 0007 68612d70616972",
        "000e 0004 0000000a",
        "0013 0004 0000000a",
        "001c 000c 6973632d342e342e332d5031",
        "0014 0001 01",
        "001a 0001 00",
    ),
    _case(
        "CONNECTACK that refuses an unknown name",
        ConnectAck(
            time=1795514888,
            xid=0,
            relationship=b"lan0",
            vendor_class=b"isc-4.4.3-P1",
            protocol_version=1,
            tls_reply=0,
            reject=RejectReason.INVALID_PARTNER,
            text="unknown failover relationship name",
        ),
        "0059 06 0c 6b056208 00000000",
        "0016 0004 6c616e30",
        "001c 000c 6973632d342e342e332d5031",
        "0014 0001 01",
        "001a 0001 00",
        "0015 0001 08",
        "0010 0022 756e6b6e6f776e206661696c6f7665722072656c6174696f6e73686970206e616d65",
    ),
    _case(
        "STATE while starting [a1#3]",
        State(time=1795514888, xid=0, state=6, startup=True, stos=1795514883),
        "001e 0a 0c 6b056208 00000000  0018 0001 06  0017 0001 01  0019 0004 6b056203",
    ),
    _case(
        "STATE of recover-wait, dhcpd's number 254",
        State(time=1795514888, xid=7, state=254, startup=False, stos=1795514883),
        "001e 0a 0c 6b056208 00000007  0018 0001 fe  0017 0001 00  0019 0004 6b056203",
    ),
    _case("CONTACT [a1#218]", Contact(time=1795514891, xid=67), "000c 0b 0c 6b05620b 00000043"),
    _case("UPDREQALL [a1#6]", UpdReqAll(time=1795514888, xid=3), "000c 07 0c 6b056208 00000003"),
    _case("UPDREQ [d3#20]", UpdReq(time=1795515216, xid=3), "000c 09 0c 6b056350 00000003"),
    _case("UPDDONE with its UPDREQ's xid [d3#23]", UpdDone(time=1795515216, xid=3), "000c 08 0c 6b056350 00000003"),
    _case("POOLREQ [a3#23]", PoolReq(time=1795514889, xid=41), "000c 01 0c 6b056209 00000029"),
    _case(
        "POOLRESP of five addresses [a3#24]",
        PoolResp(time=1795514889, xid=41, addresses_transferred=5),
        "0014 02 0c 6b056209 00000029  0001 0004 00000005",
    ),
    _case(
        "BNDUPD of a new lease [b1#1]",
        BndUpd(
            time=1795514940,
            xid=47,
            address=0x0A4D0177,
            state=BindingState.ACTIVE,
            hardware=bytes.fromhex("01020000000001"),
            lease_expires_at=1795514970,
            potential_expires_at=1795515075,
            stos=1795514940,
            cltt=1795514940,
        ),
        "0044 03 0c 6b05623c 0000002f",
        "0002 0004 0a4d0177",
        "0003 0001 02",
        "0005 0007 01020000000001",
        "000d 0004 6b05625a",
        "0012 0004 6b0562c3",
        "0019 0004 6b05623c",
        "0006 0004 6b05623c",
    ),
    _case(
        "BNDUPD with client identifier and the reserved flag",
        BndUpd(
            time=1795514940,
            xid=48,
            address=0x0A4D0177,
            state=BindingState.ACTIVE,
            client_id=bytes.fromhex("006b696f736b2d36"),
            hardware=bytes.fromhex("01020000000006"),
            lease_expires_at=1795514970,
            potential_expires_at=1795515075,
            stos=1795514940,
            cltt=1795514940,
            ip_flags=1,
        ),
        "0056 03 0c 6b05623c 00000030",
        "0002 0004 0a4d0177",
        "0003 0001 02",
        "0004 0008 006b696f736b2d36",
        "0005 0007 01020000000006",
        "000d 0004 6b05625a",
        "0012 0004 6b0562c3",
        "0019 0004 6b05623c",
        "0006 0004 6b05623c",
        "000c 0002 0001",
    ),
    _case(
        "BNDUPD that gives the secondary an address, without cltt and flags [a1#178]",
        BndUpd(
            time=1795514888,
            xid=47,
            address=0x0A4D0164,
            state=BindingState.BACKUP,
            lease_expires_at=0,
            potential_expires_at=1795514888,
            stos=1795514888,
        ),
        "0031 03 0c 6b056208 0000002f",
        "0002 0004 0a4d0164",
        "0003 0001 07",
        "000d 0004 00000000",
        "0012 0004 6b056208",
        "0019 0004 6b056208",
    ),
    _case(
        "BNDACK that accepts carries the address alone [b1#2]",
        BndAck(time=1795514941, xid=47, address=0x0A4D0177),
        "0014 04 0c 6b05623d 0000002f  0002 0004 0a4d0177",
    ),
    _case(
        "BNDACK that refuses [c1#24]",
        BndAck(
            time=1795514984,
            xid=51,
            address=0x0A4D017B,
            reject=RejectReason.LESS_CRITICAL_BINDING_INFORMATION,
            text="incoming update is less critical than outgoing update",
        ),
        "0052 04 0c 6b056268 00000033",
        "0002 0004 0a4d017b",
        "0015 0001 10",
        "0010 0035 696e636f6d696e6720757064617465206973206c65737320637269746963616c",
        "207468616e206f7574676f696e6720757064617465",
    ),
    _case(
        "DISCONNECT without a text",
        Disconnect(time=1795514888, xid=1, reason=RejectReason.DUPLICATE_CONNECTION),
        "0011 0c 0c 6b056208 00000001  0015 0001 07",
    ),
    _case(
        "DISCONNECT with a text",
        Disconnect(time=1795514888, xid=1, reason=RejectReason.TIME_MISMATCH, text="time offset too large"),
        "002a 0c 0c 6b056208 00000001  0015 0001 04  0010 0015 74696d65206f666673657420746f6f206c61726765",
    ),
]
TITLES = [case.title for case in CASES]
