"""As whom a machine speaks to DHCP servers, and what it remembers of them while it is off."""

from __future__ import annotations

from dataclasses import dataclass

from edgepair_engine.dhcp.client import Client as Speaker
from edgepair_engine.leases.lease import ClientKey
from edgepair_sim.holding import Holding

KINDS = 5  # clients take turns by their numbers


@dataclass(slots=True)
class Guise:
    """One DHCP client on a machine: most machines have one, a machine that boots by network has two."""

    speaker: Speaker
    remembers: bool = True  # its address, while the machine is off
    patient: bool = False  # waits for several offers, and keeps its address when nobody confirms it
    wanted_s: int = 0  # the lease time it asks for; 0: it takes what it gets
    holding: Holding | None = None
    former: int = 0  # the address it had last; it asks for that one

    @property
    def key(self) -> ClientKey:
        """Return what tells this client from others."""
        key = self.speaker.key
        assert key is not None
        return key


def guises_of(number: int, mac: bytes) -> tuple[Guise, ...]:
    """Return as whom the client of this number speaks, in the order of its boot. Every kind there is comes soon."""
    hardware = b"\x01" + mac
    match number % KINDS:
        case 1:  # by its hardware address
            return (Guise(Speaker(None, hardware)),)
        case 2:  # by an identifier that repeats it
            return (Guise(Speaker(hardware, hardware), patient=True),)
        case 3:  # by a name of its own, and with a wish
            return (Guise(Speaker(b"\0host-%d" % number, hardware), wanted_s=900),)
        case 4:  # a boot ROM that knows nothing, then its system, which calls itself otherwise: one machine
            rom = Guise(Speaker(None, hardware), remembers=False)
            return rom, Guise(Speaker(b"\xff" + mac, hardware), patient=True)
        case _:  # has no disk
            return (Guise(Speaker(None, hardware), remembers=False, patient=True),)
