"""No packet harms a server: each of a hundred wrong ones gets what it deserves, and the next client is served."""

from __future__ import annotations

import random

import pytest

from edgepair_engine.core.effects import SendDhcp
from edgepair_engine.core.engine import Engine
from edgepair_engine.core.events import DhcpDatagram
from edgepair_engine.core.turn import run_turn
from edgepair_engine.leases.record import LeaseRecord, Restored
from edgepair_engine.wire.dhcp4 import decode_dhcp4
from edgepair_engine.wire.dhcp4_options import Dhcp4Type
from tests.unit.dhcp.counter import PLAIN_MEMBER, T0
from tests.unit.dhcp.malformed import NOTHING, Malformed, malformed
from tests.unit.dhcp.packets import BY_BROADCAST, Terminal

ALL = malformed()


def test_there_are_a_hundred() -> None:
    assert len(ALL) >= 100
    assert len({each.title for each in ALL}) == len(ALL)


@pytest.mark.parametrize("wrong", ALL, ids=lambda each: each.title)
def test_it_gets_what_it_deserves_and_the_next_client_is_served(wrong: Malformed) -> None:
    engine = Engine(PLAIN_MEMBER, Restored(), random.Random(7), now=T0)
    effects = run_turn(engine, [DhcpDatagram(wrong.data, BY_BROADCAST)], T0)
    answers = [decode_dhcp4(output.data) for output in effects.outputs if isinstance(output, SendDhcp)]
    kinds = [Dhcp4Type(answer.message_type or 0).name for answer in answers]
    assert kinds == ([] if wrong.answer == NOTHING else [wrong.answer])
    assert [answer.xid for answer in answers] == [wrong.terminal.xid] * len(answers)
    assert not [record for record in effects.records if isinstance(record, LeaseRecord)]
    after = run_turn(engine, [DhcpDatagram(Terminal().discovers(), BY_BROADCAST)], T0)
    assert any(isinstance(output, SendDhcp) for output in after.outputs)
