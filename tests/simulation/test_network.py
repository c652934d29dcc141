"""The simulated way between two servers: what TCP promises holds, and what it does not promise does not."""

import random
from dataclasses import dataclass, field

from edgepair_engine.core.effects import OpenLink
from edgepair_engine.core.events import DialFailed, Event, LinkLost, LinkUp, PartnerBytes
from edgepair_engine.failover.outcome import LinkId
from edgepair_sim.network import Network, Weather
from edgepair_sim.timeline import Timeline

TO_RIGHT = OpenLink("lan0", "10.0.0.1", "10.0.0.2", 647)


@dataclass(eq=False)
class Recorder:
    """A machine that keeps what its server hears."""

    name: str
    address: str
    powered: bool = True
    listening: bool = True
    heard: list[Event] = field(default_factory=list)

    def offer(self, event: Event) -> None:
        self.heard.append(event)

    @property
    def link(self) -> LinkId:
        return next(event.link for event in reversed(self.heard) if isinstance(event, LinkUp))

    @property
    def bytes_in(self) -> bytes:
        return b"".join(event.data for event in self.heard if isinstance(event, PartnerBytes))

    @property
    def losses(self) -> list[str]:
        return [event.why for event in self.heard if isinstance(event, LinkLost)]

    @property
    def failed_dials(self) -> list[str]:
        return [event.why for event in self.heard if isinstance(event, DialFailed)]


class Wire:
    """Two machines and the way between them; connected already, if not told otherwise."""

    def __init__(self, *, chopped: float = 0.0, connected: bool = True) -> None:
        self.timeline = Timeline()
        self.network = Network(self.timeline, random.Random(1), Weather(chopped=chopped))
        self.left, self.right = Recorder("left", "10.0.0.1"), Recorder("right", "10.0.0.2")
        self.network.join(self.left)
        self.network.join(self.right)
        if connected:
            self.network.dial(self.left, TO_RIGHT)
            self.after(0.1)

    def after(self, wait_s: float) -> None:
        self.timeline.run_until(self.timeline.true_s + wait_s)

    def says(self, host: Recorder, data: bytes) -> None:
        self.network.send(host, host.link, data)


def test_bytes_arrive_in_order_and_whole_whatever_is_cut_and_chopped() -> None:
    wire, chance = Wire(chopped=1.0), random.Random(2)
    said = b""
    for number in range(200):
        word = b"<%d>" % number
        said += word
        wire.says(wire.left, word)
        if number % 10 == 3:
            wire.network.cut("left")
        if number % 10 == 7:
            wire.network.mend("left")
        wire.after(chance.uniform(0, 2))
    wire.after(120)

    assert wire.right.bytes_in == said
    assert sum(isinstance(event, PartnerBytes) for event in wire.right.heard) > 300


def test_nothing_arrives_on_a_cut_way_and_all_of_it_after_the_cut() -> None:
    wire = Wire()
    wire.network.cut("left")
    wire.says(wire.left, b"hello")
    wire.after(60)
    assert wire.right.bytes_in == b""

    wire.network.mend("left")
    wire.after(60)
    assert wire.right.bytes_in == b"hello"


def test_the_other_way_of_a_one_sided_cut_works() -> None:
    wire = Wire()
    wire.network.cut("left")
    wire.says(wire.right, b"hello")
    wire.after(1)

    assert wire.left.bytes_in == b"hello"


def test_a_cut_that_begins_and_ends_within_another_one_mends_nothing() -> None:
    wire = Wire()
    wire.network.cut("left", "right")
    wire.network.cut("left")
    wire.says(wire.left, b"hello")
    wire.network.mend("left")
    wire.after(60)
    assert wire.right.bytes_in == b""

    wire.network.mend("left", "right")
    wire.after(60)
    assert wire.right.bytes_in == b"hello"


def test_what_is_sent_again_does_not_arrive_while_the_next_cut_lasts() -> None:
    wire = Wire()
    wire.network.cut("left")
    wire.says(wire.left, b"hello")
    wire.after(60)
    wire.network.mend("left")
    wire.network.cut("left")
    wire.after(200)
    assert wire.right.bytes_in == b""

    wire.network.mend("left")
    wire.after(120)
    assert wire.right.bytes_in == b"hello"


def test_a_kernel_gives_up_after_fifteen_minutes_of_silence() -> None:
    wire = Wire()
    wire.network.cut("left")
    wire.says(wire.left, b"hello")
    wire.after(923)
    assert wire.left.losses == []

    wire.after(2)
    assert wire.left.losses == ["connection timed out"]
    assert wire.right.losses == []  # half a connection


def test_a_link_is_closed_after_what_was_sent_on_it() -> None:
    wire = Wire()
    wire.says(wire.left, b"bye")
    wire.network.hang_up(wire.left, wire.left.link, "enough")
    wire.after(1)

    assert [type(event) for event in wire.right.heard] == [LinkUp, PartnerBytes, LinkLost]
    assert wire.right.losses == ["closed by the partner"]
    assert wire.left.losses == ["enough"]


def test_the_last_word_on_a_closed_link_outlives_a_short_cut() -> None:
    wire = Wire()
    wire.network.cut("left")
    wire.network.hang_up(wire.left, wire.left.link, "enough")
    wire.after(40)
    wire.network.mend("left")
    wire.after(41)

    assert wire.right.losses == ["closed by the partner"]


def test_a_link_that_was_closed_in_a_cut_of_two_minutes_is_found_dead_by_who_speaks_on_it() -> None:
    wire = Wire()
    wire.network.cut("left")
    wire.network.hang_up(wire.left, wire.left.link, "enough")
    wire.after(120)
    wire.network.mend("left")
    wire.after(300)
    assert wire.right.losses == []

    wire.says(wire.right, b"are you there?")
    wire.after(1)
    assert wire.right.losses == ["connection reset"]


def test_who_speaks_to_a_machine_that_lost_power_hears_a_reset_when_it_is_back() -> None:
    wire = Wire()
    wire.right.powered = False
    wire.network.machine_gone(wire.right)
    wire.says(wire.left, b"are you there?")
    wire.after(60)
    assert wire.left.losses == []

    wire.right.powered = True
    wire.network.machine_back(wire.right)
    wire.after(61)
    assert wire.left.losses == ["connection reset"]
    assert wire.right.bytes_in == b""


def test_who_says_nothing_to_a_machine_that_lost_power_keeps_half_a_connection() -> None:
    wire = Wire()
    wire.right.powered = False
    wire.network.machine_gone(wire.right)
    wire.right.powered = True
    wire.network.machine_back(wire.right)
    wire.after(3600)

    assert wire.left.losses == []


def test_the_reset_from_a_machine_that_is_back_finds_no_way_through_a_cut() -> None:
    wire = Wire()
    wire.right.powered = False
    wire.network.machine_gone(wire.right)
    wire.right.powered = True
    wire.network.cut("right")
    wire.says(wire.left, b"are you there?")
    wire.after(300)
    assert wire.left.losses == []

    wire.network.mend("right")
    wire.after(121)
    assert wire.left.losses == ["connection reset"]


def test_the_partner_of_a_process_that_ends_hears_of_it_once() -> None:
    wire = Wire()
    wire.network.process_ended(wire.left)
    wire.after(1)

    assert len(wire.right.losses) == 1
    assert wire.left.losses == []  # there is nobody to hear it


def test_the_next_process_hears_nothing_of_the_links_and_dials_of_the_one_before() -> None:
    wire = Wire()
    wire.network.cut("right")
    wire.network.dial(wire.left, TO_RIGHT)
    wire.network.process_ended(wire.left)
    wire.left.heard.clear()
    wire.says(wire.right, b"hello")
    wire.after(10)

    assert wire.left.heard == []


def test_a_dial_is_refused_where_no_process_listens() -> None:
    wire = Wire(connected=False)
    wire.right.listening = False
    wire.network.dial(wire.left, TO_RIGHT)
    wire.after(1)

    assert wire.left.failed_dials == ["connection refused"]


def test_a_dial_gets_no_answer_through_a_cut_of_either_way() -> None:
    wire = Wire(connected=False)
    wire.network.cut("right")
    wire.network.dial(wire.left, TO_RIGHT)
    wire.after(4.9)
    assert wire.left.heard == []

    wire.after(0.2)
    assert wire.left.failed_dials == ["10.0.0.2:647 did not answer"]


def test_a_dial_succeeds_when_a_cut_ends_before_its_last_attempt() -> None:
    wire = Wire(connected=False)
    wire.network.cut("right")
    wire.network.dial(wire.left, TO_RIGHT)
    wire.after(2)
    wire.network.mend("right")
    wire.after(4)

    assert [type(event) for event in wire.left.heard] == [LinkUp]
    assert [type(event) for event in wire.right.heard] == [LinkUp]


def test_a_reset_by_the_network_reaches_both_ends() -> None:
    wire = Wire()
    wire.network.reset_all()

    assert wire.left.losses == ["connection reset"]
    assert wire.right.losses == ["connection reset"]


def test_a_longer_way_is_as_long_as_the_longest_of_its_delays() -> None:
    wire = Wire()
    wire.network.more_delay_s.add(8.0)
    wire.network.more_delay_s.add(2.0)
    wire.network.more_delay_s.remove(2.0)
    wire.says(wire.left, b"hello")
    wire.after(7.9)
    assert wire.right.bytes_in == b""

    wire.after(0.2)
    assert wire.right.bytes_in == b"hello"
