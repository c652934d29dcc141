"""Whatever happens to both servers and the wire: no address is promised twice, and in the end they agree."""

from __future__ import annotations

import random

import pytest

from edgepair_contract.clock import Now
from edgepair_contract.control import ControlAction, ControlRequest
from edgepair_contract.vocabulary import BindingState, FailoverState, Role, Serving
from edgepair_engine.failover.outcome import LinkId, Outcome, Send
from edgepair_engine.failover.serving import granted_s, potential_expiry
from edgepair_engine.leases.binding import released
from edgepair_engine.leases.lease import Lease
from edgepair_engine.wire.failover import BndAck, BndUpd, decode_failover
from tests.unit.failover.builders import a_group
from tests.unit.failover.pair import Pair, Side

WANTED_S = 120
CLIENTS = 12
STEPS = 120


class Watched(Pair):
    """A pair whose updates and answers are counted, connection by connection."""

    def __init__(self, primary: Side, secondary: Side) -> None:
        super().__init__(primary, secondary)
        self.answers: dict[tuple[LinkId, int | None, int], int] = {}  # update that arrived -> answers to it

    def unanswered(self) -> list[tuple[LinkId, int | None, int]]:
        """Return the updates that did not get exactly one answer with their own xid."""
        return [update for update, answers in self.answers.items() if answers != 1]

    def _deliver(self, link: LinkId, data: bytes) -> None:
        message = decode_failover(data)
        theirs = self._ends[link][1] if link in self._ends else None
        if theirs in self._ends and isinstance(message, BndUpd):
            self.answers[theirs, message.address, message.xid] = 0
        super()._deliver(link, data)

    def _send(self, side: Side, action: Send) -> None:
        message = action.message
        if isinstance(message, BndAck):
            update = (action.link, message.address, message.xid)
            if update in self.answers:  # else it repeats one that a broken link may have swallowed (Q4)
                self.answers[update] += 1
        super()._send(side, action)


class Clients:
    """DHCP clients that remember what they were promised."""

    def __init__(self, pair: Pair, chance: random.Random) -> None:
        self._pair = pair
        self._chance = chance
        self.promises: dict[bytes, tuple[int, int]] = {}  # who -> address, until when

    def act(self) -> None:
        """Let one client ask one server for a lease, a renewal, or give its lease back."""
        side = self._chance.choice([self._pair.primary, self._pair.secondary])
        who = bytes([1, 2, 0, 0, 0, 0, self._chance.randrange(CLIENTS)])
        if side.endpoint is None or side.running.rights(self._pair.now()).serving is Serving.NONE:
            return
        held = self._held(who, self._pair.now())
        lease = None if held is None else side.table.get(held)
        if lease is not None and lease.state is BindingState.ACTIVE and lease.hardware == who:
            if self._chance.random() < 0.2:
                del self.promises[who]
                self._pair.bind(side, released(lease, self._pair.now()))
            else:
                self._bind(side, lease, who, tsfp=lease.tsfp)
        elif held is None:
            self._allocate(side, who)

    def _held(self, who: bytes, now: Now) -> int | None:
        promise = self.promises.get(who)
        return promise[0] if promise is not None and promise[1] > now.wall_s else None

    def _allocate(self, side: Side, who: bytes) -> None:
        now = self._pair.now()
        rights = side.running.rights(now)
        (pool,) = side.table.pools(side.config.name)
        for state in (rights.own_state, rights.partner_state):
            for lease in side.table.oldest_first(pool, state):
                if rights.may_allocate(lease, now):
                    self._bind(side, lease, who, tsfp=0)
                    return

    def _bind(self, side: Side, lease: Lease, who: bytes, *, tsfp: int) -> None:
        now = self._pair.now()
        for other, (address, until) in self.promises.items():
            assert other == who or address != lease.address or until <= now.wall_s, "an address for two clients"
        mclt_s = side.running.rights(now).mclt_s
        for_s = granted_s(WANTED_S, tsfp=tsfp, mclt_s=mclt_s, now=now)
        bound = Lease(
            lease.address,
            state=BindingState.ACTIVE,
            hardware=who,
            starts_at=now.wall_s,
            ends_at=now.wall_s + for_s,
            tstp=potential_expiry(WANTED_S, for_s, now),
            tsfp=lease.tsfp,
            cltt=now.wall_s,
        )
        self.promises[who] = (lease.address, now.wall_s + for_s)
        self._pair.bind(side, bound)


def disturb(pair: Pair, chance: random.Random) -> None:
    """Do one of the things that happen to servers.

    What the protocol cannot bear is left out: a server that comes back and cannot reach its partner must not find that
    one in PARTNER-DOWN, and a server that lost its store must not be told that its partner is down.
    """
    side = chance.choice([pair.primary, pair.secondary])
    match chance.randrange(8):
        case 0 if not someone_is_in_partner_down(pair):
            pair.cut()
        case 1 | 2:
            pair.heal()
        case 3 if side.endpoint is not None:
            pair.kill(side)
        case 4 | 5 if side.endpoint is None:
            start(pair, side)
        case 6 if in_step(pair):
            pair.kill(side)
            side.stored_state = None
            side.stored_leases = {}
        case _ if pair.other(side).endpoint is None and side.endpoint is not None:
            # The truth, as the operator proves it: the partner's process is gone.
            if side.running.view(pair.now()).my_state is not FailoverState.RECOVER:
                outcome = side.running.on_control(ControlRequest(action=ControlAction.PARTNER_DOWN), pair.now())
                if isinstance(outcome, Outcome):
                    pair.perform(side, outcome)
        case _:
            pass


def start(pair: Pair, side: Side) -> None:
    """Start a side, and with it, in reach, a partner that may have taken its addresses."""
    partner = pair.other(side)
    if someone_is_in_partner_down(pair):
        pair.heal()
        if partner.endpoint is None:
            pair.start(partner)
    pair.start(side)


def someone_is_in_partner_down(pair: Pair) -> bool:
    """Return whether a side has, or had when it stopped, its partner's addresses."""
    stored = (pair.primary.stored_state, pair.secondary.stored_state)
    return any(state is not None and state.my_state is FailoverState.PARTNER_DOWN for state in stored)


def in_step(pair: Pair) -> bool:
    """Return whether each knows all that the other has promised, so that one store can be lost."""
    return not pair.wire_is_cut and all(
        side.endpoint is not None
        and side.running.view(pair.now()).my_state is FailoverState.NORMAL
        and side.running.view(pair.now()).connected
        for side in (pair.primary, pair.secondary)
    )


@pytest.mark.protocol("Q12", "Q15")
@pytest.mark.parametrize("seed", range(25))
def test_no_address_is_promised_twice_and_the_two_agree_in_the_end(seed: int) -> None:
    """And every update that arrives is answered once: a dhcpd that misses an answer waits for it for ever."""
    chance = random.Random(seed)
    pair = Watched(*(Side(a_group(role, first=100, last=119)) for role in Role))
    clients = Clients(pair, chance)
    pair.start()
    for _ in range(STEPS):
        pair.run(chance.choice([0, 1, 1, 2, 5, 20]))
        if chance.random() < 0.15:
            disturb(pair, chance)
        else:
            clients.act()
    pair.heal()
    for side in (pair.primary, pair.secondary):
        if side.endpoint is None:
            pair.start(side)
    pair.run(120)
    assert (pair.primary.state, pair.secondary.state) == (FailoverState.NORMAL, FailoverState.NORMAL)
    ours, theirs = (
        {lease.address: told(lease) for lease in all_leases(side)} for side in (pair.primary, pair.secondary)
    )
    assert ours == theirs
    assert len(pair.answers) > 50
    assert pair.unanswered() == []


def all_leases(side: Side) -> list[Lease]:
    """Return every binding of a side, which must be what it has stored."""
    (pool,) = side.table.pools(side.config.name)
    leases = list(side.table.leases(pool))
    for lease in leases:
        assert side.stored_leases.get(lease.address, Lease(lease.address)) == lease
    return leases


def told(lease: Lease) -> tuple[BindingState, int, bytes | None]:
    """Return what both servers must agree on. Who held a free address last is a hint only."""
    return lease.state, lease.ends_at, lease.hardware if lease.state is BindingState.ACTIVE else None
