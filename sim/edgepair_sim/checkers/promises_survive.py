"""What a client was promised survives, whatever happens to the servers: no crash and no partner changes it.

While a client's lease runs, in the network where it was given: no server refuses it (NAK) or confirms another address
in its place; and a server that gave it, or has stored it, offers that address to the client that asks anew, because it
has forgotten. The exceptions are those of `promises`; and a server that lost its store, and was told to serve before it
had learned anything from its partner, cannot know what it gave.

When the two are in Normal and have told each other everything, both have stored it until its end, if no store was lost
or put back since it was given.
"""

from __future__ import annotations

from edgepair_contract.report import MemberReport
from edgepair_contract.vocabulary import BindingState
from edgepair_engine.wire.dhcp4 import Dhcp4Packet
from edgepair_engine.wire.dhcp4_options import Dhcp4Type
from edgepair_sim.addresses import lease_of
from edgepair_sim.checkers.checker import Checker
from edgepair_sim.clients import Client
from edgepair_sim.deeds import Deed
from edgepair_sim.holding import Holding
from edgepair_sim.node import Node
from edgepair_sim.page import dotted
from edgepair_sim.phases import PROLONGING, Phase
from edgepair_sim.promises import Promise, Promises, holds, is_news_to, knows
from edgepair_sim.rest import are_in_normal, have_told_all
from edgepair_sim.scene import Scene
from edgepair_sim.stores import Stores

LOOKS_EVERY_S = 600.0
AT_REST_S = 120.0  # what is younger may be under way


class PromisesSurvive(Checker):
    """Holds each answer to a client against what it was promised."""

    name = "promises-survive"

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene)
        self._promises = Promises(scene)
        self._clients = {client.mac: client for client in scene.clients}
        self._stores = Stores(scene)
        self._forgot = dict.fromkeys(scene.nodes, 0)
        self._forgot_s = 0.0  # when a server last began on a store that was lost or put back
        scene.timeline.after(LOOKS_EVERY_S, self._look)

    def promised(self, client: Client, holding: Holding) -> None:
        """Hear of a promise."""
        self._promises.promised(client, holding)

    def gave_up(self, client: Client, holding: Holding, why: str) -> None:
        """Hear that a client uses an address no longer."""
        self._promises.gave_up(client, holding, why)

    def published(self, node: Node, report: MemberReport) -> None:
        """Hear when a store that was lost or put back is whole again."""
        self._stores.published(node, report)

    def done(self, deed: Deed) -> None:
        """Hear what is done to the pair."""
        self._promises.done(deed)

    def started(self, node: Node) -> None:
        """Hear that a server starts."""
        self._promises.started(node)
        if self._forgot[node.name] != len(node.disk.forgot_from_s):
            self._forgot[node.name], self._forgot_s = len(node.disk.forgot_from_s), self.scene.now_s

    def answered(self, node: Node, packet: Dhcp4Packet) -> None:
        """Look at an answer to a client that was promised something where it is now."""
        client = self._clients.get(packet.chaddr)
        if client is None or packet.xid != client.xid:
            return  # a stranger, or the answer to a lie or to something long past
        promise = self._promises.to(client)
        if promise is None or promise.holding.relay != client.relay or self._lacks(node, promise):
            return
        match packet.message_type:
            case Dhcp4Type.NAK:
                self._refused(node, client, promise)
            case Dhcp4Type.ACK:
                self._confirmed(node, client, promise, address=packet.yiaddr)
            case Dhcp4Type.OFFER:
                self._offered(node, client, promise, address=packet.yiaddr)
            case _:
                return

    def _look(self) -> None:
        nobody_is_blind = not any(map(self._stores.is_blind, self.scene.nodes.values()))
        if nobody_is_blind and are_in_normal(self.scene) and have_told_all(self.scene):
            for promise in self._promises.now():
                if self._forgot_s < promise.holding.asked_s < self.scene.now_s - AT_REST_S:
                    for node in self.scene.nodes.values():
                        self._look_at_disk(node, promise)
        self.scene.timeline.after(LOOKS_EVERY_S, self._look)

    def _look_at_disk(self, node: Node, promise: Promise) -> None:
        lease, client = lease_of(node, promise.holding.address), promise.client
        if lease.state is BindingState.ACTIVE and client.speaker_of(promise.holding.key).had(lease):
            is_known = lease.ends_at >= promise.ends_at
        else:  # a machine has perhaps asked for its own address by its other name, and not heard the answer
            is_known = lease.state is BindingState.ACTIVE and any(guise.speaker.had(lease) for guise in client.guises)
        if not is_known:
            raise self.broken(f"{client.name} has {_said(promise)}, and {node.name} does not know all of it: {lease}")

    def _refused(self, node: Node, client: Client, promise: Promise) -> None:
        excused = is_news_to(node, promise) or self._is_word_of_an_old_store(node, promise)
        if _asks_for_its_own(client, promise) and not excused:
            raise self.broken(f"{node.name} refuses {client.name} {_said(promise)}")

    def _confirmed(self, node: Node, client: Client, promise: Promise, *, address: int) -> None:
        if _asks_for_its_own(client, promise) and address != promise.holding.address:
            raise self.broken(f"{node.name} gives {client.name} {dotted(address)} in place of {_said(promise)}")

    def _offered(self, node: Node, client: Client, promise: Promise, *, address: int) -> None:
        """Look at an offer. A client that lied, or was served by two that knew nothing of each other, has several."""
        lease = lease_of(node, promise.holding.address)
        gave_it = self.scene.lan.address_of(node) == promise.holding.server
        must_know = gave_it or client.is_bound_by(lease, node.now())
        has_it_too = client.is_bound_by(lease_of(node, address), node.now())
        if must_know and address != promise.holding.address and not has_it_too:
            raise self.broken(f"{node.name} offers {client.name} {dotted(address)} and knows of {_said(promise)}")

    def _lacks(self, node: Node, promise: Promise) -> bool:
        """Return whether a server goes by a store that was lost or put back, and lacks this lease.

        It may serve by it while it cannot hear its partner, and for ever beside one that is not ours (design 010).
        """
        return self._stores.is_blind(node) and not holds(node, promise)

    def _is_word_of_an_old_store(self, node: Node, promise: Promise) -> bool:
        """Return whether the partner gave it on a store that lacked what this server had promised another client."""
        partner = self.scene.partner_of(node)
        gave_it = self.scene.lan.address_of(partner) == promise.holding.server
        return gave_it and self._stores.is_blind(partner) and not knows(node, promise)


def _asks_for_its_own(client: Client, promise: Promise) -> bool:
    if client.phase is Phase.REQUESTING:
        return client.chosen_address == promise.holding.address
    return client.phase in PROLONGING or client.phase is Phase.REBOOTING


def _said(promise: Promise) -> str:
    return f"{dotted(promise.holding.address)}, promised until {promise.holding.until_s:.1f}"
