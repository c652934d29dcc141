"""How each deed is done."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any, assert_never

from edgepair_contract.config import MemberConfig
from edgepair_contract.control import ControlAction, ControlRequest
from edgepair_engine.core.events import AskId, ConfigReplaced, ControlAsked
from edgepair_sim import deeds
from edgepair_sim.chance import chance_of
from edgepair_sim.crash import CrashPoint, Power
from edgepair_sim.deeds import BOTH, CRASH_WITHIN_S, END_WITHIN_S, Deed, StoreFate
from edgepair_sim.flood import Flood
from edgepair_sim.node import Node
from edgepair_sim.pair import PRIMARY, SECONDARY, member_of, relays_of
from edgepair_sim.scene import Scene
from edgepair_sim.worst import Worst

# Which order takes another one back; partner-down only the partner can, by coming back.
_TAKEN_BACK_BY = {
    ControlAction.FENCE: ControlAction.UNFENCE,
    ControlAction.PAUSE: ControlAction.RESUME,
    ControlAction.SHUTDOWN: ControlAction.RESUME,
}


class Doer:
    """Carries deeds out on a scene."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._timeline = scene.timeline
        self._down_until_s: dict[str, float] = {}  # by server
        self._standing: Counter[tuple[str, ControlAction]] = Counter()  # by server and what takes the orders back
        self._ways: dict[type[Deed], Callable[[Any], None]] = {  # Any: each takes the kind it stands beside
            deeds.Start: lambda deed: self._node(deed.node).start(),
            deeds.Kill: self._kill,
            deeds.Restart: self._restart,
            deeds.Stop: lambda deed: self._node(deed.node).stop(deed.for_s),
            deeds.FillDisk: lambda deed: self._for_a_while(deed, self._node(deed.node).disk.fullness),
            deeds.SlowDisk: lambda deed: self._for_a_while(deed, self._node(deed.node).disk.commits, deed.commit_s),
            deeds.Busy: lambda deed: self._for_a_while(deed, self._node(deed.node).turns, deed.turn_s),
            deeds.Cut: self._cut,
            deeds.Delay: lambda deed: self._for_a_while(deed, scene.network.more_delay_s, deed.delay_s),
            deeds.Reset: lambda _: scene.network.reset_all(),
            deeds.Unplug: lambda deed: self._for_a_while(deed, self._node(deed.node).unplugs),
            deeds.StepClock: self._step_clock,
            deeds.Order: self._order,
            deeds.Configure: self._configure,
            deeds.Flood: self._flood,
            deeds.ClientDoes: lambda deed: scene.clients[deed.client - 1].does(deed.act),
        }

    def do(self, deed: Deed) -> None:
        """Carry one out."""
        self._ways[type(deed)](deed)

    def _node(self, name: str) -> Node:
        return self._scene.nodes[name]

    # the machines

    def _kill(self, deed: deeds.Kill) -> None:
        node = self._node(deed.node)
        if not node.running:
            return
        run = node.starts

        def crashed() -> None:
            self._change_store(node, deed)
            self._start_later(node, deed.down_s)

        def at_last() -> None:
            if node.running and node.starts == run:
                node.arm(CrashPoint.NOW, deed.power, crashed)

        node.arm(deed.point, deed.power, crashed)
        self._timeline.after(CRASH_WITHIN_S, at_last)

    def _restart(self, deed: deeds.Restart) -> None:
        node = self._node(deed.node)
        run = node.starts

        def ended() -> None:
            self._start_later(node, deed.down_s)

        def at_last() -> None:
            if node.running and node.starts == run:
                node.arm(CrashPoint.NOW, Power.PROCESS, ended)

        node.end(ended)
        self._timeline.after(END_WITHIN_S, at_last)

    def _start_later(self, node: Node, wait_s: float) -> None:
        """Start a server after a while, or when the last of those has passed that keep it down."""
        at_s = self._scene.now_s + wait_s
        self._down_until_s[node.name] = max(at_s, self._down_until_s.get(node.name, 0.0))

        def start() -> None:
            if self._down_until_s[node.name] <= at_s:
                node.start()
                self._repeat_unfence(node)

        self._timeline.at(at_s, start)

    def _change_store(self, node: Node, deed: deeds.Kill) -> None:
        match deed.store:
            case StoreFate.KEPT:
                return
            case StoreFate.LOST:
                node.disk.lose()
            case StoreFate.ROLLED_BACK:
                node.disk.roll_back(self._scene.now_s - deed.back_s)
            case _:
                assert_never(deed.store)

    def _for_a_while(self, deed: deeds.Lasting, what: Worst, value: float = 1.0) -> None:
        what.add(value)
        self._timeline.after(deed.for_s, partial(what.remove, value))

    def _step_clock(self, deed: deeds.StepClock) -> None:
        for node in self._scene.nodes.values():
            if deed.node in (node.name, BOTH):
                node.step_clock(deed.by_s)
                if deed.for_s:
                    self._timeline.after(deed.for_s, partial(node.step_clock, -deed.by_s))

    # the networks

    def _cut(self, deed: deeds.Cut) -> None:
        names = (PRIMARY, SECONDARY) if deed.node == BOTH else (deed.node,)
        self._scene.network.cut(*names)
        self._timeline.after(deed.for_s, lambda: self._scene.network.mend(*names))

    def _flood(self, deed: deeds.Flood) -> None:
        settings = self._scene.script.settings
        chance = chance_of(settings.seed, f"flood at {deed.at_s}")
        Flood(self._scene.lan, relays_of(settings), count=deed.count, for_s=deed.for_s, chance=chance).go_on()

    # the people

    def _order(self, deed: deeds.Order) -> None:
        node = self._node(deed.node)
        known = deed.action is ControlAction.PARTNER_DOWN and deed.alive_s_ago >= 0
        last_alive_at = node.now().wall_s - deed.alive_s_ago if known else None
        _order(node, deed.action, last_alive_at)
        back = _TAKEN_BACK_BY.get(deed.action)
        if back is not None and deed.for_s:
            self._standing[node.name, back] += 1
            self._timeline.after(deed.for_s, partial(self._take_back, node, back))

    def _repeat_unfence(self, node: Node) -> None:
        """Take a fence back that outlived its process, if that was down when a person tried it first."""
        if not self._standing.get((node.name, ControlAction.UNFENCE), 1):
            _order(node, ControlAction.UNFENCE)

    def _take_back(self, node: Node, back: ControlAction) -> None:
        """End an order, unless another one like it still stands."""
        self._standing[node.name, back] -= 1
        if not self._standing[node.name, back]:
            _order(node, back)

    def _configure(self, deed: deeds.Configure) -> None:
        self._scene.wishes = wishes = self._scene.wishes.changed(deed.change, deed.value)
        first, second = (PRIMARY, SECONDARY) if deed.lag_s >= 0 else (SECONDARY, PRIMARY)
        for name, wait_s in ((first, 0.0), (second, abs(deed.lag_s))):
            config = member_of(name, wishes)
            self._timeline.after(wait_s, partial(_push, self._node(name), config))
            self._timeline.after(wait_s + deed.mount_s, partial(_mount, self._node(name), config))


def _order(node: Node, action: ControlAction, last_alive_at: int | None = None) -> None:
    node.offer(ControlAsked(AskId(1), ControlRequest(action=action, last_alive_at=last_alive_at)))


def _push(node: Node, config: MemberConfig) -> None:
    """Hand a configuration to a process that runs; one that does not will read the file."""
    node.offer(ConfigReplaced(config))


def _mount(node: Node, config: MemberConfig) -> None:
    """Put a configuration into the file that a start reads, and that a process looks at."""
    if config.revision > node.config.revision:
        node.config = config
        node.offer(ConfigReplaced(config))
