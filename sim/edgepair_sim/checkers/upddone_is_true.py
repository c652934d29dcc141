"""UPDDONE, the answer to a request for all bindings, comes when each address of the teller is settled on that link.

An address is settled when the partner has answered an update of it, or has told one of its own that was accepted. A
server that recovers rests on it: what is not told by then is missing when it serves again.
"""

from __future__ import annotations

from collections.abc import Iterable

from edgepair_engine.leases.pool import pools_of
from edgepair_engine.wire.failover import BndAck, ConnectAck, FailoverMessage, UpdDone, UpdReq, UpdReqAll
from edgepair_sim.addresses import Ranges
from edgepair_sim.checkers.checker import Checker
from edgepair_sim.deeds import Configure, Deed
from edgepair_sim.node import Node
from edgepair_sim.page import dotted
from edgepair_sim.scene import Scene


class UpddoneIsTrue(Checker):
    """Keeps, of each server that was asked for everything, what it still has to settle."""

    name = "upddone-is-true"

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene)
        self._ranges = Ranges(scene)
        self._asked: dict[str, int] = {}  # by who was asked: the xid of the latest request for everything
        self._unsettled: dict[str, set[int]] = {}  # by who was asked

    def done(self, deed: Deed) -> None:
        """Hear of a configuration, which may change what a server has: what was asked before says nothing then."""
        self._ranges.done(deed)
        if isinstance(deed, Configure):
            self._unsettled = {}

    def spoke(self, node: Node, message: FailoverMessage) -> None:
        """Follow a request to its end."""
        partner = self.scene.partner_of(node)
        match message:
            case ConnectAck():
                self._unsettled = {}
            case UpdReqAll():
                self._asked[partner.name] = message.xid
                self._unsettled[partner.name] = set(self._surely_has(partner))
            case UpdReq():
                self._unsettled.pop(partner.name, None)
            case BndAck(address=int() as address):
                self._unsettled.get(partner.name, set()).discard(address)
                if message.reject is None:
                    self._unsettled.get(node.name, set()).discard(address)
            case UpdDone() if message.xid == self._asked.get(node.name):  # else the answer to a request before
                self._look(node, self._unsettled.pop(node.name, set()))
            case _:
                return

    def _surely_has(self, node: Node) -> Iterable[int]:
        """Yield the addresses of a server, whichever of two configurations it runs by at the moment."""
        addresses = (address for pool in pools_of(node.config) for address in pool.addresses())
        return (address for address in addresses if address in self._ranges.of(address))

    def _look(self, node: Node, unsettled: set[int]) -> None:
        if unsettled:
            first = dotted(min(unsettled))
            raise self.broken(f"{node.name} says UPDDONE, and {len(unsettled)} addresses are not settled: {first} ...")
