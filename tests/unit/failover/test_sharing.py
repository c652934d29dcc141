"""Which free addresses a server gives in a run of balance."""

from __future__ import annotations

import random

from edgepair_contract.clock import Now
from edgepair_contract.vocabulary import FailoverState, Role
from edgepair_engine.failover.outcome import Draft
from edgepair_engine.failover.sharing import Sharing
from edgepair_engine.failover.standing import Standing
from tests.unit.failover.builders import GROUP, a_group, a_record, a_table, address, at


def on_offer(offered: int, _: Now) -> bool:
    return offered in {address(100), address(102)}


def test_what_clients_may_be_about_to_take_is_given_last() -> None:
    """Seen in capture a3: of its free addresses dhcpd gives those last that it has on offer."""
    config = a_group(Role.PRIMARY)
    standing = Standing(config, a_record(FailoverState.NORMAL, FailoverState.NORMAL), at(0))
    standing.starting = False
    sharing = Sharing(standing, a_table(config), random.Random(1), on_offer=on_offer)
    given, _ = sharing.run(Draft(GROUP), at(0))
    assert [lease.address for lease in given] == [address(last) for last in (101, *range(103, 122))]
