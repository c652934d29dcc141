"""Two servers with different ranges: noticed by what the partner tells and refuses, and forgotten when it is mended."""

from __future__ import annotations

from typing import Any

import pytest

from edgepair_contract.config import GroupConfig
from edgepair_contract.notices import NoteCode
from edgepair_contract.vocabulary import BindingState, FailoverState, Role
from edgepair_engine.failover.ranges import STRANGE_KEPT_MAX, Ranges
from edgepair_engine.leases.pool import Pool, pool_of_subnet
from edgepair_engine.wire.failover import UpdReq
from tests.unit.failover.builders import a_group, a_lease, address
from tests.unit.failover.pair import Pair, Side

NORMAL = FailoverState.NORMAL


def a_pair(primary: dict[str, Any], secondary: dict[str, Any]) -> Pair:
    pair = Pair(Side(a_group(Role.PRIMARY, **primary)), Side(a_group(Role.SECONDARY, **secondary)))
    pair.start()
    pair.run(5)
    assert (pair.primary.state, pair.secondary.state) == (NORMAL, NORMAL)
    return pair


def differences(pair: Pair) -> list[str | None]:
    return [side.running.view(pair.now()).ranges_differ for side in (pair.primary, pair.secondary)]


def shares(side: Side) -> tuple[int, int]:
    return side.count(BindingState.FREE), side.count(BindingState.BACKUP)


def configure(pair: Pair, side: Side, config: GroupConfig) -> None:
    side.config = config
    side.table.configure(pools(config))
    pair.perform(side, side.running.configured(config, pair.now()))


def pools(config: GroupConfig) -> list[Pool]:
    return [pool_of_subnet(subnet, config.name) for subnet in config.subnets]


def test_equal_ranges_are_not_worth_a_word() -> None:
    pair = a_pair({}, {})
    assert differences(pair) == [None, None]


@pytest.mark.protocol("I14")
def test_a_first_start_tells_both_servers_that_their_ranges_differ() -> None:
    pair = a_pair({"first": 100, "last": 139}, {"first": 102, "last": 140})
    assert differences(pair) == [
        "only this server has 10.77.1.100 and 1 more; only its partner has 10.77.1.140",
        "only this server has 10.77.1.140; only its partner has 10.77.1.100 and 1 more",
    ]
    notes = [note for note in pair.primary.notes if note.code is NoteCode.RANGES_DIFFER]
    assert notes[-1].fields == {"how": "only this server has 10.77.1.100 and 1 more; only its partner has 10.77.1.140"}


def test_a_difference_outlives_an_edit_that_leaves_the_ranges_as_they_are() -> None:
    pair = a_pair({"first": 100, "last": 139}, {"first": 102, "last": 140})
    before = differences(pair)
    config = pair.primary.config
    (subnet,) = config.subnets
    pair.primary.said.clear()
    configure(
        pair, pair.primary, config.model_copy(update={"subnets": (subnet.model_copy(update={"max_lease_s": 300}),)})
    )
    pair.run(5)
    assert differences(pair) == before
    assert pair.primary.said_of(UpdReq) == []


@pytest.mark.protocol("I14")
def test_a_range_that_reaches_the_partner_later_is_shared_and_the_alarm_ends() -> None:
    pair = a_pair({"last": 109}, {"last": 109})
    configure(pair, pair.primary, a_group(Role.PRIMARY, last=139))
    pair.run(3700)  # a run of balance tells of the new addresses
    assert differences(pair)[0] is not None
    assert shares(pair.primary) == (25, 15)
    configure(pair, pair.secondary, a_group(Role.SECONDARY, last=139))
    pair.run(5)
    assert differences(pair) == [None, None]
    assert shares(pair.primary) == shares(pair.secondary) == (25, 15)


def test_a_lease_whose_range_comes_back_is_told_again() -> None:
    """Meanwhile the partner has lost its store, and was told nothing of what was in no range."""
    pair = a_pair({}, {})
    pair.bind(pair.primary, a_lease(139, expires_in_s=900, now=pair.now()))
    configure(pair, pair.primary, a_group(Role.PRIMARY, last=130))
    pair.kill(pair.secondary)
    pair.secondary.stored_state, pair.secondary.stored_leases = None, {}
    pair.start(pair.secondary)
    pair.run(60)
    assert pair.secondary.lease(139).state is BindingState.FREE
    configure(pair, pair.primary, a_group(Role.PRIMARY))
    pair.run(5)
    assert pair.secondary.lease(139).state is BindingState.ACTIVE
    assert pair.secondary.lease(139).ends_at == pair.primary.lease(139).ends_at


def test_a_partner_that_tells_of_addresses_without_end_fills_no_memory() -> None:
    ranges = Ranges()
    for number in range(STRANGE_KEPT_MAX + 10):
        ranges.heard(address(0) + number, known=False)
    assert ranges.difference == f"only its partner has 10.77.1.0 and {STRANGE_KEPT_MAX - 1} more"


def test_an_interrupted_telling_says_nothing_of_what_was_not_told() -> None:
    ranges = Ranges()
    ranges.begin()
    ranges.heard(address(100), known=True)
    ranges.stop()
    ranges.complete([address(100), address(101)])
    assert ranges.difference is None
