"""What clients put on the wire: DHCP packets in all their forms (RFC 2131, table 5)."""

from __future__ import annotations

from edgepair_contract.value import value
from edgepair_engine.dhcp.client import Client as Speaker
from edgepair_engine.wire.dhcp4 import BOOTREQUEST, BROADCAST_FLAG, Dhcp4Message, encode_dhcp4
from edgepair_engine.wire.dhcp4_options import Dhcp4Option, Dhcp4Type, ipv4, u32


@value(kw_only=True)
class Wording:
    """One packet. `address` is the one it is about; 0: none. `in_use`: it stands in ciaddr, not in option 50.

    `chosen` is the server that option 54 names, `to` the one that the packet goes to; 0: to everybody.
    """

    kind: Dhcp4Type
    xid: int
    address: int = 0
    in_use: bool = False
    chosen: int = 0
    to: int = 0
    secs: int = 0
    wanted_s: int = 0


def bytes_of(wording: Wording, speaker: Speaker, relay: int) -> bytes:
    """Return a packet as it arrives at a server; what goes to everybody has passed the relay, if there is one."""
    asked = wording.address if not wording.in_use else 0
    told: dict[int, bytes] = {Dhcp4Option.MESSAGE_TYPE: bytes([wording.kind])}
    if asked:
        told[Dhcp4Option.REQUESTED_ADDRESS] = ipv4(asked)
    if wording.chosen:
        told[Dhcp4Option.SERVER_ID] = ipv4(wording.chosen)
    if wording.wanted_s:
        told[Dhcp4Option.LEASE_TIME] = u32(wording.wanted_s)
    if speaker.client_id is not None:
        told[Dhcp4Option.CLIENT_ID] = speaker.client_id
    message = Dhcp4Message(
        op=BOOTREQUEST,
        xid=wording.xid,
        chaddr=speaker.hardware[1:],
        secs=min(0xFFFF, wording.secs),
        flags=BROADCAST_FLAG,
        ciaddr=wording.address if wording.in_use else 0,
        giaddr=0 if wording.to else relay,
        options=tuple(told.items()),
    )
    return encode_dhcp4(message)
