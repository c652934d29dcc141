"""What a group's status says of worlds described in one sentence each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from edgepair_contract.report import TransitionReport, WaitReport
from edgepair_contract.vocabulary import FailoverState, Role, Serving
from edgepair_operator.plan.plan import plan
from edgepair_operator.plan.world import Reach, World
from tests.unit.operator.plan.worlds import (
    EAST_1,
    EAST_2,
    INTERRUPTED,
    a_group,
    a_group_report,
    a_normal_world,
    a_report,
    a_server,
    a_world,
    at,
    condition_of,
    epoch,
    facts,
    settled,
    status_of,
    with_reach,
)

TOP = ("myState", "myStateTime", "partnerState", "partnerStateTime", "agreement", "servingText")


def lost(world: World, name: str, *, since_s: float) -> World:
    """Return the world in which a server stopped answering so many seconds ago (negative)."""
    return with_reach(world, name, replace(world.servers[name].reach, lost_at=at(since_s)))


def says(world: World, name: str, role: Role, **more: Any) -> World:
    """Return the world in which a server's engine says this of the group."""
    before = world.servers[name].reach.report
    assert before is not None
    report = before.model_copy(update={"groups": (a_group_report(role, **more),)})
    return with_reach(world, name, Reach(report))


def primary_cut_off(seconds_ago: int) -> World:
    """Return the world in which the secondary was killed: the primary has not heard it since."""
    world = lost(a_normal_world(groups=(a_group(status=status_of(a_normal_world())),)), EAST_2, since_s=-seconds_ago)
    return says(
        world,
        EAST_1,
        Role.PRIMARY,
        my_state=INTERRUPTED,
        my_state_at=epoch(-seconds_ago),
        connected=False,
        last_contact_at=epoch(-seconds_ago),
        serving=Serving.ALL,
    )


CASES: Mapping[str, tuple[World, tuple[str | None, ...]]] = {
    "both Normal: the primary's row": (
        a_normal_world(),
        ("Normal", "2026-11-25T11:50:00Z", "Normal", "2026-11-25T11:50:01Z", "Agreed", "both half"),
    ),
    "nobody asked yet and nothing shown before: Unknown without a time": (
        a_world(),
        ("Unknown", None, "Unknown", None, "Unknown", "unknown"),
    ),
    "the secondary was killed 2 s ago: the primary says so at once, the partner's last word still holds": (
        primary_cut_off(2),
        (
            "Communications-Interrupted",
            "2026-11-25T11:59:58Z",
            "Normal",
            "2026-11-25T11:50:01Z",
            "Agreed",
            "primary all, secondary half",
        ),
    ),
    "the secondary was killed 12 s ago: Partner State is Unknown since the last word and the delay": (
        primary_cut_off(12),
        (
            "Communications-Interrupted",
            "2026-11-25T11:59:48Z",
            "Unknown",
            "2026-11-25T11:59:58Z",
            "OneSideOnly",
            "primary all, secondary unknown",
        ),
    ),
    "the primary cannot be asked for 12 s, but its partner hears it: the secondary's row turned round": (
        lost(a_normal_world(), EAST_1, since_s=-12),
        (
            "Normal",
            "2026-11-25T11:50:01Z",
            "Normal",
            "2026-11-25T11:50:00Z",
            "OneSideOnly",
            "primary unknown, secondary half",
        ),
    ),
    "neither can be asked for 12 s: Unknown since the delay was over, not yesterday's value": (
        lost(lost(a_normal_world(), EAST_1, since_s=-12), EAST_2, since_s=-15),
        ("Unknown", "2026-11-25T11:59:58Z", "Unknown", "2026-11-25T11:59:55Z", "Unknown", "unknown"),
    ),
    "both rows differ for longer than the delay: Disagree": (
        says(a_normal_world(), EAST_2, Role.SECONDARY, partner_state=INTERRUPTED, partner_state_at=epoch(-11)),
        ("Normal", "2026-11-25T11:50:00Z", "Normal", "2026-11-25T11:50:01Z", "Disagree", "both half"),
    ),
    "both rows differ for less than the delay: not yet": (
        says(a_normal_world(), EAST_2, Role.SECONDARY, partner_state=INTERRUPTED, partner_state_at=epoch(-9)),
        ("Normal", "2026-11-25T11:50:00Z", "Normal", "2026-11-25T11:50:01Z", "Unknown", "both half"),
    ),
}


@pytest.mark.parametrize(("world", "top"), CASES.values(), ids=CASES.keys())
def test_top_level(world: World, top: tuple[str | None, ...]) -> None:
    status = status_of(world)
    assert tuple(status.get(name) for name in TOP) == top


@pytest.mark.parametrize(("world", "_"), CASES.values(), ids=CASES.keys())
def test_the_same_world_gives_the_same_plan(world: World, _: object) -> None:
    assert plan(world) == plan(world)


READY: Mapping[str, tuple[World, tuple[str, str]]] = {
    "Normal and agreed": (a_normal_world(), ("True", "Normal")),
    "the link is cut": (primary_cut_off(12), ("False", "CommunicationsInterrupted")),
    "a server cannot be asked": (lost(a_normal_world(), EAST_2, since_s=-12), ("Unknown", "ServerUnknown")),
    "a server starts": (
        says(a_normal_world(), EAST_2, Role.SECONDARY, starting=True, serving=Serving.NONE),
        ("False", "Starting"),
    ),
    "a server waits for MCLT": (
        says(a_normal_world(), EAST_2, Role.SECONDARY, my_state=FailoverState.RECOVER_WAIT),
        ("False", "RecoverWait"),
    ),
    "the operator was asked to leave it alone": (
        a_normal_world(groups=(a_group(suspend=True),)),
        ("True", "Suspended"),
    ),
}


@pytest.mark.parametrize(("world", "ready"), READY.values(), ids=READY.keys())
def test_ready(world: World, ready: tuple[str, str]) -> None:
    assert condition_of(world, "Ready") == ready


def test_a_silent_partner_leaves_what_it_said_last_beside_unknown() -> None:
    row = status_of(primary_cut_off(12))["primary"]
    assert row["lastPartnerState"] == "Normal"
    assert row["lastPartnerStateTime"] == "2026-11-25T11:50:01Z"
    assert row["lastContactTime"] == "2026-11-25T11:59:48Z"


def test_in_contact_nothing_of_the_last_contact_is_written() -> None:
    assert "lastContactTime" not in status_of(a_normal_world())["primary"]


def test_a_plan_comes_back_when_silence_makes_the_partner_unknown() -> None:
    assert plan(primary_cut_off(2)).revisit_after_s == pytest.approx(8.05)


def test_a_server_that_stays_unknown_keeps_the_time_at_which_it_became_so() -> None:
    world = lost(a_normal_world(), EAST_1, since_s=-12)
    shown = a_group(status=status_of(world))
    later = replace(world, groups={shown.metadata.name: shown}, now=at(300))
    after_restart = with_reach(later, EAST_1, Reach(lost_at=at(200)))
    assert status_of(after_restart)["primary"]["myStateTime"] == "2026-11-25T11:59:58Z"


def test_an_operator_that_has_just_started_leaves_the_status_alone_until_the_delay_is_over() -> None:
    shown = a_group(status=status_of(a_normal_world()))
    restarted = a_world(groups=(shown,))
    assert plan(restarted).status is None
    assert plan(restarted).revisit_after_s == pytest.approx(10.05)
    silent = with_reach(with_reach(restarted, EAST_1, Reach(lost_at=at(-11))), EAST_2, Reach(lost_at=at(-11)))
    assert status_of(silent)["primary"]["myState"] == "Unknown"


def test_a_state_told_as_it_was_changes_nothing_in_the_status() -> None:
    world = a_normal_world()
    shown = a_group(status=status_of(world))
    later = replace(world, groups={shown.metadata.name: shown}, now=at(3600))
    assert status_of(later) == status_of(world)


def test_the_first_counts_wait_until_a_new_pair_has_divided_its_addresses() -> None:
    new = says(a_normal_world(), EAST_1, Role.PRIMARY, my_state_at=epoch(-2))
    assert "pools" not in status_of(new)
    assert plan(new).revisit_after_s == pytest.approx(3.05)
    assert status_of(replace(new, now=at(3)))["pools"][0]["backup"] == 25


def test_counts_that_move_little_are_not_written() -> None:
    world = a_normal_world()
    shown = a_group(status=status_of(world))
    pools = [pool.model_copy(update={"active": 1, "free": 24}) for pool in a_group_report().pools]
    moved = says(replace(world, groups={shown.metadata.name: shown}), EAST_1, Role.PRIMARY, pools=tuple(pools))
    assert status_of(moved) == status_of(world)


def test_counts_that_move_by_a_twentieth_are_written_once_a_minute() -> None:
    world = a_normal_world()
    shown = a_group(status=status_of(world))
    pools = tuple(pool.model_copy(update={"active": 3, "free": 22}) for pool in a_group_report().pools)
    moved = says(replace(world, groups={shown.metadata.name: shown}), EAST_1, Role.PRIMARY, pools=pools)
    assert plan(replace(moved, counts_at=at(-20))).revisit_after_s == pytest.approx(40.05)
    assert status_of(replace(moved, counts_at=at(-20)))["pools"][0]["active"] == 0
    assert status_of(replace(moved, counts_at=at(-60)))["pools"][0]["active"] == 3


def test_a_transition_is_an_event_until_the_status_tells_of_it() -> None:
    change = TransitionReport(at=epoch(-30), from_state="Normal", to_state="Communications-Interrupted", cause="cut")
    world = says(a_normal_world(), EAST_1, Role.PRIMARY, transitions=(change,))
    (event,) = plan(world).events
    assert (event.reason.word, event.message) == (
        "CommunicationsInterrupted",
        "ec-east-1: Normal -> Communications-Interrupted: cut",
    )
    shown = a_group(status=status_of(world))
    assert plan(replace(world, groups={shown.metadata.name: shown})).events == ()


def test_a_wait_is_shown_with_its_end() -> None:
    wait = WaitReport(until_at=epoch(3000), reason="RecoverWait")
    world = says(a_normal_world(), EAST_2, Role.SECONDARY, my_state=FailoverState.RECOVER_WAIT, wait=wait)
    assert status_of(world)["wait"] == {"until": "2026-11-25T12:50:00Z", "reason": "RecoverWait"}


def test_a_server_that_never_met_its_partner_says_what_to_do() -> None:
    world = says(
        a_normal_world(),
        EAST_1,
        Role.PRIMARY,
        my_state=FailoverState.RECOVER,
        partner_state=FailoverState.UNKNOWN,
        connected=False,
        last_contact_at=None,
    )
    reachable = next(each for each in status_of(world)["conditions"] if each["type"] == "PartnerReachable")
    assert reachable["reason"] == "NeverMet"
    assert reachable["message"] == (
        "ec-east-1 has never met its partner and serves nobody: start ec-east-2, or annotate partner-down"
    )


def test_an_order_that_is_not_carried_out_is_said() -> None:
    group = a_group(annotations={"dhcp.edgepair.io/fence": EAST_1})
    events = plan(a_normal_world(groups=(group,))).events
    assert [event.reason.word for event in events] == ["AnnotationRefused"]


def test_an_external_primary_is_seen_through_our_secondary() -> None:
    group = a_group(primary={"external": {"address": "10.1.0.9"}})
    reach = Reach(a_report(EAST_2, a_group_report(Role.SECONDARY, partner_state=INTERRUPTED)))
    world = a_normal_world()
    servers = {EAST_2: replace(world.servers[EAST_2], reach=reach)}
    status = status_of(replace(world, servers=servers, groups={group.metadata.name: group}))
    assert (status["myState"], status["partnerState"]) == ("Communications-Interrupted", "Normal")
    assert status["agreement"] == "OneSideOnly"
    assert "primary" not in status


def test_an_edit_that_is_not_carried_out_is_not_said_to_be_in_force() -> None:
    edited = a_group(scopes=[{"prefix": "10.9.0.0/24", "excludeFirst": 9}])
    assert condition_of(replace(a_normal_world(), groups={edited.metadata.name: edited}), "ConfigInSync") == (
        "False",
        "AddressOutsidePrefix",
    )


def test_an_external_primary_that_works_with_another_mclt_is_said_with_both_values() -> None:
    group = a_group(primary={"external": {"address": "10.1.0.9"}})
    reach = Reach(a_report(EAST_2, a_group_report(Role.SECONDARY, mclt_s=1800)))
    world = settled(a_world(groups=(group,), servers=(facts(a_server(EAST_2), reach=reach),)))
    in_sync = next(each for each in status_of(world)["conditions"] if each["type"] == "ConfigInSync")
    assert (in_sync["status"], in_sync["reason"]) == ("False", "PartnerDictates")
    assert in_sync["message"] == (
        "the external primary works with an MCLT of 1800 s and split 128,"
        " spec asks for 3600 s and 128: write its values in spec, or change them there"
    )


def test_a_pair_of_which_one_starts_is_not_redundant() -> None:
    world = says(a_normal_world(), EAST_2, Role.SECONDARY, starting=True, serving=Serving.NONE)
    assert condition_of(world, "Redundant") == ("False", "OneServes")
