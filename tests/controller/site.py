"""A namespace with the operator at work and, where a test starts them, real engines on loopback in the pods' place.

Nobody makes pods beside a bare API server. A test that wants one writes the Pod object, as scheduler and kubelet would,
and starts the engine process with the configuration that the operator put into the ConfigMap.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar
from urllib.request import urlopen

from tests.controller.apiserver import ApiServer
from tests.controller.manifests import API_VERSION, Manifest
from tests.interop.loopback import EngineProcess, a_free_port

EVENTUALLY_S = 20.0  # for what takes a second on an idle machine
POLL_S = 0.1
END_LIMIT_S = 15.0
LABEL = "dhcp.edgepair.io/server"
OURS = "statefulsets,configmaps,services,serviceaccounts,poddisruptionbudgets"

Found = TypeVar("Found")


def eventually(look: Callable[[], Found | None], what: str, *, within_s: float = EVENTUALLY_S) -> Found:
    """Return what `look` finds as soon as it finds anything."""
    give_up_at = time.monotonic() + within_s
    while True:
        found = look()
        if found:
            return found
        assert time.monotonic() < give_up_at, f"not within {within_s} s: {what}"
        time.sleep(POLL_S)


class Operator:
    """An operator process for all namespaces."""

    def __init__(self, server: ApiServer, folder: Path) -> None:
        self.port = a_free_port()
        self.log = folder / "operator.log"
        self._server = server
        self._process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        flags = ["--http-address", "127.0.0.1", "--http-port", str(self.port)]
        with self.log.open("ab") as log:
            return subprocess.Popen(
                [sys.executable, "-m", "edgepair_operator.main", "run", *flags],
                env={**os.environ, "KUBECONFIG": str(self._server.kubeconfig)},
                stdout=log,
                stderr=log,
            )

    def wait_until_ready(self) -> None:
        """Wait for its first listing of everything."""
        eventually(self.ready, "the operator's first listing")

    def ready(self) -> bool:
        """Return whether it has listed everything."""
        assert self._process.poll() is None, self.log.read_text()
        try:
            with urlopen(f"http://127.0.0.1:{self.port}/readyz", timeout=2) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    def writes(self) -> float:
        """Return how many writes to the API server it has counted."""
        with urlopen(f"http://127.0.0.1:{self.port}/metrics", timeout=5) as answer:
            lines = answer.read().decode().splitlines()
        return sum(float(line.split()[-1]) for line in lines if line.startswith("edgepair_operator_api_writes_total"))

    def restart(self) -> int:
        """Ask it to stop, start it again, and return the exit code of the one that stopped."""
        self._process.terminate()
        code = self._process.wait(END_LIMIT_S)
        self._process = self._start()
        self.wait_until_ready()
        return code

    def stop(self) -> None:
        """End it if it runs."""
        self._process.kill()
        self._process.wait(END_LIMIT_S)


class Site:
    """One namespace: its objects, the operator, the engines."""

    def __init__(self, server: ApiServer, operator: Operator, namespace: str, folder: Path) -> None:
        self.server = server
        self.operator = operator
        self.namespace = namespace
        self.folder = folder
        self.engines: dict[str, EngineProcess] = {}

    def kubectl(self, *args: str, stdin: str | None = None) -> str:
        """Return what kubectl prints, which must succeed."""
        done = self.server.kubectl("--namespace", self.namespace, *args, stdin=stdin)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def apply(self, *manifests: Manifest) -> None:
        """Create or change objects, as a person does."""
        items = {"apiVersion": "v1", "kind": "List", "items": list(manifests)}
        self.kubectl("apply", "-f", "-", stdin=json.dumps(items))

    def get(self, kind: str, name: str) -> Manifest | None:
        """Return an object, None when it does not exist."""
        found = self.kubectl("get", kind, name, "--ignore-not-found", "--output=json")
        return dict(json.loads(found)) if found else None

    def status(self, kind: str, name: str) -> Manifest:
        """Return an object's status."""
        found = self.get(kind, name)
        return {} if found is None else dict(found.get("status", {}))

    def condition(self, kind: str, name: str, condition: str) -> tuple[str, str, str]:
        """Return a condition's status, reason and message; empty strings while it is absent."""
        for each in self.status(kind, name).get("conditions", []):
            if each["type"] == condition:
                return each["status"], each["reason"], each.get("message", "")
        return "", "", ""

    def states(self, name: str = "lan0") -> tuple[str, str]:
        """Return a group's My State and Partner State."""
        status = self.status("dfg", name)
        return status.get("myState", ""), status.get("partnerState", "")

    def wait_for_states(self, mine: str, partners: str, *, within_s: float = EVENTUALLY_S) -> None:
        """Wait until the group shows these two states."""
        eventually(lambda: self.states() == (mine, partners), f"{mine}, {partners}", within_s=within_s)

    def wait_for_condition(self, kind: str, name: str, condition: str, *, says: tuple[str, str]) -> str:
        """Wait until a condition has this status and reason, and return its message."""
        eventually(lambda: self.condition(kind, name, condition)[:2] == says, f"{condition} of {name}: {says}")
        return self.condition(kind, name, condition)[2]

    def wait_for_engine(self, name: str, field: str, value: object, *, within_s: float) -> None:
        """Wait until an engine's own report has a value."""
        engine = self.engines[name]
        eventually(lambda: engine.report()[field] == value, f"{field} {value} of {name}", within_s=within_s)

    def versions(self) -> str:
        """Return every object's version: the same text twice means that nothing was written."""
        return self.kubectl(
            "get", f"dfg,ads,{OURS}", "--output=jsonpath={range .items[*]}{.kind} {.metadata.name} "
            "{.metadata.resourceVersion}{\"\\n\"}{end}"
        )  # fmt: skip

    def start_engine(self, name: str) -> EngineProcess:
        """Be scheduler and kubelet for one server: a pod object, and the engine with what its ConfigMap holds."""
        config = eventually(lambda: self.get("configmap", f"{name}-config"), f"the ConfigMap of {name}")
        if name in self.engines:
            self.engines[name].stop()
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        engine = EngineProcess(folder, json.loads(config["data"]["member.json"]))
        self.engines[name] = engine
        self._write_pod(name)
        return engine

    def _write_pod(self, name: str) -> None:
        labels = {LABEL: name, "app.kubernetes.io/managed-by": "edgepair"}
        pod = {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": f"{name}-0", "labels": labels},
            "spec": {"nodeName": "worker-1", "containers": [{"name": "engine", "image": "none"}]},
        }
        self.apply(pod)
        status = {"hostIP": "127.0.0.1", "conditions": [{"type": "Ready", "status": "True"}]}
        self.kubectl(
            "patch", "pod", f"{name}-0", "--subresource=status", "--type=merge", "-p", json.dumps({"status": status})
        )

    def close(self) -> None:
        """Delete what the operator looks after, and end the engines."""
        self.kubectl("delete", "dfg,ads,pods", "--all", "--grace-period=0", "--force", "--wait=false")
        for engine in self.engines.values():
            engine.stop()


@contextmanager
def operator_process(server: ApiServer, folder: Path) -> Iterator[Operator]:
    """An operator at work, as long as the block runs."""
    operator = Operator(server, folder)
    try:
        operator.wait_until_ready()
        yield operator
    finally:
        operator.stop()


@contextmanager
def site(server: ApiServer, operator: Operator, namespace: str, folder: Path) -> Iterator[Site]:
    """A new namespace."""
    created = server.kubectl("create", "namespace", namespace)
    assert created.returncode == 0, created.stderr
    made = Site(server, operator, namespace, folder)
    try:
        yield made
    finally:
        made.close()


def a_loopback_server(number: int, **spec: Any) -> Manifest:
    """Return server ec-N at 127.1.0.N+1. Its device exists nowhere, so that no port 67 is opened."""
    return {
        "apiVersion": API_VERSION,
        "kind": "ApplianceDhcpServer",
        "metadata": {"name": f"ec-{number}"},
        "spec": {
            "network": {"mode": "HostNetwork", "adminPort": a_free_port()},
            "placement": {"nodeName": "worker-1"},
            "interfaces": [
                {"name": "lan0", "device": "none0", "address": f"127.1.0.{number + 1}/24", "failover": True}
            ],
            **spec,
        },
    }


def a_loopback_group(**spec: Any) -> Manifest:
    """Return the group of ec-1 and ec-2, with the shortest delay that is allowed."""
    return {
        "apiVersion": API_VERSION,
        "kind": "DhcpFailoverGroup",
        "metadata": {"name": "lan0"},
        "spec": {
            "interface": "lan0",
            "primary": {"serverRef": {"name": "ec-1"}, "port": a_free_port()},
            "secondary": {"serverRef": {"name": "ec-2"}, "port": a_free_port()},
            "maxResponseDelaySeconds": 3,
            "scopes": [{"prefix": "127.1.0.0/24", "ranges": [{"start": "127.1.0.50", "end": "127.1.0.99"}]}],
            **spec,
        },
    }
