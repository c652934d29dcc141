"""What every pair under test can do: begin anew, be ready, tell what it took of the machine, end."""

from __future__ import annotations

import os
import shutil
import signal
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bench.network import Network
from tests.interop.netns import eventually
from tests.interop.process import Process

READY_LIMIT_S = 180.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What all pairs are asked to do alike.

    `pool_size`: addresses, half of them each server's. `leases`: so many of them are leased, from the first on.
    """

    pool_size: int = 32_768
    leases: int = 0
    mclt_s: int = 3600
    max_response_delay_s: int = 60
    max_unacked_updates: int = 10
    lease_s: int = 7200


class Pair(ABC):
    """Two servers, the primary on the first place."""

    name: str

    def __init__(self, network: Network, folder: Path, terms: Terms) -> None:
        self.network = network
        self.terms = terms
        self._folder = folder / type(self).__name__.lower()
        self._processes: dict[int, Process] = {}

    def begin(self) -> None:
        """Start both on what the terms say that they know, and wait until they are at their normal work."""
        self.stop()
        shutil.rmtree(self._folder, ignore_errors=True)
        for server in (0, 1):
            self.folder(server).mkdir(parents=True)
            self.prepare(server)
            self.start(server)
        eventually(f"the pair of {self.name} is ready", self.is_ready, within_s=READY_LIMIT_S, state=self.log)

    def start(self, server: int) -> None:
        """Start a server on what its folder holds."""
        self._processes[server] = Process(
            self.command(server),
            self.folder(server) / "log",
            namespace=self.network.servers[server],
            environment=self.environment(server),
        )

    def kill(self, server: int) -> None:
        """End a server at once."""
        self._processes.pop(server).kill()

    def stop(self) -> None:
        """End both."""
        for process in self._processes.values():
            process.signal(signal.SIGTERM)
        for process in self._processes.values():
            process.wait()
        self._processes.clear()

    def pid(self, server: int) -> int:
        """Return the process id of a server that runs."""
        return self._processes[server].pid

    def folder(self, server: int) -> Path:
        """Return where a server's files are."""
        return self._folder / f"s{server + 1}"

    def log(self) -> str:
        """Return the last words of both."""
        return "\n".join((self.folder(server) / "log").read_text(errors="replace")[-2000:] for server in (0, 1))

    def cpu_s(self) -> float:
        """Return how long the threads of both have run: exact, unlike the ticks of /proc/PID/stat."""
        return sum(_cpu_s(process.pid) for process in self._processes.values())

    def rss_mb(self) -> float:
        """Return the resident memory of the larger one."""
        return max(process.rss_mb() for process in self._processes.values())

    @abstractmethod
    def prepare(self, server: int) -> None:
        """Write a server's configuration and what it knows of leases."""

    @abstractmethod
    def command(self, server: int) -> Sequence[str]:
        """Return how a server is started."""

    @abstractmethod
    def is_ready(self) -> bool:
        """Return whether both serve together."""

    @abstractmethod
    def lose_store(self, server: int) -> None:
        """Delete what a server that does not run knew of leases."""

    def environment(self, server: int) -> dict[str, str]:
        """Return what a server needs in its environment."""
        return {}


def _cpu_s(pid: int) -> float:
    total_ns = 0
    for task in Path(f"/proc/{pid}/task").iterdir():
        try:
            total_ns += int((task / "schedstat").read_text().split()[0])
        except OSError:  # a thread that has just ended
            continue
    return total_ns / 1e9


def hardware_of(client: int) -> str:
    """Return the hardware address of the client that holds the lease with this number: as load.c has it."""
    return ":".join(f"{byte:02x}" for byte in (0x02, 0xAA, *client.to_bytes(4)))


def here(name: str) -> str:
    """Return where a program of the system's is.

    Raises:
        SystemExit: it is not installed.
    """
    path = shutil.which(name, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if path is None:
        raise SystemExit(f"{name} is not installed: make bench installs it on Debian")
    return path
