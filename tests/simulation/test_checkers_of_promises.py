"""The checkers of what clients and partners rest on: each fires where its promise is broken, and only there."""

from __future__ import annotations

from contextlib import nullcontext
from dataclasses import replace

import pytest

from edgepair_contract.vocabulary import BindingState
from edgepair_engine.leases.record import LeaseRecord, StateRecord
from edgepair_engine.wire.dhcp4 import Dhcp4Packet
from edgepair_engine.wire.failover import BndAck, BndUpd, State
from edgepair_sim.checkers.checker import Broken
from edgepair_sim.checkers.durable_before_visible import DurableBeforeVisible
from edgepair_sim.checkers.no_lease_beyond_mclt import NoLeaseBeyondMclt
from edgepair_sim.checkers.one_address_one_client import OneAddressOneClient
from edgepair_sim.clock import START_AT
from edgepair_sim.holding import Holding
from edgepair_sim.node import Node
from edgepair_sim.pair import GROUP
from tests.simulation.checking import (
    A50,
    APART,
    DOWN,
    MAC_1,
    MAC_2,
    NORMAL,
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

# one address, one client


def test_an_address_that_a_second_client_is_promised_is_told() -> None:
    checker = a_checker(OneAddressOneClient)
    _promises(checker, primary(checker), 1, until_s=100)

    with pytest.raises(Broken, match=r"one-address-one-client: 10\.1\.0\.50 is promised to c2 until 90\.0"):
        _promises(checker, secondary(checker), 2, until_s=90)


def test_an_address_whose_lease_is_over_may_go_to_the_next_client() -> None:
    checker = a_checker(OneAddressOneClient)
    _promises(checker, primary(checker), 1, until_s=100)
    at(checker, 100)

    _promises(checker, secondary(checker), 2, until_s=200)


def test_an_address_may_be_free_as_much_too_early_as_a_clock_was_stepped() -> None:
    checker = a_checker(OneAddressOneClient, "seed=1 clients=2\nat 50.000 step-clock node=east-2 by_s=20\nend 1000\n")
    _promises(checker, primary(checker), 1, until_s=100)
    at(checker, 80)

    _promises(checker, secondary(checker), 2, until_s=200)


def test_an_address_that_is_free_earlier_than_the_step_explains_is_told() -> None:
    checker = a_checker(OneAddressOneClient, "seed=1 clients=2\nat 50.000 step-clock node=east-2 by_s=20\nend 1000\n")
    _promises(checker, primary(checker), 1, until_s=100)
    at(checker, 78)

    with pytest.raises(Broken):
        _promises(checker, secondary(checker), 2, until_s=200)


def test_what_a_living_partner_promised_after_it_was_declared_down_may_be_taken_after_mclt() -> None:
    checker = a_checker(OneAddressOneClient)
    _declares_down(checker, at_s=10)
    _promises(checker, secondary(checker), 1, until_s=500)
    at(checker, 10 + 60 + 1)

    _promises(checker, primary(checker), 2, until_s=300)


def test_what_was_taken_stays_so_when_it_is_declared_down_once_more() -> None:
    checker = a_checker(OneAddressOneClient)
    _declares_down(checker, at_s=10)
    at(checker, 10 + 60 + 1)
    _promises(checker, primary(checker), 1, until_s=300)
    _declares_down(checker, at_s=100)
    _promises(checker, primary(checker), 1, until_s=400)

    _promises(checker, secondary(checker), 2, until_s=500)


def test_nothing_may_be_taken_from_a_living_partner_before_mclt_is_over() -> None:
    checker = a_checker(OneAddressOneClient)
    _declares_down(checker, at_s=10)
    _promises(checker, secondary(checker), 1, until_s=500)
    at(checker, 10 + 60)

    with pytest.raises(Broken):
        _promises(checker, primary(checker), 2, until_s=300)


def test_what_a_partner_promised_before_it_was_declared_down_is_not_taken() -> None:
    checker = a_checker(OneAddressOneClient)
    _promises(checker, secondary(checker), 1, until_s=500)
    _declares_down(checker, at_s=10)
    at(checker, 10 + 60 + 1)

    with pytest.raises(Broken):
        _promises(checker, primary(checker), 2, until_s=300)


def test_a_server_that_declared_its_partner_down_gives_no_address_twice_itself() -> None:
    checker = a_checker(OneAddressOneClient)
    _declares_down(checker, at_s=10)
    at(checker, 10 + 60 + 1)
    _promises(checker, primary(checker), 1, until_s=500)

    with pytest.raises(Broken):
        _promises(checker, primary(checker), 2, until_s=300)


def test_once_both_are_in_normal_again_no_address_is_given_twice_anew() -> None:
    checker = a_checker(OneAddressOneClient)
    _declares_down(checker, at_s=10)
    at(checker, 10 + 60 + 1)
    _promises(checker, primary(checker), 1, until_s=500)
    primary(checker).disk.write([a_state(NORMAL)])
    for node in (primary(checker), secondary(checker)):
        checker.published(node, a_report(NORMAL, revision=2))
    at(checker, 80)

    with pytest.raises(Broken):
        _promises(checker, secondary(checker), 2, until_s=300)


def test_a_client_that_was_doubled_stays_without_protection_until_it_is_given_something_anew() -> None:
    checker = a_checker(OneAddressOneClient, "seed=1 clients=3 mclt_s=60\nend 1000\n")
    _declares_down(checker, at_s=10)
    _promises(checker, secondary(checker), 1, until_s=500)
    at(checker, 10 + 60 + 1)
    _promises(checker, primary(checker), 2, until_s=300)
    checker.scene.clients[1].guise.holding = None  # it has released the address, and both know
    for node in (primary(checker), secondary(checker)):
        node.disk.write([a_state(NORMAL)])
        checker.published(node, a_report(NORMAL, revision=2))

    _promises(checker, primary(checker), 3, until_s=400)


def test_a_server_on_an_old_store_may_give_what_it_has_forgotten_until_it_meets_its_partner() -> None:
    checker = a_checker(OneAddressOneClient)
    primary(checker).disk.keep_copy(0)
    at(checker, 20)
    _promises(checker, secondary(checker), 1, until_s=500)
    at(checker, 30)
    primary(checker).disk.roll_back(10)
    checker.started(primary(checker))

    _promises(checker, primary(checker), 2, until_s=300)


def test_a_server_that_met_its_partner_on_an_old_store_gives_nothing_twice() -> None:
    checker = a_checker(OneAddressOneClient)
    primary(checker).disk.keep_copy(0)
    at(checker, 20)
    _promises(checker, secondary(checker), 1, until_s=500)
    primary(checker).disk.roll_back(10)
    checker.started(primary(checker))
    checker.published(primary(checker), a_report(NORMAL))

    with pytest.raises(Broken):
        _promises(checker, primary(checker), 2, until_s=300)


@pytest.mark.parametrize(("ends_in_s", "protected"), [(300, False), (500, True)])
def test_what_was_promised_after_the_copy_is_protected_if_the_partner_has_acknowledged_it(
    ends_in_s: int, protected: bool
) -> None:
    checker = a_checker(OneAddressOneClient)
    primary(checker).disk.keep_copy(0)
    _promises(checker, primary(checker), 1, until_s=500)
    _acknowledged(checker, potential_in_s=900, ends_in_s=ends_in_s)
    at(checker, 20)
    primary(checker).disk.roll_back(10)
    checker.started(primary(checker))
    checker.published(primary(checker), a_report(NORMAL))

    if not protected:
        _promises(checker, secondary(checker), 2, until_s=300)
        return
    with pytest.raises(Broken):
        _promises(checker, secondary(checker), 2, until_s=300)


def test_what_both_stores_have_lost_is_not_protected() -> None:
    checker = a_checker(OneAddressOneClient)
    _promises(checker, primary(checker), 1, until_s=500)
    at(checker, 20)
    for node in (primary(checker), secondary(checker)):
        node.disk.lose()
        checker.started(node)
        checker.published(node, a_report(NORMAL))

    _promises(checker, secondary(checker), 2, until_s=300)


# no lease beyond MCLT


def test_a_first_lease_longer_than_mclt_is_told() -> None:
    checker = a_checker(NoLeaseBeyondMclt)
    on_disk(primary(checker), a_lease(MAC_1, ends_in_s=61))

    with pytest.raises(Broken, match=r"no-lease-beyond-mclt: east-1 gives 10\.1\.0\.50 1 s too long"):
        _answers(checker, an_ack(MAC_1))


def test_a_lease_may_end_mclt_after_what_the_partner_acknowledged_for_this_client() -> None:
    checker = a_checker(NoLeaseBeyondMclt)
    _acknowledged(checker, potential_in_s=200)
    on_disk(primary(checker), a_lease(MAC_1, ends_in_s=260))

    _answers(checker, an_ack(MAC_1))


@pytest.mark.parametrize("both", [False, True])
def test_when_both_stores_were_put_back_the_two_agree_on_what_those_say(*, both: bool) -> None:
    checker = a_checker(NoLeaseBeyondMclt)
    on_disk(secondary(checker), replace(a_lease(MAC_1, ends_in_s=100), tsfp=START_AT + 200))
    for node in (primary(checker), secondary(checker)) if both else (secondary(checker),):
        node.disk.forgot_from_s.append(0.0)
        checker.started(node)
    on_disk(primary(checker), a_lease(MAC_1, ends_in_s=260))

    with nullcontext() if both else pytest.raises(Broken):
        _answers(checker, an_ack(MAC_1))


def test_a_lease_longer_than_that_is_told() -> None:
    checker = a_checker(NoLeaseBeyondMclt)
    _acknowledged(checker, potential_in_s=200)
    on_disk(primary(checker), a_lease(MAC_1, ends_in_s=261))

    with pytest.raises(Broken):
        _answers(checker, an_ack(MAC_1))


def test_what_the_partner_acknowledged_for_another_client_does_not_count() -> None:
    checker = a_checker(NoLeaseBeyondMclt)
    _acknowledged(checker, potential_in_s=200)
    on_disk(primary(checker), a_lease(MAC_2, ends_in_s=61))

    with pytest.raises(Broken):
        _answers(checker, an_ack(MAC_2))


# durable before visible


def test_an_ack_without_its_record_is_told() -> None:
    checker = a_checker(DurableBeforeVisible)

    with pytest.raises(Broken, match=r"durable-before-visible: east-1 sends an ACK for 10\.1\.0\.50"):
        checker.answered(primary(checker), an_ack(MAC_1))


def test_an_ack_with_the_record_of_another_client_is_told() -> None:
    checker = a_checker(DurableBeforeVisible)
    on_disk(primary(checker), a_lease(MAC_2))

    with pytest.raises(Broken):
        checker.answered(primary(checker), an_ack(MAC_1))


def test_an_ack_with_the_record_of_a_shorter_lease_is_told() -> None:
    checker = a_checker(DurableBeforeVisible)
    on_disk(primary(checker), a_lease(MAC_1, ends_in_s=30))

    with pytest.raises(Broken):
        checker.answered(primary(checker), an_ack(MAC_1, lease_s=60))


def test_an_ack_with_its_record_is_right() -> None:
    checker = a_checker(DurableBeforeVisible)
    on_disk(primary(checker), a_lease(MAC_1, ends_in_s=60))

    checker.answered(primary(checker), an_ack(MAC_1, lease_s=60))


def test_an_update_that_is_accepted_and_not_written_is_told() -> None:
    checker = a_checker(DurableBeforeVisible)
    on_disk(primary(checker), a_lease(MAC_1))
    checker.spoke(primary(checker), _update(potential_in_s=90))

    with pytest.raises(Broken, match="durable-before-visible: east-2 accepts"):
        checker.spoke(secondary(checker), BndAck(time=START_AT, xid=7, address=A50))


def test_an_update_that_is_accepted_and_written_is_right() -> None:
    checker = a_checker(DurableBeforeVisible)
    for node in (primary(checker), secondary(checker)):
        on_disk(node, a_lease(MAC_1))
    checker.spoke(primary(checker), _update(potential_in_s=90))

    checker.spoke(secondary(checker), BndAck(time=START_AT, xid=7, address=A50))


def test_an_update_of_what_is_not_written_is_told() -> None:
    checker = a_checker(DurableBeforeVisible)

    with pytest.raises(Broken, match="durable-before-visible: east-1 tells"):
        checker.spoke(primary(checker), _update(potential_in_s=90))


def test_a_binding_that_was_overtaken_in_the_same_batch_may_be_told_as_it_was() -> None:
    checker = a_checker(DurableBeforeVisible)
    on_disk(primary(checker))
    lease = a_lease(MAC_1, state=BindingState.RELEASED)
    primary(checker).disk.write([LeaseRecord(GROUP, lease)])

    checker.spoke(primary(checker), _update(potential_in_s=90))


@pytest.mark.parametrize(
    ("record", "broken"),
    [
        pytest.param(None, True, id="nothing is recorded"),
        pytest.param(a_state(APART), True, id="another state is recorded"),
        pytest.param(a_state(NORMAL, my_state_at=START_AT - 5), True, id="an earlier stay in it is recorded"),
        pytest.param(a_state(NORMAL), False, id="it is recorded"),
    ],
)
def test_a_state_is_told_only_when_it_is_recorded(record: StateRecord | None, broken: bool) -> None:
    checker = a_checker(DurableBeforeVisible)
    if record is not None:
        primary(checker).disk.write([record])
    message = State(time=START_AT, xid=1, state=NORMAL.wire, startup=False, stos=START_AT)

    if not broken:
        checker.spoke(primary(checker), message)
        return
    with pytest.raises(Broken, match="durable-before-visible: east-1 says"):
        checker.spoke(primary(checker), message)


def _promises(checker: OneAddressOneClient, node: Node, client: int, *, until_s: float) -> None:
    """Let a server promise 10.1.0.50 to a client, and the client hear of it at once."""
    who, now_s = checker.scene.clients[client - 1], checker.scene.now_s
    checker.answered(node, an_ack(who.mac))
    holding = Holding(
        client=client,
        key=who.guise.key,
        address=A50,
        server=0,
        relay=0,
        asked_s=now_s,
        lease_s=int(until_s - now_s),
        renew_s=until_s,
        rebind_s=until_s,
        end_s=until_s,
        until_s=until_s,
    )
    who.guise.holding = holding
    checker.promised(who, holding)


def _declares_down(checker: OneAddressOneClient, *, at_s: float) -> None:
    """Let a person tell the primary that its partner is down, while that serves on."""
    at(checker, at_s)
    primary(checker).disk.write([a_state(DOWN, my_state_at=START_AT + int(at_s))])
    checker.published(primary(checker), a_report(DOWN))


def _update(*, potential_in_s: int, ends_in_s: int = 60) -> BndUpd:
    lease = a_lease(MAC_1)
    return BndUpd(
        time=START_AT,
        xid=7,
        address=A50,
        state=BindingState.ACTIVE,
        hardware=lease.hardware,
        lease_expires_at=START_AT + ends_in_s,
        potential_expires_at=START_AT + potential_in_s,
        stos=START_AT,
        cltt=START_AT,
    )


def _acknowledged(
    checker: NoLeaseBeyondMclt | OneAddressOneClient, *, potential_in_s: int, ends_in_s: int = 60
) -> None:
    checker.spoke(primary(checker), _update(potential_in_s=potential_in_s, ends_in_s=ends_in_s))
    checker.spoke(secondary(checker), BndAck(time=START_AT, xid=7, address=A50))


def _answers(checker: NoLeaseBeyondMclt, ack: Dhcp4Packet) -> None:
    """Let the primary answer, and end its turn."""
    checker.answered(primary(checker), ack)
    checker.turned(primary(checker))
