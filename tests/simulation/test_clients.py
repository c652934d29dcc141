"""A simulated client alone: what RFC 2131 has it send and when, by its own clock."""

from __future__ import annotations

import random

import pytest

from edgepair_engine.wire.dhcp4 import decode_dhcp4
from edgepair_engine.wire.dhcp4_options import Dhcp4Type
from edgepair_sim.deeds import Act
from edgepair_sim.holding import Pace
from edgepair_sim.phases import Phase
from tests.simulation.lonely import A50, A51, A52, EAST_1, EAST_2, Lonely

ACK, NAK, OFFER = Dhcp4Type.ACK, Dhcp4Type.NAK, Dhcp4Type.OFFER
PLAIN, NAMED, WISHING, NETWORK_BOOTED, FORGETFUL = 1, 2, 3, 4, 5  # kinds of clients, by their numbers


def bound(number: int = PLAIN, *, lease_s: int = 1000, pace: Pace | None = None) -> Lonely:
    """Return a client that got .50 at the moment 0."""
    lonely = Lonely(number, pace=pace or Pace())
    lonely.client.does(Act.JOIN)
    lonely.get(A50, lease_s=lease_s)
    lonely.lan.seen.clear()
    return lonely


def test_a_client_that_nobody_answers_asks_again_after_twice_the_time() -> None:
    lonely = Lonely()
    lonely.client.does(Act.JOIN)
    lonely.wait(200)
    assert lonely.story == [(at_s, "DISCOVER") for at_s in (0.0, 4.0, 12.0, 28.0, 60.0, 124.0, 188.0)]


def test_the_packet_says_for_how_many_seconds_it_has_been_asking() -> None:
    lonely = Lonely()
    lonely.client.does(Act.JOIN)
    lonely.wait(30)
    assert [seen.packet.secs for seen in lonely.lan.seen] == [0, 4, 12, 28]


def test_most_clients_take_the_first_offer() -> None:
    lonely = Lonely(PLAIN)
    lonely.client.does(Act.JOIN)
    lonely.hear(OFFER, A51, server=EAST_2)
    assert (lonely.last.packet.requested_address, lonely.last.packet.server_id) == (A51, EAST_2)


def test_a_patient_client_takes_the_longest_lease_that_is_offered() -> None:
    lonely = Lonely(NAMED)
    lonely.client.does(Act.JOIN)
    lonely.hear(OFFER, A50, lease_s=600)
    lonely.hear(OFFER, A51, server=EAST_2, lease_s=900)
    lonely.wait(0.5)
    assert (lonely.last.packet.requested_address, lonely.last.packet.server_id) == (A51, EAST_2)


def test_a_patient_client_rather_takes_the_address_it_had() -> None:
    lonely = bound(NAMED)
    lonely.client.does(Act.LEAVE)
    lonely.client.does(Act.JOIN)
    assert lonely.last.packet.requested_address == A50
    lonely.hear(OFFER, A51, lease_s=5000)
    lonely.hear(OFFER, A50, server=EAST_2)
    lonely.wait(2)
    assert lonely.last.packet.requested_address == A50


def test_a_server_that_does_not_confirm_its_offer_is_asked_four_times() -> None:
    lonely = Lonely()
    lonely.client.does(Act.JOIN)
    lonely.hear(OFFER, A50)
    lonely.wait(61)
    times = [(0.0, "REQUEST"), (4.0, "REQUEST"), (12.0, "REQUEST"), (28.0, "REQUEST"), (60.0, "DISCOVER")]
    assert lonely.story == [(0.0, "DISCOVER"), *times]


def test_it_renews_at_half_of_its_time_with_the_server_that_gave_the_lease() -> None:
    lonely = bound()
    lonely.wait(501)
    assert (lonely.last.what, lonely.last.to, lonely.last.packet.ciaddr) == ((500.0, "REQUEST"), EAST_1, A50)
    lonely.hear(ACK, A50)
    lonely.wait(999)
    assert lonely.story == [(500.0, "REQUEST")]


def test_unanswered_it_asks_everybody_at_seven_eighths_and_stops_at_the_end() -> None:
    lonely = bound()
    lonely.wait(1000)
    seen = [(*each.what, each.to) for each in lonely.lan.seen]
    assert seen == [
        (500.0, "REQUEST", EAST_1),
        (687.5, "REQUEST", EAST_1),
        (781.25, "REQUEST", EAST_1),
        (841.25, "REQUEST", EAST_1),  # never within a minute
        (875.0, "REQUEST", 0),
        (937.5, "REQUEST", 0),
        (997.5, "REQUEST", 0),
        (1000.0, "DISCOVER", 0),
    ]
    assert lonely.diary.lines == ["has .50", "gives .50 up: the lease is over"]


def test_it_goes_by_its_own_clock() -> None:
    slow = bound(pace=Pace(own=0.5))
    slow.wait(2000)
    assert slow.story[0] == (1000.0, "REQUEST")
    assert slow.diary.lines[-1] == "gives .50 up: the lease is over"
    assert slow.client.phase is Phase.SELECTING


@pytest.mark.parametrize(
    ("pace", "end_s", "until_s"),
    [
        pytest.param(Pace(), 1000.0, 1000.0, id="all clocks right"),
        pytest.param(Pace(own=0.5), 2000.0, 1000.0, id="a slow client goes on, and has no right to"),
        pytest.param(Pace(own=2.0), 500.0, 500.0, id="a fast client stops by itself"),
        pytest.param(Pace(fastest=1.25), 1000.0, 800.0, id="a fast server ends the promise"),
    ],
)
def test_a_promise_counts_by_the_fastest_clock(pace: Pace, end_s: float, until_s: float) -> None:
    holding = bound(pace=pace).client.holding
    assert holding is not None
    assert (holding.end_s, holding.until_s) == (end_s, until_s)


def test_a_lease_counts_from_the_first_packet_that_asked_for_it() -> None:
    lonely = Lonely()
    lonely.client.does(Act.JOIN)
    lonely.hear(OFFER, A50)
    lonely.wait(13)  # three requests
    lonely.hear(ACK, A50)
    holding = lonely.client.holding
    assert holding is not None
    assert (holding.asked_s, holding.end_s) == (0.0, 1000.0)


def test_after_a_reboot_it_asks_for_the_address_it_had() -> None:
    lonely = bound()
    lonely.client.does(Act.REBOOT)
    packet = lonely.last.packet
    assert (packet.message_type, packet.requested_address, packet.server_id, packet.ciaddr) == (3, A50, None, 0)
    lonely.hear(NAK)
    assert lonely.diary.lines[1:] == ["refused", "gives .50 up: refused"]
    assert lonely.story[-1][1] == "DISCOVER"


def test_one_without_a_disk_remembers_nothing() -> None:
    lonely = bound(FORGETFUL)
    lonely.client.does(Act.REBOOT)
    assert lonely.last.packet.message_type == Dhcp4Type.DISCOVER
    assert lonely.last.packet.requested_address is None
    assert lonely.diary.lines[-1] == "gives .50 up: it remembers nothing"


@pytest.mark.parametrize(
    ("number", "phase"), [(PLAIN, Phase.SELECTING), (NAMED, Phase.BOUND)], ids=["begins anew", "goes on with it"]
)
def test_when_nobody_confirms_its_address_after_a_reboot_it(number: int, phase: Phase) -> None:
    lonely = bound(number)
    lonely.client.does(Act.REBOOT)
    lonely.wait(62)
    assert lonely.client.phase is phase


def test_moved_to_another_network_it_asks_there_for_the_address_it_had() -> None:
    lonely = bound()
    lonely.client.relays = (0, 0x0A020001)
    lonely.client.does(Act.MOVE)
    assert (lonely.last.packet.giaddr, lonely.last.packet.requested_address) == (0x0A020001, A50)


def test_leaving_it_tells_the_server_that_gave_the_lease() -> None:
    lonely = bound()
    lonely.client.does(Act.LEAVE)
    assert (lonely.last.what[1], lonely.last.to, lonely.last.packet.ciaddr) == ("RELEASE", EAST_1, A50)
    assert lonely.client.holding is None


def test_having_declined_it_waits_ten_seconds() -> None:
    lonely = bound()
    lonely.client.does(Act.DECLINE)
    lonely.wait(20)
    assert lonely.story[:2] == [(0.5, "DECLINE"), (10.5, "DISCOVER")]


def test_a_machine_that_boots_by_network_speaks_without_a_name_and_then_by_one() -> None:
    lonely = Lonely(NETWORK_BOOTED)
    lonely.client.does(Act.JOIN)
    lonely.get(A50)
    lonely.wait(21)
    lonely.get(A51)
    names = [(seen.what, seen.packet.client_id) for seen in lonely.lan.seen[-4:]]
    name = b"\xff\x02\x00\x00\x00\x00\x04"
    assert names == [
        ((0.0, "DISCOVER"), None),
        ((0.0, "REQUEST"), None),
        ((20.5, "DISCOVER"), name),
        ((21.5, "REQUEST"), name),
    ]
    assert lonely.diary.lines == ["has .50", "gives .50 up: its system starts", "has .51"]
    lonely.client.does(Act.REBOOT)
    assert (lonely.last.packet.client_id, lonely.last.packet.message_type) == (None, Dhcp4Type.DISCOVER)


def test_an_answer_that_comes_when_half_of_the_lease_is_over_is_renewed_at_once() -> None:
    lonely = Lonely(NETWORK_BOOTED)
    lonely.client.does(Act.JOIN)
    lonely.hear(OFFER, A50, lease_s=20)
    lonely.wait(13)
    lonely.hear(ACK, A50, lease_s=20)
    lonely.wait(13.1)
    assert lonely.diary.lines[0] == "has .50"


def test_a_packet_that_is_repeated_comes_three_times_as_it_was() -> None:
    lonely = bound()
    lonely.client.does(Act.REBOOT)
    lonely.client.does(Act.REPEAT)
    lonely.wait(2)
    assert len(lonely.lan.raw[-4:]) == 4
    assert len(set(lonely.lan.raw[-4:])) == 1


def test_a_lie_is_never_about_its_own_address_and_no_part_of_its_own_exchange() -> None:
    lonely = bound()
    liar = Lonely(chance=random.Random(7))
    liar.client.guise.holding = lonely.client.holding
    for _ in range(300):
        lie = liar_says(liar)
        if "broken" in lie or "garbage" in lie:
            continue
        packet = decode_dhcp4(liar.diary.lies[-1].data)
        assert packet.chaddr == liar.client.mac
        assert packet.xid != liar.client.xid
        assert A50 not in (packet.ciaddr, packet.requested_address)


def test_there_are_lies_of_every_kind() -> None:
    liar = Lonely(chance=random.Random(7))
    kinds = {liar_says(liar).split()[0] for _ in range(100)}
    assert kinds == {"REQUEST", "RELEASE", "DECLINE", "garbage", "a"}


def test_what_is_answered_to_a_client_that_is_off_means_nothing() -> None:
    lonely = bound()
    lonely.client.does(Act.VANISH)
    lonely.hear(ACK, A52)
    assert lonely.client.phase is Phase.OFF
    assert lonely.diary.lines == ["has .50"]


def liar_says(liar: Lonely) -> str:
    """Let it lie and return what it says."""
    liar.lan.deaf = True
    liar.client.does(Act.LIE)
    return liar.diary.lies[-1].what
