"""Debian's dhcpd as the partner: its configuration, its process, its lease file."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from tests.interop.netns import SERVER_1, SERVER_2
from tests.interop.process import Process

DHCPD = shutil.which("dhcpd", path="/usr/sbin:/sbin:/usr/bin")

CONFIGURATION = """
authoritative;
ddns-update-style none;
default-lease-time {lease_s};
min-lease-time 10;
max-lease-time 240;
ping-check off;
failover peer "ha-pair" {{
  {role};
  address {my_address};
  port 647;
  peer address {partner_address};
  peer port 647;
  max-response-delay {max_response_delay_s};
  max-unacked-updates 10;
  load balance max seconds 3;
  {primary_only}
}}
subnet 10.77.1.0 netmask 255.255.255.0 {{
  option routers 10.77.1.1;
  pool {{
    failover peer "ha-pair";
    range 10.77.1.100 10.77.1.139;
  }}
}}
"""


def dhcpd_conf(*, role: str, lease_s: int, max_response_delay_s: int) -> str:
    """Return the configuration of a dhcpd on the lab's LAN."""
    primary = role == "primary"
    return CONFIGURATION.format(
        role=role,
        lease_s=lease_s,
        my_address=SERVER_1 if primary else SERVER_2,
        partner_address=SERVER_2 if primary else SERVER_1,
        max_response_delay_s=max_response_delay_s,
        primary_only="mclt 30; split 128;" if primary else "",
    )


@dataclass(frozen=True, slots=True)
class FileLease:
    """The newest entry of an address in a lease file."""

    state: str
    hardware: str | None
    text: str


class Dhcpd:
    """One dhcpd in a namespace."""

    def __init__(self, namespace: str, folder: Path, configuration: str) -> None:
        folder.mkdir(parents=True)
        self._namespace = namespace
        self.configuration = folder / "dhcpd.conf"
        self.lease_file = folder / "dhcpd.leases"
        self.lease_file.touch()
        self._log = folder / "dhcpd.log"
        self.process: Process | None = None
        self.environment: dict[str, str] = {}
        self._inode, self._read_bytes = 0, 0
        self._leases: dict[str, FileLease] = {}
        self.configure(configuration)

    def configure(self, configuration: str) -> None:
        """Write dhcpd.conf, for the next start."""
        self.configuration.write_text(configuration)

    def start(self) -> None:
        """Start it, again with the same lease file if it ran before."""
        assert DHCPD is not None
        files = ["-cf", str(self.configuration), "-lf", str(self.lease_file)]
        command = [DHCPD, "-f", "-d", "-4", "--no-pid", *files, "eth0"]
        self.process = Process(command, self._log, namespace=self._namespace, environment=self.environment)

    def kill(self) -> None:
        """End it as a power failure would."""
        assert self.process is not None
        self.process.kill()

    def stop(self) -> None:
        """End it if it runs."""
        if self.process is not None:
            self.process.kill()

    def log(self) -> str:
        """Return what it has logged so far."""
        return self._log.read_text(errors="replace")

    def my_state(self) -> str:
        """Return the newest state in its lease file."""
        return self._state("my")

    def partners_state(self) -> str:
        """Return the newest partner state in its lease file."""
        return self._state("partner")

    def leases(self) -> dict[str, FileLease]:
        """Return the newest entry of every address in its lease file, of which only what is new is read."""
        with self.lease_file.open() as file:
            inode = os.fstat(file.fileno()).st_ino
            if inode != self._inode or os.fstat(file.fileno()).st_size < self._read_bytes:  # written anew
                self._inode, self._read_bytes, self._leases = inode, 0, {}
            file.seek(self._read_bytes)
            fresh = file.read()
        fresh = fresh[: fresh.rfind("\n}\n") + 3]  # the last entry may be half written
        self._read_bytes += len(fresh)
        for address, text in re.findall(r"^lease (\S+) \{\n(.*?)^\}", fresh, re.DOTALL | re.M):
            state = re.search(r"^  binding state (\w+);", text, re.M)
            hardware = re.search(r"hardware ethernet (\S+);", text)
            if state is not None:
                self._leases[address] = FileLease(state[1], hardware[1] if hardware else None, text)
        return dict(self._leases)

    def count(self, state: str) -> int:
        """Return how many addresses are in this binding state."""
        return sum(1 for lease in self.leases().values() if lease.state == state)

    def _state(self, whose: str) -> str:
        states = re.findall(rf"^  {whose} state (\S+) at ", self.lease_file.read_text(), re.M)
        return states[-1] if states else ""


def version() -> str:
    """Return the version that dhcpd says it has."""
    assert DHCPD is not None
    return subprocess.run([DHCPD, "--version"], check=False, capture_output=True, text=True).stderr.strip()
