"""DHCPREQUEST for an address of a failover pair, binding state by binding state (protocol reference 4.4 and 4.5)."""

from __future__ import annotations

import pytest

from edgepair_contract.vocabulary import BindingState, FailoverState, Role
from edgepair_engine.dhcp.verdict import Ack, Nak, Offer, Silent, Verdict, Why
from tests.unit.dhcp.counter import T0, Counter, later, rights_in
from tests.unit.dhcp.packets import PRIMARYS_MAC, SECONDARYS_MAC, Terminal, address

FREE, ACTIVE, EXPIRED, RELEASED, ABANDONED, RESET, BACKUP = BindingState
PRIMARY, SECONDARY = Role.PRIMARY, Role.SECONDARY
PD = FailoverState.PARTNER_DOWN
HOLDER = Terminal(mac=PRIMARYS_MAC)
STRANGER = Terminal(mac=SECONDARYS_MAC)
HARDWARE = b"\x01" + PRIMARYS_MAC

# What the client that held the address last gets, and what another one gets, from the primary and the secondary in
# NORMAL: ack, nak or silence. Second word of the row: the last state that the partner can know of.
ANSWERS = """
binding            holder,primary  holder,secondary  stranger,primary  stranger,secondary
ACTIVE             ack             ack               nak               nak
FREE               ack             silence           ack               silence
BACKUP             silence         ack               silence           ack
EXPIRED/ACTIVE     ack             ack               silence           silence
EXPIRED/FREE       ack             silence           ack               silence
EXPIRED/BACKUP     silence         ack               silence           ack
RELEASED/ACTIVE    ack             ack               silence           silence
RELEASED/FREE      ack             silence           ack               silence
RELEASED/BACKUP    silence         ack               silence           ack
RESET/ACTIVE       nak             nak               nak               nak
RESET/FREE         nak             nak               nak               nak
ABANDONED          ack             silence           ack               silence
"""


def cells() -> list[tuple[str, str, Role, str]]:
    head, *lines = (line.split() for line in ANSWERS.strip().splitlines())
    pairs = [column.split(",") for column in head[1:]]
    return [
        (row, who, Role(role), word) for row, *words in lines for (who, role), word in zip(pairs, words, strict=True)
    ]


def word(verdict: Verdict) -> str:
    match verdict:
        case Ack():
            return "ack"
        case Nak():
            return "nak"
        case _:
            assert verdict == Silent(Why.PARTNERS_ADDRESS)
            return "silence"


@pytest.mark.protocol(111, 112, 117)
@pytest.mark.parametrize(("row", "who", "role", "expected"), cells())
def test_who_confirms_an_address(row: str, who: str, role: Role, expected: str) -> None:
    state, _, rewind = row.partition("/")
    counter = Counter(rights_in(FailoverState.NORMAL, role))
    counter.hold(
        "10.1.0.50",
        BindingState[state],
        rewind=BindingState[rewind or state],
        hardware=HARDWARE if state != "ABANDONED" else None,
        ends_at=T0.wall_s + 100 if state == "ACTIVE" else T0.wall_s - 100,
    )
    client = HOLDER if who == "holder" else STRANGER
    assert word(counter.hear(client.reboots("10.1.0.50"))) == expected


@pytest.mark.protocol(115, 116)
@pytest.mark.parametrize(
    ("own", "seconds", "last"),
    [(1, 3601, 50), (0, 3600, None), (0, 3601, 52), (None, 3601, 53)],
    ids=[
        "an own one first, however long the partner's is unused",
        "none while the partner may have promised it",
        "then the partner's",
        "an abandoned one when there is no other",
    ],
)
def test_in_which_order_addresses_are_given_when_the_partner_is_down(
    own: int | None, seconds: int, last: int | None
) -> None:
    """dhcpd would take the partner's before an own one that was used later; own ones first need no claim to be over."""
    counter = Counter(rights_in(PD, SECONDARY, claims_from_at=T0.wall_s))
    counter.hold("10.1.0.50", BACKUP if own else ACTIVE, ends_at=T0.wall_s - 10 if own else T0.wall_s + 9999)
    counter.hold("10.1.0.51", ACTIVE, ends_at=T0.wall_s + 9999)
    counter.hold("10.1.0.52", ACTIVE if own is None else FREE, ends_at=T0.wall_s - 500)
    counter.hold("10.1.0.53", ABANDONED, ends_at=T0.wall_s - 600)
    verdict = counter.hear(STRANGER.discovers(), now=later(seconds))
    if last is None:
        assert verdict == Silent(Why.NO_ADDRESS, "10.1.0.0/24")
    else:
        assert isinstance(verdict, Offer)
        assert verdict.address == address(f"10.1.0.{last}")


@pytest.mark.parametrize(
    ("ends_in_s", "free_for_others"),
    [(-66, True), (-65, False), (-1, False), (0, False), (60, False), (66, True)],
    ids=[
        "over by any clock",
        "over, or our clock is ahead of the one it was given by",
        "just over",
        "in this second",
        "by a clock a minute ahead",
        "no clock is so far ahead",
    ],
)
def test_a_free_address_is_left_alone_while_its_last_client_may_count_on_it(
    ends_in_s: int, free_for_others: bool
) -> None:
    """Either server has ended the lease by its own clock, which may be ahead (statement 127's tolerance)."""
    counter = Counter(rights_in(FailoverState.COMMUNICATIONS_INTERRUPTED))
    for last in (51, 52, 53):
        counter.hold(f"10.1.0.{last}", BACKUP)
    counter.hold("10.1.0.50", FREE, hardware=HARDWARE, ends_at=T0.wall_s + ends_in_s)
    assert isinstance(counter.hear(STRANGER.discovers()), Offer) is free_for_others
    assert isinstance(counter.hear(STRANGER.reboots("10.1.0.50")), Ack) is free_for_others


def test_the_client_that_gave_an_address_back_may_have_it_again_at_once() -> None:
    counter = Counter(rights_in(FailoverState.NORMAL))
    counter.hold("10.1.0.50", FREE, hardware=HARDWARE, ends_at=T0.wall_s)
    assert counter.hear(HOLDER.discovers()) == Offer(address("10.1.0.50"), 3600, Why.KNOWN_CLIENT)
    assert isinstance(counter.hear(HOLDER.selects("10.1.0.50")), Ack)
