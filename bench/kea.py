"""A pair of Kea's kea-dhcp4 with its high-availability hook, as Debian ships it: leases in memory and in a CSV file."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench.network import FIRST_LEASE, PREFIX, RELAY, SERVERS, dotted
from bench.pair import Pair, hardware_of, here

HOOKS = "/usr/lib/x86_64-linux-gnu/kea/hooks"
ANSWER_LIMIT_S = 30.0
QUIET = ("leases", "packets", "alloc-engine", "dhcp4")
CSV_HEAD = "address,hwaddr,client_id,valid_lifetime,expire,subnet_id,fqdn_fwd,fqdn_rev,hostname,state,user_context\n"


class Kea(Pair):
    """Load balancing, each with half of the pool; it acknowledges a lease when its partner has it, in memory."""

    name = "Kea"

    def prepare(self, server: int) -> None:
        """Write kea.json and the lease file."""
        (self.folder(server) / "kea.json").write_text(json.dumps({"Dhcp4": self._configuration(server)}))
        if self.terms.leases:
            expire = int(time.time()) + self.terms.lease_s - 60
            with self._leases(server).open("w") as file:
                file.write(CSV_HEAD)
                for client in range(self.terms.leases):
                    address, hardware = dotted(FIRST_LEASE + client), hardware_of(client)
                    file.write(f"{address},{hardware},,{self.terms.lease_s},{expire},1,0,0,,0,\n")

    def command(self, server: int) -> Sequence[str]:
        """Return kea-dhcp4 in the foreground."""
        return [here("kea-dhcp4"), "-c", str(self.folder(server) / "kea.json")]

    def environment(self, server: int) -> dict[str, str]:
        """Keep its files together."""
        return {"KEA_PIDFILE_DIR": str(self.folder(server)), "KEA_LOCKFILE_DIR": str(self.folder(server))}

    def is_ready(self) -> bool:
        """Return whether both say load-balancing."""
        return all(self.state(server) == "load-balancing" for server in (0, 1))

    def state(self, server: int) -> str:
        """Return a server's state, empty while it does not answer."""
        try:
            answer = self._ask(server, "status-get")
            state: str = answer["arguments"]["high-availability"][0]["ha-servers"]["local"]["state"]
        except (OSError, ValueError, LookupError):
            return ""
        return state

    def lose_store(self, server: int) -> None:
        """Delete the lease files."""
        for path in self.folder(server).glob("leases.csv*"):
            path.unlink()

    def _leases(self, server: int) -> Path:
        return self.folder(server) / "leases.csv"

    def _socket(self, server: int) -> str:
        return str(self.folder(server) / "control")

    def _ask(self, server: int, command: str) -> Any:
        with socket.socket(socket.AF_UNIX) as connection:
            connection.settimeout(ANSWER_LIMIT_S)
            connection.connect(self._socket(server))
            connection.sendall(json.dumps({"command": command}).encode())
            connection.shutdown(socket.SHUT_WR)
            return json.loads(b"".join(iter(lambda: connection.recv(65536), b"")))

    def _configuration(self, server: int) -> dict[str, Any]:
        terms = self.terms
        middle, last = FIRST_LEASE + terms.pool_size // 2, FIRST_LEASE + terms.pool_size - 1
        halves = [(FIRST_LEASE, middle - 1), (middle, last)]
        pools = [
            {"pool": f"{dotted(first)} - {dotted(end)}", "client-class": f"HA_s{number}"}
            for number, (first, end) in enumerate(halves, 1)
        ]
        subnet = {"id": 1, "subnet": PREFIX, "pools": pools, "option-data": [{"name": "routers", "data": RELAY}]}
        peers = [
            {"name": f"s{number}", "url": f"http://{address}:8000/", "auto-failover": True, "role": role}
            for number, (address, role) in enumerate(zip(SERVERS, ("primary", "secondary"), strict=True), 1)
        ]
        together = {
            "this-server-name": f"s{server + 1}",
            "mode": "load-balancing",
            "heartbeat-delay": 1000,
            "max-response-delay": terms.max_response_delay_s * 1000,
            "max-ack-delay": 10_000,
            "max-unacked-clients": 10,
            "wait-backup-ack": False,
            "multi-threading": {
                "enable-multi-threading": True,
                "http-dedicated-listener": True,
                "http-listener-threads": 2,
                "http-client-threads": 2,
            },
            "peers": peers,
        }
        quiet = [{"name": f"kea-dhcp4.{name}", "severity": "WARN"} for name in QUIET]
        spoken = {"name": "kea-dhcp4", "severity": "INFO", "output_options": [{"output": "stdout", "flush": True}]}
        return {
            "interfaces-config": {"interfaces": ["eth0"], "dhcp-socket-type": "raw"},
            "lease-database": {
                "type": "memfile",
                "persist": True,
                "name": str(self._leases(server)),
                "lfc-interval": 3600,
            },
            "valid-lifetime": terms.lease_s,
            "control-socket": {"socket-type": "unix", "socket-name": self._socket(server)},
            "multi-threading": {"enable-multi-threading": True, "thread-pool-size": 2, "packet-queue-size": 64},
            "subnet4": [subnet],
            "hooks-libraries": [
                {"library": f"{HOOKS}/libdhcp_lease_cmds.so"},
                {"library": f"{HOOKS}/libdhcp_ha.so", "parameters": {"high-availability": [together]}},
            ],
            "loggers": [spoken, *quiet],
        }
