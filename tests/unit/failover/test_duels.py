"""Two updates for one address that cross on the wire: which of them holds, and that both servers know it."""

from __future__ import annotations

import pytest

from edgepair_contract.vocabulary import BindingState, Role
from edgepair_engine.failover.bindings import ours_wins
from edgepair_engine.wire.failover import BndAck, FailoverMessage
from tests.unit.failover.builders import T0, a_lease, address
from tests.unit.failover.grids import cells
from tests.unit.failover.opposite import an_update, in_normal
from tests.unit.failover.pair import two_endpoints

FREE, ACTIVE, EXPIRED, RELEASED, ABANDONED, RESET, BACKUP = BindingState
PRIMARY, SECONDARY = Role.PRIMARY, Role.SECONDARY

# Protocol reference 5.6. Row: what I told; column: what the partner told. Three letters, for a last transaction of my
# client before, at, and after the partner's: ours (o), theirs (t) or the primary's (p) update holds.
# In the row ACTIVE dhcpd has p for o, and t for EXPIRED: there both of its servers give in, and each then has what the
# other had before. As a dhcpd gives in to ACTIVE always, we must not.
DUELS = """
mine       FREE  BACKUP  ACTIVE  EXPIRED  RELEASED  ABANDONED  RESET
FREE       ppp   ppp     ttt     ppp      ppp       ppp        ppp
BACKUP     ppp   ppp     ttt     ppp      ppp       ppp        ppp
ACTIVE     ooo   ooo     tpo     ooo      ooo       ooo        ooo
EXPIRED    ppp   ppp     ttt     ppp      ppp       ppp        ppp
RELEASED   ppp   ppp     ttt     ppp      ppp       ppp        ppp
ABANDONED  ppp   ppp     ttt     ppp      ppp       ppp        ppp
RESET      ppp   ppp     ttt     ppp      ppp       ppp        ppp
"""
LETTERS = {(True, True): "o", (False, False): "t", (True, False): "p"}  # do I win as primary, as secondary


@pytest.mark.protocol(133, "Q14", "I4")
@pytest.mark.parametrize(("mine", "theirs", "expected"), [*cells(DUELS)])
def test_which_of_two_updates_holds(mine: str, theirs: str, expected: str) -> None:
    found = ""
    for my_cltt in (T0 - 1, T0, T0 + 1):
        ours = a_lease(state=BindingState[mine], cltt=my_cltt)
        update = an_update(120, BindingState[theirs], cltt=T0)
        found += LETTERS[ours_wins(ours, update, PRIMARY), ours_wins(ours, update, SECONDARY)]
    assert found == expected


@pytest.mark.protocol(133)
@pytest.mark.parametrize(("primarys", "secondarys"), [(row, column) for row, column, _ in cells(DUELS)])
@pytest.mark.parametrize("later_s", [-1, 0, 1])
def test_both_servers_name_the_same_winner(primarys: str, secondarys: str, later_s: int) -> None:
    """Otherwise each would end with what the other had, or both would keep their own."""
    one, other = BindingState[primarys], BindingState[secondarys]
    cltts = (T0 + later_s, T0)
    primary_wins = ours_wins(a_lease(state=one, cltt=cltts[0]), an_update(120, other, cltt=cltts[1]), PRIMARY)
    secondary_wins = ours_wins(a_lease(state=other, cltt=cltts[1]), an_update(120, one, cltt=cltts[0]), SECONDARY)
    assert primary_wins is not secondary_wins


@pytest.mark.protocol(133)
def test_a_client_that_was_never_heard_is_the_oldest() -> None:
    assert ours_wins(a_lease(cltt=T0), an_update(cltt=None), SECONDARY)
    assert not ours_wins(a_lease(cltt=0), an_update(cltt=T0), PRIMARY)


def answer(messages: list[FailoverMessage]) -> tuple[int | None, str | None]:
    (ack,) = [message for message in messages if isinstance(message, BndAck)]
    return None if ack.reject is None else ack.reject.value, ack.text


@pytest.mark.protocol(133)
def test_the_winner_refuses_and_its_update_stays_under_way() -> None:
    """Capture c1#24."""
    story = in_normal(PRIMARY)
    (ours,) = story.bind(a_lease(120, cltt=T0))
    heard = story.hear(an_update(120, cltt=T0))
    assert answer(heard) == (16, "incoming update is less critical than outgoing update")
    story.ack(ours)
    assert story.lease(120).tsfp == T0 + 135


@pytest.mark.protocol(133, 134)
def test_the_loser_takes_the_partners_update_and_frees_its_place_in_the_window() -> None:
    """Captures a1#40 and c1#33."""
    story = in_normal(SECONDARY, window=1)
    (ours,) = story.bind(a_lease(120, cltt=T0))
    assert story.bind(a_lease(105)) == []
    heard = story.hear(an_update(120, cltt=T0, lease_expires_at=T0 + 31))
    assert answer(heard) == (None, None)
    assert story.lease(120).ends_at == T0 + 31
    assert [update.address for update in story.updates()] == [address(120), address(105)]
    assert story.ack(ours) == []


@pytest.mark.protocol(133)
def test_a_partner_that_gave_in_too_is_told_the_binding_that_holds() -> None:
    """A dhcpd that is secondary takes our RELEASED and frees the address, while we take its ACTIVE."""
    story = in_normal(PRIMARY)
    (active,) = story.bind(a_lease(120, cltt=T0))
    story.ack(active)
    (released,) = story.bind(a_lease(120, state=RELEASED, ends_at=T0, tstp=T0))
    heard = story.hear(an_update(120, cltt=T0, lease_expires_at=T0 + 60))
    assert answer(heard) == (None, None)
    assert story.ack(released) == []
    told = story.updates()[-1]
    assert (told.address, told.state, told.lease_expires_at) == (address(120), ACTIVE, T0 + 60)


@pytest.mark.protocol(133)
def test_an_update_that_only_waits_is_in_no_duel() -> None:
    """Sent, not merely queued (protocol reference 5.6)."""
    story = in_normal(PRIMARY, window=1)
    story.bind(a_lease(130))
    assert story.bind(a_lease(120, state=BACKUP, tstp=T0)) == []
    assert answer(story.hear(an_update(120, FREE, lease_expires_at=T0))) == (None, None)


@pytest.mark.protocol(122, 133)
@pytest.mark.parametrize(
    ("primarys_cltt", "secondarys_cltt"),
    [(T0 + 2, T0 + 1), (T0 + 1, T0 + 2), (T0 + 1, T0 + 1)],
    ids=["the primary heard the client last", "the secondary did", "a tie is the primary's"],
)
@pytest.mark.parametrize(
    "ends", [(T0 + 60, T0 + 70), (T0 + 70, T0 + 60)], ids=["secondary gave more", "primary gave more"]
)
def test_a_client_that_rebinds_at_both_keeps_the_longer_of_its_two_leases_at_both(
    ends: tuple[int, int], primarys_cltt: int, secondarys_cltt: int
) -> None:
    """Both servers answer a broadcast; their updates cross (capture c1#20-#25).

    Whoever loses, the client may go by the longer of the two answers; dhcpd forgets it when its server loses.
    """
    pair = two_endpoints()
    pair.start()
    pair.run(1)
    sides = (pair.primary, pair.secondary)
    for side, cltt, until in zip(sides, (primarys_cltt, secondarys_cltt), ends, strict=True):
        lease = a_lease(120, ends_at=until, tstp=until + 90, cltt=cltt)
        pair.perform(side, side.running.lease_changed(lease, pair.now()))
    pair.run(1)
    assert [side.lease(120).ends_at for side in sides] == [T0 + 70, T0 + 70]


@pytest.mark.protocol(133)
def test_a_decline_that_both_hear_leaves_the_address_abandoned_at_both() -> None:
    """Capture c1#31-#34."""
    pair = two_endpoints()
    pair.start()
    pair.run(1)
    kept = a_lease(120, state=ABANDONED, hardware=None, ends_at=T0 + 86401, tstp=T0 + 86401, cltt=0)
    for side in (pair.primary, pair.secondary):
        pair.perform(side, side.running.lease_changed(kept, pair.now()))
    pair.run(1)
    for side in (pair.primary, pair.secondary):
        assert (side.lease(120).state, side.lease(120).needs_update) == (ABANDONED, False)
