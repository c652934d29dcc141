"""Two endpoints from their first start to NORMAL, apart and together again, with and without their stores."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from edgepair_contract.control import ControlAction
from edgepair_contract.vocabulary import BindingState, FailoverState, Role, Serving
from edgepair_engine.leases.binding import released
from edgepair_engine.wire.failover import (
    BndAck,
    BndUpd,
    Contact,
    Disconnect,
    PoolReq,
    PoolResp,
    UpdDone,
    UpdReq,
    UpdReqAll,
)
from tests.unit.failover.builders import T0, a_lease, address
from tests.unit.failover.pair import Pair, Side, two_endpoints

NORMAL = FailoverState.NORMAL
CI = FailoverState.COMMUNICATIONS_INTERRUPTED
PD = FailoverState.PARTNER_DOWN
RECOVER = FailoverState.RECOVER
RW = FailoverState.RECOVER_WAIT


def a_normal_pair(**changes: Any) -> Pair:
    pair = two_endpoints(**changes)
    pair.start()
    pair.run(1)
    assert states(pair) == (NORMAL, NORMAL)
    for side in (pair.primary, pair.secondary):
        side.said.clear()
        side.notes.clear()
    return pair


def states(pair: Pair) -> tuple[FailoverState, FailoverState]:
    return pair.primary.state, pair.secondary.state


def shares(side: Side) -> tuple[int, int]:
    return side.count(BindingState.FREE), side.count(BindingState.BACKUP)


@pytest.mark.protocol(64, 86, 87, 90, 149)
def test_two_empty_servers_reach_normal_and_the_primary_gives_half() -> None:
    pair = two_endpoints()
    pair.start()
    pair.run(1)
    assert pair.primary.states_said() == ["(Recover)", "Recover", "Recover-done", "Normal"]
    assert pair.secondary.states_said() == ["(Recover)", "Recover", "Recover-done", "Normal"]
    for side in (pair.primary, pair.secondary):
        assert shares(side) == (20, 20)
        assert side.lease(119).state is BindingState.BACKUP
        assert side.lease(120).state is BindingState.FREE


@pytest.mark.protocol(118, 124)
def test_a_lease_of_one_side_arrives_at_the_other() -> None:
    pair = a_normal_pair()
    pair.bind(pair.primary, a_lease(120, expires_in_s=30, now=pair.now()))
    theirs = pair.secondary.lease(120)
    assert (theirs.state, theirs.ends_at, theirs.tsfp) == (BindingState.ACTIVE, T0 + 31, T0 + 136)
    ours = pair.primary.lease(120)
    assert (ours.tsfp, ours.atsfp, ours.needs_update) == (T0 + 136, T0 + 136, False)
    assert pair.primary.stored_leases[ours.address] == ours
    assert pair.secondary.stored_leases[ours.address] == theirs


@pytest.mark.protocol(125, 126)
def test_the_primary_ends_a_lease_and_both_have_it_free() -> None:
    pair = a_normal_pair()
    pair.bind(pair.secondary, a_lease(119, expires_in_s=30, now=pair.now()))
    pair.run(29)
    assert pair.primary.lease(119).state is BindingState.ACTIVE
    pair.run(2)
    expired = pair.primary.said_of(BndUpd)
    assert [(update.state, update.lease_expires_at) for update in expired] == [(BindingState.EXPIRED, T0 + 31)]
    assert pair.primary.lease(119).state is BindingState.FREE
    assert pair.secondary.lease(119).state is BindingState.FREE


@pytest.mark.protocol(129, 154)
def test_a_released_address_of_the_secondarys_client_goes_back_to_the_secondary() -> None:
    """Statements 129, 154: 10.77.1.119 in capture c1."""
    pair = a_normal_pair()
    lease = a_lease(119, now=pair.now(), hardware=bytes.fromhex("01020000000014"))
    pair.bind(pair.secondary, lease)
    pair.run(4)
    pair.bind(pair.secondary, released(pair.secondary.lease(119), pair.now()))
    assert pair.primary.lease(119).state is BindingState.BACKUP
    assert pair.secondary.lease(119).state is BindingState.BACKUP


@pytest.mark.protocol(43, 46)
def test_contacts_keep_a_quiet_link_alive() -> None:
    """Receive-timer 10 makes a CONTACT every 3 s."""
    pair = a_normal_pair()
    pair.run(60)
    assert states(pair) == (NORMAL, NORMAL)
    assert len(pair.primary.said_of(Contact)) == 20


@pytest.mark.protocol(45, 72, 75, 142, 143)
def test_a_cut_wire_is_noticed_after_the_response_delay_and_healed_with_what_waited() -> None:
    pair = a_normal_pair()
    pair.cut()
    pair.bind(pair.primary, a_lease(120, expires_in_s=200, now=pair.now()))
    pair.run(8)
    assert states(pair) == (NORMAL, NORMAL)
    pair.run(5)
    assert states(pair) == (CI, CI)
    assert pair.secondary.running.rights(pair.now()).serving is Serving.ALL
    pair.bind(pair.secondary, a_lease(110, expires_in_s=200, now=pair.now()))
    pair.heal()
    pair.run(6)
    assert states(pair) == (NORMAL, NORMAL)
    for side in (pair.primary, pair.secondary):
        assert side.lease(120).state is BindingState.ACTIVE
        assert side.lease(110).state is BindingState.ACTIVE
    assert pair.primary.states_said()[-2:] == ["Communications-Interrupted", "Normal"]
    assert [message.reason.name for message in pair.primary.said_of(Disconnect)] == ["NO_TRAFFIC"]


@pytest.mark.protocol(59, 72)
def test_a_killed_partner_is_noticed_at_once() -> None:
    pair = a_normal_pair()
    pair.kill(pair.secondary)
    assert pair.primary.state is CI
    view = pair.primary.running.view(pair.now())
    assert (view.connected, view.partner_state, view.serving) == (False, NORMAL, Serving.ALL)
    assert view.transitions[-1].cause == "link to the partner lost"


@pytest.mark.protocol(62, 63, 67, 76)
def test_a_partner_that_comes_back_with_its_store_is_normal_again_since_when_it_was() -> None:
    """Capture d1."""
    pair = a_normal_pair()
    since = pair.secondary.running.view(pair.now()).my_state_at
    pair.kill(pair.secondary)
    pair.run(20)
    pair.secondary.said.clear()
    pair.start(pair.secondary)
    pair.run(6)
    assert states(pair) == (NORMAL, NORMAL)
    assert pair.secondary.states_said() == ["(Normal)", "Normal"]
    assert pair.secondary.running.view(pair.now()).my_state_at == since


@pytest.mark.protocol(77, 83, 86, 88, 145, "Q20")
def test_a_partner_without_its_store_recovers_and_waits() -> None:
    """Capture d4."""
    pair = a_normal_pair()
    pair.bind(pair.primary, a_lease(120, expires_in_s=300, now=pair.now()))
    pair.kill(pair.secondary)
    pair.secondary.stored_state = None
    pair.secondary.stored_leases = {}
    pair.secondary.said.clear()
    pair.start(pair.secondary)
    pair.run(6)
    assert states(pair) == (PD, RW)
    assert pair.secondary.lease(120).state is BindingState.ACTIVE
    assert len(pair.secondary.said_of(UpdReqAll)) == 1
    assert len(pair.primary.said_of(UpdDone)) == 1
    view = pair.secondary.running.view(pair.now())
    assert view.wait is not None
    assert (view.wait.reason, view.wait.until_at) == ("RecoverWait", T0 + 31)
    assert pair.primary.running.rights(pair.now()).serving is Serving.ALL
    pair.run(22)
    assert states(pair) == (PD, RW)
    pair.run(3)
    assert states(pair) == (NORMAL, NORMAL)
    assert pair.secondary.states_said() == ["(Recover)", "Recover", "Recover-wait", "Recover-done", "Normal"]


@pytest.mark.protocol(70, 113)
def test_a_server_alone_serves_everybody_after_fifteen_seconds() -> None:
    pair = a_normal_pair()
    pair.kill(pair.primary)
    pair.kill(pair.secondary)
    pair.start(pair.primary)
    pair.run(14)
    assert pair.primary.running.rights(pair.now()).why == "starting"
    pair.run(1)
    assert pair.primary.state is CI
    assert pair.primary.running.rights(pair.now()).serving is Serving.ALL


@pytest.mark.protocol(71, "Q25")
def test_a_server_that_never_met_its_partner_serves_nobody_until_told() -> None:
    pair = two_endpoints()
    pair.start(pair.primary)
    pair.run(100)
    assert pair.primary.state is RECOVER
    assert pair.primary.running.rights(pair.now()).serving is Serving.NONE
    pair.order(pair.primary, ControlAction.PARTNER_DOWN)
    assert pair.primary.state is PD


@pytest.mark.protocol(81, "I9")
def test_a_partner_back_from_partner_down_recovers_what_it_missed() -> None:
    """Capture d3's half, with I1's wait from when it stopped."""
    pair = a_normal_pair()
    pair.kill(pair.secondary)
    pair.order(pair.primary, ControlAction.PARTNER_DOWN)
    pair.bind(pair.primary, a_lease(130, expires_in_s=500, now=pair.now()))
    pair.run(20)
    pair.start(pair.secondary)
    pair.run(6)
    assert states(pair) == (PD, RW)
    assert pair.secondary.lease(130).state is BindingState.ACTIVE
    assert [len(pair.secondary.said_of(kind)) for kind in (UpdReq, UpdReqAll)] == [1, 0]  # its store is intact
    assert {update.address for update in pair.primary.said_of(BndUpd)} == {address(130)}
    pair.run(20)
    assert states(pair) == (NORMAL, NORMAL)


@pytest.mark.protocol(85, 92, 94, 95)
def test_both_in_partner_down_settle_their_conflict() -> None:
    """Capture d3."""
    pair = a_normal_pair()
    pair.cut()
    pair.run(15)
    pair.order(pair.primary, ControlAction.PARTNER_DOWN)
    pair.order(pair.secondary, ControlAction.PARTNER_DOWN)
    pair.bind(pair.primary, a_lease(120, expires_in_s=500, now=pair.now()))
    pair.bind(pair.secondary, a_lease(110, expires_in_s=500, now=pair.now()))
    pair.primary.said.clear()
    pair.secondary.said.clear()
    pair.heal()
    pair.run(6)
    assert states(pair) == (NORMAL, NORMAL)
    assert pair.primary.states_said() == ["Partner-Down", "Potential-Conflict", "Conflict-done", "Normal"]
    assert pair.secondary.states_said() == ["Partner-Down", "Potential-Conflict", "Normal"]
    assert pair.primary.lease(110).state is BindingState.ACTIVE
    assert pair.secondary.lease(120).state is BindingState.ACTIVE


@pytest.mark.protocol(80, "I12")
def test_a_pause_hands_all_clients_to_the_partner_and_is_never_stored() -> None:
    pair = a_normal_pair()
    pair.order(pair.secondary, ControlAction.PAUSE)
    assert states(pair) == (CI, NORMAL)
    assert pair.secondary.running.view(pair.now()).my_state is FailoverState.PAUSED
    pair.run(60)
    assert states(pair) == (CI, NORMAL)
    pair.order(pair.secondary, ControlAction.RESUME)
    assert states(pair) == (NORMAL, NORMAL)


def test_a_fenced_server_answers_nobody_and_talks_to_nobody() -> None:
    pair = a_normal_pair()
    pair.order(pair.secondary, ControlAction.FENCE)
    pair.run(30)
    assert states(pair) == (CI, CI)
    assert pair.secondary.running.rights(pair.now()).why == "fenced"
    pair.kill(pair.secondary)
    pair.start(pair.secondary)
    pair.run(30)
    assert pair.secondary.running.rights(pair.now()).why == "fenced"
    assert states(pair) == (CI, CI)
    pair.order(pair.secondary, ControlAction.UNFENCE)
    pair.run(6)
    assert states(pair) == (NORMAL, NORMAL)


@pytest.mark.protocol(101)
def test_a_partner_down_by_itself_comes_when_configured() -> None:
    pair = a_normal_pair(auto_partner_down_s=60)
    pair.kill(pair.secondary)
    pair.run(59)
    assert pair.primary.state is CI
    pair.run(1)
    assert pair.primary.state is PD


@pytest.mark.protocol(150, 151, 152, 153)
def test_the_secondary_asks_for_addresses_when_it_runs_short() -> None:
    """Capture a3."""
    pair = a_normal_pair()
    for last in range(100, 119):
        pair.bind(pair.secondary, a_lease(last, expires_in_s=900, now=pair.now()))
    for last in range(120, 128):
        pair.bind(pair.primary, a_lease(last, expires_in_s=900, now=pair.now()))
    assert shares(pair.primary) == (12, 1)
    eager = pair.secondary.config.model_copy(update={"min_balance_s": 5, "max_balance_s": 12})
    pair.perform(pair.secondary, pair.secondary.running.configured(eager, pair.now()))
    pair.run(17)
    assert len(pair.secondary.said_of(PoolReq)) == 1
    assert [answer.addresses_transferred for answer in pair.primary.said_of(PoolResp)] == [5]
    assert shares(pair.primary) == shares(pair.secondary) == (7, 6)


@pytest.mark.protocol(137)
def test_the_window_of_the_partner_is_never_exceeded() -> None:
    pair = two_endpoints(max_unacked_updates=3)
    pair.start()
    pair.run(1)
    assert states(pair) == (NORMAL, NORMAL)
    under_way: set[int] = set()
    for message in in_order(pair):
        if isinstance(message, BndUpd):
            under_way.add(message.xid)
            assert len(under_way) <= 3
        elif isinstance(message, BndAck):
            under_way.discard(message.xid)


def in_order(pair: Pair) -> list[BndUpd | BndAck]:
    """Return the primary's updates and the answers to them, as they passed the wire."""
    mine = (m for side, m in pair.spoken if side.config.role is Role.PRIMARY and isinstance(m, BndUpd))
    assert next(mine, None) is not None
    return [
        message
        for side, message in pair.spoken
        if isinstance(message, BndUpd if side.config.role is Role.PRIMARY else BndAck)
    ]


@pytest.mark.protocol("Q28")
def test_a_renewal_that_the_partner_missed_outlives_its_stale_expiry() -> None:
    """Q28: the secondary renews while apart; the primary has ended the lease by its own clock."""
    pair = a_normal_pair()
    pair.bind(pair.primary, a_lease(120, expires_in_s=30, now=pair.now()))
    pair.cut()
    pair.run(20)
    renewed = replace(pair.secondary.lease(120), ends_at=T0 + 200, tstp=T0 + 300, cltt=T0 + 21)
    pair.bind(pair.secondary, renewed)
    pair.run(20)
    assert pair.primary.lease(120).state is BindingState.EXPIRED
    pair.heal()
    pair.run(6)
    assert states(pair) == (NORMAL, NORMAL)
    for side in (pair.primary, pair.secondary):
        assert (side.lease(120).state, side.lease(120).ends_at) == (BindingState.ACTIVE, T0 + 200)


@pytest.mark.protocol(117)
def test_a_lease_given_and_ended_while_apart_is_free_at_once() -> None:
    """The rewind state: capture d1#29."""
    pair = a_normal_pair()
    pair.kill(pair.secondary)
    pair.bind(pair.primary, a_lease(120, expires_in_s=10, now=pair.now()))
    pair.run(11)
    assert pair.primary.lease(120).state is BindingState.FREE


@pytest.mark.protocol(52)
def test_a_changed_mclt_is_told_by_connecting_again() -> None:
    pair = a_normal_pair()
    config = pair.primary.config.model_copy(update={"mclt_s": 60})
    pair.perform(pair.primary, pair.primary.running.configured(config, pair.now()))
    pair.run(6)
    assert states(pair) == (NORMAL, NORMAL)
    assert pair.secondary.stored_state is not None
    assert pair.secondary.stored_state.mclt_s == 60


@pytest.mark.parametrize("mclt_s", [10, 600], ids=["lower", "higher"])
def test_a_changed_mclt_counts_only_once_the_partner_has_heard_of_it(mclt_s: int) -> None:
    """Until then the partner promises by the old one, and takes our addresses by the old one."""
    pair = a_normal_pair()
    pair.kill(pair.secondary)
    config = pair.primary.config.model_copy(update={"mclt_s": mclt_s})
    pair.perform(pair.primary, pair.primary.running.configured(config, pair.now()))
    assert pair.primary.running.rights(pair.now()).mclt_s == 30
    pair.kill(pair.primary)
    pair.primary.config = config
    pair.start(pair.primary)
    assert pair.primary.running.rights(pair.now()).mclt_s == 30
    pair.start(pair.secondary)
    pair.run(20)
    assert states(pair) == (NORMAL, NORMAL)
    assert [side.running.rights(pair.now()).mclt_s for side in (pair.primary, pair.secondary)] == [mclt_s, mclt_s]
