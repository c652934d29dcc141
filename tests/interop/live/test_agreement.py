"""What the two do not agree on: the name of their relationship, or what time it is. And when they do at last."""

from __future__ import annotations

import pytest

from edgepair_contract.vocabulary import FailoverState
from tests.interop.live.conftest import PairOf
from tests.interop.live.pair import NORMAL, Pair, settled
from tests.interop.live.terms import Terms

ALONE = FailoverState.COMMUNICATIONS_INTERRUPTED
RECOVER = FailoverState.RECOVER
OURS_OR_THEIRS = ("ours", "theirs")

LONG = Terms(mclt_s=240, lease_s=240)  # 40 s more or less do not matter to a lease


def refusals(pair: Pair, why: str) -> int:
    """Return how many connections with this reason our engine has told of as refused."""
    return sum(1 for note in pair.ours.notes("link-refused") if why in note["why"])


@pytest.mark.gate
@pytest.mark.parametrize("whose", OURS_OR_THEIRS)
@pytest.mark.protocol(32, 48, 54)
def test_two_that_call_their_relationship_differently_refuse_each_other_until_one_is_renamed(
    pair_of: PairOf, whose: str
) -> None:
    usual, wrong = Terms(), Terms(name="another-pair")
    pair = pair_of(wrong if whose == "ours" else usual, for_dhcpd=wrong if whose == "theirs" else usual)
    pair.theirs.start()
    pair.ours.start()
    pair.wait("refused and refused again", lambda: refusals(pair, "unknown failover relationship name") >= 3)
    log = pair.theirs.log()
    assert "unknown failover relationship name" in log or "invalid failover partner" in log
    group = pair.ours.group()
    assert group is not None
    assert (group.my_state, group.connected) == (RECOVER, False)
    (pair.ours if whose == "ours" else pair.theirs).take_terms(usual)
    pair.reach(NORMAL)
    pair.share_equally()
    settled(pair)


@pytest.mark.parametrize("offset_s", [62, -62], ids=["ahead", "behind"])
@pytest.mark.parametrize("whose", OURS_OR_THEIRS)
@pytest.mark.protocol(32, 49, 54, 55, "I13")
def test_two_whose_clocks_differ_by_more_than_a_minute_refuse_each_other_until_one_is_set(
    pair: Pair, whose: str, offset_s: int
) -> None:
    wrong = pair.ours if whose == "ours" else pair.theirs
    wrong.set_clock(offset_s)
    pair.theirs.start()
    pair.ours.start()
    pair.wait("refused and refused again", lambda: refusals(pair, "time offset too large") >= 3)
    group = pair.ours.group()
    assert group is not None
    assert (group.my_state, group.connected) == (RECOVER, False)
    skew_s = offset_s if whose == "theirs" else -offset_s
    assert abs(group.clock_skew_s - skew_s) <= 1
    wrong.set_clock(0)
    pair.reach(NORMAL)
    pair.share_equally()
    settled(pair)


@pytest.mark.parametrize("offset_s", [40, -40], ids=["ahead", "behind"])
@pytest.mark.parametrize("whose", OURS_OR_THEIRS)
@pytest.mark.protocol(49, "I13")
def test_clocks_that_differ_by_less_are_told_of_and_borne(pair_of: PairOf, whose: str, offset_s: int) -> None:
    pair = pair_of(LONG)
    (pair.ours if whose == "ours" else pair.theirs).set_clock(offset_s)
    pair.start()
    skew_s = offset_s if whose == "theirs" else -offset_s
    assert abs(pair.ours.notes("clock-skew")[0]["skew_s"] - skew_s) <= 1
    for server in (pair.primary, pair.secondary):
        client = pair.crowd.client(of=server.role)
        address = client.takes().address
        pair.equal()
        assert client.renews(at=pair.partner(server).address).address == address
        pair.equal()
    settled(pair)
    group = pair.ours.group()
    assert group is not None
    assert abs(group.clock_skew_s - skew_s) <= 1
