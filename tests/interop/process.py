"""A process of a test, in a namespace, with its output in a file; it never outlives the test."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path

END_LIMIT_S = 30.0


class Process:
    """A running command."""

    def __init__(self, command: Sequence[str], log: Path, *, namespace: str, environment: dict[str, str] | None = None):
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                ["ip", "netns", "exec", namespace, *command],  # it replaces itself: the pid is the command's
                stdout=output,
                stderr=subprocess.STDOUT,
                stdin=subprocess.DEVNULL,
                env=os.environ | (environment or {}),
            )

    @property
    def pid(self) -> int:
        """Return its process id."""
        return self._process.pid

    def runs(self) -> bool:
        """Return whether it has not ended."""
        return self._process.poll() is None

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal."""
        self._process.send_signal(number)

    def wait(self) -> int:
        """Return its exit code once it has ended."""
        return self._process.wait(END_LIMIT_S)

    def terminate(self) -> int:
        """Ask it to end and return its exit code."""
        self._process.terminate()
        return self.wait()

    def kill(self) -> None:
        """End it at once."""
        self._process.kill()
        self._process.wait()

    def rss_mb(self) -> float:
        """Return its resident memory."""
        for line in Path(f"/proc/{self.pid}/status").read_text().splitlines():
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 1024
        return 0.0
