"""Nothing that a server keeps in memory or on disk grows without a bound: every queue and table stays within its limit.

The limits are the constants of the code, and the numbers of a life: addresses that were ever configured, clients, and
connections. The disk holds one record for each address, and three more: the states, the counts and the configuration.
Nor do the two talk without end: a few hundred words in five minutes are a lot.
"""

from __future__ import annotations

from collections.abc import Mapping

from edgepair_contract.vocabulary import BindingState
from edgepair_engine.core.pipeline import HELD_MAX
from edgepair_engine.core.turn import TURN_EVENTS_MAX
from edgepair_engine.dhcp.offers import OFFERS_MAX
from edgepair_engine.dhcp.rate import SENDERS_MAX
from edgepair_engine.failover.link import OURS_UNACKED_MIN
from edgepair_engine.failover.links import CONNECTIONS_MAX, LOST_LINKS_KEPT
from edgepair_engine.leases.queues import SLACK
from edgepair_engine.leases.table import SLOTS
from edgepair_engine.wire.failover import MESSAGE_LENGTH_MAX
from edgepair_sim.checkers.checker import Checker
from edgepair_sim.deeds import Change, Configure
from edgepair_sim.node import Node
from edgepair_sim.pair import ADDRESSES_MAX
from edgepair_sim.scene import Scene
from edgepair_sim.script import Script

LOOKS_EVERY_S = 300.0
WORDS_MAX = 10_000  # between two looks
RECORDS_BESIDE_LEASES = 3
READ_AT_ONCE_MAX = 1 << 20  # what came before the shell stopped to read: four times what it takes of one link
OUTPUTS_OF_A_TURN_MAX = 40 * TURN_EVENTS_MAX  # what one turn can add before it is noticed that too much waits


class NothingGrows(Checker):
    """Looks at the sizes of both servers every five minutes."""

    name = "nothing-grows"

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene)
        self._limits = limits(scene.script)
        self._words = dict.fromkeys(scene.nodes, 0)
        scene.timeline.after(LOOKS_EVERY_S, self._look)

    def said(self, node: Node, data: bytes) -> None:
        """Count what a server says to its partner."""
        self._words[node.name] += 1
        if self._words[node.name] > WORDS_MAX:
            raise self.broken(f"{node.name} has spoken {WORDS_MAX} times to its partner within {LOOKS_EVERY_S:.0f} s")

    def _look(self) -> None:
        self._words = dict.fromkeys(self._words, 0)
        for node in self.scene.nodes.values():
            self._look_at(node)
        self.scene.timeline.after(LOOKS_EVERY_S, self._look)

    def _look_at(self, node: Node) -> None:
        sizes = {"records_on_disk": len(node.disk.records)}
        if node.pipeline is not None and node.engine is not None:
            sizes |= {**node.pipeline.sizes(), **node.engine.sizes()}
        for name, size in sizes.items():
            if size > self._limits[name]:
                raise self.broken(f"{node.name}: {name} is {size}; the limit is {self._limits[name]}")


def limits(script: Script) -> Mapping[str, int]:
    """Return how large each thing of a server may become in a life."""
    settings = script.settings
    grown = sum(deed.value for deed in _changes(script, Change.RANGE_GROWS))
    addresses = settings.networks * min(ADDRESSES_MAX, settings.addresses + grown)
    windows = [deed.value for deed in _changes(script, Change.WINDOW)]
    window = max(OURS_UNACKED_MIN, settings.max_unacked_updates, *windows)
    return {
        "records_on_disk": addresses + RECORDS_BESIDE_LEASES,
        "records_forming": addresses + RECORDS_BESIDE_LEASES,
        "outputs_held": HELD_MAX + OUTPUTS_OF_A_TURN_MAX,
        "reports_held": 2,  # one for each batch: the one that commits and the one that forms
        "bytes_unread": READ_AT_ONCE_MAX,
        "bytes_unframed": CONNECTIONS_MAX * MESSAGE_LENGTH_MAX,
        "connections": CONNECTIONS_MAX,
        "offers": min(OFFERS_MAX, addresses),
        "senders_counted": 2 * SENDERS_MAX,
        "addresses_ahead": len(BindingState) * addresses,
        "bindings_aside": addresses,
        "bindings_by_client": addresses,
        "ends_queued": settings.networks * SLOTS * (SLACK + 1) + 2 * addresses,
        **dict.fromkeys(("updates_waiting", "updates_owed", "updates_refused", "updates_retried"), addresses),
        "updates_unacked": min(window, addresses),
        "answers_kept": (LOST_LINKS_KEPT + CONNECTIONS_MAX) * window,
    }


def _changes(script: Script, change: Change) -> list[Configure]:
    return [deed for deed in script.deeds if isinstance(deed, Configure) and deed.change is change]
