"""What a server lets others rest on is on its disk at that moment, so that no crash can make it forget it.

An ACK rests on the record of the lease, with this client and an end no earlier than promised; an update on the binding
that it tells; the acceptance of an update on the partner's binding; a STATE on the record of that state, since the same
moment (but for Paused and Shutdown, which are announced and never recorded); CONNECT and CONNECTACK on the MCLT and the
counts in them. One batch keeps only the latest record of an address: what was overtaken within the batch that was just
written may leave as it was made.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator

from edgepair_contract.vocabulary import BindingState, FailoverState
from edgepair_engine.core.turn import DHCP_STALE_S
from edgepair_engine.failover.introduction import decode_introduction
from edgepair_engine.leases.binding import ENDED
from edgepair_engine.leases.lease import Lease, client_key
from edgepair_engine.leases.record import CountsRecord, LeaseRecord, StateRecord
from edgepair_engine.wire.dhcp4 import Dhcp4Packet
from edgepair_engine.wire.dhcp4_options import Dhcp4Type
from edgepair_engine.wire.failover import BndAck, BndUpd, Connect, ConnectAck, FailoverMessage, State
from edgepair_sim.checkers.checker import Checker
from edgepair_sim.disk import Disk
from edgepair_sim.node import Node
from edgepair_sim.page import dotted
from edgepair_sim.pair import GROUP
from edgepair_sim.scene import Scene
from edgepair_sim.skew import Skew

OFFERS_KEPT = 4  # connections that can be under way at once, each with an MCLT of its own
READING_S = 1  # clocks are read in whole seconds
_ANNOUNCED = (FailoverState.PAUSED, FailoverState.SHUTDOWN)


class DurableBeforeVisible(Checker):
    """Looks at the disk of a server whenever something leaves it."""

    name = "durable-before-visible"

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene)
        self._skew = Skew(scene.script)
        self._told: dict[tuple[str, int, int], BndUpd] = {}  # by teller, xid and address
        self._accepted: set[tuple[str, int, int]] = set()  # numbers begin anew with each link
        self._offered_s: deque[int] = deque(maxlen=OFFERS_KEPT)

    def answered(self, node: Node, packet: Dhcp4Packet) -> None:
        """Look for the lease that an ACK promises."""
        lease_s = packet.lease_time_s
        if packet.message_type != Dhcp4Type.ACK or not packet.yiaddr or lease_s is None:
            return
        lease = _lease(node.disk, packet.yiaddr)
        now_s = self.scene.now_s
        late_s = DHCP_STALE_S + READING_S + self._skew.stepped_s(node.name, now_s - DHCP_STALE_S, now_s)
        ends_at = node.now().wall_s + lease_s - late_s
        mine = lease.state is BindingState.ACTIVE and lease.hardware is not None and lease.hardware[1:] == packet.chaddr
        if not (mine and lease.ends_at >= ends_at) and not _just_written(node.disk, packet.yiaddr):
            raise self.broken(f"{node.name} sends an ACK for {dotted(packet.yiaddr)}, {lease_s} s; on disk is {lease}")

    def spoke(self, node: Node, message: FailoverMessage) -> None:
        """Look for the record that a message rests on."""
        match message:
            case BndUpd(address=int() as address):
                self._told[node.name, message.xid, address] = message
                self._check_update(node, message, address)
            case BndAck(address=int() as address, reject=None):
                self._check_acceptance(node, message, address)
            case State():
                self._check_state(node, message)
            case Connect():
                self._offered_s.append(message.mclt_s or 0)
                self._check_offer(node, message)
            case ConnectAck(reject=None):
                self._check_agreement(node, message)
            case _:
                return

    def _check_update(self, node: Node, message: BndUpd, address: int) -> None:
        lease = _lease(node.disk, address)
        same = (lease.state, lease.ends_at, lease.client) == (
            message.state,
            message.lease_expires_at,
            client_key(message.client_id, message.hardware),
        )
        if not same and not _just_written(node.disk, address):
            raise self.broken(f"{node.name} tells {message}; on disk is {lease}")

    def _check_acceptance(self, node: Node, message: BndAck, address: int) -> None:
        key = self.scene.partner_of(node).name, message.xid, address
        update = self._told.pop(key, None)
        said_before = key in self._accepted
        self._accepted.add(key)
        if update is None or (said_before and not self.scene.script.settings.ours):
            return  # an answer of an earlier link is repeated to a foreign partner that may have missed it (Q4)
        lease = _lease(node.disk, address)
        if not _holds(lease, update) and not _just_written(node.disk, address):
            raise self.broken(f"{node.name} accepts {update}; on disk is {lease}")

    def _check_state(self, node: Node, message: State) -> None:
        told = FailoverState.from_wire(message.state or 0)
        record = node.disk.state(GROUP)
        stays = () if record is None else _stays(record)
        if told in _ANNOUNCED or any(told is state and at in (message.stos, None) for state, at in stays):
            return
        raise self.broken(f"{node.name} says {told} since {message.stos}; on disk is {record}")

    def _check_offer(self, node: Node, message: Connect) -> None:
        record, mclt_s = node.disk.state(GROUP), message.mclt_s or 0
        if record is None or not record.mclt_s <= mclt_s <= max(record.mclt_s, record.mclt_wait_s):
            raise self.broken(f"{node.name} offers an MCLT of {mclt_s} s; on disk is {record}")
        self._check_counts(node, message.vendor_options)

    def _check_agreement(self, node: Node, message: ConnectAck) -> None:
        record = node.disk.state(GROUP)
        if record is None or record.mclt_s not in self._offered_s:
            raise self.broken(f"{node.name} agrees to an MCLT of {list(self._offered_s)} s; on disk is {record}")
        self._check_counts(node, message.vendor_options)

    def _check_counts(self, node: Node, vendor_options: bytes | None) -> None:
        told = decode_introduction(vendor_options)
        if told is None:
            return
        held = node.disk.counts(GROUP) or CountsRecord(group=GROUP)
        if (told.count, told.sent, told.acked, told.received) > (held.count, held.sent, held.acked, held.received):
            raise self.broken(f"{node.name} introduces itself as {told}; on disk is {held}")


def _lease(disk: Disk, address: int) -> Lease:
    record = disk.lease(address)
    return Lease(address) if record is None else record.lease


def _just_written(disk: Disk, address: int) -> bool:
    """Return whether the batch written last had this address: then something later may have overtaken the record."""
    return any(isinstance(record, LeaseRecord) and record.lease.address == address for record in disk.latest)


def _holds(lease: Lease, update: BndUpd) -> bool:
    """Return whether this lease is what an accepted update makes of it, or that with a later end of our own."""
    if update.state is BindingState.ACTIVE:
        same = lease.client == client_key(update.client_id, update.hardware)
        return lease.state is BindingState.ACTIVE and same and lease.ends_at >= (update.lease_expires_at or 0)
    if update.state in ENDED:
        return lease.state in (BindingState.FREE, BindingState.BACKUP)
    return lease.state is update.state


def _stays(record: StateRecord) -> Iterator[tuple[FailoverState, int | None]]:
    """Yield each state that the record knows this server to have been in, with the moment from which it was.

    None: it was in that one from before the first move that is kept.
    """
    yield record.my_state, record.my_state_at
    at = None
    if record.transitions:
        yield record.transitions[0].from_state, None
    for entry in record.transitions:
        # Recover-wait is the same stay as the Recover before it, and has its time.
        at = at if entry.to_state is FailoverState.RECOVER_WAIT else entry.at
        yield entry.to_state, at
