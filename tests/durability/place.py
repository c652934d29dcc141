"""Where durability is tried: one server without a partner on a LAN, and a crowd behind a relay."""

from __future__ import annotations

import os
import random
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from edgepair_engine.leases.record import LeaseRecord
from edgepair_engine.store.journal import SqliteJournal, read_store
from tests.durability.crowd import Crowd
from tests.interop.netns import Lan, eventually
from tests.interop.ours import Engine

NETWORK = "10.77.0.0/16"
SERVER = "10.77.0.2"
RELAY = "10.77.0.1"
READY_LIMIT_S = 30.0
TOOLS = f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin"

MEMBER: dict[str, Any] = {
    "revision": 1,
    "server": "ours",
    "interfaces": [{"name": "lan0", "device": "eth0", "address": f"{SERVER}/16"}],
    "subnets": [
        {
            "interface": "lan0",
            "prefix": NETWORK,
            "pools": [{"start": "10.77.1.0", "end": "10.77.255.254"}],
            "default_lease_s": 9_000,
            "max_lease_s": 10_000_000,
            "cache_threshold_percent": 0,
        }
    ],
    "per_client_per_second": 1000,
    "per_relay_per_second": 100_000,
}


def why_not_here() -> str | None:
    """Return why this cannot run on this machine, None when it can."""
    if os.geteuid() != 0:
        return "network namespaces, port 67 and mounts need root"
    missing = [tool for tool in ("strace", "mkfs.ext4") if shutil.which(tool, path=TOOLS) is None]
    return f"missing: {', '.join(missing)}" if missing else None


class Place:
    """A LAN with a server, started by the test, and the crowd."""

    def __init__(self, folder: Path, chance: random.Random) -> None:
        self._lan = Lan()
        namespace = self._lan.join("server", f"{SERVER}/16")
        self.engine = Engine(namespace, folder / "server", MEMBER)
        self.crowd = Crowd(self._lan.join("relay", f"{RELAY}/16"), relay=RELAY, server=SERVER, chance=chance)

    def started(self) -> None:
        """Start the server, and wait until it serves."""
        self.engine.start()
        eventually("the server is ready", self.ready, within_s=READY_LIMIT_S, state=self.engine.log)

    def close(self) -> None:
        """End everything."""
        self.engine.stop()
        self.crowd.close()
        self._lan.close()

    def ready(self) -> bool:
        """Return whether the server says that it answers clients."""
        report = self.engine.report()
        return report is not None and report.ready and all(each.problem is None for each in report.interfaces)


def stored_beside(folder: Path) -> Mapping[int, LeaseRecord]:
    """Return what is stored under a server that runs."""
    return {record.lease.address: record for record in read_store(folder).leases}


def stored_in(folder: Path) -> Mapping[int, LeaseRecord]:
    """Return what a start would find there."""
    journal = SqliteJournal(folder)
    try:
        return {record.lease.address: record for record in journal.recover().leases}
    finally:
        journal.close()
