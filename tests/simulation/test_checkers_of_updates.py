"""The checkers of updates, starts, recovery and renewals: each fires where its promise is broken, and only there."""

from __future__ import annotations

from dataclasses import replace

import pytest

from edgepair_contract.notices import Note, NoteCode
from edgepair_contract.vocabulary import BindingState, FailoverState, RejectReason
from edgepair_engine.failover.link import connect, connect_ack
from edgepair_engine.leases.lease import Lease
from edgepair_engine.wire.failover import BndAck, BndUpd, State, UpdDone, UpdReqAll
from edgepair_sim.checkers.checker import Broken, Checker
from edgepair_sim.checkers.leases_end import LeasesEnd
from edgepair_sim.checkers.recover_wait_is_kept import RecoverWaitIsKept
from edgepair_sim.checkers.renewed_lease_is_whole import RenewedLeaseIsWhole
from edgepair_sim.checkers.start_is_silent import StartIsSilent
from edgepair_sim.checkers.upddone_is_true import UpddoneIsTrue
from edgepair_sim.checkers.window_is_kept import WindowIsKept
from edgepair_sim.clock import START_AT
from edgepair_sim.deeds import deed_of
from edgepair_sim.holding import Holding
from tests.simulation.checking import (
    A50,
    DOWN,
    MAC_1,
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

A51 = A50 + 1
TINY = "seed=1 clients=1 networks=1 addresses=2\nend 1000\n"
RECOVERY = "seed=1 clients=1 mclt_s=300\nend 5000\n"
LONG = "seed=1 clients=1 mclt_s=60 lease_s=600 max_response_delay_s=10\nend 9000\n"


def _linked(checker: Checker, *, primary_takes: int, secondary_takes: int) -> None:
    """Let the two agree on a link, and tell their states."""
    first, second = primary(checker), secondary(checker)
    asked = connect(first.config.groups[0], None, hba=b"", xid=0, now=first.now())
    agreed = connect_ack(second.config.groups[0], asked, None, second.now())
    checker.spoke(first, replace(asked, max_unacked=primary_takes))
    checker.spoke(second, replace(agreed, max_unacked=secondary_takes))
    checker.spoke(first, State(time=START_AT, xid=1, state=1, startup=False, stos=START_AT))
    checker.spoke(second, State(time=START_AT, xid=1, state=1, startup=False, stos=START_AT))


def _told(address: int, xid: int, *, expires_in_s: int = 60) -> BndUpd:
    """Return an update of an ACTIVE lease."""
    ends_at = START_AT + expires_in_s
    return BndUpd(time=START_AT, xid=xid, address=address, state=BindingState.ACTIVE, lease_expires_at=ends_at)


def _acked(address: int, xid: int, reject: RejectReason | None = None) -> BndAck:
    return BndAck(time=START_AT, xid=xid, address=address, reject=reject)


# the window


def test_an_update_more_than_the_partner_takes_is_told() -> None:
    checker = a_checker(WindowIsKept)
    _linked(checker, primary_takes=10, secondary_takes=1)
    checker.spoke(primary(checker), _told(A50, 2))

    with pytest.raises(Broken, match="east-1 has 2 updates under way; its partner takes 1"):
        checker.spoke(primary(checker), _told(A51, 3))


def test_an_answer_makes_room_for_the_next_update() -> None:
    checker = a_checker(WindowIsKept)
    _linked(checker, primary_takes=1, secondary_takes=10)
    checker.spoke(secondary(checker), _told(A50, 2))
    checker.spoke(primary(checker), _acked(A50, 2, RejectReason.OTHER))

    checker.spoke(secondary(checker), _told(A51, 3))


def test_an_answer_that_is_said_again_can_match_an_update_that_comes_after_it() -> None:
    checker = a_checker(WindowIsKept)
    _linked(checker, primary_takes=10, secondary_takes=1)
    checker.spoke(secondary(checker), _acked(A50, 2))
    checker.spoke(primary(checker), _told(A50, 2))

    checker.spoke(primary(checker), _told(A51, 3))


def test_an_update_that_a_change_has_overtaken_is_not_under_way() -> None:
    checker = a_checker(WindowIsKept)
    _linked(checker, primary_takes=10, secondary_takes=1)
    checker.spoke(primary(checker), _told(A50, 2, expires_in_s=60))
    on_disk(primary(checker), a_lease(MAC_1, ends_in_s=90))

    checker.spoke(primary(checker), _told(A51, 3))


def test_what_was_under_way_on_the_link_before_does_not_count() -> None:
    checker = a_checker(WindowIsKept)
    _linked(checker, primary_takes=10, secondary_takes=1)
    checker.spoke(primary(checker), _told(A50, 2))
    _linked(checker, primary_takes=10, secondary_takes=1)

    checker.spoke(primary(checker), _told(A51, 2))


# UPDDONE


def test_upddone_before_every_address_is_settled_is_told() -> None:
    checker = a_checker(UpddoneIsTrue, TINY)
    checker.spoke(secondary(checker), UpdReqAll(time=START_AT, xid=5))
    checker.spoke(secondary(checker), _acked(A50, 2))

    with pytest.raises(Broken, match=r"east-1 says UPDDONE, and 1 addresses are not settled: 10\.1\.0\.51"):
        checker.spoke(primary(checker), UpdDone(time=START_AT, xid=5))


def test_upddone_after_both_servers_have_settled_all_is_true() -> None:
    checker = a_checker(UpddoneIsTrue, TINY)
    checker.spoke(secondary(checker), UpdReqAll(time=START_AT, xid=5))
    checker.spoke(secondary(checker), _acked(A50, 2))
    checker.spoke(primary(checker), _acked(A51, 7))

    checker.spoke(primary(checker), UpdDone(time=START_AT, xid=5))


# the silence of a start


def test_an_address_that_is_given_before_the_partner_is_heard_is_told() -> None:
    checker = a_checker(StartIsSilent)
    checker.started(primary(checker))
    at(checker, 2)

    with pytest.raises(Broken, match=r"east-1 says ACK 10\.1\.0\.50 2\.0 s after its start, unheard"):
        checker.answered(primary(checker), an_ack(MAC_1))


def test_a_server_that_has_heard_its_partner_may_serve() -> None:
    checker = a_checker(StartIsSilent)
    checker.started(primary(checker))
    checker.spoke(secondary(checker), State(time=START_AT, xid=1, state=2, startup=False, stos=START_AT))

    checker.answered(primary(checker), an_ack(MAC_1))


def test_a_server_that_has_waited_fifteen_seconds_may_serve() -> None:
    checker = a_checker(StartIsSilent)
    checker.started(primary(checker))
    at(checker, 15)

    checker.answered(primary(checker), an_ack(MAC_1))


def test_a_server_that_goes_on_after_a_long_stop_is_as_silent_as_one_that_starts() -> None:
    checker = a_checker(StartIsSilent, LONG)
    checker.done(deed_of("at 5 stop node=east-1 for_s=90"))
    at(checker, 97)
    checker.told(primary(checker), Note(NoteCode.LINK_DOWN))  # that of before

    with pytest.raises(Broken, match=r"east-1 says ACK 10\.1\.0\.50 2\.0 s after its start, unheard"):
        checker.answered(primary(checker), an_ack(MAC_1))


def test_a_short_stop_is_not_a_start() -> None:
    checker = a_checker(StartIsSilent, LONG)
    checker.done(deed_of("at 5 stop node=east-1 for_s=9"))
    at(checker, 15)

    checker.answered(primary(checker), an_ack(MAC_1))


def test_a_server_whose_new_link_broke_again_may_serve() -> None:
    checker = a_checker(StartIsSilent)
    checker.started(primary(checker))
    checker.told(primary(checker), Note(NoteCode.LINK_UP))
    checker.told(primary(checker), Note(NoteCode.LINK_DOWN))

    checker.answered(primary(checker), an_ack(MAC_1))


# the wait of a server that recovers


def _recovers(checker: RecoverWaitIsKept, at_s: float, partner: FailoverState) -> None:
    """Let the primary report that it goes from Recover to Recover-done."""
    at(checker, at_s)
    move = {"at": START_AT + int(at_s), "from_state": "Recover", "to_state": "Recover-done", "cause": "all received"}
    report = a_report(FailoverState.RECOVER_DONE, partner_state=partner, transitions=(move,))
    checker.published(primary(checker), report)


def test_a_server_that_recovers_sooner_than_mclt_after_its_last_ack_is_told() -> None:
    checker = a_checker(RecoverWaitIsKept, RECOVERY)
    at(checker, 100)
    checker.answered(primary(checker), an_ack(MAC_1))

    with pytest.raises(Broken, match="east-1 has recovered 290 s after its last ACK; MCLT is 300 s"):
        _recovers(checker, 390, DOWN)


def test_a_server_that_recovers_mclt_after_its_last_ack_has_waited() -> None:
    checker = a_checker(RecoverWaitIsKept, RECOVERY)
    at(checker, 100)
    checker.answered(primary(checker), an_ack(MAC_1))

    _recovers(checker, 400, DOWN)


def test_two_that_recover_together_need_not_wait() -> None:
    checker = a_checker(RecoverWaitIsKept, RECOVERY)
    checker.answered(primary(checker), an_ack(MAC_1))

    _recovers(checker, 10, RECOVER)


def test_a_server_that_lost_its_store_waits_though_its_partner_recovers_too() -> None:
    checker = a_checker(RecoverWaitIsKept, RECOVERY)
    checker.answered(primary(checker), an_ack(MAC_1))
    primary(checker).disk.lose()

    with pytest.raises(Broken, match="east-1 has recovered 10 s after its last ACK"):
        _recovers(checker, 10, RECOVER)


# renewals


def _gets(checker: RenewedLeaseIsWhole, at_s: float, lease_s: int, *, asked_s: float | None = None) -> None:
    """Let the first client get 10.1.0.50."""
    at(checker, at_s)
    client = checker.scene.clients[0]
    checker.answered(primary(checker), an_ack(client.mac, lease_s=lease_s))
    holding = Holding(
        client=client.number,
        key=client.guise.key,
        address=A50,
        server=0,
        relay=0,
        asked_s=at_s if asked_s is None else asked_s,
        lease_s=lease_s,
        renew_s=at_s + lease_s / 2,
        rebind_s=at_s + lease_s,
        end_s=at_s + lease_s,
        until_s=at_s + lease_s,
    )
    checker.promised(client, holding)


def test_a_renewal_at_half_time_that_is_as_short_as_the_first_lease_is_told() -> None:
    checker = a_checker(RenewedLeaseIsWhole, LONG)
    _gets(checker, 5000, 300)

    with pytest.raises(Broken, match=r"c1 renews 10\.1\.0\.50 and gets 300 s of 600 s, 150 s after a lease of 300 s"):
        _gets(checker, 5150, 300)


def test_a_renewal_that_gets_all_is_whole() -> None:
    checker = a_checker(RenewedLeaseIsWhole, LONG)
    _gets(checker, 5000, 300)

    _gets(checker, 5150, 600)


def test_a_lease_that_is_told_again_to_who_asks_early_may_stay_short() -> None:
    checker = a_checker(RenewedLeaseIsWhole, LONG)
    _gets(checker, 5000, 300)

    _gets(checker, 5070, 230)


def test_the_rest_of_a_lease_that_the_other_server_gave_at_the_same_time_may_be_short() -> None:
    checker = a_checker(RenewedLeaseIsWhole, LONG)
    _gets(checker, 5000, 300)
    checker.answered(secondary(checker), an_ack(checker.scene.clients[0].mac, lease_s=500))

    _gets(checker, 5150, 350)


def test_who_renews_late_may_get_less() -> None:
    checker = a_checker(RenewedLeaseIsWhole, LONG)
    _gets(checker, 5000, 300)

    _gets(checker, 5250, 300)


def test_who_asked_in_time_and_was_not_heard_may_get_less() -> None:
    checker = a_checker(RenewedLeaseIsWhole, LONG)
    _gets(checker, 5000, 300)

    _gets(checker, 5250, 300, asked_s=5150)


def test_before_all_is_well_a_renewal_may_be_short() -> None:
    checker = a_checker(RenewedLeaseIsWhole, LONG)
    _gets(checker, 10, 300)

    _gets(checker, 160, 300)


# ends


def test_a_lease_that_was_over_long_ago_and_is_held_is_told() -> None:
    checker = a_checker(LeasesEnd, LONG)
    on_disk(primary(checker), a_lease(MAC_1, ends_in_s=60))
    at(checker, 5000)

    with pytest.raises(Broken, match=r"east-1 holds 10\.1\.0\.50 for a lease that was over 4940 s ago"):
        checker.ended()


@pytest.mark.parametrize(
    "lease",
    [a_lease(MAC_1, ends_in_s=4900), a_lease(MAC_1, ends_in_s=60, state=BindingState.FREE)],
    ids=["is just over", "is ended"],
)
def test_a_lease_that_is_just_over_or_ended_is_not_held_too_long(lease: Lease) -> None:
    checker = a_checker(LeasesEnd, LONG)
    on_disk(primary(checker), lease)
    at(checker, 5000)

    checker.ended()


def _ended(ended_s: int) -> BndUpd:
    return replace(_told(A50, 1), state=BindingState.EXPIRED, lease_expires_at=START_AT + ended_s)


def test_an_end_that_the_secondary_tells_in_normal_is_told() -> None:
    checker = a_checker(LeasesEnd, LONG)
    secondary(checker).disk.write([a_state(FailoverState.NORMAL)])
    checker.spoke(primary(checker), _ended(600))
    with pytest.raises(Broken, match=r"east-2 ends the lease of 10\.1\.0\.50 in Normal by itself"):
        checker.spoke(secondary(checker), _ended(600))


def test_an_end_by_a_clock_that_was_ahead_until_it_was_put_back_is_in_the_future() -> None:
    checker = a_checker(LeasesEnd, "seed=1\nat 50.000 step-clock node=east-2 by_s=-600\nend 5000\n")
    secondary(checker).disk.write([a_state(FailoverState.NORMAL)])
    checker.scene.timeline.true_s = 100
    checker.spoke(secondary(checker), _ended(600))
    with pytest.raises(Broken):
        checker.spoke(secondary(checker), _ended(700))


def test_an_end_that_came_while_the_two_were_apart_is_the_secondarys_to_tell() -> None:
    checker = a_checker(LeasesEnd, LONG)
    secondary(checker).disk.write([a_state(FailoverState.NORMAL, my_state_at=START_AT + 900)])
    checker.spoke(secondary(checker), _ended(600))
