"""A scene on which nothing happens by itself, to hand a checker what it is to hear."""

from __future__ import annotations

from typing import TypeVar

from edgepair_contract.report import GroupReport, MemberReport
from edgepair_contract.vocabulary import BindingState, FailoverState, Role, Serving
from edgepair_engine.leases.lease import Lease
from edgepair_engine.leases.record import LeaseRecord, StateRecord
from edgepair_engine.wire.dhcp4 import BOOTREPLY, Dhcp4Message, Dhcp4Packet, decode_dhcp4, encode_dhcp4
from edgepair_engine.wire.dhcp4_options import Dhcp4Option, Dhcp4Type
from edgepair_sim.checkers.checker import Checker
from edgepair_sim.clock import START_AT
from edgepair_sim.life import Life
from edgepair_sim.node import Node
from edgepair_sim.pair import GROUP, PRIMARY, SECONDARY
from edgepair_sim.script import script_of
from edgepair_sim.trace import Trace

C = TypeVar("C", bound=Checker)

A50 = 0x0A010032  # 10.1.0.50
MAC_1 = bytes.fromhex("020000000001")
MAC_2 = bytes.fromhex("020000000002")

NORMAL = FailoverState.NORMAL
APART = FailoverState.COMMUNICATIONS_INTERRUPTED
DOWN = FailoverState.PARTNER_DOWN
RECOVER = FailoverState.RECOVER


def a_checker(kind: type[C], script: str = "seed=1 clients=2 mclt_s=60\nend 1000\n") -> C:
    """Return a checker on the scene of a life that is not run."""
    return kind(Life(script_of(script), Trace(), ()).scene)


def primary(checker: Checker) -> Node:
    """Return the first server."""
    return checker.scene.nodes[PRIMARY]


def secondary(checker: Checker) -> Node:
    """Return the second server."""
    return checker.scene.nodes[SECONDARY]


def at(checker: Checker, true_s: float) -> None:
    """Let it be this moment."""
    checker.scene.timeline.run_until(true_s)


def an_ack(mac: bytes, address: int = A50, *, lease_s: int = 60) -> Dhcp4Packet:
    """Return an ACK as it leaves a server."""
    options = (
        (int(Dhcp4Option.MESSAGE_TYPE), bytes([Dhcp4Type.ACK])),
        (int(Dhcp4Option.LEASE_TIME), lease_s.to_bytes(4)),
    )
    message = Dhcp4Message(op=BOOTREPLY, xid=1, chaddr=mac, yiaddr=address, options=options)
    return decode_dhcp4(encode_dhcp4(message))


def a_lease(mac: bytes, *, ends_in_s: int = 60, state: BindingState = BindingState.ACTIVE, tstp: int = 0) -> Lease:
    """Return the binding of 10.1.0.50, given at the beginning of the life."""
    ends_at = START_AT + ends_in_s
    return Lease(A50, state, None, b"\x01" + mac, starts_at=START_AT, ends_at=ends_at, cltt=START_AT, tstp=tstp)


def on_disk(node: Node, *leases: Lease) -> None:
    """Write leases, and something else in a later batch."""
    node.disk.write([LeaseRecord(GROUP, lease) for lease in leases])
    node.disk.write(())


def a_state(my_state: FailoverState, **changes: object) -> StateRecord:
    """Return a record of both states, since the beginning of the life."""
    told: dict[str, object] = {"group": GROUP, "my_state_at": START_AT, "mclt_s": 60, **changes}
    return StateRecord(my_state=my_state, **told)  # type: ignore[arg-type]  # names and kinds are the record's


def a_report(my_state: FailoverState, *, revision: int = 1, **changes: object) -> MemberReport:
    """Return what a server reports of its group."""
    told: dict[str, object] = {"connected": True, "serving": Serving.HALF, "my_state_at": START_AT, "mclt_s": 60}
    group = GroupReport.model_validate(
        {"name": GROUP, "role": Role.PRIMARY, "max_response_delay_s": 60, "my_state": my_state, **told, **changes}
    )
    return MemberReport(
        revision=revision,
        boot="1",
        server=PRIMARY,
        version="1",
        started_at=START_AT,
        config_revision=1,
        config_digest="",
        groups=(group,),
    )
