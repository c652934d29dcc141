"""A pair of ours: a durable commit before every ACK, as always."""

from __future__ import annotations

import http.client
import json
import shutil
import socket
import sys
import time
from collections.abc import Iterator, Sequence
from typing import Any

from bench.network import FIRST_LEASE, PREFIX, RELAY, SERVERS, dotted
from bench.pair import Pair, hardware_of
from edgepair_contract.report import MemberReport
from edgepair_contract.vocabulary import BindingState, FailoverState
from edgepair_engine.leases.lease import Lease
from edgepair_engine.leases.record import LeaseRecord, Record, StateRecord
from edgepair_engine.store.journal import SqliteJournal
from tests.interop.netns import inside

GROUP = "bench"
ADMIN = ("127.0.0.1", 8443)
ANSWER_LIMIT_S = 5.0
COMMITTED_AT_ONCE = 50_000
ETHERNET = b"\x01"


class Ours(Pair):
    """Both in Normal, on stores in which the pool is balanced already."""

    name = "Edgepair"
    profiled = False  # each server writes its profile into its folder when it ends

    def prepare(self, server: int) -> None:
        """Write member.json and the store."""
        (self.folder(server) / "member.json").write_text(json.dumps(self._configuration(server)))
        journal = SqliteJournal(self.folder(server) / "store")
        batch: list[Record] = []
        for record in self._records(int(time.time()), server):
            batch.append(record)
            if len(batch) == COMMITTED_AT_ONCE:
                journal.commit_now(batch)
                batch = []
        journal.commit_now(batch)
        journal.close()

    def command(self, server: int) -> Sequence[str]:
        """Return the engine with its defaults."""
        files = ["--config", str(self.folder(server) / "member.json"), "--store", str(self.folder(server) / "store")]
        profile = ["-m", "cProfile", "-o", str(self.folder(server) / "profile")] if self.profiled else []
        return [sys.executable, *profile, "-m", "edgepair_engine.main", "run", *files]

    def is_ready(self) -> bool:
        """Return whether both are in Normal."""
        return all(self.state(server) is FailoverState.NORMAL for server in (0, 1))

    def state(self, server: int) -> FailoverState | None:
        """Return a server's state, None while it starts or does not answer."""
        try:
            report = MemberReport.model_validate_json(self.ask(server, "/v1/report"))
        except (OSError, ValueError):  # not up yet, or before its first turn
            return None
        group = report.groups[0]
        return None if group.starting or not report.ready else group.my_state

    def ask(self, server: int, path: str) -> str:
        """Return what the admin interface of a server answers.

        Raises:
            OSError: nothing.
        """
        connection = http.client.HTTPConnection(*ADMIN, timeout=ANSWER_LIMIT_S)
        namespace = self.network.servers[server]
        connection.sock = inside(namespace, lambda: socket.create_connection(ADMIN, ANSWER_LIMIT_S))
        try:
            connection.request("GET", path)
            return connection.getresponse().read().decode()
        finally:
            connection.close()

    def lose_store(self, server: int) -> None:
        """Delete the store."""
        shutil.rmtree(self.folder(server) / "store")

    def _configuration(self, server: int) -> dict[str, Any]:
        terms = self.terms
        last = dotted(FIRST_LEASE + terms.pool_size - 1)
        subnet = {
            "interface": "lan0",
            "prefix": PREFIX,
            "pools": [{"start": dotted(FIRST_LEASE), "end": last}],
            "default_lease_s": terms.lease_s,
            "max_lease_s": terms.lease_s,
            "cache_threshold_percent": 0,
            "gateways": [RELAY],
        }
        group = {
            "name": GROUP,
            "role": ("primary", "secondary")[server],
            "my_address": SERVERS[server],
            "partner_address": SERVERS[1 - server],
            "partner_is_ours": True,
            "mclt_s": terms.mclt_s,
            "max_response_delay_s": terms.max_response_delay_s,
            "max_unacked_updates": terms.max_unacked_updates,
            "load_balance_max_s": 3,
            "subnets": [subnet],
        }
        return {
            "revision": 1,
            "server": f"bench-{server + 1}",
            "interfaces": [{"name": "lan0", "device": "eth0", "address": f"{SERVERS[server]}/12"}],
            "groups": [group],
            "per_relay_per_second": 1_000_000,  # all clients of the bench are behind one relay
        }

    def _records(self, at: int, server: int) -> Iterator[Record]:
        terms = self.terms
        normal = FailoverState.NORMAL
        yield StateRecord(
            group=GROUP,
            my_state=normal,
            my_state_at=at - 600,
            partner_state=normal,
            partner_state_at=at - 600,
            mclt_s=terms.mclt_s,
        )
        told_at = at + terms.mclt_s
        for client in range(terms.leases):
            yield LeaseRecord(
                GROUP,
                Lease(
                    FIRST_LEASE + client,
                    state=BindingState.ACTIVE,
                    hardware=ETHERNET + bytes.fromhex(hardware_of(client).replace(":", "")),
                    starts_at=at - 60,
                    ends_at=at + terms.lease_s - 60,
                    tstp=told_at,
                    tsfp=told_at,
                    atsfp=told_at,
                    cltt=at - 60,
                    rewind=BindingState.ACTIVE,
                ),
            )
        for number in range(terms.leases, terms.pool_size):
            if number % 2:
                yield LeaseRecord(GROUP, Lease(FIRST_LEASE + number, state=BindingState.BACKUP))
