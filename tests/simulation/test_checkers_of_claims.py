"""The checkers of what belongs to somebody else: each fires where it is taken, and only there."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace

import pytest

from edgepair_contract.vocabulary import BindingState, FailoverState
from edgepair_engine.wire.dhcp4_options import Dhcp4Type
from edgepair_engine.wire.failover import BndAck, BndUpd
from edgepair_sim.checkers.checker import Broken
from edgepair_sim.checkers.claims_are_kept import ClaimsAreKept
from edgepair_sim.checkers.lies_take_nothing import LiesTakeNothing
from edgepair_sim.clients import Client
from edgepair_sim.clock import START_AT
from edgepair_sim.deeds import deed_of
from edgepair_sim.lies import Lie
from edgepair_sim.life import Life
from edgepair_sim.node import Node
from edgepair_sim.pair import PRIMARY, SECONDARY
from edgepair_sim.script import script_of
from edgepair_sim.trace import Trace
from tests.simulation.checking import APART, DOWN, MAC_1, NORMAL, a_lease, a_state, on_disk
from tests.simulation.lonely import A50, EAST_1, answer

FREE, BACKUP, ACTIVE, EXPIRED = BindingState.FREE, BindingState.BACKUP, BindingState.ACTIVE, BindingState.EXPIRED
LIVED_S = 100
SCRIPT = "seed=1 clients=2 networks=1 mclt_s=60 lost=0 doubled=0 calm=1\nat 30 client client=1 act=join\nend 100\n"


def lived() -> Life:
    """Return a life that is over: c1 holds an address, and all that the servers know is on their disks."""
    life = Life(script_of(SCRIPT), Trace(), ())
    life.run()
    return life


def offers(
    state: FailoverState, lease_state: BindingState, *, since_s: int = 0, told_s: int = 0, ended_s: int = 10
) -> None:
    """Let the primary, in a state since then, offer 10.1.0.50, of whose last lease the partner was told until then."""
    life = lived()
    node = life.scene.nodes[PRIMARY]
    node.disk.write([a_state(state, my_state_at=START_AT + since_s)])
    on_disk(node, a_lease(MAC_1, state=lease_state, ends_in_s=ended_s, tstp=START_AT + told_s))
    checker = ClaimsAreKept(life.scene)
    if told_s:
        checker.spoke(node, BndUpd(time=START_AT, xid=1, address=A50, state=ACTIVE))
    checker.answered(node, answer(life.scene.clients[1], Dhcp4Type.OFFER, A50, server=EAST_1, lease_s=60))


def test_apart_the_partners_pool_is_not_touched() -> None:
    with pytest.raises(Broken, match=r"east-1 offers 10\.1\.0\.50, which is its partner's, in Communications-Interr"):
        offers(APART, BACKUP)
    offers(APART, FREE)


@pytest.mark.parametrize(("since_s", "early"), [(40, True), (41, True), (39, False)])
def test_a_dead_partners_pool_is_given_when_mclt_has_passed(since_s: int, early: bool) -> None:
    if early:
        with pytest.raises(Broken, match=rf"{since_s - 40} s before its partner's claim is over"):
            offers(DOWN, BACKUP, since_s=since_s)
    else:
        offers(DOWN, BACKUP, since_s=since_s)


def test_what_the_partner_was_told_of_a_lease_that_is_over_counts_until_mclt_later() -> None:
    with pytest.raises(Broken, match=r"10 s before its partner's claim is over"):
        offers(DOWN, EXPIRED, told_s=50)
    offers(DOWN, EXPIRED, told_s=39)


def test_apart_an_address_is_kept_of_which_the_partner_may_know_a_lease() -> None:
    with pytest.raises(Broken, match=r"east-1 offers 10\.1\.0\.50, of which its partner may know a lease"):
        offers(APART, FREE, told_s=50)


@pytest.mark.parametrize("is_in_range", [True, False])
def test_a_lease_whose_address_was_in_no_range_when_a_store_was_lost_is_known_to_nobody(*, is_in_range: bool) -> None:
    life, last = lived(), A50 + 9
    node, partner = life.scene.nodes[PRIMARY], life.scene.nodes[SECONDARY]
    checker = ClaimsAreKept(life.scene)
    checker.spoke(node, BndUpd(time=START_AT, xid=1, address=last, state=ACTIVE))
    if not is_in_range:
        checker.done(deed_of("at 100 configure change=range-shrinks value=14"))
    partner.disk.forgot_from_s.append(0.0)
    checker.started(partner)
    node.disk.write([a_state(APART)])
    on_disk(node, replace(a_lease(MAC_1, state=FREE, ends_in_s=10), address=last))
    offer = answer(life.scene.clients[1], Dhcp4Type.OFFER, last, server=EAST_1, lease_s=60)
    with pytest.raises(Broken) if is_in_range else nullcontext():
        checker.answered(node, offer)


def test_nobody_gets_an_address_within_a_minute_of_the_end_of_anothers_lease() -> None:
    with pytest.raises(Broken, match=r"east-1 offers 10\.1\.0\.50 20 s after the end of another's lease"):
        offers(NORMAL, FREE, ended_s=80)


def test_in_normal_nothing_is_asked() -> None:
    offers(NORMAL, BACKUP)


def watched() -> tuple[LiesTakeNothing, Client, Node]:
    """Return a checker that has heard c2 lie about what c1 holds, and c1 with the server that gave it."""
    life = lived()
    liar, victim = life.scene.clients[1], life.scene.clients[0]
    assert victim.holding is not None
    (giver,) = (node for node in life.scene.nodes.values() if life.scene.lan.address_of(node) == victim.holding.server)
    checker = LiesTakeNothing(life.scene)
    checker.lied(liar, Lie("RELEASE 10.1.0.50", b"", address=victim.holding.address))
    return checker, victim, giver


def free_it(victim: Client, node: Node) -> None:
    assert victim.holding is not None
    on_disk(node, replace(a_lease(victim.mac, state=FREE), address=victim.holding.address))


def test_a_lie_that_frees_anothers_address_is_told() -> None:
    checker, victim, giver = watched()
    checker.turned(giver)
    free_it(victim, giver)
    with pytest.raises(Broken, match=r"c2 says RELEASE 10\.1\.0\.50, and east-\d takes 10\.1\.0\.\d+ from c1"):
        checker.turned(giver)


def test_what_becomes_of_it_later_is_no_lies_fault() -> None:
    checker, victim, giver = watched()
    free_it(victim, giver)
    checker.scene.timeline.run_until(LIVED_S + 6)
    checker.turned(giver)


def test_nor_is_what_the_partner_says_of_it() -> None:
    checker, victim, giver = watched()
    assert victim.holding is not None
    checker.spoke(giver, BndAck(time=START_AT, xid=1, address=victim.holding.address))
    free_it(victim, giver)
    checker.turned(giver)
