"""A server never has more updates under way than its partner said, in CONNECT or CONNECTACK, that it takes.

Under way is what was told and not answered, as dhcpd counts: not what is overtaken, by the partner's own update of the
address that this server has accepted, or by a change that waits to be told (the disk holds another lease by then).

A link begins with the secondary's CONNECTACK. What the primary still says on the one before comes before its first
STATE on the new one, and is passed over; an ack counts as soon as it is sent. It may be one that was lost with an
earlier link and is said again to a partner that seems to wait for it: numbers begin anew with a link, so it can match
an update that comes after it, and a dhcpd would take it for the answer, too.
"""

from __future__ import annotations

from edgepair_contract.vocabulary import Role
from edgepair_engine.wire.failover import BndAck, BndUpd, Connect, ConnectAck, FailoverMessage, State
from edgepair_sim.checkers.checker import Checker
from edgepair_sim.node import Node
from edgepair_sim.scene import Scene


class WindowIsKept(Checker):
    """Counts what each server has sent on the link and its partner has not answered."""

    name = "window-is-kept"

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene)
        self._under_way: dict[str, dict[int, BndUpd]] = {}  # by teller and address; no teller: no link to tell it on
        self._answered_before: set[tuple[str, int, int]] = set()  # by teller, address and xid
        self._windows: dict[str, int] = dict.fromkeys(scene.nodes, 0)  # what each server takes
        self._offered: list[int] = []  # what the primary takes by the CONNECTs since the latest link began

    def spoke(self, node: Node, message: FailoverMessage) -> None:
        """Count it."""
        match message:
            case Connect():
                self._offered.append(message.max_unacked or 0)
            case ConnectAck(reject=None):
                self._begin(node, message)
            case State():
                self._under_way.setdefault(node.name, {})
            case BndUpd(address=int() as address):
                self._tell(node, address, message)
            case BndAck(address=int() as address):
                self._answer(self.scene.partner_of(node), address, message.xid)
                if message.reject is None:
                    self._under_way.get(node.name, {}).pop(address, None)
            case _:
                return

    def _begin(self, secondary: Node, message: ConnectAck) -> None:
        primary = self.scene.partner_of(secondary)
        assert primary.config.groups[0].role is Role.PRIMARY
        self._windows[secondary.name] = message.max_unacked or 0
        self._windows[primary.name] = max(self._offered, default=self._windows[primary.name])
        self._offered = []
        self._under_way = {}
        self._answered_before = set()

    def _tell(self, node: Node, address: int, message: BndUpd) -> None:
        under_way = self._under_way.get(node.name)
        if under_way is None or (node.name, address, message.xid) in self._answered_before:
            return
        under_way[address] = message
        window = self._windows[self.scene.partner_of(node).name]
        if len(under_way) <= window:
            return
        count = sum(1 for each in under_way.values() if _is_current(each, node))
        if count > window:
            raise self.broken(f"{node.name} has {count} updates under way; its partner takes {window}")

    def _answer(self, teller: Node, address: int, xid: int) -> None:
        under_way = self._under_way.get(teller.name, {})
        told = under_way.get(address)
        if told is not None and told.xid == xid:
            del under_way[address]
        else:
            self._answered_before.add((teller.name, address, xid))


def _is_current(told: BndUpd, node: Node) -> bool:
    """Return whether the lease is still as it was told."""
    assert told.address is not None
    record = node.disk.lease(told.address)
    if record is None:
        return True
    lease = record.lease  # a renewal that is given the rest of its time changes nothing but when the client asked
    return (lease.state, lease.ends_at, lease.cltt) == (told.state, told.lease_expires_at, told.cltt or 0)
