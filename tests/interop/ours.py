"""Our engine as a process of its own: its configuration, its store, its report."""

from __future__ import annotations

import http.client
import json
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

from edgepair_contract.report import GroupReport, MemberReport
from tests.interop.netns import PREFIX, SERVER_1, SERVER_2, inside
from tests.interop.process import Process

ENGINE = [sys.executable, "-m", "edgepair_engine.main"]
ADMIN = ("127.0.0.1", 8443)
ANSWER_LIMIT_S = 5.0


def member(role: str, *, lease_s: int, max_response_delay_s: int, partner_is_ours: bool = False) -> dict[str, Any]:
    """Return the configuration that mirrors dhcpd's."""
    primary = role == "primary"
    mine, partners = (SERVER_1, SERVER_2) if primary else (SERVER_2, SERVER_1)
    subnet = {
        "interface": "lan0",
        "prefix": PREFIX,
        "pools": [{"start": "10.77.1.100", "end": "10.77.1.139"}],
        "default_lease_s": lease_s,
        "max_lease_s": 240,
        "gateways": ["10.77.1.1"],
    }
    group = {
        "name": "ha-pair",
        "role": role,
        "my_address": mine,
        "partner_address": partners,
        "partner_is_ours": partner_is_ours,
        "mclt_s": 30,
        "max_response_delay_s": max_response_delay_s,
        "load_balance_max_s": 3,
        "subnets": [subnet],
    }
    return {
        "revision": 1,
        "server": f"ours-{role}",
        "interfaces": [{"name": "lan0", "device": "eth0", "address": f"{mine}/24"}],
        "groups": [group],
    }


class Engine:
    """One engine in a namespace."""

    def __init__(self, namespace: str, folder: Path, configuration: dict[str, Any]) -> None:
        folder.mkdir(parents=True)
        self._namespace = namespace
        self.config_file = folder / "member.json"
        self.store = folder / "store"
        self._log = folder / "engine.log"
        self.process: Process | None = None
        self.environment: dict[str, str] = {}
        self.recorder: list[str] = []  # words before its command
        self.configure(configuration)

    def configure(self, configuration: dict[str, Any]) -> None:
        """Write the configuration file."""
        self.config_file.write_text(json.dumps(configuration))

    def start(self) -> None:
        """Start it, again with the same store if it ran before."""
        words = ["run", "--config", str(self.config_file), "--store", str(self.store), "--log-level", "debug"]
        self.process = Process(
            [*self.recorder, *ENGINE, *words], self._log, namespace=self._namespace, environment=self.environment
        )

    def kill(self) -> None:
        """End it as a power failure would."""
        assert self.process is not None
        self.process.kill()

    def stop(self) -> None:
        """End it if it runs."""
        if self.process is not None:
            self.process.kill()

    def log(self) -> str:
        """Return what it has written so far."""
        return self._log.read_text(errors="replace")

    def ask(self, path: str, *, method: str = "GET", body: str | None = None) -> tuple[int, str]:
        """Return status and body of a request at its admin interface."""
        connection = http.client.HTTPConnection(*ADMIN, timeout=ANSWER_LIMIT_S)
        connection.sock = inside(self._namespace, lambda: socket.create_connection(ADMIN, ANSWER_LIMIT_S))
        try:
            connection.request(method, path, body)
            answer = connection.getresponse()
            return answer.status, answer.read().decode()
        finally:
            connection.close()

    def report(self) -> MemberReport | None:
        """Return its report, None while it does not answer."""
        try:
            status, text = self.ask("/v1/report")
        except OSError:
            return None
        return MemberReport.model_validate_json(text) if status == 200 else None

    def group(self) -> GroupReport | None:
        """Return the report of its one group, None while there is none."""
        report = self.report()
        return report.groups[0] if report is not None and report.groups else None

    def my_state(self) -> str:
        """Return its state as the tab spells it; empty while it starts or does not answer."""
        group = self.group()
        return "" if group is None or group.starting else group.my_state.label

    def leases(self) -> dict[str, dict[str, Any]]:
        """Return what `edgepair-engine leases` prints, by address."""
        done = self.command("leases", "--store", str(self.store), "--json")
        assert done.returncode == 0, done.stderr
        return {lease["address"]: lease for lease in json.loads(done.stdout)}

    def command(self, *words: str) -> subprocess.CompletedProcess[str]:
        """Run a subcommand in its namespace to its end."""
        return subprocess.run(
            ["ip", "netns", "exec", self._namespace, *ENGINE, *words],
            check=False,
            capture_output=True,
            text=True,
            timeout=30,
        )
