"""One server is away for long: the other takes over its addresses, and gives them back when it returns."""

from __future__ import annotations

import json
import time
from dataclasses import replace

import pytest

from edgepair_contract.vocabulary import FailoverState
from tests.interop.live.conftest import PairOf
from tests.interop.live.pair import FREE_OF, NORMAL, Pair, settled
from tests.interop.live.servers import Server
from tests.interop.live.terms import Terms, partner_of

ALONE = FailoverState.COMMUNICATIONS_INTERRUPTED
DOWN = FailoverState.PARTNER_DOWN
RECOVER = FailoverState.RECOVER
RECOVERED = FailoverState.RECOVER_DONE
OURS_OR_THEIRS = ("ours", "theirs")

FEW = Terms(last="10.77.1.107", mclt_s=8, lease_s=240)  # 4 addresses for each


def struck(pair: Pair, whose: str) -> tuple[Server, Server]:
    """Kill a server; return it and the survivor, once that has noticed."""
    gone = pair.ours if whose == "ours" else pair.theirs
    survivor = pair.partner(gone)
    gone.kill()
    pair.wait("the survivor notices", lambda: survivor.state() is ALONE)
    return gone, survivor


@pytest.mark.gate
@pytest.mark.parametrize("whose", OURS_OR_THEIRS)
@pytest.mark.protocol(81, 84, 87, 88, 90, 102, 110, 115, 116, 153, "I1", "I9")
def test_a_survivor_takes_the_addresses_of_its_partner_after_mclt_and_gives_them_back(
    pair_of: PairOf, whose: str
) -> None:
    pair = pair_of(FEW)
    pair.start()
    pair.holding(4, of=partner_of(pair.role) if whose == "ours" else pair.role)
    gone, survivor = struck(pair, whose)
    theirs = {address for address, row in survivor.table().items() if row.state is FREE_OF[gone.role]}
    told_s = time.time()
    survivor.partner_down()
    late = pair.crowd.client()
    promise = late.takes()
    assert promise.address in theirs
    assert promise.at > told_s + 8  # MCLT
    moves, asked = len(gone.moves()), len(pair.requests_of(gone))
    gone.start()
    pair.reach(NORMAL)
    assert gone.moves()[moves:][:1] == [RECOVER]
    assert gone.moves()[-2:] == [RECOVERED, NORMAL]
    assert set(pair.requests_of(gone)[asked:]) == {"UPDREQ" if whose == "ours" else "UPDREQALL"}
    assert survivor.moves()[-2:] == [DOWN, NORMAL]
    settled(pair)
    late.takes()
    pair.wait("each has some addresses", lambda: min(map(pair.count, FREE_OF.values())) > 0)
    settled(pair)


@pytest.mark.parametrize("whose", OURS_OR_THEIRS)
@pytest.mark.protocol(101)
def test_a_server_takes_a_silent_partner_for_dead_by_itself_when_it_is_told_after_how_long(
    pair_of: PairOf, whose: str
) -> None:
    usual, eager = Terms(), Terms(auto_partner_down_s=15)
    pair = pair_of(eager if whose == "theirs" else usual, for_dhcpd=eager if whose == "ours" else usual)
    pair.start()
    pair.cut()
    pair.reach(ALONE)
    pair.mend()
    pair.reach(NORMAL)
    gone, survivor = struck(pair, whose)
    assert DOWN not in survivor.moves()
    pair.wait("the survivor believes it", lambda: survivor.state() is DOWN)
    assert 15 <= survivor.entered_at(DOWN) - survivor.entered_at(ALONE) <= 17
    gone.start()
    settled(pair)


@pytest.mark.protocol(101)
def test_two_that_both_take_each_other_for_dead_by_themselves_settle_it(pair_of: PairOf) -> None:
    pair = pair_of(Terms(auto_partner_down_s=3))
    pair.start()
    pair.cut()
    pair.reach(DOWN)
    for server in (pair.ours, pair.theirs):
        pair.crowd.client().takes(at=server.address)
    pair.mend()
    pair.reach(NORMAL)
    assert pair.primary.moves()[-2:] == [FailoverState.CONFLICT_DONE, NORMAL]
    settled(pair)


@pytest.mark.protocol(102, 116)
def test_we_count_mclt_from_when_the_partner_was_last_alive_if_we_are_told(pair_of: PairOf) -> None:
    pair = pair_of(replace(FEW, mclt_s=10))
    pair.start()
    pair.holding(4, of=pair.role)
    struck(pair, "theirs")
    dead_at = int(time.time())
    group = pair.ours.group()
    assert group is not None
    assert group.last_contact_at is not None
    too_early = json.dumps({"action": "partner-down", "last_alive_at": group.last_contact_at - 1})
    status, text = pair.ours.ask("/v1/control", method="POST", body=too_early)
    assert (status, "the partner was heard at" in text) == (409, True)
    pair.wait("MCLT is over", lambda: time.time() > dead_at + 12)
    told_s = time.time()
    pair.ours.order("partner-down", last_alive_at=dead_at)
    late = pair.crowd.client()
    assert late.takes().at < told_s + 10
    pair.theirs.start()
    settled(pair)
