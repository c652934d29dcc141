"""What a client was promised, and until when the promise counts.

A lease of N seconds is N seconds by clocks that all differ a little. A client uses its address until N seconds have
passed on its *own* clock, counted from the first packet of the exchange that gave it (RFC 2131 4.4.1: "sent the
DHCPREQUEST"): that is `end_s`, and nothing else ends its use. The *promise* is counted by the fastest clock there is
between the client's, true time and the two servers': that is `until_s`, never after `end_s`. A client whose clock is
slow goes on in good faith for a little while beyond, up to 0.3 parts of a thousand of its lease; nobody can know it,
and it was asked to renew since half of the time. Steps of a server's clock are another matter (`promises`).
"""

from __future__ import annotations

from edgepair_contract.value import value
from edgepair_engine.leases.lease import ClientKey
from edgepair_engine.wire.dhcp4 import Dhcp4Packet
from edgepair_engine.wire.dhcp4_options import Dhcp4Option

CLIENT_PPM_MAX = 150  # how wrong a quartz in a cheap machine is


@value
class Pace:
    """How many seconds of a client's clock pass in a true one, and how many of the fastest clock that counts leases."""

    own: float = 1.0
    fastest: float = 1.0


@value(kw_only=True)
class Holding:
    """An address that a client was given: by which server, where, from the moment it asked. True seconds."""

    client: int
    key: ClientKey  # as whom the client asked
    address: int
    server: int
    relay: int
    asked_s: float  # when the first packet of the exchange was sent
    lease_s: int
    renew_s: float  # T1 by the client's clock
    rebind_s: float  # T2
    end_s: float  # when the client stops to use it
    until_s: float  # until when the promise counts, at most `end_s`


@value(kw_only=True)
class Asker:
    """Who asked for a lease, where and when."""

    client: int
    key: ClientKey
    relay: int
    asked_s: float
    pace: Pace


def holding_of(packet: Dhcp4Packet, asker: Asker) -> Holding:
    """Return what an ACK promises to the one who asked."""
    lease_s, pace = packet.lease_time_s, asker.pace
    assert lease_s is not None
    assert packet.server_id is not None
    return Holding(
        client=asker.client,
        key=asker.key,
        address=packet.yiaddr,
        server=packet.server_id,
        relay=asker.relay,
        asked_s=asker.asked_s,
        lease_s=lease_s,
        renew_s=asker.asked_s + _told_s(packet, Dhcp4Option.RENEWAL_TIME, lease_s // 2) / pace.own,
        rebind_s=asker.asked_s + _told_s(packet, Dhcp4Option.REBINDING_TIME, lease_s * 7 // 8) / pace.own,
        end_s=asker.asked_s + lease_s / pace.own,
        until_s=asker.asked_s + lease_s / max(1.0, pace.own, pace.fastest),
    )


def _told_s(packet: Dhcp4Packet, option: Dhcp4Option, otherwise_s: int) -> int:
    value = packet.options.get(option)
    return otherwise_s if value is None else int.from_bytes(value)
