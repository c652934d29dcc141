"""What a failed e2e run leaves behind: pod logs, events, objects, engine reports and devices, a file each.

By hand: `python3 -m tests.e2e.collect FOLDER`.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from hack.kind.cache import LINK
from hack.kind.cluster import KUBECONFIG
from hack.kind.networks import WORKERS
from tests.e2e.kube import Kube, Object

EVERYWHERE = "--all-namespaces"
KINDS = (
    "appliancedhcpservers,dhcpfailovergroups",
    "statefulsets,deployments,pods",
    "services,endpointslices,configmaps,leases,poddisruptionbudgets",
    "persistentvolumeclaims,persistentvolumes",
    "nodes",
)
NOT_OURS = {"kube-system", "local-path-storage"}
SERVER_LABEL = "dhcp.edgepair.io/server"
REPORT = ("edgepair-engine", "status", "--json")
LOG_LINES_MAX = 5000  # of each container: the hours before the failure are not what one looks for
COMMAND_LIMIT_S = 30.0


def main() -> None:
    """Collect from the cluster of this checkout into the folder that the command line names."""
    print(collect(Kube(LINK / "kubectl", KUBECONFIG, "default"), Path(sys.argv[1])))


def collect(kube: Kube, folder: Path) -> Path:
    """Write everything that can be had into folder and return it.

    What cannot be had stands in its file as the reason: a cluster in trouble answers only in part.
    """
    folder.mkdir(parents=True, exist_ok=True)
    for kinds in KINDS:
        _write(folder / f"{kinds.replace(',', '+')}.yaml", kube, "get", kinds, EVERYWHERE, "-o", "yaml")
    _write(folder / "table-dhcp.txt", kube, "get", "dhcp", EVERYWHERE, "-o", "wide")
    _write(folder / "table-all.txt", kube, "get", "all,pvc", EVERYWHERE, "-o", "wide")
    _write(folder / "events.txt", kube, "get", "events", EVERYWHERE, "--sort-by=.metadata.creationTimestamp")
    for pod in _pods(kube):
        _collect_pod(kube, pod, folder)
    for node in WORKERS:
        devices = ["docker", "exec", node, "ip", "address", "show"]
        (folder / f"devices-{node}.txt").write_text(_outcome(devices))
    return folder


def _collect_pod(kube: Kube, pod: Object, folder: Path) -> None:
    """Write the pod's logs, those before a restart too, and the report of an engine."""
    name, of = pod["metadata"]["name"], ("--namespace", pod["metadata"]["namespace"])
    logs = ("logs", name, *of, "--all-containers", "--prefix", "--timestamps", f"--tail={LOG_LINES_MAX}")
    _write(folder / f"log-{name}.txt", kube, *logs)
    if any(status["restartCount"] for status in pod["status"].get("containerStatuses", [])):
        _write(folder / f"log-{name}-before-restart.txt", kube, *logs, "--previous")
    if SERVER_LABEL in pod["metadata"].get("labels", {}):
        _write(folder / f"report-{name}.json", kube, "exec", name, *of, "--", *REPORT)


def _pods(kube: Kube) -> list[Object]:
    """Return the pods that are not the cluster's own; none where the API server does not answer."""
    try:
        pods = kube.items("pods", EVERYWHERE)
    except (AssertionError, subprocess.TimeoutExpired):
        return []
    return [pod for pod in pods if pod["metadata"]["namespace"] not in NOT_OURS]


def _write(file: Path, kube: Kube, *arguments: str) -> None:
    command = [str(kube.kubectl), "--kubeconfig", str(kube.kubeconfig), *arguments]
    file.write_text(_outcome(command))


def _outcome(command: list[str]) -> str:
    """Return what the command printed, errors included, or why it did not end."""
    try:
        done = subprocess.run(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=COMMAND_LIMIT_S, check=False
        )
    except (subprocess.TimeoutExpired, OSError) as error:
        return f"{error}\n"
    return done.stdout


if __name__ == "__main__":
    main()
