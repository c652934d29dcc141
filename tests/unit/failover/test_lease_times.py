"""For how long a client may have an address, and what the partner is told of it (protocol reference 5.3)."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Interface

import pytest

from edgepair_contract.config import InterfaceConfig, MemberConfig
from edgepair_contract.vocabulary import BindingState, FailoverState, Role
from edgepair_engine.dhcp.client import Client
from edgepair_engine.dhcp.desk import Desk
from edgepair_engine.dhcp.offers import Offers
from edgepair_engine.dhcp.scopes import Scopes
from edgepair_engine.dhcp.shelf import Shelf
from edgepair_engine.dhcp.terms import bind
from edgepair_engine.failover.serving import claim_ends_at, granted_s, potential_expiry
from edgepair_engine.leases.binding import released
from edgepair_engine.wire.failover import BndUpd, FailoverMessage, UpdReqAll
from tests.unit.failover.builders import MAC_OF_PRIMARY, MAC_OF_SECONDARY, T0, a_lease, a_record, at
from tests.unit.failover.opposite import Opposite, an_update, in_normal

FREE, ACTIVE, EXPIRED, RELEASED, ABANDONED, RESET, BACKUP = BindingState
PRIMARY, SECONDARY = Role.PRIMARY, Role.SECONDARY
PD = FailoverState.PARTNER_DOWN
FOREVER_S = 0xFFFFFFFF


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """Seconds: what client and configuration agree on, MCLT, how far tsfp is ahead; what is granted and told."""

    wanted_s: int = 120
    mclt_s: int = 30
    ahead_s: int
    granted_s: int
    told_s: int


CASES = {
    "a first lease": Case(ahead_s=-T0, granted_s=30, told_s=135),
    "a renewal 12 s later, acknowledged": Case(ahead_s=123, granted_s=120, told_s=180),
    "a renewal apart, after a lease that was never acknowledged": Case(ahead_s=-1, granted_s=30, told_s=135),
    "what the partner knows ends now": Case(ahead_s=0, granted_s=30, told_s=135),
    "what the partner knows ends in a second": Case(ahead_s=1, granted_s=31, told_s=135),
    "what the partner knows ends in 40 s": Case(ahead_s=40, granted_s=70, told_s=155),
    "what the partner knows reaches to the last second": Case(ahead_s=90, granted_s=120, told_s=180),
    "and one short of it": Case(ahead_s=89, granted_s=119, told_s=179),
    "less than MCLT, nothing known": Case(wanted_s=20, ahead_s=-T0, granted_s=20, told_s=30),
    "less than MCLT, much known": Case(wanted_s=20, ahead_s=1000, granted_s=20, told_s=30),
    "exactly MCLT": Case(wanted_s=30, ahead_s=-T0, granted_s=30, told_s=45),
    "a second more than MCLT": Case(wanted_s=31, ahead_s=-T0, granted_s=30, told_s=46),
    "an odd lease, halves truncated": Case(wanted_s=25, ahead_s=0, granted_s=25, told_s=37),
    "the usual day and hour": Case(wanted_s=86400, mclt_s=3600, ahead_s=-T0, granted_s=3600, told_s=88200),
}


@pytest.mark.protocol(119, 120, 121, 122)
@pytest.mark.parametrize("case", [pytest.param(case, id=title) for title, case in CASES.items()])
def test_how_long_a_lease_may_be_and_what_the_partner_hears(case: Case) -> None:
    lease_s = granted_s(case.wanted_s, tsfp=T0 + case.ahead_s, mclt_s=case.mclt_s, now=at(0))
    assert (lease_s, potential_expiry(case.wanted_s, lease_s, at(0)) - T0) == (case.granted_s, case.told_s)
    assert T0 + lease_s <= max(T0 + case.ahead_s, T0) + case.mclt_s


@pytest.mark.protocol(120)
@pytest.mark.parametrize(
    ("wanted_s", "told"),
    [
        (FOREVER_S, 0x7FFFFFFF),
        (FOREVER_S - 1, 0x7FFFFFFE),
        (0x7FFFFFFE - T0 - 15, 0x7FFFFFFE),
        (0x7FFFFFFE - T0 - 16, 0x7FFFFFFD),
    ],
    ids=["without end", "one less than without end", "just at the cap", "below it"],
)
def test_the_last_moments_that_can_be_told(wanted_s: int, told: int) -> None:
    assert potential_expiry(wanted_s, 30, at(0)) == told


# A client in the range of the captures, with the whole way from its wish to the binding.


def grant(story: Opposite, last: int = 120, *, hardware: bytes = MAC_OF_PRIMARY, wanted_s: int = 120) -> int:
    """Let a client have 10.77.1.`last`, tell the partner, and return for how long it has it."""
    lan0 = InterfaceConfig(name="lan0", device="eth1", address=IPv4Interface("10.77.1.2/24"))
    scope = Scopes(MemberConfig(server="east-1", interfaces=(lan0,), groups=(story.config,))).all[0]
    desk = Desk(
        scope=scope,
        rights=story.endpoint.rights(story.now),
        leases=story.table,
        offers=Offers(),
        shelf=Shelf(),
        server_ids=frozenset(),
    )
    lease_s, bound = bind(story.lease(last), Client(None, hardware), wanted_s=wanted_s, desk=desk, now=story.now)
    story.bind(bound)
    return lease_s


def told(message: FailoverMessage) -> tuple[str, int, int]:
    assert isinstance(message, BndUpd)
    assert message.state is not None
    assert message.lease_expires_at is not None
    assert message.potential_expires_at is not None
    return message.state.name, message.lease_expires_at - T0, message.potential_expires_at - T0


def wait_until(story: Opposite, seconds: float) -> None:
    story.wait(seconds - story.mono_s)


@pytest.mark.protocol(118, 119, 120, 121, 126, 129)
def test_the_life_of_an_address_in_capture_c1() -> None:
    """10.77.1.120: the second column is what the client got, the last two are options 13 and 18."""
    story = in_normal(PRIMARY)

    assert grant(story) == 30
    first = story.said[-1]
    assert told(first) == ("ACTIVE", 30, 135)
    wait_until(story, 1.5)
    story.ack(first)
    assert story.lease(120).tsfp == T0 + 135

    wait_until(story, 14.5)
    assert grant(story) == 120
    renewed = story.said[-1]
    assert told(renewed) == ("ACTIVE", 134, 194)
    story.ack(renewed)
    assert story.lease(120).tsfp == T0 + 194

    wait_until(story, 18.5)
    (given_back,) = story.bind(released(story.lease(120), story.now))
    assert told(given_back) == ("RELEASED", 18, 18)
    story.ack(given_back)
    assert (story.lease(120).state, story.lease(120).tsfp) == (FREE, T0 + 18)

    wait_until(story, 24.5)
    assert grant(story) == 30
    again = story.said[-1]
    assert told(again) == ("ACTIVE", 54, 159)
    story.ack(again)
    assert story.lease(120).tsfp == T0 + 159

    wait_until(story, 54.5)
    assert story.lease(120).state is ACTIVE, "dhcpd ends it here; we leave it its last second"
    (ended,) = [message for message in story.wait(1) if isinstance(message, BndUpd)]
    assert told(ended) == ("EXPIRED", 54, 159)
    story.ack(ended)
    lease = story.lease(120)
    assert (lease.state, lease.tsfp - T0, lease.tstp - T0) == (FREE, 159, 54)


@pytest.mark.protocol(123)
def test_a_lease_that_the_partner_gave_is_renewed_for_the_full_time() -> None:
    story = in_normal(SECONDARY)
    story.hear(an_update(120))
    wait_until(story, 15)
    assert grant(story) == 120
    assert told(story.said[-1]) == ("ACTIVE", 135, 195)


def test_what_the_partner_said_itself_is_not_taken_back_when_it_is_told_again() -> None:
    """A server that recovers hears of its own leases from its partner, and must not count on less than it promised."""
    story = in_normal(SECONDARY)
    story.hear(an_update(120, lease_expires_at=T0 + 120, potential_expires_at=T0 + 180))
    story.hear(UpdReqAll(time=T0, xid=900))
    story.ack_all()
    assert [told(update) for update in story.updates() if update.state is ACTIVE] == [("ACTIVE", 120, 180)]
    assert (story.lease(120).tsfp, story.lease(120).atsfp) == (T0 + 180, T0 + 180)


@pytest.mark.protocol(122)
def test_apart_a_client_gets_no_more_than_mclt_past_what_the_partner_acknowledged() -> None:
    story = in_normal(PRIMARY)
    grant(story)
    story.ack(story.said[-1])
    story.lose_link()
    lengths = []
    for seconds in (20, 100, 150, 170):
        wait_until(story, seconds)
        lengths.append(grant(story))
    assert lengths == [120, 65, 30, 30]
    assert story.lease(120).tsfp == T0 + 135


def test_a_shorter_lease_takes_back_nothing_that_the_partner_was_told() -> None:
    """Until it hears the shorter word it may renew by the longer one: for so long the address is claimed by it."""
    story = in_normal(PRIMARY)
    grant(story, wanted_s=240)
    story.ack(story.said[-1])
    story.lose_link()
    assert grant(story, wanted_s=20) == 20
    assert (story.lease(120).tstp, story.lease(120).tsfp, story.lease(120).atsfp) == (T0 + 255, T0 + 255, 0)
    wait_until(story, 40)
    ended = story.lease(120)
    assert ended.state is EXPIRED
    assert claim_ends_at(ended, gone_at=T0 + 30, mclt_s=30) == T0 + 255 + 30


def test_a_promise_told_but_not_acknowledged_is_not_lowered_either() -> None:
    story = in_normal(PRIMARY)
    grant(story, wanted_s=240)
    grant(story, wanted_s=20)
    assert told(story.said[-1])[2] == 255


def test_an_address_given_back_starts_afresh() -> None:
    story = in_normal(PRIMARY)
    grant(story, wanted_s=240)
    story.ack(story.said[-1])
    (given_back,) = story.bind(released(story.lease(120), story.now))
    story.ack(given_back)
    grant(story, wanted_s=20)
    assert told(story.said[-1])[2] == 30


def test_a_renewal_takes_nothing_back_of_what_the_client_may_count_on() -> None:
    """Its answer may be lost: the client goes on by what it was promised before, and nobody else gets the address."""
    story = in_normal(PRIMARY)
    grant(story)
    story.ack(story.said[-1])
    wait_until(story, 14)
    assert grant(story) == 120
    story.ack(story.said[-1])
    assert grant(story, wanted_s=20) == 20
    assert story.lease(120).ends_at == T0 + 134
    assert told(story.said[-1])[1] == 134


@pytest.mark.protocol("Q10", "I5")
@pytest.mark.parametrize("state", [FREE, EXPIRED, RELEASED], ids=lambda state: state.name)
def test_what_was_promised_to_one_client_says_nothing_about_the_next(state: BindingState) -> None:
    """dhcpd gives the next client 120 s: the old tsfp is 110 s ahead."""
    left = a_lease(state=state, ends_at=T0 - 1, tsfp=T0 + 110, atsfp=T0 + 110, tstp=T0 - 1, rewind=FREE)
    story = Opposite(PRIMARY, a_record(PD, PD), left)
    assert grant(story, hardware=MAC_OF_SECONDARY) == 30
    assert (story.lease(120).tsfp, story.lease(120).tstp) == (0, T0 + 135)


@pytest.mark.protocol("I5")
def test_the_client_that_had_the_address_is_still_known_to_the_partner() -> None:
    left = a_lease(state=FREE, ends_at=T0 - 1, tsfp=T0 + 110, atsfp=T0 + 110, tstp=T0 - 1)
    story = Opposite(PRIMARY, a_record(PD, PD), left)
    assert grant(story) == 120


@pytest.mark.protocol(119, 120)
def test_a_lease_without_end_begins_with_mclt_and_ends_where_time_does() -> None:
    story = in_normal(PRIMARY)
    assert grant(story, wanted_s=FOREVER_S) == 30
    first = story.said[-1]
    assert told(first) == ("ACTIVE", 30, 0x7FFFFFFF - T0)
    story.ack(first)
    assert grant(story, wanted_s=FOREVER_S) == 0x7FFFFFFF - T0
    assert told(story.said[-1]) == ("ACTIVE", 0x7FFFFFFF - T0, 0x7FFFFFFF - T0)


def test_a_partner_may_tell_moments_beyond_dhcpds_last() -> None:
    """32 bits are 32 bits: nothing of it may break the table, and no client is told more than is written down."""
    story = in_normal(SECONDARY)
    story.hear(an_update(120, lease_expires_at=0xFFFFFFFF, potential_expires_at=0xFFFFFFFF, stos=0xFFFFFFFF))
    assert (story.lease(120).ends_at, story.lease(120).tsfp) == (0xFFFFFFFF, 0xFFFFFFFF)
    assert grant(story, wanted_s=FOREVER_S) == 0x7FFFFFFF - T0
    assert told(story.said[-1]) == ("ACTIVE", 0x7FFFFFFF - T0, 0x7FFFFFFF - T0)
