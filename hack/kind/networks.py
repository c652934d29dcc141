"""The LANs of the example pair: Docker networks that both workers are attached to, as their devices lan0 and lan0.10.

Real segments with real broadcasts. Not `--internal`: that drops whatever has no source address yet, so every DISCOVER.
"""

import ipaddress
import json
from dataclasses import dataclass

from hack.kind.steps import CannotContinue, run, step, succeeds

WORKERS = ("edgepair-worker", "edgepair-worker2")
LABEL = "io.edgepair.kind"
FIRST_WORKER = 2  # the first worker is .2, the second .3
BRIDGE = 254  # the host's own address on the segment: .1 is the gateway that the example gives to clients
VLAN_ID = "10"
DOCKER_LIMIT_S = 60.0


@dataclass(frozen=True, slots=True)
class Lan:
    """A segment: its Docker network, the host's bridge of it, its device in both workers, its subnet."""

    network: str
    bridge: str
    device: str
    subnet: ipaddress.IPv4Network

    def address(self, worker: str) -> str:
        """Return the worker's address on the segment."""
        return str(self.subnet[FIRST_WORKER + WORKERS.index(worker)])


LAN = Lan("lan", "ep-lan", "lan0", ipaddress.IPv4Network("10.1.0.0/24"))
LAN10 = Lan("lan10", "ep-lan10", "lan0.10", ipaddress.IPv4Network("10.10.0.0/24"))
LANS = {lan.network: lan for lan in (LAN, LAN10)}


def attach_lans() -> None:
    """Give both workers their devices lan0 and lan0.10; what is there already stays.

    lan0.10 is a VLAN device on lan0 where the kernel has 802.1Q, else the device of a network of its own.
    """
    with step("LANs of the workers"):
        _attach(LAN)
        tagged = all(_tag(worker) for worker in WORKERS)
        if not tagged:
            _attach(LAN10)
    print("  lan0.10 is " + ("a VLAN device on lan0" if tagged else "the network lan10: this kernel has no 802.1Q"))


def detach_lans(worker: str) -> None:
    """Take a worker off the LANs, so that its next start sees the cluster's network alone."""
    for lan in LANS.values():
        if succeeds("docker", "network", "inspect", lan.network, limit_s=DOCKER_LIMIT_S):
            run("docker", "network", "disconnect", "--force", lan.network, worker, limit_s=DOCKER_LIMIT_S)


def remove_lans() -> None:
    """Delete the networks that this module made; the nodes must be gone."""
    ours = run("docker", "network", "ls", "--quiet", "--filter", f"label={LABEL}", limit_s=DOCKER_LIMIT_S)
    for network in ours.split():
        run("docker", "network", "rm", network, limit_s=DOCKER_LIMIT_S)


def device_on(node: str, lan: Lan) -> str | None:
    """Return the name of the node's device that has an address of the LAN, or None where it is not attached."""
    for device in json.loads(_in_node(node, "ip", "-json", "-4", "address", "show")):
        if any(ipaddress.IPv4Address(each["local"]) in lan.subnet for each in device["addr_info"]):
            return str(device["ifname"])
    return None


def _attach(lan: Lan) -> None:
    _ensure_network(lan)
    for worker in WORKERS:
        if device_on(worker, lan) is None:
            connect = ("docker", "network", "connect", "--ip", lan.address(worker), lan.network, worker)
            run(*connect, limit_s=DOCKER_LIMIT_S)
        _name_device(worker, lan)


def _ensure_network(lan: Lan) -> None:
    found = run("docker", "network", "ls", "--filter", f"name=^{lan.network}$", "--quiet", limit_s=DOCKER_LIMIT_S)
    if not found:
        addresses = ("--subnet", str(lan.subnet), "--gateway", str(lan.subnet[BRIDGE]))
        options = ("--label", LABEL, "--opt", f"com.docker.network.bridge.name={lan.bridge}")
        run("docker", "network", "create", *addresses, *options, lan.network, limit_s=DOCKER_LIMIT_S)
        return
    labels = run("docker", "network", "inspect", "--format", "{{json .Labels}}", lan.network, limit_s=DOCKER_LIMIT_S)
    if LABEL not in json.loads(labels):
        raise CannotContinue(f"there is a Docker network {lan.network!r} that is not ours: remove or rename it")


def _name_device(worker: str, lan: Lan) -> None:
    """Call the device as the appliance does, so that the example's manifests fit: Docker's own names vary."""
    found = device_on(worker, lan)
    if found is None:
        raise CannotContinue(f"{worker} has no address of {lan.subnet} although it is connected to {lan.network}")
    if found != lan.device:
        for change in (("down",), ("name", lan.device)):
            _in_node(worker, "ip", "link", "set", "dev", found, *change)
        _in_node(worker, "ip", "link", "set", "dev", lan.device, "up")


def _tag(worker: str) -> bool:
    """Return whether the worker's lan0.10 is a VLAN device on its lan0; make it where the kernel can."""
    found = device_on(worker, LAN10)
    if found is not None:  # under Docker's name for it, if the node was restarted
        return "vlan" in _in_node(worker, "ip", "-details", "link", "show", "dev", found)
    link = ("ip", "link", "add", "link", LAN.device, "name", LAN10.device, "type", "vlan", "id", VLAN_ID)
    if not succeeds("docker", "exec", worker, *link, limit_s=DOCKER_LIMIT_S):
        return False
    address = f"{LAN10.address(worker)}/{LAN10.subnet.prefixlen}"
    _in_node(worker, "ip", "address", "add", address, "dev", LAN10.device)
    _in_node(worker, "ip", "link", "set", "dev", LAN10.device, "up")
    return True


def _in_node(node: str, *command: str) -> str:
    return run("docker", "exec", node, *command, limit_s=DOCKER_LIMIT_S)
