"""Two engines from the first start to NORMAL, through a crash and back, with clients all along."""

from __future__ import annotations

import pytest

from edgepair_contract.control import ControlAction
from edgepair_contract.vocabulary import BindingState, FailoverState, Serving
from edgepair_engine.core.events import Direction, LinkUp
from edgepair_engine.failover.outcome import LinkId
from tests.unit.core.pair import Pair, group_of
from tests.unit.dhcp.packets import PRIMARYS_MAC, SECONDARYS_MAC, Terminal

PRIMARYS = Terminal(mac=PRIMARYS_MAC)
SECONDARYS = Terminal(mac=SECONDARYS_MAC)


def pair_in_normal() -> Pair:
    pair = Pair()
    pair.start("east-1", "east-2")
    pair.advance(20)
    assert pair.states() == [("Normal", "Normal"), ("Normal", "Normal")]
    return pair


def test_two_new_servers_meet_and_come_to_normal_with_half_of_the_addresses_each() -> None:
    pair = pair_in_normal()
    for member in pair.members.values():
        (pool,) = member.group.pools
        assert (pool.free, pool.backup) == (2, 2)
        assert member.group.serving is Serving.HALF
        assert member.report is not None
        assert member.report.ready


@pytest.mark.protocol(106, 118)
def test_a_client_gets_its_lease_from_its_half_and_the_other_server_stays_silent_but_knows() -> None:
    pair = pair_in_normal()
    assert pair.hear("east-2", PRIMARYS.discovers()) is None
    offer = pair.hear("east-1", PRIMARYS.discovers())
    assert offer is not None
    ack = pair.hear("east-1", PRIMARYS.selects(offer.yiaddr))
    assert pair.hear("east-2", PRIMARYS.selects(offer.yiaddr)) is None
    assert ack is not None
    assert (ack.kind, ack.server, ack.lease_s) == ("ACK", "10.1.0.2", 60)
    pair.advance(1)
    known = pair.members["east-2"].stored_lease(ack.yiaddr)
    assert known is not None
    assert (known.lease.state, known.lease.hardware) == (BindingState.ACTIVE, b"\x01" + PRIMARYS_MAC)


@pytest.mark.protocol(24, 25)
def test_the_partner_knows_a_client_by_its_identifier_and_its_hardware_as_they_came() -> None:
    pair = pair_in_normal()
    terminal = Terminal(mac=PRIMARYS_MAC, client_id=b"\x00kiosk-6", secs=60)
    offer = pair.hear("east-1", terminal.discovers())
    assert offer is not None
    pair.hear("east-1", terminal.selects(offer.yiaddr))
    pair.advance(1)
    known = pair.members["east-2"].stored_lease(offer.yiaddr)
    assert known is not None
    assert (known.lease.client_id, known.lease.hardware) == (b"\x00kiosk-6", b"\x01" + PRIMARYS_MAC)


@pytest.mark.protocol(138, "I2")
def test_an_update_is_acknowledged_when_it_is_stored_and_not_a_moment_later() -> None:
    """Nothing but the commit lies between: no time passes here. The acknowledgement itself is stored a moment later."""
    pair = pair_in_normal()
    giver, keeper = pair.members["east-1"], pair.members["east-2"]
    offer = pair.hear("east-1", PRIMARYS.discovers())
    assert offer is not None
    keeper.disk_is_slow = True
    assert pair.hear("east-1", PRIMARYS.selects(offer.yiaddr)) is not None
    told = giver.stored_lease(offer.yiaddr)
    assert told is not None
    assert (told.lease.state, told.lease.atsfp) == (BindingState.ACTIVE, 0)
    keeper.disk_is_slow = False
    pair.finish_commits("east-2")
    stored = keeper.stored_lease(offer.yiaddr)
    assert stored is not None
    assert stored.lease.state is BindingState.ACTIVE
    known_until = pair.now.wall_s + 86400 + 30
    pair.advance(1)
    acknowledged = giver.stored_lease(offer.yiaddr)
    assert acknowledged is not None
    assert acknowledged.lease.atsfp == acknowledged.lease.tstp == known_until


@pytest.mark.protocol(121, 125)
def test_a_lease_is_renewed_for_the_full_time_and_given_back() -> None:
    pair = pair_in_normal()
    offer = pair.hear("east-1", PRIMARYS.discovers())
    assert offer is not None
    pair.hear("east-1", PRIMARYS.selects(offer.yiaddr))
    pair.advance(30)
    renewed = pair.hear("east-1", PRIMARYS.renews(offer.yiaddr))
    assert renewed is not None
    assert (renewed.kind, renewed.lease_s) == ("ACK", 86400)
    pair.hear("east-1", PRIMARYS.releases(offer.yiaddr))
    pair.advance(1)
    states = {
        record.lease.state
        for member in pair.members.values()
        if (record := member.stored_lease(offer.yiaddr)) is not None
    }
    assert states <= {BindingState.FREE, BindingState.BACKUP}


@pytest.mark.protocol(59, 72, 110)
@pytest.mark.protocol(110)
def test_the_survivor_of_a_crash_is_alone_at_once_and_serves_everybody() -> None:
    pair = pair_in_normal()
    pair.kill("east-2")
    survivor = pair.members["east-1"].group
    assert survivor.my_state is FailoverState.COMMUNICATIONS_INTERRUPTED
    assert survivor.my_state_at == pair.now.wall_s
    assert not survivor.connected
    offer = pair.hear("east-1", SECONDARYS.discovers())
    assert offer is not None
    ack = pair.hear("east-1", SECONDARYS.selects(offer.yiaddr))
    assert ack is not None
    assert ack.kind == "ACK"


def test_a_crashed_server_comes_back_to_normal_and_learns_what_happened() -> None:
    pair = pair_in_normal()
    pair.kill("east-2")
    offer = pair.hear("east-1", SECONDARYS.discovers())
    assert offer is not None
    pair.hear("east-1", SECONDARYS.selects(offer.yiaddr))
    pair.advance(15)
    pair.start("east-2")
    pair.advance(20)
    assert pair.states() == [("Normal", "Normal"), ("Normal", "Normal")]
    known = pair.members["east-2"].stored_lease(offer.yiaddr)
    assert known is not None
    assert known.lease.state is BindingState.ACTIVE


def test_both_servers_crash_and_come_back_with_their_leases() -> None:
    pair = pair_in_normal()
    offer = pair.hear("east-1", PRIMARYS.discovers())
    assert offer is not None
    pair.hear("east-1", PRIMARYS.selects(offer.yiaddr))
    pair.kill("east-1")
    pair.kill("east-2")
    pair.advance(10)
    pair.start("east-1", "east-2")
    pair.advance(20)
    assert pair.states() == [("Normal", "Normal"), ("Normal", "Normal")]
    again = pair.hear("east-1", PRIMARYS.reboots(offer.yiaddr))
    assert again is not None
    assert again.kind == "ACK"


@pytest.mark.protocol(71, 114, "Q25")
@pytest.mark.protocol(113, 114)
def test_a_lone_new_server_serves_nobody_and_is_not_ready_but_answers_inform() -> None:
    pair = Pair()
    pair.start("east-1")
    pair.advance(30)
    report = pair.members["east-1"].report
    assert report is not None
    assert (report.ready, report.ready_why) == (False, "group lan0 answers no clients in Recover")
    assert pair.hear("east-1", PRIMARYS.discovers()) is None
    told = pair.hear("east-1", PRIMARYS.informs("10.1.0.77"))
    assert told is not None
    assert told.kind == "ACK"


def test_a_deleted_group_answers_nobody_and_comes_back_with_its_state_and_leases() -> None:
    pair = pair_in_normal()
    offer = pair.hear("east-1", PRIMARYS.discovers())
    assert offer is not None
    pair.hear("east-1", PRIMARYS.selects(offer.yiaddr))
    pair.configure("east-1")
    pair.configure("east-2")
    pair.advance(5)
    assert pair.hear("east-1", PRIMARYS.renews(offer.yiaddr)) is None
    report = pair.members["east-1"].report
    assert report is not None
    assert (report.groups, report.ready) == ((), True)
    pair.configure("east-1", group_of("east-1"))
    pair.configure("east-2", group_of("east-2"))
    pair.advance(30)
    assert pair.states() == [("Normal", "Normal"), ("Normal", "Normal")]
    again = pair.hear("east-1", PRIMARYS.renews(offer.yiaddr))
    assert again is not None
    assert again.kind == "ACK"


@pytest.mark.protocol(39)
def test_a_connection_from_a_stranger_is_closed_with_a_reason() -> None:
    pair = pair_in_normal()
    pair.members["east-1"].inbox.append(LinkUp(LinkId(99), Direction.ACCEPTED, None, "10.1.0.2", "10.1.0.66"))
    pair.advance(1)
    notes = [note.fields for note in pair.members["east-1"].notes if note.fields.get("partner") == "10.1.0.66"]
    assert notes == [{"partner": "10.1.0.66", "why": "no failover group expects 10.1.0.66 at 10.1.0.2"}]


def test_an_order_for_an_unknown_group_is_refused_with_its_name() -> None:
    pair = pair_in_normal()
    pair.configure("east-1")
    answer = pair.order("east-1", ControlAction.PARTNER_DOWN)
    assert (answer.done, answer.text) == (False, "this server has no failover group lan0")


def test_a_process_that_was_stopped_for_long_starts_anew() -> None:
    pair = pair_in_normal()
    pair.mono_s += 11
    pair.advance(20)
    assert pair.states() == [("Normal", "Normal"), ("Normal", "Normal")]
    causes = [transition.to_state for transition in pair.members["east-1"].group.transitions]
    assert causes[-1] == "Normal"


def test_a_fence_outlives_what_starts_a_group_anew() -> None:
    """The other server may be about to take all addresses, because this one answers nobody."""
    pair = pair_in_normal()
    assert pair.order("east-1", ControlAction.FENCE).done
    pair.mono_s += 11
    pair.advance(40)
    assert pair.members["east-1"].group.serving is Serving.NONE
    assert not pair.members["east-1"].group.connected
    assert pair.order("east-1", ControlAction.UNFENCE).done
    pair.advance(40)
    assert pair.states() == [("Normal", "Normal"), ("Normal", "Normal")]


def test_a_secondary_agrees_to_an_mclt_only_once_it_is_stored() -> None:
    """The primary counts on the new MCLT from CONNECTACK on; a secondary that forgot it would promise by the old."""
    pair = Pair()
    pair.start("east-1", "east-2")
    primary, secondary = pair.members["east-1"], pair.members["east-2"]
    secondary.disk_is_slow = True

    pair.configure("east-1", group_of("east-1").model_copy(update={"mclt_s": 20}))
    pair.advance(6)
    assert (primary.group.connected, secondary.group.mclt_s) == (False, 60)

    secondary.disk_is_slow = False
    pair.finish_commits("east-2")
    assert (primary.group.connected, primary.group.mclt_s, secondary.group.mclt_s) == (True, 20, 20)
