"""The checkers of states, tables and sizes: each fires where its promise is broken, and only there."""

from __future__ import annotations

from dataclasses import replace

import pytest

from edgepair_contract.control import ControlAnswer
from edgepair_contract.report import TransitionReport
from edgepair_contract.vocabulary import BindingState, FailoverState, Serving
from edgepair_engine.core.engine import Engine
from edgepair_engine.core.events import Event
from edgepair_engine.leases.lease import Lease
from edgepair_engine.leases.record import LeaseRecord
from edgepair_engine.wire.failover import State
from edgepair_sim.bounds import normal_bound_s
from edgepair_sim.checkers.checker import Broken
from edgepair_sim.checkers.no_assertion_fired import NoAssertionFired
from edgepair_sim.checkers.normal_is_agreed import NormalIsAgreed
from edgepair_sim.checkers.normal_within_a_bound import NormalWithinABound
from edgepair_sim.checkers.nothing_grows import WORDS_MAX, NothingGrows
from edgepair_sim.checkers.partner_down_needs_a_reason import PartnerDownNeedsAReason
from edgepair_sim.checkers.reports_are_true import ReportsAreTrue
from edgepair_sim.checkers.table import CHECKERS
from edgepair_sim.checkers.tables_are_equal import TablesAreEqual
from edgepair_sim.clock import START_AT
from edgepair_sim.deeds import deed_of
from edgepair_sim.life import Life
from edgepair_sim.node import Node
from edgepair_sim.pair import GROUP
from edgepair_sim.script import script_of
from edgepair_sim.trace import Trace
from tests.simulation.checking import (
    A50,
    APART,
    DOWN,
    MAC_1,
    MAC_2,
    NORMAL,
    RECOVER,
    a_checker,
    a_lease,
    a_report,
    a_state,
    an_ack,
    at,
    on_disk,
    primary,
    secondary,
)

SHORT_LIFE = """seed=5 mclt_s=60 clients=4 lease_s=600 max_response_delay_s=10
at 5.000 client client=1 act=join
at 6.000 client client=2 act=join
at 200.000 cut for_s=120
at 250.000 client client=3 act=join
at 500.000 kill node=east-2 point=two-batches power=machine down_s=30
at 510.000 client client=4 act=join
at 700.000 kill node=east-1 store=lost down_s=20
end 2400
"""
TO_DOWN = TransitionReport(at=START_AT, from_state=APART.label, to_state=DOWN.label, cause="?")

# Partner-Down needs a reason


def test_partner_down_without_any_reason_is_told() -> None:
    checker = a_checker(PartnerDownNeedsAReason)

    with pytest.raises(Broken, match="partner-down-needs-a-reason: east-1 goes to Partner-Down after 0 s alone"):
        checker.published(primary(checker), a_report(DOWN, transitions=(TO_DOWN,)))


def test_partner_down_on_a_persons_order_is_right() -> None:
    checker = a_checker(PartnerDownNeedsAReason)
    primary(checker).start()
    checker.done(deed_of("at 1.000 order node=east-1 action=partner-down"))
    checker.ordered(primary(checker), ControlAnswer(done=True))

    checker.published(primary(checker), a_report(DOWN, transitions=(TO_DOWN,)))


def test_an_order_that_was_refused_is_no_reason() -> None:
    checker = a_checker(PartnerDownNeedsAReason)
    primary(checker).start()
    checker.done(deed_of("at 1.000 order node=east-1 action=partner-down"))
    checker.ordered(primary(checker), ControlAnswer(done=False))

    with pytest.raises(Broken):
        checker.published(primary(checker), a_report(DOWN, transitions=(TO_DOWN,)))


def test_of_two_orders_the_second_is_a_reason_although_the_first_was_refused() -> None:
    checker = a_checker(PartnerDownNeedsAReason)
    primary(checker).start()
    for _ in range(2):
        checker.done(deed_of("at 1.000 order node=east-1 action=partner-down"))
    checker.ordered(primary(checker), ControlAnswer(done=False))

    checker.published(primary(checker), a_report(DOWN, transitions=(TO_DOWN,)))


def test_an_order_that_was_stored_before_the_server_died_shows_when_it_is_back() -> None:
    checker = a_checker(PartnerDownNeedsAReason)
    primary(checker).start()
    checker.done(deed_of("at 1.000 order node=east-1 action=partner-down"))
    checker.crashed(primary(checker))
    checker.published(primary(checker), a_report(DOWN, transitions=(TO_DOWN,)))

    again = TO_DOWN.model_copy(update={"at": START_AT + 1})
    with pytest.raises(Broken):
        checker.published(primary(checker), a_report(DOWN, transitions=(TO_DOWN, again)))


def test_an_order_to_a_dead_server_is_no_reason() -> None:
    checker = a_checker(PartnerDownNeedsAReason)
    checker.done(deed_of("at 1.000 order node=east-1 action=partner-down"))

    with pytest.raises(Broken):
        checker.published(primary(checker), a_report(DOWN, transitions=(TO_DOWN,)))


@pytest.mark.parametrize(("alone_s", "right"), [(30, False), (60, True)])
def test_policy_after_needs_its_time(alone_s: int, right: bool) -> None:
    checker = a_checker(PartnerDownNeedsAReason, "seed=1 auto_partner_down_s=60\nend 1000\n")
    checker.published(primary(checker), a_report(APART))
    at(checker, alone_s)

    if right:
        checker.published(primary(checker), a_report(DOWN, transitions=(TO_DOWN,)))
        return
    with pytest.raises(Broken):
        checker.published(primary(checker), a_report(DOWN, transitions=(TO_DOWN,)))


def test_policy_after_has_its_time_although_paused_was_shown_for_a_part_of_it() -> None:
    checker = a_checker(PartnerDownNeedsAReason, "seed=1 auto_partner_down_s=60\nend 1000\n")
    lost = TransitionReport(at=START_AT - 60, from_state=NORMAL.label, to_state=APART.label, cause="?")
    checker.published(primary(checker), a_report(APART, transitions=(lost,)))
    checker.published(primary(checker), a_report(FailoverState.PAUSED, transitions=(lost,)))
    checker.published(primary(checker), a_report(APART, transitions=(lost,)))

    checker.published(primary(checker), a_report(DOWN, transitions=(lost, TO_DOWN)))


def test_policy_after_may_have_its_time_while_the_disk_is_full_and_nothing_is_shown() -> None:
    checker = a_checker(PartnerDownNeedsAReason, "seed=1 auto_partner_down_s=60\nend 1000\n")
    checker.published(primary(checker), a_report(NORMAL))
    lost = TransitionReport(at=START_AT - 60, from_state=NORMAL.label, to_state=APART.label, cause="?")

    checker.published(primary(checker), a_report(DOWN, transitions=(lost, TO_DOWN)))


def test_two_servers_in_partner_down_because_each_heard_that_the_other_recovers_are_told() -> None:
    checker = a_checker(PartnerDownNeedsAReason)
    for node in (primary(checker), secondary(checker)):
        node.start()
        node.report = a_report(DOWN, partner_state=RECOVER, transitions=(TO_DOWN,))
    checker.published(primary(checker), a_report(DOWN, partner_state=RECOVER, transitions=(TO_DOWN,)))

    with pytest.raises(Broken, match="both servers are in Partner-Down"):
        checker.published(secondary(checker), a_report(DOWN, partner_state=RECOVER, transitions=(TO_DOWN,)))


# reports are true


def test_a_report_of_what_the_disk_holds_is_right() -> None:
    checker = a_checker(ReportsAreTrue)
    primary(checker).disk.write([a_state(NORMAL)])

    checker.published(primary(checker), a_report(NORMAL))


@pytest.mark.parametrize(
    "changes",
    [
        pytest.param({"my_state": APART, "serving": Serving.ALL}, id="another state"),
        pytest.param({"my_state_at": START_AT + 1}, id="another time"),
        pytest.param({"mclt_s": 61}, id="another MCLT"),
        pytest.param({"partner_state": NORMAL, "partner_state_at": START_AT}, id="another partner's state"),
        pytest.param({"serving": Serving.NONE}, id="serving nobody"),
        pytest.param({"starting": True}, id="serving while starting"),
    ],
)
def test_a_report_of_anything_else_is_told(changes: dict[str, object]) -> None:
    checker = a_checker(ReportsAreTrue)
    primary(checker).disk.write([a_state(NORMAL)])

    with pytest.raises(Broken, match="reports-are-true: east-1"):
        checker.published(primary(checker), a_report(**{"my_state": NORMAL, **changes}))  # type: ignore[arg-type]


def test_a_revision_that_does_not_rise_is_told() -> None:
    checker = a_checker(ReportsAreTrue)
    primary(checker).disk.write([a_state(NORMAL)])
    checker.published(primary(checker), a_report(NORMAL, revision=4))

    with pytest.raises(Broken, match="revision 4 after 4"):
        checker.published(primary(checker), a_report(NORMAL, revision=4))


@pytest.mark.parametrize(
    ("first", "then"),
    [
        pytest.param(_move := TransitionReport(at=START_AT, from_state="Recover", to_state="Normal", cause=""),
                     TransitionReport(at=START_AT, from_state="Partner-Down", to_state="Normal", cause=""),
                     id="one that begins elsewhere"),
        pytest.param(TransitionReport(at=START_AT + 9, from_state="Partner-Down", to_state="Recover", cause=""),
                     _move, id="one that was before"),
    ],
)  # fmt: skip
def test_transitions_that_do_not_follow_each_other_are_told(first: TransitionReport, then: TransitionReport) -> None:
    checker = a_checker(ReportsAreTrue)
    primary(checker).disk.write([a_state(NORMAL)])

    with pytest.raises(Broken, match=", then "):
        checker.published(primary(checker), a_report(NORMAL, transitions=(first, then)))


def test_a_partners_state_that_it_has_not_said_since_is_told() -> None:
    checker = a_checker(ReportsAreTrue)
    for state in (RECOVER, NORMAL):
        checker.spoke(secondary(checker), State(time=START_AT, xid=1, state=state.wire, startup=False, stos=START_AT))
    for state in (NORMAL, RECOVER):
        primary(checker).disk.write([a_state(NORMAL, partner_state=state, partner_state_at=START_AT)])
        report = a_report(NORMAL, revision=state.wire, partner_state=state, partner_state_at=START_AT)
        if state is NORMAL:
            checker.published(primary(checker), report)

    with pytest.raises(Broken, match=r"reports its partner in Recover, which said \['Normal'\] since"):
        checker.published(primary(checker), report)


def test_an_ack_of_a_server_that_serves_nobody_is_told() -> None:
    checker = a_checker(ReportsAreTrue)
    primary(checker).disk.write([a_state(RECOVER)])
    checker.published(primary(checker), a_report(RECOVER, serving=Serving.NONE))

    with pytest.raises(Broken, match="and serves nobody"):
        checker.answered(primary(checker), an_ack(MAC_1))


# tables are equal


@pytest.mark.parametrize(
    ("mine", "theirs", "equal"),
    [
        pytest.param(a_lease(MAC_1, ends_in_s=9000), a_lease(MAC_1, ends_in_s=9000), True, id="the same"),
        pytest.param(a_lease(MAC_1, ends_in_s=9000), a_lease(MAC_2, ends_in_s=9000), False, id="another client"),
        pytest.param(a_lease(MAC_1, ends_in_s=9000), a_lease(MAC_1, ends_in_s=9001), False, id="another end"),
        pytest.param(a_lease(MAC_1, ends_in_s=9000), Lease(A50), False, id="free at the partner's"),
        pytest.param(Lease(A50, BindingState.BACKUP), Lease(A50), False, id="whose it is"),
        pytest.param(_ended := a_lease(MAC_1, ends_in_s=9, state=BindingState.EXPIRED), _ended, False, id="not told"),
        pytest.param(Lease(A50, tstp=9), Lease(A50), True, id="available, told once more at the next Normal"),
        pytest.param(a_lease(MAC_1, ends_in_s=995), Lease(A50), True, id="just over"),
    ],
)
def test_tables_that_differ_at_the_end_are_told(mine: Lease, theirs: Lease, equal: bool) -> None:
    checker = a_checker(TablesAreEqual)
    at(checker, 1000)
    _in_normal_at_last(primary(checker), mine)
    _in_normal_at_last(secondary(checker), theirs)

    if equal:
        checker.ended()
        return
    with pytest.raises(Broken, match=r"tables-are-equal: 10\.1\.0\.50: "):
        checker.ended()


# NORMAL within a bound


def test_a_pair_that_is_not_in_normal_when_the_bound_is_over_is_told() -> None:
    checker = a_checker(NormalWithinABound, "seed=1 mclt_s=60 max_response_delay_s=10\nend 1000\n")
    checker.healed()
    at(checker, 259)

    with pytest.raises(Broken, match="260 s after the last fault: east-1 does not run"):
        at(checker, 261)


def test_a_server_that_left_normal_before_the_end_is_told() -> None:
    checker = a_checker(NormalWithinABound)
    at(checker, 1000)
    for node, state in ((primary(checker), NORMAL), (secondary(checker), APART)):
        node.start()
        node.report = a_report(state)

    with pytest.raises(Broken, match=r"at the end: east-2 is in touch in Communications-Interrupted, partner Unknown$"):
        checker.ended()


def test_a_server_that_leaves_normal_for_a_moment_though_nothing_is_broken_is_told() -> None:
    checker = a_checker(NormalWithinABound, "seed=1 mclt_s=60 max_response_delay_s=10\nend 1000\n")
    checker.healed()
    at(checker, 259.9999)  # their first turn comes after the look
    for node in (primary(checker), secondary(checker)):
        node.start()
        node.report = a_report(NORMAL)
    at(checker, 260)
    primary(checker).report = a_report(APART)

    with pytest.raises(Broken, match="it does not stay so, though nothing is broken: east-1 is in touch in"):
        checker.published(primary(checker), a_report(APART))


def test_the_bound_counts_the_largest_mclt_and_the_longest_silence_of_a_life() -> None:
    script = script_of(
        "seed=1 mclt_s=60 max_response_delay_s=10\n"
        + ("at 1.000 configure change=mclt value=600\nat 2.000 configure change=max-response-delay value=120\nend 9\n")
    )

    assert normal_bound_s(script) == 120 + 120 + 5 + 5 + 15 + 15 + 600 + 30


# nothing grows


def test_a_disk_with_more_records_than_addresses_is_told() -> None:
    checker = a_checker(NothingGrows, "seed=1 networks=1 addresses=4\nend 1000\n")
    primary(checker).disk.write([LeaseRecord(GROUP, Lease(A50 + number)) for number in range(8)])

    with pytest.raises(Broken, match="nothing-grows: east-1: records_on_disk is 8; the limit is 7"):
        at(checker, 301)


def test_a_queue_beyond_its_limit_is_told() -> None:
    checker = a_checker(NothingGrows)
    node = primary(checker)
    node.start()
    assert node.engine is not None
    node.engine.sizes = lambda: {"connections": 9}  # type: ignore[method-assign]  # one that has grown

    with pytest.raises(Broken, match="connections is 9; the limit is 8"):
        at(checker, 301)


def test_two_that_talk_without_end_are_told() -> None:
    checker = a_checker(NothingGrows)
    for _ in range(WORDS_MAX):
        checker.said(primary(checker), b"")
    with pytest.raises(Broken, match="east-1 has spoken 10000 times to its partner within 300 s"):
        checker.said(primary(checker), b"")


# no assertion fired


def test_whatever_a_server_raises_in_its_turn_ends_the_life(monkeypatch: pytest.MonkeyPatch) -> None:
    def handle(_self: Engine, _event: Event, _now: object) -> None:
        raise AssertionError("cannot be")

    monkeypatch.setattr(Engine, "handle", handle)

    with pytest.raises(Broken, match="no-assertion-fired: AssertionError: cannot be") as broken:
        Life(script_of("seed=1\nend 10\n"), Trace(), (NoAssertionFired,)).run()
    assert "test_checkers_of_states.py" in str(broken.value)


# all of them


def test_a_short_life_with_cuts_and_crashes_breaks_no_promise() -> None:
    life = Life(script_of(SHORT_LIFE), Trace(), tuple(CHECKERS.values()))

    life.run()

    assert life.scene.nodes["east-2"].disk.lease(A50) is not None


def test_checkers_do_not_change_what_happens() -> None:
    traces = (Trace(), Trace())
    for trace, checkers in zip(traces, ((), tuple(CHECKERS.values())), strict=True):
        Life(script_of(SHORT_LIFE.replace("end 2400", "end 300")), trace, checkers).run()

    assert traces[0].digest == traces[1].digest


def test_every_checker_is_called_as_its_file() -> None:
    assert all(kind.__module__.endswith(name.replace("-", "_")) for name, kind in CHECKERS.items())


def _in_normal_at_last(node: Node, lease: Lease) -> None:
    node.start()
    node.report = a_report(FailoverState.NORMAL)
    node.disk.write([LeaseRecord(GROUP, lease)])


# equal tables


def test_tables_that_differ_between_two_that_have_told_all_are_told() -> None:
    life = Life(
        script_of("seed=1 clients=1 networks=1 lost=0 calm=1\nat 30 client client=1 act=join\nend 900\n"), Trace(), ()
    )
    checker = TablesAreEqual(life.scene)
    life.scene.timeline.at(500.0, lambda: on_disk(primary(checker), replace(a_lease(MAC_2), ends_at=START_AT + 9999)))
    with pytest.raises(Broken, match=r"tables-are-equal: 10\.1\.0\.50: east-1 holds"):
        life.run()


# coming to Normal

TO_NORMAL = TransitionReport(
    at=START_AT, from_state=APART.label, to_state=NORMAL.label, cause="partner is in Partner-Down"
)


def test_a_server_that_joins_a_partner_in_partner_down_is_told() -> None:
    checker = a_checker(NormalIsAgreed)
    with pytest.raises(Broken, match="normal-is-agreed: east-1 comes to Normal while its partner is in Partner-Down"):
        checker.published(primary(checker), a_report(NORMAL, partner_state=DOWN, transitions=(TO_NORMAL,)))


def test_two_that_have_served_alone_join() -> None:
    checker = a_checker(NormalIsAgreed)
    checker.published(primary(checker), a_report(NORMAL, partner_state=APART, transitions=(TO_NORMAL,)))
    checker.published(primary(checker), a_report(NORMAL, partner_state=DOWN, transitions=(TO_NORMAL,)))
