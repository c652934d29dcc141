"""What a person is told who asks how a client would be answered."""

from __future__ import annotations

from dataclasses import replace

import pytest

from edgepair_contract.vocabulary import BindingState, FailoverState, Role
from edgepair_engine.dhcp.desk import Desk
from edgepair_engine.dhcp.explain import Answer, Explanation, clients_called, explain
from edgepair_engine.leases.lease import ClientKey
from tests.unit.dhcp.counter import T0, Counter, plain_counter, rights_in
from tests.unit.dhcp.packets import PRIMARYS_MAC, SECONDARYS_MAC, SERVER, address

MINE = "02:00:00:00:00:02"
PARTNERS = "02-00-00-00-00-01"
HARDWARE = b"\x01" + PRIMARYS_MAC


def explained(counter: Counter, client: str) -> Explanation:
    desk = Desk(
        scope=counter.scopes.all[0],
        rights=counter.rights,
        leases=counter.leases,
        offers=counter.offers,
        shelf=counter.shelf,
        server_ids=frozenset({SERVER}),
    )
    return explain(clients_called(client), desk, T0)


def primary(state: FailoverState = FailoverState.NORMAL) -> Counter:
    return Counter(rights_in(state))


def test_a_new_client_of_this_server_s_half_is_offered_an_address_for_mclt() -> None:
    explanation = explained(primary(), MINE)
    assert replace(explanation, answers=()) == Explanation(
        prefix="10.1.0.0/24",
        interface="lan0",
        group="lan0",
        client="hardware address 02:00:00:00:00:02",
        bucket=45,
        serving="Half",
        address=None,
        state=None,
        ends_at=None,
        answers=(),
    )
    why = "MCLT (3600 s) beyond what the partner knows: it knows of no lease yet; 86400 s are configured"
    assert explanation.answers == (Answer("DISCOVER", "OFFER", "an address for a new client", "10.1.0.50", 3600, why),)


def test_a_client_of_the_partner_s_half_gets_nothing_from_this_server() -> None:
    counter = primary()
    counter.hold("10.1.0.53", BindingState.BACKUP)
    explanation = explained(counter, PARTNERS)
    assert explanation.bucket == 133
    assert explanation.answers == (Answer("DISCOVER", "nothing", "load balancing leaves this client to the partner"),)


def test_a_server_that_answers_nobody_says_in_which_state_it_is() -> None:
    answers = explained(primary(FailoverState.RECOVER_WAIT), MINE).answers
    assert answers == (Answer("DISCOVER", "nothing", "this state answers no clients (in Recover-wait)"),)


def test_a_lease_is_told_with_its_renewal() -> None:
    counter = primary()
    counter.hold(
        "10.1.0.52",
        BindingState.ACTIVE,
        hardware=HARDWARE,
        starts_at=T0.wall_s - 3000,
        ends_at=T0.wall_s + 600,
        tsfp=T0.wall_s + 1000,
    )
    explanation = explained(counter, MINE)
    assert (explanation.address, explanation.state, explanation.ends_at) == ("10.1.0.52", "active", T0.wall_s + 600)
    assert explanation.answers[1] == Answer(
        "REQUEST",
        "ACK",
        "the lease goes on",
        "10.1.0.52",
        4600,
        "MCLT (3600 s) beyond what the partner knows: it knows of 1000 s more; 86400 s are configured",
    )


def test_a_lease_that_is_young_keeps_its_end() -> None:
    counter = plain_counter()
    counter.hold(
        "10.1.0.52", BindingState.ACTIVE, hardware=HARDWARE, starts_at=T0.wall_s - 60, ends_at=T0.wall_s + 86340
    )
    renewal = explained(counter, MINE).answers[1]
    assert (renewal.lease_s, renewal.lease_why) == (86340, "what is left of the lease: 25 % of it are not over")


def test_a_hardware_address_finds_the_client_that_names_itself_by_it() -> None:
    """Most clients send their hardware address as identifier: they hash by that."""
    counter = primary()
    counter.hold("10.1.0.52", BindingState.FREE, client_id=HARDWARE, hardware=HARDWARE, ends_at=T0.wall_s - 600)
    explanation = explained(counter, MINE)
    assert (explanation.client, explanation.state) == ("client identifier 01:02:00:00:00:00:02", "free")
    assert explained(counter, "01020000000002") == explanation


def test_a_reservation_is_told() -> None:
    answers = explained(plain_counter(), "02:00:00:00:00:99").answers
    why = "the address reserved for this client"
    assert [(answer.answer, answer.address, answer.why, answer.lease_why) for answer in answers] == [
        ("OFFER", "10.1.0.20", why, "as configured"),
        ("ACK", "10.1.0.20", why, "as configured"),
    ]


def test_to_explain_changes_nothing() -> None:
    counter = primary()
    before = explained(counter, MINE)
    assert explained(counter, MINE) == before
    assert len(counter.offers) == 0
    assert counter.leases.of_client(ClientKey(b"h" + HARDWARE), counter.scopes.all[0].pool) is None
    assert counter.leases.get(address("10.1.0.50")).state is BindingState.FREE


@pytest.mark.parametrize("name", ["", "printer", "02:00:00:00:00:0", "ab" * 256])
def test_a_name_that_is_neither_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="neither a hardware address"):
        clients_called(name)


def test_the_secondary_explains_its_own_half() -> None:
    counter = Counter(rights_in(FailoverState.NORMAL, Role.SECONDARY))
    counter.hold("10.1.0.52", BindingState.BACKUP)
    answer = explained(counter, SECONDARYS_MAC.hex(":")).answers[0]
    assert (answer.answer, answer.address) == ("OFFER", "10.1.0.52")
