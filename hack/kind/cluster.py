"""The kind cluster of demo and e2e tests: one control plane, two workers, and the LANs of the example pair.

usage: python3 -m hack.kind.cluster {prepare,up,down,status,load,device} [-h]
"""

import argparse
import json
from pathlib import Path

from hack.kind.cache import LINK, ROOT
from hack.kind.networks import LANS, WORKERS, attach_lans, detach_lans, device_on, remove_lans
from hack.kind.node_image import ensure_node_image
from hack.kind.steps import CannotContinue, main_with_reason, run, step, succeeds
from hack.kind.toolset import ensure_tools

NAME = "edgepair"
NODES = ("edgepair-control-plane", *WORKERS)
KUBECONFIG = ROOT / "build" / "kind" / "kubeconfig"
HERE = Path(__file__).resolve().parent
KUBELET_FLAGS = "/var/lib/kubelet/kubeadm-flags.env"
LOADED = "/var/lib/edgepair-loaded"  # in a node: which image is behind which name, as Docker counts them

DAEMON_LIMIT_S = 90.0
KIND_LIMIT_S = 300.0  # 30 s on two idle cores
READY_LIMIT_S = 120
KUBECTL_LIMIT_S = 30.0
DOCKER_LIMIT_S = 60.0


def main() -> None:
    """Carry out one subcommand."""
    arguments = _parser().parse_args()
    match arguments.command:
        case "prepare":
            prepare()
        case "up":
            up()
        case "down":
            down()
        case "status":
            status()
        case "load":
            load(arguments.image)
        case "device":
            print(_device(arguments.node, arguments.network))


def prepare() -> None:
    """Make ready all that `up` needs and that lasts: the Docker daemon, the tools, the node image."""
    start_docker()
    print(f"- the cluster's programs are in {ensure_tools().bin}, its node image is {ensure_node_image()}")


def up() -> None:
    """Bring the cluster up: what already runs well is kept, what does not is made anew."""
    start_docker()
    ensure_tools()
    if _runs():
        print(f"- the cluster {NAME} runs already")
    else:
        _create()
    for worker in WORKERS:
        _mend_address(worker)
    attach_lans()
    with step("all nodes ready"):
        wait = ("wait", "--for=condition=Ready", "nodes", "--all", f"--timeout={READY_LIMIT_S}s")
        kubectl(*wait, limit_s=READY_LIMIT_S + KUBECTL_LIMIT_S)
        kubectl("uncordon", *WORKERS)  # a demo or test that was cut short may have kept pods away from one
    status()


def down() -> None:
    """Delete the cluster and its LANs. The Docker daemon is left: `hack/kind/dockerd.sh stop`."""
    with step(f"delete the cluster {NAME}"):
        run(_kind(), "delete", "cluster", "--name", NAME, "--kubeconfig", KUBECONFIG, limit_s=KIND_LIMIT_S)
        remove_lans()
    KUBECONFIG.unlink(missing_ok=True)


def status() -> None:
    """Print the nodes, the workers' devices on the LANs, and how to reach the cluster."""
    print(kubectl("get", "nodes", "-o", "wide"))
    for worker in WORKERS:
        for lan in LANS.values():
            print(f"{worker}: {lan.address(worker)} of {lan.network} on {device_on(worker, lan)}")
    print(f"export KUBECONFIG={KUBECONFIG} PATH={LINK}:$PATH")


def load(images: list[str]) -> None:
    """Copy images of the Docker daemon to the workers, unless they have them."""
    for image in images:
        found = image_id(image)
        mark = f"{LOADED}/{image.replace('/', '_')}"
        stale = [worker for worker in WORKERS if _read(worker, mark) != found]
        if not stale:
            print(f"- the workers have {image}")
            continue
        with step(f"load {image}"):
            command = ("load", "docker-image", image, "--name", NAME, "--nodes", ",".join(stale))
            run(_kind(), *command, limit_s=KIND_LIMIT_S)
            for worker in stale:
                _shell(worker, 'mkdir -p "$1" && echo "$3" > "$2"', LOADED, mark, found)


def image_id(image: str) -> str:
    """Return the digest by which the Docker daemon knows an image."""
    return run("docker", "image", "inspect", "--format", "{{.Id}}", image, limit_s=DOCKER_LIMIT_S).strip()


def node_address(node: str) -> str:
    """Return the address by which the cluster reaches a node: the one on kind's own network."""
    networks = run("docker", "inspect", "--format", "{{json .NetworkSettings.Networks}}", node, limit_s=DOCKER_LIMIT_S)
    return str(json.loads(networks)["kind"]["IPAddress"])


def start_docker() -> None:
    """Start a Docker daemon where none answers."""
    if not succeeds("docker", "version", limit_s=DOCKER_LIMIT_S):
        with step("start the Docker daemon"):
            run(HERE / "dockerd.sh", "start", limit_s=DAEMON_LIMIT_S)


def kubectl(*arguments: str, limit_s: float = KUBECTL_LIMIT_S) -> str:
    """Return what kubectl says about this cluster."""
    return run(LINK / "kubectl", "--kubeconfig", KUBECONFIG, *arguments, limit_s=limit_s)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python3 -m hack.kind.cluster", description=__doc__.splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("prepare", help=prepare.__doc__)
    commands.add_parser("up", help=up.__doc__)
    commands.add_parser("down", help=down.__doc__)
    commands.add_parser("status", help=status.__doc__)
    commands.add_parser("load", help=load.__doc__).add_argument("image", nargs="+")
    device = commands.add_parser("device", help="Print the name of a worker's device on a LAN.")
    device.add_argument("node", choices=WORKERS)
    device.add_argument("network", choices=sorted(LANS))
    return parser


def _kind() -> Path:
    return LINK / "kind"


def _runs() -> bool:
    """Return whether all nodes of an earlier `up` run and the API server says that it is ready."""
    running = run("docker", "ps", "--format", "{{.Names}}", limit_s=DOCKER_LIMIT_S).split()
    if not set(NODES) <= set(running):
        return False
    run(_kind(), "export", "kubeconfig", "--name", NAME, "--kubeconfig", KUBECONFIG, limit_s=KIND_LIMIT_S)
    return succeeds(LINK / "kubectl", "--kubeconfig", KUBECONFIG, "get", "--raw=/readyz", limit_s=KUBECTL_LIMIT_S)


def _create() -> None:
    image = ensure_node_image()
    with step(f"create the cluster {NAME} on {image}"):
        # Also the remains of one that was cut short.
        run(_kind(), "delete", "cluster", "--name", NAME, limit_s=KIND_LIMIT_S)
        create = ("create", "cluster", "--name", NAME, "--image", image, "--config", str(HERE / "cluster.yaml"))
        run(_kind(), *create, "--kubeconfig", KUBECONFIG, "--wait", f"{READY_LIMIT_S}s", limit_s=KIND_LIMIT_S)


def _mend_address(worker: str) -> None:
    """Start a worker again without its LANs if its kubelet tells an address of one of them as the node's.

    kind gives a node that Docker has restarted the first address of its name, and Docker lists those of all networks
    in any order. The API server cannot reach an address of a LAN: no logs, no exec, no operator on that node.
    """
    networks = run(
        "docker", "inspect", "--format", "{{json .NetworkSettings.Networks}}", worker, limit_s=DOCKER_LIMIT_S
    )
    address = json.loads(networks)["kind"]["IPAddress"]
    if f"--node-ip={address} " in _read(worker, KUBELET_FLAGS):
        return
    with step(f"start {worker} again: Docker restarted it, and it told an address of a LAN as its own"):
        detach_lans(worker)
        run("docker", "restart", worker, limit_s=DOCKER_LIMIT_S)
        told = f"--for=jsonpath={{.status.addresses[?(@.type=='InternalIP')].address}}={address}"
        kubectl("wait", told, f"node/{worker}", f"--timeout={READY_LIMIT_S}s", limit_s=READY_LIMIT_S + KUBECTL_LIMIT_S)


def _read(node: str, path: str) -> str:
    return _shell(node, 'cat "$1" 2> /dev/null || true', path).strip()


def _shell(node: str, script: str, *arguments: str) -> str:
    return run("docker", "exec", node, "sh", "-c", script, "sh", *arguments, limit_s=DOCKER_LIMIT_S)


def _device(node: str, network: str) -> str:
    device = device_on(node, LANS[network])
    if device is None:
        raise CannotContinue(f"{node} is not attached to {network}: `python3 -m hack.kind.cluster up` attaches it")
    return device


if __name__ == "__main__":
    main_with_reason(main)
