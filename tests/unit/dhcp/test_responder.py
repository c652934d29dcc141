"""Who is answered, with which address, for how long: one server's decisions."""

from __future__ import annotations

import pytest

from edgepair_contract.vocabulary import BindingState, FailoverState, Role
from edgepair_engine.dhcp.relay import Arrival
from edgepair_engine.dhcp.verdict import Ack, BootReply, Freed, Inform, Nak, Offer, Silent, Why
from edgepair_engine.wire.dhcp4_options import Dhcp4Option, Dhcp4Type
from tests.unit.dhcp.counter import BRIEF_MEMBER, SHY_MEMBER, T0, Counter, later, plain_counter, rights_in
from tests.unit.dhcp.packets import (
    BY_BROADCAST,
    BY_UNICAST,
    PRIMARYS_MAC,
    SECONDARYS_MAC,
    Terminal,
    address,
)

MINE = Terminal(mac=PRIMARYS_MAC)
PARTNERS = Terminal(mac=SECONDARYS_MAC)
MINE_HARDWARE = b"\x01" + PRIMARYS_MAC
NOT_SERVING = [
    FailoverState.RECOVER,
    FailoverState.RECOVER_WAIT,
    FailoverState.RECOVER_DONE,
    FailoverState.POTENTIAL_CONFLICT,
    FailoverState.RESOLUTION_INTERRUPTED,
    FailoverState.CONFLICT_DONE,
    FailoverState.PAUSED,
    FailoverState.SHUTDOWN,
]


def primary(state: FailoverState = FailoverState.NORMAL) -> Counter:
    return Counter(rights_in(state))


def secondary(state: FailoverState = FailoverState.NORMAL) -> Counter:
    counter = Counter(rights_in(state, Role.SECONDARY))
    counter.hold("10.1.0.52", BindingState.BACKUP)
    counter.hold("10.1.0.53", BindingState.BACKUP)
    return counter


@pytest.mark.protocol(115, 119)
def test_the_primary_offers_its_lowest_free_address_for_mclt() -> None:
    counter = primary()
    assert counter.hear(MINE.discovers()) == Offer(address("10.1.0.50"), 3600, Why.NEW_CLIENT)


@pytest.mark.protocol(115)
def test_the_secondary_offers_from_its_backup_half() -> None:
    assert secondary().hear(PARTNERS.discovers()) == Offer(address("10.1.0.52"), 3600, Why.NEW_CLIENT)


@pytest.mark.protocol(106)
def test_a_client_of_the_partner_s_half_is_left_to_it_while_it_has_addresses() -> None:
    counter = primary()
    counter.hold("10.1.0.53", BindingState.BACKUP)
    assert counter.hear(PARTNERS.discovers()) == Silent(Why.PARTNERS_CLIENT)


@pytest.mark.protocol(109)
@pytest.mark.parametrize(
    ("role", "partners_state", "answered"),
    [
        (Role.PRIMARY, BindingState.BACKUP, False),
        (Role.PRIMARY, BindingState.ACTIVE, True),
        (Role.SECONDARY, BindingState.FREE, False),
        (Role.SECONDARY, BindingState.ACTIVE, True),
    ],
    ids=["the secondary has one", "the secondary has none", "the primary has one", "the primary has none"],
)
def test_a_client_of_the_partner_s_half_is_answered_when_the_partner_has_no_address_left(
    role: Role, partners_state: BindingState, answered: bool
) -> None:
    counter = Counter(rights_in(FailoverState.NORMAL, role))
    mine = BindingState.FREE if role is Role.PRIMARY else BindingState.BACKUP
    for last, state in ((50, mine), (51, mine), (52, BindingState.ACTIVE), (53, partners_state)):
        counter.hold(f"10.1.0.{last}", state, ends_at=T0.wall_s + 500)
    client = PARTNERS if role is Role.PRIMARY else MINE
    verdict = counter.hear(client.discovers())
    assert isinstance(verdict, Offer) if answered else verdict == Silent(Why.PARTNERS_CLIENT)


@pytest.mark.protocol(105)
@pytest.mark.parametrize(
    ("client_id", "role"), [(None, Role.PRIMARY), (bytes.fromhex("01020000000005"), Role.SECONDARY)]
)
def test_a_client_identifier_counts_before_the_hardware_address(client_id: bytes | None, role: Role) -> None:
    """Capture b1#8: the address alone hashes to 13, the identifier to 242."""
    client = Terminal(mac=bytes.fromhex("020000000005"), client_id=client_id)
    counter = Counter(rights_in(FailoverState.NORMAL, role))
    counter.hold("10.1.0.52", BindingState.BACKUP)
    assert isinstance(counter.hear(client.discovers()), Offer)
    other = Counter(rights_in(FailoverState.NORMAL, role.partner))
    other.hold("10.1.0.52", BindingState.BACKUP)
    assert other.hear(client.discovers()) == Silent(Why.PARTNERS_CLIENT)


@pytest.mark.protocol(111)
def test_a_request_is_never_left_to_the_partner_for_the_sake_of_balance() -> None:
    counter = primary()
    counter.hold("10.1.0.53", BindingState.BACKUP)
    assert isinstance(counter.hear(PARTNERS.selects("10.1.0.50")), Ack)


@pytest.mark.protocol(131)
def test_a_client_without_hardware_address_has_its_hardware_type_in_the_lease() -> None:
    """The partner refuses a lease without option 5. The type alone names nobody: without identifier it is no client."""
    counter = primary(FailoverState.COMMUNICATIONS_INTERRUPTED)
    first, second = (Terminal(mac=b"", client_id=name) for name in (b"\0first", b"\0second"))
    assert isinstance(counter.hear(first.selects("10.1.0.50")), Ack)
    lease = counter.leases.get(address("10.1.0.50"))
    assert (lease.hardware, lease.client_id) == (b"\1", b"\0first")
    assert counter.hear(second.reboots("10.1.0.50")) == Nak(address("10.1.0.50"), Why.ANOTHER_CLIENT)
    counter.hold("10.1.0.51", BindingState.ACTIVE, hardware=b"\1", ends_at=T0.wall_s + 100)
    assert counter.hear(second.reboots("10.1.0.51")) == Nak(address("10.1.0.51"), Why.ANOTHER_CLIENT)


@pytest.mark.protocol(107)
def test_a_client_that_waits_longer_than_load_balance_max_is_answered_by_both() -> None:
    patient = Terminal(mac=SECONDARYS_MAC, secs=6)
    counter = primary()
    counter.hold("10.1.0.53", BindingState.BACKUP)
    assert isinstance(counter.hear(patient.discovers()), Offer)


@pytest.mark.protocol(110)
def test_alone_every_client_is_answered() -> None:
    counter = primary(FailoverState.COMMUNICATIONS_INTERRUPTED)
    counter.hold("10.1.0.53", BindingState.BACKUP)
    assert isinstance(counter.hear(PARTNERS.discovers()), Offer)


def test_an_address_that_is_offered_is_not_offered_to_the_next_client() -> None:
    counter = primary(FailoverState.COMMUNICATIONS_INTERRUPTED)
    offers = [counter.hear(Terminal(mac=bytes([2, 0, 0, 0, 1, n])).discovers()) for n in range(5)]
    addresses = [offer.address - address("10.1.0.0") for offer in offers if isinstance(offer, Offer)]
    assert addresses == [50, 51, 52, 53]
    assert offers[4] == Silent(Why.NO_ADDRESS, "10.1.0.0/24")


def test_an_offer_that_nobody_takes_is_free_again_after_two_minutes() -> None:
    counter = primary()
    counter.hear(MINE.discovers())
    another = Terminal(mac=bytes.fromhex("020000000007"))
    assert counter.hear(another.discovers("10.1.0.50"), now=later(119)) == Offer(
        address("10.1.0.51"), 3600, Why.NEW_CLIENT
    )
    third = Terminal(mac=bytes.fromhex("020000000008"))
    assert counter.hear(third.discovers("10.1.0.50"), now=later(120)) == Offer(
        address("10.1.0.50"), 3600, Why.NEW_CLIENT
    )


@pytest.mark.protocol(119, 120)
def test_an_accepted_offer_becomes_a_lease_for_mclt_whose_partner_hears_the_full_time() -> None:
    counter = primary()
    counter.hear(MINE.discovers())
    verdict = counter.hear(MINE.selects("10.1.0.50"))
    assert isinstance(verdict, Ack)
    assert (verdict.lease_s, verdict.why) == (3600, Why.SELECTED)
    lease = counter.leases.get(address("10.1.0.50"))
    assert (lease.state, lease.hardware) == (BindingState.ACTIVE, MINE_HARDWARE)
    assert (lease.starts_at, lease.cltt, lease.ends_at) == (T0.wall_s, T0.wall_s, T0.wall_s + 3600)
    assert (lease.tstp, lease.atsfp) == (T0.wall_s + 86400 + 1800, 0)


@pytest.mark.protocol(121)
def test_a_renewal_after_the_partner_s_acknowledgement_gets_the_full_time() -> None:
    counter = primary()
    counter.hear(MINE.selects("10.1.0.50"))
    lease = counter.leases.get(address("10.1.0.50"))
    counter.hold("10.1.0.50", BindingState.ACTIVE, hardware=MINE_HARDWARE, ends_at=lease.ends_at, tsfp=lease.tstp)
    verdict = counter.hear(MINE.renews("10.1.0.50"), arrival=BY_UNICAST, now=later(1800))
    assert isinstance(verdict, Ack)
    assert (verdict.lease_s, verdict.why) == (86400, Why.RENEWED)


def test_who_asks_early_without_using_the_address_gets_a_new_word_and_not_the_old_one_again() -> None:
    """It may have released it, and only the partner has heard: our newer word is what outdoes that."""
    counter = primary()
    counter.hear(MINE.selects("10.1.0.50"))
    for asks in (MINE.selects("10.1.0.50"), MINE.reboots("10.1.0.50")):
        verdict = counter.hear(asks, now=later(60))
        assert isinstance(verdict, Ack)
        assert verdict.lease is not None
        assert (verdict.why, verdict.lease.cltt) == (Why.RENEWED, later(60).wall_s)


def test_a_renewal_in_the_first_quarter_repeats_the_old_end_and_changes_nothing() -> None:
    counter = primary()
    counter.hear(MINE.selects("10.1.0.50"))
    assert counter.hear(MINE.renews("10.1.0.50"), now=later(899)) == Ack(
        address("10.1.0.50"), 2701, Why.RENEWED_EARLY, None, 899
    )
    verdict = counter.hear(MINE.renews("10.1.0.50"), now=later(900))
    assert isinstance(verdict, Ack)
    assert verdict.why is Why.RENEWED


def test_a_lease_time_that_was_lowered_holds_at_every_renewal() -> None:
    """The binding keeps the end that the client was promised before; its rest is not what the client gets."""
    counter = Counter(rights_in(FailoverState.NORMAL), BRIEF_MEMBER)
    ends_at = T0.wall_s + 86400
    counter.hold("10.1.0.50", BindingState.ACTIVE, hardware=MINE_HARDWARE, starts_at=T0.wall_s, ends_at=ends_at)
    for seconds in (10, 160, 310):
        verdict = counter.hear(MINE.renews("10.1.0.50"), now=later(seconds))
        assert isinstance(verdict, Ack)
        assert (verdict.lease_s, verdict.why) == (300, Why.RENEWED)
        assert counter.leases.get(address("10.1.0.50")).ends_at == ends_at


@pytest.mark.protocol(111)
def test_a_request_for_the_partner_s_address_is_left_to_it() -> None:
    counter = primary()
    counter.hold("10.1.0.53", BindingState.BACKUP)
    assert counter.hear(MINE.reboots("10.1.0.53")) == Silent(Why.PARTNERS_ADDRESS)


def test_a_client_that_chose_another_server_is_left_alone() -> None:
    assert primary().hear(MINE.selects("10.1.0.50", server="10.1.0.3")) == Silent(Why.OTHER_SERVER)


@pytest.mark.protocol(112)
@pytest.mark.parametrize("arrival", [BY_BROADCAST, BY_UNICAST], ids=["rebinding", "renewing"])
def test_a_lease_of_the_partner_is_confirmed_by_whoever_is_asked(arrival: Arrival) -> None:
    counter = primary()
    counter.hold("10.1.0.53", BindingState.ACTIVE, hardware=b"\x01" + SECONDARYS_MAC, ends_at=T0.wall_s + 100)
    verdict = counter.hear(PARTNERS.renews("10.1.0.53"), arrival=arrival)
    assert isinstance(verdict, Ack)
    assert verdict.why is Why.RENEWED


def test_an_address_of_another_network_is_refused() -> None:
    assert primary().hear(MINE.reboots("192.168.7.7")) == Nak(address("192.168.7.7"), Why.WRONG_NETWORK)


def test_another_client_s_address_is_refused() -> None:
    counter = primary()
    counter.hold("10.1.0.50", BindingState.ACTIVE, hardware=b"\x01" + SECONDARYS_MAC, ends_at=T0.wall_s + 100)
    assert counter.hear(MINE.reboots("10.1.0.50")) == Nak(address("10.1.0.50"), Why.ANOTHER_CLIENT)


def test_a_server_without_authority_refuses_what_it_knows_better_and_nothing_else() -> None:
    """As dhcpd does: an address of elsewhere may be another server's matter, one of its own never is."""
    printer = Terminal(mac=bytes.fromhex("020000000099"))
    counter = Counter(rights_in(FailoverState.NORMAL), SHY_MEMBER)
    counter.hold("10.1.0.50", BindingState.ACTIVE, hardware=b"\x01" + SECONDARYS_MAC, ends_at=T0.wall_s + 100)
    assert counter.hear(MINE.reboots("192.168.7.7")) == Silent(Why.WRONG_NETWORK)
    assert counter.hear(MINE.reboots("10.1.0.50")) == Nak(address("10.1.0.50"), Why.ANOTHER_CLIENT)
    assert counter.hear(printer.reboots("10.1.0.51")) == Nak(address("10.1.0.51"), Why.RESERVED_ELSEWHERE)


def test_an_address_outside_the_ranges_is_nobody_s_to_confirm() -> None:
    assert primary().hear(MINE.reboots("10.1.0.200")) == Silent(Why.NOT_MANAGED)


@pytest.mark.protocol(113, 114)
@pytest.mark.parametrize("state", NOT_SERVING, ids=lambda state: state.label)
def test_in_a_state_that_serves_nobody_all_lease_traffic_is_left_unanswered_and_inform_is_not(
    state: FailoverState,
) -> None:
    counter = primary(state)
    unanswered = [MINE.discovers(), MINE.reboots("192.168.7.7"), MINE.renews("10.1.0.50"), MINE.releases("10.1.0.50")]
    assert {counter.hear(data) for data in unanswered} == {Silent(Why.NOT_SERVING, f"in {state.label}")}
    assert counter.hear(MINE.informs("10.1.0.77")) == Inform()


@pytest.mark.protocol(129)
def test_a_released_lease_ends_now() -> None:
    counter = primary()
    counter.hear(MINE.selects("10.1.0.50"))
    verdict = counter.hear(MINE.releases("10.1.0.50"), arrival=BY_UNICAST, now=later(50))
    assert isinstance(verdict, Freed)
    lease = counter.leases.get(address("10.1.0.50"))
    assert (lease.state, lease.ends_at, lease.tstp) == (BindingState.RELEASED, T0.wall_s + 50, T0.wall_s + 50)
    assert (lease.starts_at, lease.cltt) == (T0.wall_s, T0.wall_s)


def test_a_release_by_somebody_else_changes_nothing() -> None:
    counter = primary()
    counter.hear(MINE.selects("10.1.0.50"))
    assert counter.hear(PARTNERS.releases("10.1.0.50")) == Silent(Why.NOT_THE_HOLDER)


@pytest.mark.protocol(130)
def test_a_declined_address_is_kept_back_for_a_day_without_its_client() -> None:
    counter = primary()
    counter.hear(MINE.selects("10.1.0.50"))
    assert isinstance(counter.hear(MINE.declines("10.1.0.50"), now=later(1)), Freed)
    lease = counter.leases.get(address("10.1.0.50"))
    assert (lease.state, lease.hardware, lease.ends_at) == (BindingState.ABANDONED, None, T0.wall_s + 1 + 86400)


def test_a_client_is_offered_the_address_it_had() -> None:
    counter = primary()
    counter.hear(MINE.selects("10.1.0.52"))
    assert counter.hear(MINE.discovers(), now=later(4000)) == Offer(address("10.1.0.52"), 3600, Why.KNOWN_CLIENT)


@pytest.mark.protocol(117)
def test_a_released_address_goes_back_to_its_client_only_until_the_partner_knows() -> None:
    counter = primary()
    counter.hold(
        "10.1.0.50",
        BindingState.RELEASED,
        hardware=MINE_HARDWARE,
        rewind=BindingState.ACTIVE,
        ends_at=T0.wall_s - 1,
    )
    another = Terminal(mac=bytes.fromhex("020000000007"))
    assert counter.hear(another.reboots("10.1.0.50")) == Silent(Why.PARTNERS_ADDRESS)
    verdict = counter.hear(MINE.reboots("10.1.0.50"))
    assert isinstance(verdict, Ack)
    assert verdict.why is Why.REACTIVATED


def test_a_reserved_address_is_given_for_the_full_time_and_not_recorded() -> None:
    printer = Terminal(mac=bytes.fromhex("020000000099"))
    counter = primary(FailoverState.COMMUNICATIONS_INTERRUPTED)
    assert counter.hear(printer.discovers()) == Offer(address("10.1.0.20"), 86400, Why.RESERVED)
    assert counter.hear(printer.selects("10.1.0.20")) == Ack(address("10.1.0.20"), 86400, Why.RESERVED, None)
    assert counter.hear(printer.reboots("10.1.0.50")) == Nak(address("10.1.0.50"), Why.RESERVED_ELSEWHERE)


def test_without_failover_the_first_lease_has_its_full_time_and_a_released_address_is_free_at_once() -> None:
    counter = plain_counter()
    assert counter.hear(PARTNERS.discovers()) == Offer(address("10.1.0.50"), 86400, Why.NEW_CLIENT)
    verdict = counter.hear(PARTNERS.selects("10.1.0.50"))
    assert isinstance(verdict, Ack)
    assert verdict.lease_s == 86400
    counter.hear(PARTNERS.releases("10.1.0.50"), now=later(9))
    assert counter.leases.get(address("10.1.0.50")).state is BindingState.FREE


@pytest.mark.protocol(116)
def test_partner_down_takes_the_partner_s_address_only_after_its_last_promise_and_mclt() -> None:
    counter = Counter(rights_in(FailoverState.PARTNER_DOWN, Role.SECONDARY, claims_from_at=T0.wall_s))
    for last in (50, 51, 52, 53):
        counter.hold(f"10.1.0.{last}", BindingState.FREE, tsfp=T0.wall_s + 10)
    assert counter.hear(PARTNERS.discovers(), now=later(3610)) == Silent(Why.NO_ADDRESS, "10.1.0.0/24")
    assert isinstance(counter.hear(PARTNERS.discovers(), now=later(3611)), Offer)


def test_without_a_partner_any_more_its_addresses_are_given_too() -> None:
    """The subnet was taken out of its group: what was the secondary's half is nobody's now."""
    counter = plain_counter()
    for last in (50, 51, 52, 53):
        counter.hold(f"10.1.0.{last}", BindingState.BACKUP, ends_at=T0.wall_s - 2 * last)
    offer = counter.hear(MINE.discovers())
    assert isinstance(offer, Offer)
    assert offer.address == address("10.1.0.53")


def test_a_client_that_wishes_for_no_time_at_all_gets_the_usual_one() -> None:
    asks = MINE.says(Dhcp4Type.DISCOVER, options={Dhcp4Option.LEASE_TIME: bytes(4)})
    assert plain_counter().hear(asks) == Offer(address("10.1.0.50"), 86400, Why.NEW_CLIENT)


RELAYED = Terminal(mac=PRIMARYS_MAC, giaddr="10.1.0.1", agent=b"\x0b\x04\x0a\x01\x00\x01")


def test_a_client_that_knows_the_server_by_the_relay_s_address_gets_what_it_was_offered() -> None:
    """RFC 5107: option 54 is the same for both servers of the pair."""
    counter = primary()
    assert counter.hear(RELAYED.discovers()) == Offer(address("10.1.0.50"), 3600, Why.NEW_CLIENT)
    chosen = RELAYED.selects("10.1.0.50", server="10.1.0.1")
    assert isinstance(counter.hear(chosen), Ack)
    assert isinstance(counter.hear(chosen, now=later(4)), Ack)  # the answer was lost


def test_the_server_that_offered_nothing_leaves_that_client_to_its_partner() -> None:
    counter = secondary()
    counter.hold("10.1.0.50", BindingState.ACTIVE, hardware=MINE_HARDWARE, ends_at=T0.wall_s + 600)
    assert counter.hear(RELAYED.selects("10.1.0.50", server="10.1.0.1")) == Silent(Why.OTHER_SERVER)


PRINTER = Terminal(mac=bytes.fromhex("020000000099"))  # hashes to the primary's half


def test_a_bootp_client_is_told_its_reserved_address_by_one_of_the_two() -> None:
    verdicts = [counter.hear(PRINTER.boots()) for counter in (primary(), secondary())]
    assert verdicts == [BootReply(address("10.1.0.20")), Silent(Why.PARTNERS_CLIENT)]


def test_a_bootp_client_without_a_reservation_gets_no_address() -> None:
    assert primary().hear(MINE.boots()) == Silent(Why.NOT_RESERVED)
