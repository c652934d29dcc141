"""The lab: a LAN with our engine on one side and dhcpd, or a second engine, on the other."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from tests.interop.clients import DHCLIENT, UDHCPC, Udhcpc
from tests.interop.dhcpd import DHCPD, Dhcpd, dhcpd_conf
from tests.interop.netns import SERVER_1, SERVER_2, Lan, eventually
from tests.interop.ours import Engine, member

NORMAL_LIMIT_S = 30.0
LEASE_S = 120
MAX_RESPONSE_DELAY_S = 3


def why_not_here() -> str | None:
    """Return why the lab cannot run on this machine, None when it can."""
    if os.geteuid() != 0:
        return "network namespaces and port 67 need root"
    missing = [
        name
        for name, path in {
            "dhcpd (isc-dhcp-server)": DHCPD,
            "dhclient (isc-dhcp-client)": DHCLIENT,
            "udhcpc (busybox)": UDHCPC,
        }.items()
        if path is None
    ]
    return f"missing: {', '.join(missing)}" if missing else None


class Lab:
    """Two server places on a LAN; the primary is always on the first."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.lan = Lan()
        self.places = {
            "primary": self.lan.join("s1", SERVER_1),
            "secondary": self.lan.join("s2", SERVER_2),
        }
        self._running: list[Engine | Dhcpd | Udhcpc] = []

    def engine(self, role: str, **changes: Any) -> Engine:
        """Return our engine in this role, not started yet; `changes` go into its configuration's group."""
        configuration = member(role, lease_s=LEASE_S, max_response_delay_s=MAX_RESPONSE_DELAY_S)
        configuration["groups"][0] |= changes
        ours = Engine(self.places[role], self._folder / f"ours-{role}", configuration)
        self._running.append(ours)
        return ours

    def dhcpd(self, role: str) -> Dhcpd:
        """Return a dhcpd in this role, not started yet."""
        configuration = dhcpd_conf(role=role, lease_s=LEASE_S, max_response_delay_s=MAX_RESPONSE_DELAY_S)
        theirs = Dhcpd(self.places[role], self._folder / f"dhcpd-{role}", configuration)
        self._running.append(theirs)
        return theirs

    def started(self, engine: Engine) -> None:
        """Start an engine that was not made here; it ends with the lab."""
        self._running.append(engine)
        engine.start()

    def clients(self, count: int) -> list[Udhcpc]:
        """Return clients, each on a place of its own, not started yet. Their addresses fall in both servers' halves."""
        found = []
        for number in range(1, count + 1):
            namespace = self.lan.join(f"c{number}")
            client = Udhcpc(namespace, self._folder / "clients", f"02:77:00:00:00:{number:02x}")
            self._running.append(client)
            found.append(client)
        return found

    def close(self) -> None:
        """End everything."""
        for one in reversed(self._running):
            one.stop()
        self.lan.close()


def both_normal(ours: Engine, theirs: Dhcpd, *, within_s: float = NORMAL_LIMIT_S) -> None:
    """Wait until both say NORMAL of themselves and of each other."""

    def normal() -> bool:
        group = ours.group()
        if group is None or group.starting:
            return False
        said = [group.my_state.label, group.partner_state.label, theirs.my_state(), theirs.partners_state()]
        return said == ["Normal", "Normal", "normal", "normal"]

    eventually("both NORMAL", normal, within_s=within_s, state=lambda: diary(ours, theirs))


def diary(*who: Engine | Dhcpd) -> str:
    """Return the last lines of everyone's log, for a failed test."""
    return "\n".join(f"--- {type(one).__name__}\n{one.log()[-3000:]}" for one in who)
