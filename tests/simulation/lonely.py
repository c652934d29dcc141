"""A client alone: what it sends is kept with its moment, and a test answers in a server's place."""

from __future__ import annotations

import random
from dataclasses import dataclass

from edgepair_engine.wire.dhcp4 import Dhcp4Message, Dhcp4Packet, decode_dhcp4, encode_dhcp4
from edgepair_engine.wire.dhcp4_options import Dhcp4Option, Dhcp4Type, ipv4, u32
from edgepair_sim.chance import Calm
from edgepair_sim.clients import Client
from edgepair_sim.holding import Holding, Pace
from edgepair_sim.lan import Host, Lan, Losses
from edgepair_sim.lies import Lie
from edgepair_sim.timeline import Timeline

EAST_1, EAST_2 = 0x0A010002, 0x0A010003
A50, A51, A52 = 0x0A010032, 0x0A010033, 0x0A010034
TRUE = Pace()


@dataclass(frozen=True, slots=True)
class Seen:
    """A packet as the network saw it; `to` is 0 for a broadcast."""

    at_s: float
    packet: Dhcp4Packet
    to: int

    @property
    def what(self) -> tuple[float, str]:
        """Return when it came, and its kind."""
        return round(self.at_s, 3), Dhcp4Type(self.packet.message_type or 0).name


class SilentLan(Lan):
    """A network without servers, which keeps what is sent."""

    def __init__(self) -> None:
        super().__init__(Timeline(), Calm(), Losses())
        self.seen: list[Seen] = []
        self.raw: list[bytes] = []
        self.deaf = False  # to what cannot be read, too

    def broadcast(self, host: Host, data: bytes, *, relay: int = 0) -> None:
        """Keep it."""
        self._keep(data, 0)

    def unicast(self, host: Host, data: bytes, *, source: int, server: int) -> None:
        """Keep it."""
        self._keep(data, server)

    def _keep(self, data: bytes, to: int) -> None:
        if self.deaf:
            return
        self.raw.append(data)
        self.seen.append(Seen(self.timeline.true_s, decode_dhcp4(data), to))


class Diary:
    """Keeps what a client tells of itself."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.lies: list[Lie] = []

    def sent(self, client: Client, kind: Dhcp4Type, address: int) -> None:
        """Hear nothing new."""

    def lied(self, client: Client, lie: Lie) -> None:
        """Keep it."""
        self.lies.append(lie)

    def promised(self, client: Client, holding: Holding) -> None:
        """Write it down."""
        self.lines.append(f"has .{holding.address & 0xFF}")

    def refused(self, client: Client, before: Holding | None) -> None:
        """Write it down."""
        self.lines.append("refused")

    def gave_up(self, client: Client, holding: Holding, why: str) -> None:
        """Write it down."""
        self.lines.append(f"gives .{holding.address & 0xFF} up: {why}")


class Lonely:
    """Client number `number`, which a test drives."""

    def __init__(self, number: int = 1, *, pace: Pace = TRUE, chance: random.Random | None = None) -> None:
        self.lan = SilentLan()
        self.diary = Diary()
        self.client = Client(number, self.lan, chance=chance or Calm(1), witness=self.diary, pace=pace)

    @property
    def last(self) -> Seen:
        """Return what it sent last."""
        return self.lan.seen[-1]

    @property
    def story(self) -> list[tuple[float, str]]:
        """Return what it sent so far, and forget it."""
        story = [seen.what for seen in self.lan.seen]
        self.lan.seen.clear()
        return story

    def wait(self, until_s: float) -> None:
        """Let time go on."""
        self.lan.timeline.run_until(until_s)

    def hear(self, kind: Dhcp4Type, address: int = 0, *, server: int = EAST_1, lease_s: int = 1000) -> None:
        """Answer its latest exchange."""
        self.client.hear(answer(self.client, kind, address, server=server, lease_s=lease_s))

    def get(self, address: int, *, lease_s: int = 1000) -> None:
        """Let it ask, and have this address."""
        self.hear(Dhcp4Type.OFFER, address, lease_s=lease_s)
        self.wait(self.lan.timeline.true_s + 0.5)
        self.hear(Dhcp4Type.ACK, address, lease_s=lease_s)


def answer(client: Client, kind: Dhcp4Type, address: int = 0, *, server: int, lease_s: int) -> Dhcp4Packet:
    """Return a server's answer to what a client asks now."""
    told = {Dhcp4Option.MESSAGE_TYPE: bytes([kind]), Dhcp4Option.SERVER_ID: ipv4(server)}
    if address:
        told[Dhcp4Option.LEASE_TIME] = u32(lease_s)
    options = tuple((int(code), value) for code, value in told.items())
    return decode_dhcp4(encode_dhcp4(Dhcp4Message(xid=client.xid, chaddr=client.mac, yiaddr=address, options=options)))
