"""A changed MCLT while the two do not know yet whether the other knows: the smaller is promised, the larger waited."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest

from edgepair_contract.vocabulary import FailoverState, Role
from edgepair_engine.failover.endpoint import Endpoint
from edgepair_engine.failover.outcome import LinkId, Outcome, Send
from edgepair_engine.leases.record import StateRecord
from edgepair_engine.wire.failover import Connect, ConnectAck, State, UpdDone, UpdReq
from tests.unit.failover.builders import a_group, a_record, a_table, at

CI = FailoverState.COMMUNICATIONS_INTERRUPTED
L1 = LinkId(1)


class Primary:
    """A primary that agreed on an MCLT of 30 s once and is configured with another since; its store."""

    def __init__(self, mclt_s: int, stored: StateRecord | None = None) -> None:
        config = a_group(Role.PRIMARY, mclt_s=mclt_s)
        record = stored or a_record(CI, FailoverState.NORMAL)
        self.endpoint = Endpoint(config, a_table(config), record, chance=random.Random(1), now=at(0))
        self.stored = record

    def take(self, outcome: Outcome) -> list[object]:
        self.stored = next((record for record in outcome.records if isinstance(record, StateRecord)), self.stored)
        return [action.message for action in outcome.actions if isinstance(action, Send)]

    def says_connect(self) -> None:
        (message,) = self.take(self.endpoint.link_up(L1, at(1)))
        assert isinstance(message, Connect)

    def hears_connect_ack(self) -> None:
        answer = ConnectAck(time=at(1).wall_s, xid=0, relationship=b"ha-pair", max_unacked=10, receive_timer_s=10)
        self.take(self.endpoint.on_message(L1, answer, at(1)))

    def hears_interrupted(self) -> list[object]:
        state = State(time=at(1).wall_s, xid=0, state=3, startup=False, stos=at(0).wall_s)
        return self.take(self.endpoint.on_message(L1, state, at(1)))

    @property
    def promises_and_waits_s(self) -> tuple[int, int]:
        rights = self.endpoint.rights(at(1))
        return rights.mclt_s, rights.mclt_wait_s


@pytest.mark.parametrize(("mclt_s", "told"), [(10, (10, 30)), (600, (30, 600))], ids=["a smaller one", "a larger one"])
def test_a_primary_that_told_of_another_mclt_and_heard_no_answer_is_careful_both_ways(
    mclt_s: int, told: tuple[int, int]
) -> None:
    primary = Primary(mclt_s)
    assert primary.promises_and_waits_s == (30, 30)
    primary.says_connect()
    assert primary.promises_and_waits_s == told
    assert Primary(mclt_s, primary.stored).promises_and_waits_s == told, "a restart must not forget it"


def test_a_larger_mclt_counts_whole_once_the_partner_agrees() -> None:
    primary = Primary(600)
    primary.says_connect()
    primary.hears_connect_ack()
    assert primary.promises_and_waits_s == (600, 600)
    assert primary.stored.mclt_wait_s == 0


def test_a_smaller_mclt_is_waited_by_only_once_the_partner_told_all_it_promised_by_the_larger() -> None:
    primary = Primary(10)
    primary.says_connect()
    primary.hears_connect_ack()
    assert primary.promises_and_waits_s == (10, 30)
    said = primary.hears_interrupted()
    (asked,) = [message for message in said if isinstance(message, UpdReq)]
    assert primary.promises_and_waits_s == (10, 30)
    primary.take(primary.endpoint.on_message(L1, UpdDone(time=at(1).wall_s, xid=asked.xid), at(1)))
    assert primary.promises_and_waits_s == (10, 10)
    assert Primary(10, primary.stored).promises_and_waits_s == (10, 10)


def test_an_mclt_taken_back_before_anybody_agreed_is_still_waited_for() -> None:
    primary = Primary(600)
    primary.says_connect()
    again = Primary(30, primary.stored)
    again.says_connect()
    assert again.promises_and_waits_s == (30, 600)


def test_a_secondary_that_learns_a_smaller_mclt_waits_by_the_larger_too() -> None:
    config = a_group(Role.SECONDARY)
    record = replace(a_record(CI, FailoverState.NORMAL), mclt_s=600)
    secondary = Endpoint(config, a_table(config), record, chance=random.Random(1), now=at(0))
    secondary.link_up(L1, at(1))
    (stored,) = secondary.on_message(L1, a_connect(), at(1)).records
    assert isinstance(stored, StateRecord)
    assert (stored.mclt_s, stored.mclt_wait_s) == (30, 600)
    rights = secondary.rights(at(1))
    assert (rights.mclt_s, rights.mclt_wait_s) == (30, 600)


def test_a_new_secondary_waits_by_the_mclt_that_it_learns() -> None:
    """Whatever it is configured with: it has promised nothing by that."""
    config = a_group(Role.SECONDARY, mclt_s=3600)
    secondary = Endpoint(config, a_table(config), None, chance=random.Random(1), now=at(0))
    secondary.link_up(L1, at(1))
    secondary.on_message(L1, a_connect(), at(1))
    rights = secondary.rights(at(1))
    assert (rights.mclt_s, rights.mclt_wait_s) == (30, 30)


def a_connect() -> Connect:
    return Connect(
        time=at(1).wall_s,
        xid=0,
        relationship=b"ha-pair",
        max_unacked=10,
        receive_timer_s=10,
        vendor_class=b"isc-4.4.3-P1",
        protocol_version=1,
        tls_request=0,
        mclt_s=30,
        hba=b"\xff" * 16 + bytes(16),
    )
