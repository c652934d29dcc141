"""A client that asks a server which serves is served, within a bound; and a lease that such a server knows is renewed.

Each server owes this by itself, whatever the other one does, while its published report says that it serves. It owes
nothing while it is stopped, about to die, cut off from the clients, too slow, without a working store, or without an
address that it may give. When a packet between the two is lost, something is done to it, or its state changes, the time
begins anew. A client that takes another server's offer is that one's.
"""

from __future__ import annotations

from functools import partial

from edgepair_contract.report import MemberReport
from edgepair_contract.value import value
from edgepair_contract.vocabulary import Serving
from edgepair_engine.wire.dhcp4 import Dhcp4Packet
from edgepair_engine.wire.dhcp4_options import Dhcp4Type
from edgepair_sim.addresses import Offered, Ranges, lease_of, open_count
from edgepair_sim.checkers.checker import Checker
from edgepair_sim.clients import (
    FIRST_WAIT_S,
    LAST_WAIT_S,
    REQUESTS_MAX,
    WAIT_JITTER_S,
    Client,
)
from edgepair_sim.deeds import BOTH, ClientDoes, Deed
from edgepair_sim.holding import Holding
from edgepair_sim.node import Node
from edgepair_sim.page import dotted
from edgepair_sim.phases import ASKING, PROLONGING, Phase
from edgepair_sim.scene import Scene

ANSWER_S = 5.0  # for an offer, a choice, a request and a commit, on a machine that is not too slow
SLOW_COMMIT_S = 0.5  # a disk that takes longer, or a machine whose turns do, owes nothing
SLOW_TURN_S = 0.2
LET_GO_S = sum(FIRST_WAIT_S * (1 << number) + WAIT_JITTER_S for number in range(REQUESTS_MAX))  # 64 s


def served_bound_s(load_balance_max_s: int) -> float:
    """Return after how long a client that asks has an address of a server that serves all the time.

    It may have to let go of an address that nobody confirms (REQUESTS_MAX requests: 4 + 8 + 16 + 32 s, each up to one
    second more); then its packets must say more than so many seconds, for a server to answer what load balancing leaves
    to its partner; and the next DISCOVER comes at most 64 s later, give or take one.
    """
    return LET_GO_S + load_balance_max_s + 1 + LAST_WAIT_S + WAIT_JITTER_S + ANSWER_S


@value
class _Asked:
    """A request to prolong a lease that a server must answer."""

    at_s: float
    holding: Holding


class EveryClientIsServed(Checker):
    """Looks at each client whenever it sends something, and when its lease is over."""

    name = "every-client-is-served"

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene)
        self._bound_s = served_bound_s(scene.script.settings.load_balance_max_s)
        self._offered = {name: Offered() for name in scene.nodes}
        self._ranges = Ranges(scene)
        self._since_s: dict[tuple[int, str], float] = {}  # by client and server: since when it owes an address
        self._asked: dict[tuple[int, str], _Asked] = {}
        self._trouble_s = dict.fromkeys(scene.nodes, 0.0)  # by server: when something happened to it last
        self._shown: dict[str, object] = {}

    # when the time begins anew

    def done(self, deed: Deed) -> None:
        """Let the time of whom it concerns begin anew, now and when all is undone."""
        if isinstance(deed, ClientDoes):
            return
        self._ranges.done(deed)
        concerned = getattr(deed, "node", BOTH)
        for name in self._trouble_s:
            if concerned in (name, BOTH):
                self._begin_anew(name)
                self.scene.timeline.at(deed.whole_at_s, partial(self._begin_anew, name))

    def published(self, node: Node, report: MemberReport) -> None:
        """Begin anew when the state has changed, of this server or of its partner."""
        group = report.groups[0]
        shown = group.my_state, group.partner_state, group.serving, group.starting, report.boot, report.store_error
        if self._shown.get(node.name) != shown:
            self._shown[node.name] = shown
            self._begin_anew(node.name)

    def crashed(self, node: Node) -> None:
        """Begin anew."""
        self._begin_anew(node.name)
        self._offered[node.name].clear()

    def _begin_anew(self, name: str) -> None:
        self._trouble_s[name] = self.scene.now_s

    # what is looked at

    def answered(self, node: Node, packet: Dhcp4Packet) -> None:
        """Keep in mind which addresses are offered and not taken."""
        if packet.message_type == Dhcp4Type.OFFER:
            self._offered[node.name].hold(packet.yiaddr, packet.chaddr, self.scene.now_s)

    def sent(self, client: Client, kind: Dhcp4Type, address: int) -> None:
        """Look at a client that asks for an address, or to keep it."""
        for node in self.scene.nodes.values():
            if client.phase in ASKING:
                self._look_at_asking(client, node)
            elif client.phase in PROLONGING and kind is Dhcp4Type.REQUEST:
                self._look_at_prolonging(client, node)
                self._note_request(client, node, address)

    def gave_up(self, client: Client, holding: Holding, why: str) -> None:
        """Look whether a lease that is over should have been prolonged."""
        if client.phase in PROLONGING and holding.end_s <= self.scene.now_s:
            for node in self.scene.nodes.values():
                self._look_at_prolonging(client, node)

    def _look_at_asking(self, client: Client, node: Node) -> None:
        now_s, key = self.scene.now_s, (client.number, node.name)
        chosen = client.phase is not Phase.REQUESTING or client.chosen_server == self.scene.lan.address_of(node)
        if not chosen or not self._is_able(node) or not self._has_address(node, client):
            self._since_s[key] = now_s
            return
        begun_s = max(self._since_s.get(key, 0.0), client.asks_since_s, self._last_trouble_s(client, node))
        self._since_s[key] = begun_s
        if now_s - begun_s > self._bound_s:
            raise self.broken(
                f"{client.name} has asked for {now_s - begun_s:.0f} s, and {node.name} serves and has addresses "
                f"(bound {self._bound_s:.0f} s)"
            )

    def _look_at_prolonging(self, client: Client, node: Node) -> None:
        asked = self._asked.pop((client.number, node.name), None)
        if asked is None or asked.holding is not (client.holding or asked.holding):
            return
        if self.scene.now_s - asked.at_s >= ANSWER_S and self._last_trouble_s(client, node) < asked.at_s:
            raise self.broken(
                f"{client.name} asked at {asked.at_s:.1f} to keep {dotted(asked.holding.address)}, and {node.name}, "
                f"which serves and knows the binding, did not answer"
            )

    def _note_request(self, client: Client, node: Node, address: int) -> None:
        """Keep in mind what a server must answer: a request that is sent to it, about a binding it has stored."""
        assert client.holding is not None
        to_it = client.phase is Phase.REBINDING or client.holding.server == self.scene.lan.address_of(node)
        lease, now = lease_of(node, address), node.now()
        knows = client.is_bound_by(lease, now) and lease.ends_at > now.wall_s + ANSWER_S  # and still when it answers
        if to_it and knows and self._is_able(node) and address in self._ranges.of(client.relay):
            self._asked[client.number, node.name] = _Asked(self.scene.now_s, client.holding)

    def _last_trouble_s(self, client: Client, node: Node) -> float:
        return max(self._trouble_s[node.name], client.lost_s.get(self.scene.lan.address_of(node), 0.0))

    def _is_able(self, node: Node) -> bool:
        if not node.running or node.paused or node.unplugged or node.report is None or node.is_dying:
            return False
        if node.disk.full or node.disk.commit_s > SLOW_COMMIT_S or node.turn_s > SLOW_TURN_S:
            return False
        is_this_runs = node.report.boot == f"{node.name}-{node.starts}"
        return is_this_runs and node.report.groups[0].serving is not Serving.NONE

    def _has_address(self, node: Node, client: Client) -> bool:
        """Return whether enough addresses are open for all who ask where this client is."""
        asking = sum(1 for each in self.scene.clients if each.phase in ASKING and each.relay == client.relay)
        addresses, now_s = self._ranges.of(client.relay), self.scene.now_s
        return open_count(node, addresses, self._offered[node.name], mac=client.mac, now_s=now_s) >= asking
