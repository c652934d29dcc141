"""Real DHCP clients: busybox's udhcpc and ISC's dhclient."""

from __future__ import annotations

import re
import shutil
import signal
import subprocess
from pathlib import Path

from tests.interop.netns import eventually, ip
from tests.interop.process import Process

UDHCPC = shutil.which("busybox")
DHCLIENT = shutil.which("dhclient", path="/usr/sbin:/sbin:/usr/bin")
LEASE_LIMIT_S = 60.0

SCRIPT = """#!/bin/sh
# Sets the address and writes one line per event: event, address, server, lease time, router.
case "$1" in
bound|renew)
    ip addr replace "$ip/${{mask:-24}}" dev "$interface"
    ;;
deconfig)
    ip addr flush dev "$interface"
    ;;
esac
echo "$1 ${{ip:--}} ${{serverid:--}} ${{lease:--}} ${{router:--}}" >> {events}
"""


class Udhcpc:
    """One udhcpc that stays and renews."""

    def __init__(self, namespace: str, folder: Path, mac: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.mac = mac
        self._namespace = namespace
        self._events = folder / f"{mac.replace(':', '')}.events"
        self._events.write_text("")
        self._log = folder / f"{mac.replace(':', '')}.log"
        self._script = folder / f"{mac.replace(':', '')}.sh"
        self._script.write_text(SCRIPT.format(events=self._events))
        self._script.chmod(0o755)
        self.process: Process | None = None

    def start(self) -> None:
        """Take the hardware address and ask for a lease."""
        assert UDHCPC is not None
        ip("-n", self._namespace, "link", "set", "eth0", "address", self.mac)
        command = [UDHCPC, "udhcpc", "-f", "-i", "eth0", "-s", str(self._script), "-t", "10", "-T", "1", "-A", "1"]
        self.process = Process(command, self._log, namespace=self._namespace)

    def events(self, kind: str) -> list[list[str]]:
        """Return the events of a kind so far: address, server, lease time, router."""
        lines = (line.split() for line in self._events.read_text().splitlines())
        return [line[1:] for line in lines if line[:1] == [kind]]

    def discovers(self) -> int:
        """Return how many DISCOVERs it has sent."""
        return self._log.read_text().count("broadcasting discover")

    def bound(self) -> tuple[str, str]:
        """Return the address it got and the server that gave it, once it has one."""
        got = eventually(
            f"{self.mac} gets a lease", lambda: self.events("bound"), within_s=LEASE_LIMIT_S, state=self._log.read_text
        )
        return got[-1][0], got[-1][1]

    def renew(self) -> tuple[str, str]:
        """Ask for a renewal; return the address and the server that granted it.

        Which server may be left to chance: udhcpc sends the unicast from a socket of its own, and an answer that comes
        before it has closed that one is lost (one in three of ours are that quick). A second later it asks everybody.
        """
        assert self.process is not None
        before = len(self.events("renew"))
        self.process.signal(signal.SIGUSR1)
        got = eventually(
            f"{self.mac} renews",
            lambda: self.events("renew")[before:],
            within_s=LEASE_LIMIT_S,
            state=self._log.read_text,
        )
        return got[-1][0], got[-1][1]

    def release(self) -> None:
        """Give the lease back."""
        assert self.process is not None
        before = len(self.events("deconfig"))
        self.process.signal(signal.SIGUSR2)
        eventually(f"{self.mac} releases", lambda: self.events("deconfig")[before:], within_s=LEASE_LIMIT_S)

    def stop(self) -> None:
        """End it if it runs; the lease stays."""
        if self.process is not None:
            self.process.kill()
            self.process = None


class Dhclient:
    """ISC's dhclient: takes a lease, gives it back. The test sets the address, as its script would."""

    def __init__(self, namespace: str, folder: Path, mac: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._namespace = namespace
        self._mac = mac
        self._leases = folder / "dhclient.leases"
        self._leases.touch()
        self._files = ["-lf", str(self._leases), "-pf", str(folder / "dhclient.pid"), "-sf", "/bin/true"]
        self._log = folder / "dhclient.log"
        self.process: Process | None = None

    def start(self) -> None:
        """Take the hardware address and ask for a lease."""
        assert DHCLIENT is not None
        ip("-n", self._namespace, "link", "set", "eth0", "address", self._mac)
        self.process = Process([DHCLIENT, "-4", "-d", *self._files, "eth0"], self._log, namespace=self._namespace)

    def bound(self) -> str:
        """Return the address it got, once it has one."""
        found = eventually(
            "dhclient gets a lease",
            lambda: re.findall(r"fixed-address (\S+);", self._leases.read_text()),
            within_s=LEASE_LIMIT_S,
            state=self._log.read_text,
        )
        address = str(found[-1])
        ip("-n", self._namespace, "addr", "replace", f"{address}/24", "dev", "eth0")
        return address

    def release(self) -> None:
        """Give the lease back; the one that runs ends."""
        assert DHCLIENT is not None
        command = ["ip", "netns", "exec", self._namespace, DHCLIENT, "-4", "-r", *self._files, "eth0"]
        subprocess.run(command, check=True, capture_output=True, timeout=30)

    def stop(self) -> None:
        """End it if it runs; the lease stays."""
        if self.process is not None:
            self.process.kill()
            self.process = None
