"""Devices that are late, gone, down, or without their address: said in the report, and then used."""

from __future__ import annotations

import re
import signal

from tests.interop.lab import Lab
from tests.interop.netns import SERVER_1, eventually, ip
from tests.interop.ours import Engine

LOOK_LIMIT_S = 8.0  # two looks at the devices and a busy machine


def wait_for_problem(engine: Engine, name: str, text: str | None) -> None:
    def problem() -> bool:
        report = engine.report()
        return report is not None and any(
            interface.name == name and interface.problem == text for interface in report.interfaces
        )

    eventually(f"{name}: {text}", problem, within_s=LOOK_LIMIT_S, state=engine.log)


def datagrams(engine: Engine) -> int:
    found = re.search(r"^edgepair_engine_datagrams_total (\S+)$", engine.ask("/metrics")[1], re.M)
    return int(float(found[1])) if found else 0


def test_every_fault_of_a_device_is_named_and_its_end_noticed(lab: Lab) -> None:
    place = lab.places["primary"]
    ours = lab.engine("primary")
    ip("-n", place, "addr", "flush", "dev", "eth0")
    ours.start()
    wait_for_problem(ours, "lan0", "device eth0 lacks the address 10.77.1.2; it has none")
    ip("-n", place, "addr", "add", f"{SERVER_1}/24", "brd", "+", "dev", "eth0")
    wait_for_problem(ours, "lan0", None)
    ip("-n", place, "link", "set", "eth0", "down")
    wait_for_problem(ours, "lan0", "device eth0 is down")
    ip("-n", place, "link", "del", "eth0")
    wait_for_problem(ours, "lan0", "there is no device eth0")
    lab.lan.plug("s1b", place, SERVER_1)
    wait_for_problem(ours, "lan0", None)
    client = lab.clients(1)[0]
    client.start()
    eventually("a broadcast arrives on the new device", lambda: datagrams(ours) > 0, within_s=5.0, state=ours.log)


def test_another_dhcp_server_on_the_node_is_named(lab: Lab) -> None:
    theirs = lab.dhcpd("primary")
    theirs.start()
    eventually("dhcpd serves", lambda: "Sending on" in theirs.log(), within_s=5.0, state=theirs.log)
    ours = lab.engine("primary")
    ours.start()
    wait_for_problem(ours, "lan0", "port 67 on eth0: Address already in use")


def test_what_waited_in_the_kernel_while_the_process_stood_still_is_dropped(lab: Lab) -> None:
    """A RELEASE among it could be older than a lease that the partner has given meanwhile."""
    ours = lab.engine("primary")
    ours.start()
    wait_for_problem(ours, "lan0", None)
    client = lab.clients(1)[0]
    client.start()
    eventually("a broadcast arrives", lambda: datagrams(ours) > 0, within_s=5.0, state=ours.log)
    assert ours.process is not None
    ours.process.signal(signal.SIGSTOP)
    before = client.discovers()
    # One a second. How long it stood still is known by its latest look at the devices only, 3 s before at the most.
    eventually("the client asks on", lambda: client.discovers() >= before + 10, within_s=20.0)
    ours.process.signal(signal.SIGCONT)
    eventually("the oldest are dropped", lambda: "this process stood still" in ours.log(), within_s=5.0, state=ours.log)
