"""What a client sends that is not true: about addresses it never had, under its own hardware address, and garbage."""

from __future__ import annotations

import random
from collections.abc import Collection

from edgepair_contract.value import value
from edgepair_engine.dhcp.client import Client as Speaker
from edgepair_engine.wire.dhcp4_options import Dhcp4Type
from edgepair_sim.page import dotted
from edgepair_sim.pair import ADDRESSES, FIRST_HOST
from edgepair_sim.wording import Wording, bytes_of

NEAR = 24  # a lie is about one of so many addresses, most of which are in a range
GARBAGE_MAX = 400  # bytes

_SERVERS = tuple(int(address) for address in ADDRESSES.values())


@value
class Lie:
    """A packet that is not true. `what` says in words what it is; `to` is the server it goes to, 0: everybody.

    `address`: the one that it is about, 0: none.

    `asks`: it asks for an address, so that a server may rightly bind it to the liar.
    """

    what: str
    data: bytes
    asks: bool = False
    source: int = 0
    to: int = 0
    address: int = 0


def lie_of(speaker: Speaker, relay: int, *, held: Collection[int], chance: random.Random) -> Lie:
    """Return a lie about an address that is not one of those `held`."""
    address = _address(relay, held, chance)
    server = chance.choice(_SERVERS)
    xid = chance.getrandbits(32)
    match chance.randrange(6):
        case 0:
            wording = Wording(kind=Dhcp4Type.REQUEST, xid=xid, address=address)
        case 1:
            wording = Wording(kind=Dhcp4Type.REQUEST, xid=xid, address=address, chosen=server)
        case 2:
            wording = Wording(kind=Dhcp4Type.REQUEST, xid=xid, address=address, in_use=True, to=server)
        case 3:
            wording = Wording(kind=Dhcp4Type.RELEASE, xid=xid, address=address, in_use=True, chosen=server, to=server)
        case 4:
            wording = Wording(kind=Dhcp4Type.DECLINE, xid=xid, address=address, chosen=server)
        case _:
            return _garbage(speaker, relay, chance)
    data = bytes_of(wording, speaker, relay)
    what = f"{wording.kind.name} {dotted(address)}"
    asks, source = wording.kind is Dhcp4Type.REQUEST, address if wording.in_use else 0
    return Lie(what, data, asks=asks, source=source, to=wording.to, address=address)


def _address(relay: int, held: Collection[int], chance: random.Random) -> int:
    network = (relay or _SERVERS[0]) & 0xFFFFFF00
    near = [network + FIRST_HOST - 2 + number for number in range(NEAR)]
    return chance.choice([address for address in near if address not in held])


def _garbage(speaker: Speaker, relay: int, chance: random.Random) -> Lie:
    """Return a packet cut short and with broken bytes, or bytes that never were one."""
    if chance.random() < 0.5:
        return Lie("garbage", chance.randbytes(chance.randrange(GARBAGE_MAX)))
    wording = Wording(kind=Dhcp4Type.DISCOVER, xid=chance.getrandbits(32))
    data = bytearray(bytes_of(wording, speaker, relay))
    at = chance.randrange(240, len(data))
    data[at] = chance.getrandbits(8)
    return Lie("a broken DISCOVER", bytes(data[: chance.randrange(at, len(data)) + 1]))
