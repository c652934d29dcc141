"""Updates that the one tells and the other does not accept, and that both go on all the same."""

from __future__ import annotations

import re
import time
from dataclasses import replace

import pytest

from edgepair_contract.vocabulary import BindingState, FailoverState, RejectReason
from edgepair_engine.wire.failover import BndAck, BndUpd
from tests.interop.live.conftest import PairOf
from tests.interop.live.pair import NORMAL, Pair, settled
from tests.interop.live.terms import Terms
from tests.interop.live.wire import Tap
from tests.unit.dhcp.packets import address as number_of

ALONE = FailoverState.COMMUNICATIONS_INTERRUPTED
HERE = Terms(first="10.77.1.100", last="10.77.1.139")
THERE = Terms(first="10.77.1.110", last="10.77.1.149")


def numbers(first: int, last: int) -> set[int | None]:
    return {number_of(f"10.77.1.{byte}") for byte in range(first, last + 1)}


def shared(differences: list[str], terms: Terms) -> list[str]:
    """Return the differences at addresses that these terms hold: what was in a range before is stored still."""
    return [one for one in differences if one.split(":")[0] in terms.addresses()]


def refusals(tap: Tap, by: str, reason: RejectReason) -> set[int | None]:
    return {ack.address for ack in tap.all(BndAck, by=by) if ack.reject is reason}


@pytest.mark.protocol(132, "I14")
def test_ranges_that_differ_are_refused_both_ways_and_told_until_they_are_mended(pair_of: PairOf) -> None:
    pair = pair_of(HERE, for_dhcpd=THERE)
    tap = pair.tap()
    pair.theirs.start()
    pair.ours.start()
    pair.reach(NORMAL)

    def told() -> str:
        group = pair.ours.group()
        return "" if group is None else group.ranges_differ or ""

    both = "only this server has 10.77.1.100 and 9 more; only its partner has 10.77.1.140 and 9 more"
    pair.wait("we tell how the ranges differ", lambda: told() == both, state=told)
    assert refusals(tap, pair.role, RejectReason.ILLEGAL_ADDRESS) == numbers(140, 149)
    assert refusals(tap, pair.theirs.role, RejectReason.ILLEGAL_ADDRESS) == numbers(100, 109)
    for server in (pair.ours, pair.theirs):
        assert pair.crowd.client(of=server.role).takes().server == server.address
    pair.reach(NORMAL)

    pair.ours.configure(THERE.for_ours(pair.role) | {"revision": 2})
    pair.wait("they differ no more", lambda: told() == "", state=told)
    pair.reach(NORMAL)
    pair.wait("what both have is equal", lambda: not shared(pair.differences(), THERE), state=pair.differences)
    assert told() == ""
    assert pair.crowd.history.faults() == []


@pytest.mark.protocol(136, "I15")
def test_what_dhcpd_refuses_is_told_once_more_after_the_next_change_of_a_state(pair_of: PairOf) -> None:
    pair = pair_of(Terms(mclt_s=120))
    tap = pair.tap()
    pair.start()
    client = pair.crowd.client(of=pair.role, wish_s=10)
    address = client.takes().address
    pair.wait("dhcpd has acknowledged it", lambda: pair.ours.acked(address))
    pair.equal()
    pair.theirs.kill()
    pair.wait("the lease ends while we are alone", lambda: pair.ours.table()[address].state is BindingState.EXPIRED)
    # A primary never takes the word of its secondary on the end of a lease; a secondary does near the end.
    ends_in_s = 90 if pair.role == "primary" else 30
    lasts_longer(pair, address, ends_in_s)
    began_s = time.monotonic()
    pair.theirs.start()
    pair.reach(NORMAL)

    def told() -> list[BndUpd]:
        updates = tap.all(BndUpd, by=pair.role, since=began_s)
        return [update for update in updates if update.address == number_of(address)]

    def answers() -> list[RejectReason | None]:
        acks = tap.all(BndAck, by=pair.theirs.role, since=began_s)
        return [ack.reject for ack in acks if ack.address == number_of(address)]

    pair.wait("dhcpd refuses", lambda: answers() == [RejectReason.FATAL_CONFLICT], state=answers)
    pair.wait("it could be accepted", lambda: time.monotonic() > began_s + ends_in_s - 62)
    assert len(told()) == 1
    pair.cut()
    pair.reach(ALONE)
    pair.mend()
    pair.reach(NORMAL)
    pair.wait("told once more", lambda: len(answers()) == 2, state=answers)
    settled(pair)
    assert len(told()) == 2
    assert answers() == [RejectReason.FATAL_CONFLICT, None if pair.role == "primary" else RejectReason.FATAL_CONFLICT]


def lasts_longer(pair: Pair, address: str, seconds: int) -> None:
    """Let a dhcpd that does not run have stored that a lease ends later, and that we know that."""
    text = pair.theirs.leases()[address].text
    at = time.strftime("%w %Y/%m/%d %H:%M:%S", time.gmtime(time.time() + seconds))
    text = re.sub(r"^  (ends|tstp|tsfp|atsfp) .*\n", "", text, flags=re.M)
    text += "".join(f"  {name} {at};\n" for name in ("ends", "tstp", "tsfp", "atsfp"))
    with pair.theirs.lease_file.open("a") as file:
        file.write(f"lease {address} {{\n{text}}}\n")


@pytest.mark.protocol("Q28")
def test_a_stale_end_that_dhcpd_tells_of_a_lease_we_renewed_is_refused(pair_of: PairOf) -> None:
    pair = pair_of(replace(HERE, mclt_s=12, lease_s=240))
    tap = pair.tap()
    pair.start()
    client = pair.crowd.client(of=pair.role)
    address = client.takes().address
    pair.wait("dhcpd has acknowledged it", lambda: pair.ours.acked(address))
    pair.equal()
    pair.cut()
    pair.reach(ALONE)
    renewed = client.renews(at=pair.ours.address)
    assert (renewed.address, renewed.lease_s) == (address, 240)
    pair.wait("dhcpd lets the lease end", lambda: pair.theirs.table()[address].state is not BindingState.ACTIVE)
    pair.mend()
    settled(pair)
    assert pair.bound(pair.theirs, address) == client.mac
    assert refusals(tap, pair.role, RejectReason.FATAL_CONFLICT) == {number_of(address)}
    assert client.renews(at=pair.theirs.address).address == address
    settled(pair)
