"""A small LAN of network namespaces: a bridge, two servers, and clients. Everything is named for this process."""

from __future__ import annotations

import ctypes
import json
import os
import subprocess
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from itertools import count
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")

PREFIX = "10.77.1.0/24"
SERVER_1 = "10.77.1.2"
SERVER_2 = "10.77.1.3"
NAME_START = "ep"

_CLONE_NEWNET = 0x40000000
_NAMESPACES = Path("/run/netns")
_numbers = count(1)


def eventually(
    what: str,
    condition: Callable[[], T | None],
    *,
    within_s: float,
    every_s: float = 0.05,
    state: Callable[[], str] = str,
) -> T:
    """Return the first truthy answer of `condition`; fail with `what` and `state()` when the time is over."""
    deadline_s = time.monotonic() + within_s
    while True:
        answer = condition()
        if answer:
            return answer
        if time.monotonic() > deadline_s:
            raise AssertionError(f"not within {within_s} s: {what}\n{state()}")
        time.sleep(every_s)


class Lan:
    """A bridge in a namespace of its own, so that no firewall rule of the machine's reaches it, and its neighbours."""

    def __init__(self) -> None:
        sweep()
        self.name = f"{NAME_START}-{os.getpid()}-{next(_numbers)}"
        self._bridge = f"{self.name}-lan"
        self._names: list[str] = []
        self._add(self._bridge)
        ip("-n", self._bridge, "link", "add", "br0", "type", "bridge", "forward_delay", "0")
        ip("-n", self._bridge, "link", "set", "br0", "up")

    def join(self, host: str, address: str | None = None) -> str:
        """Add a namespace with device eth0 on the LAN and return its name."""
        namespace = f"{self.name}-{host}"
        self._add(namespace)
        self.plug(host, namespace, address)
        return namespace

    def plug(self, host: str, namespace: str, address: str | None = None) -> None:
        """Give a namespace its device eth0 on the LAN, once more if it lost it."""
        ip("-n", self._bridge, "link", "add", host, "type", "veth", "peer", "name", "eth0", "netns", namespace)
        ip("-n", self._bridge, "link", "set", host, "master", "br0", "up")
        ip("-n", namespace, "link", "set", "eth0", "up")
        if address is not None:
            length = "" if "/" in address else "/24"
            ip("-n", namespace, "addr", "add", f"{address}{length}", "brd", "+", "dev", "eth0")

    def cut(self, host: str) -> None:
        """Let no frame pass between a host and the bridge; its device keeps its carrier."""
        ip("-n", self._bridge, "link", "set", host, "nomaster")

    def mend(self, host: str) -> None:
        """Undo `cut`."""
        ip("-n", self._bridge, "link", "set", host, "master", "br0")

    def wire(self, *ends: tuple[str, str], device: str) -> None:
        """Join two namespaces, each with its address, by a wire of their own."""
        (one, _), (other, _) = ends
        ip("-n", one, "link", "add", device, "type", "veth", "peer", "name", device, "netns", other)
        for namespace, address in ends:
            ip("-n", namespace, "addr", "add", address, "dev", device)
            ip("-n", namespace, "link", "set", device, "up")

    def close(self) -> None:
        """Remove all namespaces and what lives in them."""
        for name in self._names:
            subprocess.run(["ip", "netns", "del", name], check=False, capture_output=True)

    def _add(self, name: str) -> None:
        ip("netns", "add", name)
        self._names.append(name)
        ip("-n", name, "link", "set", "lo", "up")


def ip(*words: str) -> str:
    """Run ip(8) and return what it prints."""
    done = subprocess.run(["ip", *words], check=False, capture_output=True, text=True)
    assert done.returncode == 0, f"ip {' '.join(words)}: {done.stderr}"
    return done.stdout


def hardware_of(namespace: str, device: str = "eth0") -> bytes:
    """Return the hardware address of a device."""
    found: str = json.loads(ip("-n", namespace, "-j", "link", "show", device))[0]["address"]
    return bytes.fromhex(found.replace(":", ""))


def hear_nothing(namespace: str, device: str) -> None:
    """Drop all that arrives by a device, without a sign to anybody."""
    iptables(namespace, "-I", "INPUT", "-i", device, "-j", "DROP")


def hear_all(namespace: str) -> None:
    """Undo `hear_nothing`."""
    iptables(namespace, "-F", "INPUT")


def iptables(namespace: str, *words: str) -> None:
    """Run iptables(8) in a namespace; its lock is the whole machine's."""
    command = ["ip", "netns", "exec", namespace, "iptables", "-w", "60", *words]
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, f"{' '.join(command)}: {done.stderr}"


def inside(namespace: str, call: Callable[[], T]) -> T:
    """Return what `call` returns in a thread of that network namespace; sockets it makes stay there."""
    answer: Future[T] = Future()

    def run() -> None:
        handle = os.open(_NAMESPACES / namespace, os.O_RDONLY)
        try:
            if ctypes.CDLL(None, use_errno=True).setns(handle, _CLONE_NEWNET):
                raise OSError(ctypes.get_errno(), f"setns {namespace}")
            answer.set_result(call())
        except BaseException as error:  # noqa: BLE001 it is raised again in the thread that asked
            answer.set_exception(error)
        finally:
            os.close(handle)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    return answer.result()


def sweep() -> None:
    """Remove the namespaces of test processes that are gone."""
    for path in _NAMESPACES.glob(f"{NAME_START}-[0-9]*-*"):
        owner = path.name.split("-")[1]
        if owner.isdigit() and not Path(f"/proc/{owner}").exists():
            subprocess.run(["ip", "netns", "del", path.name], check=False, capture_output=True)
