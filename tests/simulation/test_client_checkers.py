"""The two checkers of what clients may rely on are quiet while all is well, and speak when a promise is broken."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import replace

import pytest

from edgepair_contract.vocabulary import FailoverState
from edgepair_engine.wire.dhcp4 import Dhcp4Packet
from edgepair_engine.wire.dhcp4_options import Dhcp4Type
from edgepair_sim.checkers.checker import Broken, Checker
from edgepair_sim.checkers.every_client_is_served import EveryClientIsServed, served_bound_s
from edgepair_sim.checkers.promises_survive import PromisesSurvive
from edgepair_sim.clients import Client
from edgepair_sim.crash import Power
from edgepair_sim.deeds import deed_of
from edgepair_sim.life import Life
from edgepair_sim.node import Node
from edgepair_sim.phases import Phase
from edgepair_sim.script import script_of
from edgepair_sim.trace import Trace
from tests.simulation.checking import a_report, a_state
from tests.simulation.lonely import A50, EAST_1, answer

ACK, NAK, OFFER = Dhcp4Type.ACK, Dhcp4Type.NAK, Dhcp4Type.OFFER
CALM = "seed=1 clients=5 networks=1 lost=0 doubled=0 calm=1 max_response_delay_s=10"
A51 = 0x0A010033


def life(*deeds: str, end_s: int = 100, settings: str = CALM, checkers: tuple[type[Checker], ...] = ()) -> Life:
    """Return a life that is over."""
    lived = Life(script_of("\n".join([settings, *deeds, f"end {end_s}"])), Trace(), checkers)
    lived.run()
    return lived


class Watched:
    """A life with a client that holds an address, and a checker that hears from now on only what a test tells it."""

    def __init__(self, kind: type[Checker], *deeds: str, client: int = 1, settings: str = CALM) -> None:
        self.life = life(f"at 30 client client={client} act=join", *deeds, settings=settings)
        self.scene = self.life.scene
        self.client: Client = self.scene.clients[client - 1]
        self.checker = kind(self.scene)
        assert self.client.holding is not None
        self.giver = next(
            node for node in self.nodes() if self.scene.lan.address_of(node) == self.client.holding.server
        )
        self.partner = next(node for node in self.nodes() if node is not self.giver)
        for node in self.nodes():
            assert node.report is not None
            self.checker.published(node, node.report)
        self.checker.promised(self.client, self.client.holding)
        self.pass_s(1)

    def nodes(self) -> Iterator[Node]:
        """Yield both servers."""
        yield from self.scene.nodes.values()

    def pass_s(self, seconds: float) -> None:
        """Let time pass in which nothing happens to anybody."""
        self.scene.timeline.true_s += seconds

    def says(self, node: Node, kind: Dhcp4Type, address: int = 0) -> None:
        """Let a server answer the client's exchange."""
        packet: Dhcp4Packet = answer(self.client, kind, address, server=EAST_1, lease_s=600)
        self.checker.answered(node, packet)

    def asks(self, kind: Dhcp4Type = Dhcp4Type.DISCOVER, address: int = 0) -> None:
        """Let the client send something that the servers hear."""
        self.checker.sent(self.client, kind, address)


# every client is served


def test_nobody_is_reproached_while_all_clients_come_and_go() -> None:
    joins = [f"at {30 + number} client client={number} act=join" for number in range(1, 6)]
    acts = [
        "at 300 client client=1 act=reboot",
        "at 310 client client=2 act=decline",
        "at 320 client client=3 act=leave",
        "at 330 client client=4 act=reboot",
        "at 340 client client=5 act=repeat",
        "at 350 client client=1 act=lie",
        "at 400 kill node=east-1 down_s=900",
        "at 2000 cut for_s=300",
        "at 2100 client client=3 act=join",
    ]
    life(*joins, *acts, end_s=7200, checkers=(EveryClientIsServed, PromisesSurvive))


def test_a_client_that_asks_longer_than_the_bound_is_not_served() -> None:
    watched = Watched(EveryClientIsServed)
    watched.client.phase, watched.client.asks_since_s = Phase.SELECTING, 100.0
    watched.asks()
    watched.pass_s(served_bound_s(3) - 1)
    watched.asks()
    watched.pass_s(1)
    with pytest.raises(Broken, match=r"c1 has asked for 139 s, and east-1 serves and has addresses"):
        watched.asks()


def a_packet_is_lost(watched: Watched) -> None:
    watched.client.missed(watched.scene.now_s, EAST_1)


def it_dies(watched: Watched) -> None:
    watched.checker.crashed(watched.scene.nodes["east-1"])


def it_is_stopped(watched: Watched) -> None:
    watched.checker.done(deed_of("at 200 stop node=east-1 for_s=1"))


def it_is_unplugged(watched: Watched) -> None:
    node = watched.scene.nodes["east-1"]
    node.unplugs.add(1)
    watched.asks()
    node.unplugs.remove(1)


@pytest.mark.parametrize("trouble", [a_packet_is_lost, it_dies, it_is_stopped, it_is_unplugged])
def test_the_time_begins_anew_when(trouble: Callable[[Watched], None]) -> None:
    watched = Watched(EveryClientIsServed)
    watched.scene.nodes["east-2"].unplugs.add(1)
    watched.client.phase, watched.client.asks_since_s = Phase.SELECTING, 100.0
    watched.asks()
    watched.pass_s(100)
    trouble(watched)
    watched.pass_s(130)
    watched.asks()
    watched.pass_s(10)
    with pytest.raises(Broken, match=r"east-1 serves"):
        watched.asks()


def test_a_server_without_addresses_owes_nobody_any() -> None:
    watched = Watched(EveryClientIsServed)
    watched.client.phase, watched.client.asks_since_s = Phase.SELECTING, 100.0
    for node in watched.nodes():
        for address in range(A50, A50 + 16):
            watched.checker.answered(node, answer(watched.scene.clients[1], OFFER, address, server=EAST_1, lease_s=600))
    watched.asks()
    watched.pass_s(100)
    watched.asks()
    watched.pass_s(19)
    watched.asks()


def test_a_renewal_that_reached_its_server_and_was_not_answered_is_noticed_at_the_next() -> None:
    watched = Watched(EveryClientIsServed)
    assert watched.client.holding is not None
    watched.client.phase = Phase.RENEWING
    watched.asks(Dhcp4Type.REQUEST, watched.client.holding.address)
    watched.pass_s(60)
    with pytest.raises(Broken, match=r"c1 asked at 101.0 to keep 10.1.0.50, and east-2, .* did not answer"):
        watched.asks(Dhcp4Type.REQUEST, watched.client.holding.address)


def test_a_renewal_that_was_lost_is_no_ones_fault() -> None:
    watched = Watched(EveryClientIsServed)
    assert watched.client.holding is not None
    watched.client.phase = Phase.RENEWING
    watched.asks(Dhcp4Type.REQUEST, watched.client.holding.address)
    watched.client.missed(watched.scene.now_s, watched.scene.lan.address_of(watched.giver))
    watched.pass_s(60)
    watched.asks(Dhcp4Type.REQUEST, watched.client.holding.address)


# what was promised survives


def test_a_client_must_not_be_refused_what_it_was_promised() -> None:
    watched = Watched(PromisesSurvive)
    watched.client.phase = Phase.RENEWING
    watched.says(watched.giver, ACK, A50)
    with pytest.raises(Broken, match=r"east-1 refuses c1 10.1.0.50, promised until"):
        watched.says(watched.partner, NAK)


def test_nor_be_given_another_address_in_its_place() -> None:
    watched = Watched(PromisesSurvive)
    watched.client.phase = Phase.REBOOTING
    with pytest.raises(Broken, match=r"east-2 gives c1 10.1.0.51 in place of 10.1.0.50"):
        watched.says(watched.giver, ACK, A51)


def test_one_that_forgot_is_offered_the_same_by_who_knows_it() -> None:
    watched = Watched(PromisesSurvive)
    watched.client.phase = Phase.SELECTING
    watched.says(watched.giver, OFFER, A50)
    with pytest.raises(Broken, match=r"east-1 offers c1 10.1.0.51 and knows of 10.1.0.50"):
        watched.says(watched.partner, OFFER, A51)


def test_a_server_that_was_told_to_serve_before_it_had_learned_anything_cannot_know_what_it_gave() -> None:
    watched = Watched(PromisesSurvive)
    watched.client.phase = Phase.SELECTING
    watched.giver.disk.lose()
    watched.giver.disk.write([a_state(FailoverState.PARTNER_DOWN, update_all_wanted=True)])
    watched.says(watched.giver, OFFER, A51)
    watched.checker.published(watched.giver, a_report(FailoverState.NORMAL))
    with pytest.raises(Broken):
        watched.says(watched.giver, OFFER, A51)


def test_a_refusal_elsewhere_is_right() -> None:
    watched = Watched(PromisesSurvive)
    watched.client.phase, watched.client.relay = Phase.REBOOTING, 0x0A020001
    watched.says(watched.giver, NAK)


def test_after_its_end_nothing_is_promised() -> None:
    watched = Watched(PromisesSurvive)
    watched.client.phase = Phase.REBINDING
    watched.pass_s(600)
    watched.says(watched.giver, NAK)


def test_a_crash_that_loses_no_store_changes_nothing() -> None:
    watched = Watched(PromisesSurvive)
    watched.client.phase = Phase.REBOOTING
    watched.giver.die(Power.MACHINE)
    watched.checker.started(watched.giver)
    with pytest.raises(Broken):
        watched.says(watched.partner, NAK)


def test_a_lost_store_changes_nothing_once_the_partner_has_stored_the_binding() -> None:
    watched = Watched(PromisesSurvive)
    watched.client.phase = Phase.REBOOTING
    watched.giver.disk.lose()
    watched.checker.started(watched.giver)
    with pytest.raises(Broken):
        watched.says(watched.partner, NAK)


def test_with_both_stores_a_promise_is_lost() -> None:
    watched = Watched(PromisesSurvive)
    watched.client.phase = Phase.REBOOTING
    for node in watched.nodes():
        node.disk.lose()
        watched.checker.started(node)
    watched.says(watched.partner, NAK)


@pytest.mark.parametrize(("ours", "is_made_good"), [(1, True), (0, False)])
def test_a_server_goes_by_an_old_store_until_it_is_made_good_and_beside_a_stranger_for_ever(
    *, ours: int, is_made_good: bool
) -> None:
    watched = Watched(PromisesSurvive, settings=f"{CALM} ours={ours}")
    watched.client.phase = Phase.REBOOTING
    record = watched.giver.disk.lease(A50)
    assert record is not None
    before = replace(record.lease, ends_at=record.lease.ends_at - 5)  # what was told to the partner allows for more
    watched.giver.disk.write([replace(record, lease=before)])
    watched.giver.disk.forgot_from_s.append(0.0)
    watched.checker.started(watched.giver)
    watched.says(watched.giver, NAK)
    watched.checker.published(watched.giver, a_report(FailoverState.NORMAL))
    with pytest.raises(Broken) if is_made_good else nullcontext():
        watched.says(watched.giver, NAK)


def test_what_is_given_by_an_old_store_is_refused_by_whoever_has_another_client_there() -> None:
    watched = Watched(PromisesSurvive)
    watched.client.phase = Phase.REBOOTING
    watched.giver.disk.forgot_from_s.append(0.0)
    with pytest.raises(Broken):
        watched.says(watched.partner, NAK)  # it knows of this client
    record = watched.partner.disk.lease(A50)
    assert record is not None
    before = replace(record.lease, hardware=b"\1another", cltt=record.lease.cltt - 60)
    watched.partner.disk.write([replace(record, lease=before)])
    watched.says(watched.partner, NAK)
    with pytest.raises(Broken):
        watched.says(watched.giver, NAK)


def test_a_clock_that_is_put_beyond_its_end_ends_a_promise_for_good() -> None:
    watched = Watched(PromisesSurvive)
    watched.client.phase = Phase.REBOOTING
    watched.partner.clock.step(600)
    watched.checker.done(deed_of("at 100 step-clock node=both by_s=-600"))
    watched.partner.clock.step(-600)
    watched.says(watched.partner, NAK)


def test_a_range_that_is_taken_away_takes_its_promises_along() -> None:
    taken, kept = Watched(PromisesSurvive, client=2), Watched(PromisesSurvive, client=1)  # .58 and .50
    for watched in (taken, kept):
        watched.client.phase = Phase.REBOOTING
        watched.checker.done(deed_of("at 100 configure change=range-shrinks value=14"))
    taken.says(taken.partner, NAK)
    with pytest.raises(Broken):
        kept.says(kept.partner, NAK)


def test_what_was_given_in_partner_down_is_news_to_a_partner_that_lives() -> None:
    watched = Watched(PromisesSurvive, "at 10 cut for_s=900", "at 25 order node=east-1 action=partner-down", client=2)
    watched.client.phase = Phase.REBINDING
    watched.says(watched.partner, NAK)
    with pytest.raises(Broken):
        watched.says(watched.giver, NAK)


@pytest.mark.parametrize(("declared_s", "is_news"), [(25, True), (60, False)])
def test_what_a_living_partner_gave_since_it_was_declared_down_is_news(declared_s: int, *, is_news: bool) -> None:
    order = f"at {declared_s} order node=east-2 action=partner-down"
    watched = Watched(PromisesSurvive, "at 10 cut for_s=900", order)
    watched.client.phase = Phase.REBINDING
    with nullcontext() if is_news else pytest.raises(Broken):
        watched.says(watched.partner, NAK)
    with pytest.raises(Broken):
        watched.says(watched.giver, NAK)


@pytest.mark.parametrize(("later_by_s", "keeps_it"), [(1, False), (0, False), (-1, True)])
def test_of_two_leases_of_one_address_the_servers_keep_the_one_they_wrote_down_later(
    later_by_s: int, *, keeps_it: bool
) -> None:
    watched = Watched(PromisesSurvive)
    record, other = watched.giver.disk.lease(A50), watched.scene.clients[1].guise.speaker
    assert record is not None
    cltt = record.lease.cltt + later_by_s
    theirs = replace(record.lease, hardware=other.hardware, client_id=other.client_id, cltt=cltt)
    watched.partner.disk.write([replace(record, lease=theirs)])
    watched.client.phase = Phase.REBOOTING
    with pytest.raises(Broken) if keeps_it else nullcontext():
        watched.says(watched.giver, NAK)


# floods


def test_a_flood_takes_offers_and_no_leases() -> None:
    lived = life("at 30 flood count=40 for_s=20")
    bound = [record for node in lived.scene.nodes.values() for record in node.disk.restored().leases]
    assert not [record for record in bound if record.lease.hardware is not None]
