"""One life of a pair: a script carried out on two servers, their network and their clients, and watched throughout."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from functools import partial

from edgepair_contract.config import MemberConfig
from edgepair_contract.control import ControlAnswer
from edgepair_contract.notices import Note
from edgepair_contract.report import MemberReport
from edgepair_contract.vocabulary import MessageType
from edgepair_engine.core.effects import SendDhcp, SendToPartner
from edgepair_engine.wire.dhcp4_options import Dhcp4Type
from edgepair_engine.wire.failover import decode_failover
from edgepair_sim.chance import chance_of
from edgepair_sim.checkers.checker import Broken, Checker
from edgepair_sim.checkers.no_assertion_fired import fired, passed_an_engine
from edgepair_sim.clients import Client
from edgepair_sim.clock import Clock
from edgepair_sim.deeds import Deed, line_of
from edgepair_sim.doing import Doer
from edgepair_sim.holding import CLIENT_PPM_MAX, Holding, Pace
from edgepair_sim.lan import Lan, Losses
from edgepair_sim.lies import Lie
from edgepair_sim.listener import Listener
from edgepair_sim.network import Network, Weather
from edgepair_sim.node import Node, Place
from edgepair_sim.pair import PRIMARY, SECONDARY, Wishes, member_of, relays_of
from edgepair_sim.scene import Scene
from edgepair_sim.script import Script
from edgepair_sim.story import Story
from edgepair_sim.timeline import Timeline
from edgepair_sim.trace import Trace

COPIES_EVERY_S = 900.0  # of both stores, for a person who puts one back later


class Life:
    """Two servers and their clients from the first start to the end of a script."""

    def __init__(self, script: Script, trace: Trace, checkers: Sequence[type[Checker]]) -> None:
        settings = script.settings
        timeline = Timeline()
        losses = Losses(lost=settings.lost, doubled=settings.doubled)
        self._script = script
        self._network = Network(timeline, self._chance("network"), Weather(chopped=settings.chopped))
        self._lan = Lan(timeline, self._chance("lan"), losses)
        self._timeline = timeline
        wishes = Wishes(settings, settings.addresses)
        self.scene = Scene(
            script=script,
            trace=trace,
            timeline=timeline,
            network=self._network,
            lan=self._lan,
            nodes={name: self._node(member_of(name, wishes), ppm) for name, ppm in self._machines()},
            clients=tuple(self._client(number) for number in range(1, settings.clients + 1)),
            wishes=wishes,
        )
        self._doer = Doer(self.scene)
        self.checkers = tuple(kind(self.scene) for kind in checkers)
        story = () if trace.page is None else (Story(self.scene, trace.page),)
        self._listeners: tuple[Listener, ...] = (*story, *self.checkers)  # the story first: it tells the last word, too
        self._hooks: dict[str, list[Callable[..., None]]] = {}

    def run(self) -> None:
        """Let it all happen.

        Raises:
            Broken: a checker saw a promise broken, or an engine raised anything.
        """
        try:
            self._live()
        except Broken:
            raise
        except Exception as error:
            if not passed_an_engine(error):
                raise  # a fault of the simulator
            raise fired(error) from error

    def _live(self) -> None:
        for node in self.scene.nodes.values():
            self._timeline.at(0.0, node.start)
        self._timeline.at(0.0, self._keep_copies)
        for deed in self._script.deeds:
            self._timeline.at(deed.at_s, partial(self._do, deed))
        self._timeline.at(self._script.healed_s, self._heal)
        try:
            self._timeline.run_until(self._script.end_s)
            self._each("ended")
        finally:
            self.scene.trace.end(self.scene.now_s)

    # what servers and clients tell

    def answer(self, node: Node, output: SendDhcp) -> None:
        """Bring an answer to a client."""
        packet = self._lan.answer(node, output)
        self._count(node.name, output.data)
        self._each("answered", node, packet)

    def said(self, node: Node, output: SendToPartner) -> None:
        """Hear that bytes for the partner leave."""
        self._count(node.name, output.data)
        self._each("said", node, output.data)
        if output.data[2] != MessageType.CONTACT and self._listening("spoke"):
            self._each("spoke", node, decode_failover(output.data))

    def told(self, node: Node, note: Note) -> None:
        """Hear a notice."""
        self._each("told", node, note)

    def ordered(self, node: Node, answer: ControlAnswer) -> None:
        """Hear what became of an order."""
        self._count(node.name, f"ordered {answer.done} {answer.text}")
        self._each("ordered", node, answer)

    def published(self, node: Node, report: MemberReport) -> None:
        """Hear a new report."""
        group = report.groups[0]
        self._count(node.name, f"{group.my_state.label} {group.my_state_at} {group.partner_state.label}")
        self._each("published", node, report)

    def turned(self, node: Node) -> None:
        """Hear that a server has done something."""
        self._each("turned", node)

    def started(self, node: Node) -> None:
        """Hear that a server's process starts."""
        self._count(node.name, "starts")
        self._each("started", node)

    def crashed(self, node: Node, why: str) -> None:
        """Hear that a server has died."""
        self._count(node.name, why)
        self._each("crashed", node)

    def sent(self, client: Client, kind: Dhcp4Type, address: int) -> None:
        """Hear what a client sends."""
        self._count(client.name, f"{kind.name} {address}")
        self._each("sent", client, kind, address)

    def lied(self, client: Client, lie: Lie) -> None:
        """Hear that a client sends something that is not true."""
        self._count(client.name, f"lies: {lie.what}")
        self._each("lied", client, lie)

    def promised(self, client: Client, holding: Holding) -> None:
        """Hear that a client has an address, anew or for longer."""
        self._count(client.name, f"holds {holding.address} {holding.lease_s}")
        self._each("promised", client, holding)

    def refused(self, client: Client, before: Holding | None) -> None:
        """Hear that a client got a NAK."""
        self._count(client.name, "refused")
        self._each("refused", client, before)

    def gave_up(self, client: Client, holding: Holding, why: str) -> None:
        """Hear that a client uses an address no longer."""
        self._count(client.name, f"gives {holding.address} up: {why}")
        self._each("gave_up", client, holding, why)

    # steps

    def _count(self, who: str, what: bytes | str) -> None:
        self.scene.trace.add(self.scene.now_s, who, what)

    def _do(self, deed: Deed) -> None:
        self._count("script", line_of(deed))
        self._each("done", deed)
        self._doer.do(deed)

    def _heal(self) -> None:
        """Tell that all is whole, after what is undone at this very moment."""
        self._timeline.after(0.0, lambda: self._each("healed"))

    def _each(self, hook: str, *what: object) -> None:
        for hear in self._listening(hook):
            hear(*what)

    def _listening(self, hook: str) -> list[Callable[..., None]]:
        hooks = self._hooks.get(hook)
        if hooks is None:
            hooks = self._hooks[hook] = [getattr(each, hook) for each in self._listeners if _hears(each, hook)]
        return hooks

    def _keep_copies(self) -> None:
        for node in self.scene.nodes.values():
            node.disk.keep_copy(self.scene.now_s)
        self._timeline.after(COPIES_EVERY_S, self._keep_copies)

    def _machines(self) -> tuple[tuple[str, int], ...]:
        settings = self._script.settings
        return (PRIMARY, settings.primary_ppm), (SECONDARY, settings.secondary_ppm)

    def _node(self, config: MemberConfig, ppm: int) -> Node:
        place = Place(self._timeline, self._network, self)
        settings = self._script.settings
        chance = chance_of(settings.seed, config.server)  # two servers must never be in step for ever
        node = Node(config, place, clock=Clock(1 + ppm / 1e6), chance=chance, quiet=settings.quiet)
        self._network.join(node)
        self._lan.join(node)
        return node

    def _client(self, number: int) -> Client:
        chance = self._chance(f"client {number}")
        fastest = 1 + max(ppm for _, ppm in self._machines()) / 1e6
        pace = Pace(1 + chance.uniform(-CLIENT_PPM_MAX, CLIENT_PPM_MAX) / 1e6, fastest)
        client = Client(number, self._lan, chance=chance, witness=self, pace=pace)
        client.relays = relays_of(self._script.settings)
        client.relay = client.relays[number % len(client.relays)]
        self._lan.plug_in(client)
        return client

    def _chance(self, whose: str) -> random.Random:
        settings = self._script.settings
        return chance_of(settings.seed, whose, calm=settings.calm)


def _hears(listener: Listener, hook: str) -> bool:
    """Return whether a listener overrides a hook: most hear of a few things only, and a call for nothing costs."""
    return any(hook in vars(kind) for kind in type(listener).__mro__[:-2])
