"""Hosts that nobody knows: each asks once for an address, and takes none."""

from __future__ import annotations

import random
from collections.abc import Sequence

from edgepair_engine.dhcp.client import Client as Speaker
from edgepair_engine.wire.dhcp4 import Dhcp4Packet
from edgepair_engine.wire.dhcp4_options import Dhcp4Type
from edgepair_sim.lan import Lan
from edgepair_sim.wording import Wording, bytes_of

COUNT_MAX = 2000  # of one flood: more shows nothing else, and takes real seconds
STRANGER = b"\x06\x00"  # what their hardware addresses begin with; the clients' begin with 02 00


class Stranger:
    """A host that is never seen again. Nothing is plugged in: what is answered reaches nobody."""

    def __init__(self, mac: bytes) -> None:
        self.mac = mac

    def hear(self, packet: Dhcp4Packet) -> None:
        """Take no answer."""

    def missed(self, true_s: float, server: int) -> None:
        """Wait for nothing."""


class Flood:
    """So many strangers, one after the other, spread over a while."""

    def __init__(self, lan: Lan, relays: Sequence[int], *, count: int, for_s: float, chance: random.Random) -> None:
        self._lan = lan
        self._relays = relays
        self._left = min(count, COUNT_MAX)
        self._wait_s = for_s / max(1, self._left)
        self._chance = chance

    def go_on(self) -> None:
        """Let the next one ask, and plan the one after it."""
        if not self._left:
            return
        self._left -= 1
        stranger = Stranger(STRANGER + self._chance.randbytes(4))
        wording = Wording(kind=Dhcp4Type.DISCOVER, xid=self._chance.getrandbits(32))
        relay = self._chance.choice(self._relays)
        self._lan.broadcast(stranger, bytes_of(wording, Speaker(None, b"\x01" + stranger.mac), relay), relay=relay)
        self._lan.timeline.after(self._wait_s, self.go_on)
