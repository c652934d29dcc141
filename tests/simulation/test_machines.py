"""How simulated servers fail: what a crash loses, what a stopped process misses, and how troubles overlap."""

from __future__ import annotations

from edgepair_contract.vocabulary import BindingState, FailoverState
from edgepair_engine.leases.record import LeaseRecord
from edgepair_engine.wire.dhcp4 import Dhcp4Packet
from edgepair_engine.wire.dhcp4_options import Dhcp4Type
from edgepair_sim.checkers.checker import Checker
from edgepair_sim.disk import Disk
from edgepair_sim.life import Life
from edgepair_sim.node import Node
from edgepair_sim.pair import PRIMARY, SECONDARY
from edgepair_sim.scene import Scene
from edgepair_sim.script import script_of
from edgepair_sim.trace import Trace
from edgepair_sim.worst import Worst

# The primary answers everybody.
QUIET = "seed=5 clients=3 networks=1 lost=0 doubled=0 chopped=0 split=256 load_balance_max_s=200"


class Witness(Checker):
    """Keeps what a test wants to know of a life."""

    def __init__(self, scene: Scene) -> None:
        super().__init__(scene)
        self.starts: list[tuple[float, str]] = []
        self.crashes: list[tuple[float, str]] = []
        self.leased_at_crash: list[int] = []  # active leases on the disk of who dies
        self.acks: list[tuple[float, str]] = []
        self.states: list[tuple[float, str, FailoverState]] = []

    def started(self, node: Node) -> None:
        self.starts.append((round(self.scene.now_s, 1), node.name))

    def crashed(self, node: Node) -> None:
        self.crashes.append((round(self.scene.now_s, 1), node.name))
        records = [record for record in node.disk.records.values() if isinstance(record, LeaseRecord)]
        self.leased_at_crash.append(sum(record.lease.state is BindingState.ACTIVE for record in records))

    def answered(self, node: Node, packet: Dhcp4Packet) -> None:
        if packet.message_type == Dhcp4Type.ACK:
            self.acks.append((round(self.scene.now_s, 1), node.name))

    def turned(self, node: Node) -> None:
        report = node.report
        if report is None:
            return
        seen = [state for _, name, state in self.states if name == node.name][-1:]
        if seen != [report.groups[0].my_state]:
            self.states.append((round(self.scene.now_s, 1), node.name, report.groups[0].my_state))


def lived(*lines: str, settings: str = QUIET) -> Witness:
    """Return what somebody saw of a life."""
    life = Life(script_of("\n".join((settings, *lines))), Trace(), (Witness,))
    life.run()
    (witness,) = life.checkers
    assert isinstance(witness, Witness)
    return witness


def test_a_crash_before_the_commit_loses_the_lease_and_nobody_has_heard_of_it() -> None:
    seen = lived(f"at 99.9 kill node={PRIMARY} point=before-commit", "at 100 client client=1 act=join", "end 101")

    assert seen.crashes == [(100.0, PRIMARY)]
    assert seen.leased_at_crash == [0]
    assert seen.acks == []


def test_a_crash_after_the_commit_keeps_the_lease_and_nobody_has_heard_of_it() -> None:
    seen = lived(f"at 99.9 kill node={PRIMARY} point=after-commit", "at 100 client client=1 act=join", "end 101")

    assert seen.crashes == [(100.0, PRIMARY)]
    assert seen.leased_at_crash == [1]
    assert seen.acks == []


def test_a_crash_of_two_batches_loses_what_is_written_and_what_waits_behind_it() -> None:
    seen = lived(
        f"at 99.9 kill node={PRIMARY} point=two-batches",
        "at 100 client client=1 act=join",
        "at 102 client client=2 act=join",
        "end 108",
    )

    assert seen.crashes == [(105.0, PRIMARY)]  # when the sync of the first one would have ended
    assert seen.leased_at_crash == [0]
    assert seen.acks == []


def test_a_crash_while_it_sends_comes_after_the_answer_to_the_client() -> None:
    seen = lived(f"at 99.9 kill node={PRIMARY} point=sending", "at 100 client client=1 act=join", "end 101")

    assert seen.crashes == [(100.0, PRIMARY)]
    assert seen.acks == []  # the OFFER was the first thing it sent


def test_a_server_that_does_not_come_to_its_crash_point_dies_after_a_minute() -> None:
    seen = lived(f"at 100 kill node={PRIMARY} point=two-batches down_s=7", "end 180", settings=f"{QUIET} clients=0")

    assert seen.crashes == [(160.0, PRIMARY)]
    assert seen.starts[2:] == [(167.0, PRIMARY)]


def test_killing_a_dead_server_changes_nothing() -> None:
    seen = lived(f"at 50 kill node={PRIMARY} down_s=20", f"at 55 kill node={PRIMARY} down_s=1", "end 100")

    assert seen.crashes == [(50.0, PRIMARY)]
    assert seen.starts[2:] == [(70.0, PRIMARY)]


def test_a_server_that_a_person_starts_and_that_dies_again_stays_down_for_as_long_as_either_crash_says() -> None:
    seen = lived(
        f"at 50 kill node={PRIMARY} down_s=40",
        f"at 60 start node={PRIMARY}",
        f"at 62 kill node={PRIMARY} down_s=5",
        "end 120",
    )

    assert seen.starts[2:] == [(60.0, PRIMARY), (90.0, PRIMARY)]


def test_a_server_that_is_asked_to_end_says_so_and_its_partner_takes_over_at_once() -> None:
    seen = lived(f"at 100 restart node={PRIMARY} down_s=20", "at 105 client client=1 act=join", "end 180")

    assert seen.crashes == [(100.0, PRIMARY)]
    assert (100.0, SECONDARY, FailoverState.COMMUNICATIONS_INTERRUPTED) in seen.states
    assert [who for _, who in seen.acks] == [SECONDARY]
    assert seen.starts[2:] == [(120.0, PRIMARY)]
    assert seen.states[-1][2] is FailoverState.NORMAL


def test_a_stopped_server_that_is_asked_to_end_is_killed_after_half_a_minute() -> None:
    seen = lived(f"at 100 stop node={PRIMARY} for_s=300", f"at 110 restart node={PRIMARY} down_s=5", "end 180")

    assert seen.crashes == [(140.0, PRIMARY)]
    assert seen.starts[2:] == [(145.0, PRIMARY)]


def test_a_stopped_process_answers_when_it_goes_on() -> None:
    seen = lived(f"at 90 stop node={PRIMARY} for_s=4", "at 92 client client=1 act=join", "end 140")

    assert seen.acks == [(94.0, PRIMARY)]
    assert [state for at_s, _, state in seen.states if at_s > 90] == []  # nobody has missed it


def test_a_process_that_stood_still_for_long_waits_for_its_clients_to_ask_again() -> None:
    seen = lived(f"at 90 stop node={PRIMARY} for_s=12", "at 100 client client=1 act=join", "end 140")

    ((at_s, name),) = seen.acks
    assert (name, 102.5 < at_s < 106) == (PRIMARY, True)


def test_a_process_that_is_stopped_twice_goes_on_after_the_longer_stop() -> None:
    seen = lived(
        f"at 90 stop node={PRIMARY} for_s=30",
        f"at 95 stop node={PRIMARY} for_s=5",
        "at 117 client client=1 act=join",
        "end 140",
    )

    ((at_s, name),) = seen.acks
    assert (name, 120 < at_s < 125) == (PRIMARY, True)


def test_a_process_that_was_stopped_for_longer_than_its_partner_waits_starts_anew() -> None:
    seen = lived(f"at 90 stop node={PRIMARY} for_s=100", "end 250")
    later = [(name, state) for at_s, name, state in seen.states if at_s > 90]

    assert later[0] == (SECONDARY, FailoverState.COMMUNICATIONS_INTERRUPTED)
    assert later[-1][1] is FailoverState.NORMAL
    assert seen.starts[2:] == []


def test_a_configuration_pushed_to_a_server_that_is_down_is_read_from_the_file_at_its_start() -> None:
    seen = lived(
        f"at 100 kill node={SECONDARY} down_s=100", "at 110 configure change=lease value=300 mount_s=60", "end 230"
    )
    reports = [node.report for node in seen.scene.nodes.values()]

    assert [report.config_revision for report in reports if report is not None] == [2, 2]


def test_a_file_that_lags_behind_what_was_pushed_does_not_bring_the_older_configuration_back() -> None:
    seen = lived(
        "at 100 configure change=lease value=300 mount_s=90", f"at 110 kill node={PRIMARY} down_s=10", "end 150"
    )
    primary = seen.scene.nodes[PRIMARY]

    assert primary.config.revision == 1
    assert primary.report is not None
    assert primary.report.config_revision == 2


def test_a_server_with_an_empty_disk_and_an_old_file_gets_the_new_one_when_it_is_mounted() -> None:
    script = ("at 100 configure change=lease value=300 mount_s=90", f"at 110 kill node={PRIMARY} store=lost down_s=10")
    before, after = (lived(*script, end).scene.nodes[PRIMARY].report for end in ("end 150", "end 200"))

    assert before is not None
    assert after is not None
    assert (before.config_revision, after.config_revision) == (1, 2)


def test_an_order_that_is_given_twice_stands_until_it_is_taken_back_twice() -> None:
    seen = lived(
        f"at 100 order node={PRIMARY} action=pause for_s=60",
        f"at 110 order node={PRIMARY} action=pause for_s=10",
        "end 200",
    )
    states = [(at_s, state) for at_s, name, state in seen.states if name == PRIMARY and at_s >= 100]

    assert states[0] == (100.0, FailoverState.PAUSED)
    assert states[1][0] >= 160.0


def test_a_fence_that_could_not_be_taken_back_from_a_dead_server_is_taken_back_at_its_start() -> None:
    seen = lived(
        f"at 100 order node={PRIMARY} action=fence for_s=30", f"at 120 kill node={PRIMARY} down_s=60", "end 260"
    )

    assert [state for _, _, state in seen.states[-2:]] == [FailoverState.NORMAL, FailoverState.NORMAL]


def test_a_clock_that_is_put_forward_for_a_while_is_put_right_again() -> None:
    stepped = lived(f"at 100 step-clock node={PRIMARY} by_s=50 for_s=20", "end 110").scene.nodes[PRIMARY]
    right = lived(f"at 100 step-clock node={PRIMARY} by_s=50 for_s=20", "end 130").scene.nodes[PRIMARY]

    assert (stepped.clock.offset_s, right.clock.offset_s) == (50, 0)


def test_of_troubles_that_overlap_the_worst_counts_whichever_ends_first() -> None:
    syncs = Worst(0.003)
    seen = [syncs.now]
    syncs.add(3.0)
    syncs.add(0.5)
    seen.append(syncs.now)
    syncs.remove(3.0)
    seen.append(syncs.now)
    syncs.remove(0.5)

    assert [*seen, syncs.now] == [0.003, 3.0, 0.5, 0.003]


def test_one_script_is_one_life() -> None:
    text = f"{QUIET}\nat 20 client client=1 act=join\nat 60 cut for_s=100\nat 70 kill node={PRIMARY}\nend 400"
    digests = set()
    for _ in range(2):
        trace = Trace()
        Life(script_of(text), trace, ()).run()
        digests.add(trace.digest)

    assert len(digests) == 1


def test_a_copy_of_a_store_that_was_just_lost_has_forgotten_what_that_had() -> None:
    disk = Disk(PRIMARY)
    disk.keep_copy(100)
    disk.lose()
    disk.keep_copy(200)
    disk.roll_back(250)
    disk.made_good()
    disk.keep_copy(300)
    disk.roll_back(350)
    assert disk.forgot_from_s == [0.0, 0.0, 300]
