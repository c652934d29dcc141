"""One engine process on loopback for a few tests: its admin interface and its log."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

END_LIMIT_S = 10.0
ANSWER_LIMIT_S = 10.0


def a_free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def a_member(**changes: Any) -> dict[str, Any]:
    """Return a configuration whose device exists nowhere, so that no port 67 is opened and no root is needed."""
    member: dict[str, Any] = {
        "revision": 1,
        "server": "ec-east-1",
        "admin": {"port": a_free_port()},
        "interfaces": [{"name": "lan0", "device": "none0", "address": "10.1.0.2/24"}],
    }
    return member | changes


class EngineProcess:
    """An engine, started."""

    def __init__(self, folder: Path, member: dict[str, Any]) -> None:
        self.store = folder / "store"
        self.config = folder / "member.json"
        self.member = member
        self.write(member)
        self._log = folder / "engine.log"
        self._errors = folder / "engine.err"
        with self._log.open("wb") as log, self._errors.open("wb") as errors:
            self._process = subprocess.Popen(
                [
                    sys.executable,
                    "-m",
                    "edgepair_engine.main",
                    "run",
                    "--config",
                    str(self.config),
                    "--store",
                    str(self.store),
                ],
                stdout=log,
                stderr=errors,
            )

    def write(self, member: dict[str, Any]) -> None:
        """Replace the configuration file in one go, as a mount does."""
        fresh = self.config.with_suffix(".new")
        fresh.write_text(json.dumps(member))
        fresh.rename(self.config)

    @property
    def url(self) -> str:
        """Return where the admin interface listens."""
        return f"http://127.0.0.1:{self.member['admin']['port']}"

    def ask(self, method: str, path: str, body: str | None = None) -> tuple[int, str]:
        """Return status and body of a request; waits until the process listens."""
        deadline_s = time.monotonic() + ANSWER_LIMIT_S
        while True:
            connection = HTTPConnection("127.0.0.1", self.member["admin"]["port"], timeout=ANSWER_LIMIT_S)
            try:
                connection.request(method, path, body)
                answer = connection.getresponse()
                return answer.status, answer.read().decode()
            except ConnectionRefusedError:
                assert self._process.poll() is None, self._errors.read_text()
                assert time.monotonic() < deadline_s, "it does not listen"
                time.sleep(0.02)
            finally:
                connection.close()

    def report(self, query: str = "") -> dict[str, Any]:
        """Return the report; a query can wait for the next one."""
        status, text = self.ask("GET", f"/v1/report{query}")
        assert status == 200, text
        report: dict[str, Any] = json.loads(text)
        return report

    def report_with(self, **wanted: Any) -> dict[str, Any]:
        """Return the first report that has these values."""
        deadline_s = time.monotonic() + ANSWER_LIMIT_S
        report = self.report("?after=0&wait_s=10")
        while any(report[name] != value for name, value in wanted.items()):
            assert time.monotonic() < deadline_s, report
            report = self.report(f"?after={report['revision']}&wait_s=10")
        return report

    def log(self) -> list[dict[str, Any]]:
        """Return the lines of its log."""
        return [json.loads(line) for line in self._log.read_text().splitlines()]

    def signal(self, number: int) -> None:
        """Send it a signal."""
        self._process.send_signal(number)

    def end(self) -> int:
        """Ask it to end and return its exit code."""
        self._process.terminate()
        return self._process.wait(END_LIMIT_S)

    def stop(self) -> None:
        """End it if it runs."""
        self._process.kill()
        self._process.wait(END_LIMIT_S)
