"""How each deed is done."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, assert_never

from edgepair_contract.config import MemberConfig
from edgepair_contract.control import ControlAction, ControlRequest
from edgepair_engine.core.events import AskId, ConfigReplaced, ControlAsked
from edgepair_sim import deeds
from edgepair_sim.chance import chance_of
from edgepair_sim.deeds import BOTH, CRASH_WITHIN_S, Deed, StoreFate
from edgepair_sim.disk import COMMIT_S
from edgepair_sim.flood import Flood
from edgepair_sim.node import TURN_S, CrashPoint, Node, Power
from edgepair_sim.pair import PRIMARY, SECONDARY, member_of, relays_of
from edgepair_sim.scene import Scene

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
        self._ways: dict[type[Deed], Callable[[Any], None]] = {  # Any: each takes the kind it stands beside
            deeds.Start: lambda deed: self._node(deed.node).start(),
            deeds.Kill: self._kill,
            deeds.Restart: self._restart,
            deeds.Stop: self._stop,
            deeds.FillDisk: self._fill_disk,
            deeds.SlowDisk: self._slow_disk,
            deeds.Busy: self._busy,
            deeds.Cut: self._cut,
            deeds.Delay: self._delay,
            deeds.Reset: lambda _: scene.network.reset_all(),
            deeds.Unplug: self._unplug,
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

        def crash(_point: CrashPoint) -> None:
            node.die(deed.power)
            self._timeline.after(deed.down_s / 2, lambda: self._change_store(node, deed))
            self._timeline.after(deed.down_s, node.start)

        def at_last() -> None:
            if node.running and node.starts == run:
                crash(CrashPoint.NOW)

        node.arm(deed.point, crash)
        self._timeline.after(CRASH_WITHIN_S, at_last)

    def _restart(self, deed: deeds.Restart) -> None:
        node = self._node(deed.node)
        if node.running:
            node.die(Power.PROCESS)
            self._timeline.after(deed.down_s, node.start)

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

    def _stop(self, deed: deeds.Stop) -> None:
        node = self._node(deed.node)
        node.pause()
        self._timeline.after(deed.for_s, node.resume)

    def _fill_disk(self, deed: deeds.FillDisk) -> None:
        disk = self._node(deed.node).disk
        disk.full = True
        self._timeline.after(deed.for_s, lambda: setattr(disk, "full", False))

    def _slow_disk(self, deed: deeds.SlowDisk) -> None:
        disk = self._node(deed.node).disk
        disk.commit_s = deed.commit_s
        self._timeline.after(deed.for_s, lambda: setattr(disk, "commit_s", COMMIT_S))

    def _busy(self, deed: deeds.Busy) -> None:
        node = self._node(deed.node)
        node.turn_s = deed.turn_s
        self._timeline.after(deed.for_s, lambda: setattr(node, "turn_s", TURN_S))

    def _step_clock(self, deed: deeds.StepClock) -> None:
        for node in self._scene.nodes.values():
            if deed.node in (node.name, BOTH):
                node.clock.step(deed.by_s)
                if deed.for_s:
                    self._timeline.after(deed.for_s, partial(node.clock.step, -deed.by_s))

    # the networks

    def _cut(self, deed: deeds.Cut) -> None:
        names = (PRIMARY, SECONDARY) if deed.node == BOTH else (deed.node,)
        self._scene.network.cut(*names)
        self._timeline.after(deed.for_s, lambda: self._scene.network.mend(*names))

    def _delay(self, deed: deeds.Delay) -> None:
        network = self._scene.network
        network.more_delay_s = deed.delay_s
        self._timeline.after(deed.for_s, lambda: setattr(network, "more_delay_s", 0.0))

    def _unplug(self, deed: deeds.Unplug) -> None:
        node = self._node(deed.node)
        node.unplugged = True
        self._timeline.after(deed.for_s, lambda: setattr(node, "unplugged", False))

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
        if deed.for_s and deed.action in _TAKEN_BACK_BY:
            self._timeline.after(deed.for_s, partial(_order, node, _TAKEN_BACK_BY[deed.action]))

    def _configure(self, deed: deeds.Configure) -> None:
        self._scene.wishes = wishes = self._scene.wishes.changed(deed.change, deed.value)
        first, second = (PRIMARY, SECONDARY) if deed.lag_s >= 0 else (SECONDARY, PRIMARY)
        for name, wait_s in ((first, 0.0), (second, abs(deed.lag_s))):
            self._timeline.after(wait_s, partial(_hand, self._node(name), member_of(name, wishes)))


def _order(node: Node, action: ControlAction, last_alive_at: int | None = None) -> None:
    node.offer(ControlAsked(AskId(1), ControlRequest(action=action, last_alive_at=last_alive_at)))


def _hand(node: Node, config: MemberConfig) -> None:
    """Put a configuration where a start finds it, and tell a process that runs."""
    node.config = config
    node.offer(ConfigReplaced(config, config.model_dump_json()))
