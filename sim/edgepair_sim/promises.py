"""What was promised to each client and still counts, and the few things that make a promise void.

A promise counts until `Holding.until_s`. It ends earlier when the client gives the address up by a word that servers
hear (RELEASE, DECLINE), or when one of the exceptions below comes true; each is what the documentation excepts, and no
more. A client that forgets its address, or goes without a word, is still promised it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from edgepair_contract.vocabulary import FailoverState
from edgepair_engine.leases.lease import ClientKey
from edgepair_sim.addresses import Ranges, lease_of
from edgepair_sim.clients import FORGOTTEN, SYSTEM_STARTS, UNCONFIRMED, Client
from edgepair_sim.deeds import Deed, StepClock
from edgepair_sim.holding import Holding
from edgepair_sim.node import Node
from edgepair_sim.pair import GROUP
from edgepair_sim.scene import Scene
from edgepair_sim.skew import READING_S

STILL_PROMISED = (FORGOTTEN, SYSTEM_STARTS, UNCONFIRMED)  # of what servers hear nothing


@dataclass(slots=True)
class Promise:
    """A promise, and when it was made and ends by the wall clock of the server that gave it.

    `in_partner_down`: that server was in Partner-Down, where it gives what its partner may not know of.
    `void`: why it does not count any more, if so.
    """

    client: Client
    holding: Holding
    made_at: int
    ends_at: int
    in_partner_down: bool
    void: str = ""

    def counts(self, now_s: float) -> bool:
        """Return whether the client may rely on it now."""
        return not self.void and now_s < self.holding.until_s


class Promises:
    """The latest promise to each client, by the name it asked under. A checker passes on what it hears."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._latest: dict[tuple[int, ClientKey], Promise] = {}
        self._ranges = Ranges(scene)
        self._forgot_count = dict.fromkeys(scene.nodes, 0)

    def to(self, client: Client) -> Promise | None:
        """Return what a client may rely on, as whom it speaks now."""
        promise = self._latest.get((client.number, client.guise.key))
        if promise is None or not promise.counts(self._scene.now_s):
            return None
        self._look_at(promise)
        return None if promise.void else promise

    def promised(self, client: Client, holding: Holding) -> None:
        """Hear of a new promise: it takes the place of the one before, and of others' to the same address."""
        for promise in self._counting():
            if promise.holding.address == holding.address and promise.holding.key != holding.key:
                promise.void = f"given to {client.name}"  # or to itself by another name; whether rightly others ask
        now_s = self._scene.now_s
        (giver,) = (node for node in self._scene.nodes.values() if self._scene.lan.address_of(node) == holding.server)
        ends_at = giver.now().wall_s - int(now_s - holding.asked_s) - 1 + holding.lease_s
        lease = lease_of(giver, holding.address)
        made_at = lease.cltt if client.speaker_of(holding.key).had(lease) else ends_at - holding.lease_s
        state = giver.disk.state(GROUP)
        in_partner_down = state is not None and state.my_state is FailoverState.PARTNER_DOWN
        self._latest[client.number, holding.key] = Promise(client, holding, made_at, ends_at, in_partner_down)

    def gave_up(self, client: Client, holding: Holding, why: str) -> None:
        """Hear that a client uses an address no longer."""
        if why not in STILL_PROMISED:
            self._latest.pop((client.number, holding.key), None)

    def done(self, deed: Deed) -> None:
        """Hear what is done, just before it is."""
        self._look()
        self._ranges.done(deed)
        if isinstance(deed, StepClock):
            self._scene.timeline.at(deed.whole_at_s, self._look)  # before it is set right

    def started(self, node: Node) -> None:
        """Hear that a server starts, on whatever it finds on its disk."""
        count = len(node.disk.forgot_from_s)
        if count == self._forgot_count[node.name]:
            return
        self._forgot_count[node.name] = count
        for promise in self._counting():
            if is_forgotten(promise, self._scene):
                promise.void = f"the store of {node.name} was lost or put back"

    def now(self) -> Iterator[Promise]:
        """Yield what clients may rely on now."""
        self._look()
        return self._counting()

    def _counting(self) -> Iterator[Promise]:
        return (promise for promise in self._latest.values() if promise.counts(self._scene.now_s))

    def _look(self) -> None:
        for promise in self._counting():
            self._look_at(promise)

    def _look_at(self, promise: Promise) -> None:
        if is_over_by_a_clock(promise, self._scene):
            promise.void = "a server's clock was put beyond its end"
        elif is_out_of_range(promise, self._ranges):
            promise.void = "its range was taken away"
        elif is_written_to_another(promise, self._scene):
            promise.void = "a server wrote it down for another client later"


# The exceptions


def is_over_by_a_clock(promise: Promise, scene: Scene) -> bool:
    """Return whether a server's wall clock shows that the lease is over (design 009: no promise outlives such a step).

    The end is told between the servers as a moment by the wall clock. A clock that is ahead, by a step or by drift,
    says so much too early that it has come; one second of difference costs one second.
    """
    return any(node.now().wall_s > promise.ends_at for node in scene.nodes.values())


def is_out_of_range(promise: Promise, ranges: Ranges) -> bool:
    """Return whether a new configuration has the address in no range: nobody renews what is not managed."""
    return promise.holding.address not in ranges.of(promise.holding.relay)


def is_written_to_another(promise: Promise, scene: Scene) -> bool:
    """Return whether a server has given the address to another client later, by the moments the two wrote down.

    When both served it, one not knowing of the other, they agree on the later (design 011). The answer may have been
    lost, and a clock that is behind makes the later promise the earlier one; whether it was right to give it at all,
    the checker of doubles asks.
    """
    leases = (lease_of(node, promise.holding.address) for node in scene.nodes.values())
    speaker = promise.client.speaker_of(promise.holding.key)
    return any(
        lease.client is not None and not speaker.had(lease) and lease.cltt >= promise.made_at for lease in leases
    )


def is_forgotten(promise: Promise, scene: Scene) -> bool:
    """Return whether no disk says any more that this client has the address so long.

    So it is when a store was lost, or an old one put back, before the partner had stored what it was told.
    """
    return not any(holds(node, promise) for node in scene.nodes.values())


def is_news_to(node: Node, promise: Promise) -> bool:
    """Return whether a server cannot know what its partner gave, because one has declared the other down, who lives.

    It goes by what it knows, until the two have settled it: it may hold the address for the client of before, or have
    given it to another.
    """
    return (promise.in_partner_down or _was_given_by_the_dead(node, promise)) and not knows(node, promise)


def _was_given_by_the_dead(node: Node, promise: Promise) -> bool:
    """Return whether a server is in Partner-Down, and its partner gave it since it counts as gone."""
    record = node.disk.state(GROUP)
    if record is None or record.my_state is not FailoverState.PARTNER_DOWN:
        return False
    gone_for_s = node.now().wall_s - record.claims_from_at
    return promise.holding.asked_s >= node.timeline.true_s - gone_for_s - READING_S


def holds(node: Node, promise: Promise) -> bool:
    """Return whether a server has stored this lease, as long as it is: at the end that is stored the address is free.

    That the client may come to hold it for longer is stored for the partner's sake (promises.md, part 4).
    """
    lease = lease_of(node, promise.holding.address)
    return promise.client.speaker_of(promise.holding.key).had(lease) and lease.ends_at >= promise.ends_at


def knows(node: Node, promise: Promise) -> bool:
    """Return whether a server has stored that this client may have the address until its end.

    What is stored allows for MCLT: by so much a partner may have prolonged the lease before it could tell.
    """
    lease = lease_of(node, promise.holding.address)
    known_at = max(lease.ends_at, lease.tsfp, lease.tstp) + node.config.groups[0].mclt_s
    return promise.client.speaker_of(promise.holding.key).had(lease) and known_at >= promise.ends_at
