"""An endpoint in the place of one of the two dhcpd of a capture says what that one said.

The other's messages come at their recorded moments. Two things are made to fit: the xid of an acknowledgement, because
we ask once where dhcpd asks twice and count on from there, and which connection is the surplus one.
"""

from __future__ import annotations

import json
import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from edgepair_contract.clock import Now
from edgepair_contract.vocabulary import BindingState, FailoverState, Role
from edgepair_engine.failover.endpoint import Endpoint
from edgepair_engine.failover.outcome import HangUp, LinkId, Outcome, Send
from edgepair_engine.wire.failover import BndAck, BndUpd, FailoverMessage, State, decode_failover
from tests.unit.failover.builders import a_group, a_table

CAPTURES = Path(__file__).parents[2] / "data" / "captures"
ADDRESSES = {Role.PRIMARY: "10.77.1.2", Role.SECONDARY: "10.77.1.3"}


class Stage:
    """The recorded partner on one side, our endpoint on the other."""

    def __init__(self, capture: str, role: Role, *, starts_s: float) -> None:
        lines = (CAPTURES / capture / "messages.jsonl").read_text().splitlines()
        self._records: list[dict[str, Any]] = [json.loads(line) for line in lines]
        self._partner = ADDRESSES[role.partner]
        self._began_at = self._records[0]["abs"] - self._records[0]["t"]
        config = a_group(role)
        self.table = a_table(config)
        self.endpoint = Endpoint(config, self.table, None, chance=random.Random(1), now=self._now(starts_s))
        self.recorded: list[FailoverMessage] = []
        self.said: list[FailoverMessage] = []
        self.hung_up: list[str] = []

    def play(self) -> None:
        links: dict[frozenset[str], LinkId] = {}
        for record in self._records:
            now = self._now(record["t"])
            self._wake_until(now)
            connection = frozenset((record["src"], record["dst"]))
            if connection not in links:
                links[connection] = LinkId(len(links) + 1)
                self._take(self.endpoint.link_up(links[connection], now))
            message = decode_failover(bytes.fromhex(record["hex"]))
            if record["src"].startswith(f"{self._partner}:"):
                self._take(self.endpoint.on_message(links[connection], self._fit(message), now))
            else:
                self.recorded.append(message)

    def _now(self, seconds: float) -> Now:
        return Now(int(self._began_at + seconds), seconds)

    def _wake_until(self, now: Now) -> None:
        while (moment := self.endpoint.next_wakeup(now)) is not None and moment <= now.mono_s:
            self._take(self.endpoint.on_timer(self._now(moment)))

    def _take(self, outcome: Outcome) -> None:
        self.said += [action.message for action in outcome.actions if isinstance(action, Send)]
        self.hung_up += [action.why for action in outcome.actions if isinstance(action, HangUp)]

    def _fit(self, message: FailoverMessage) -> FailoverMessage:
        if not isinstance(message, BndAck):
            return message
        xids = [said.xid for said in self.said if isinstance(said, BndUpd) and said.address == message.address]
        return replace(message, xid=xids[-1] if xids else message.xid)


def states(messages: list[FailoverMessage]) -> list[tuple[int | None, bool]]:
    return [(message.state, message.startup) for message in messages if isinstance(message, State)]


def bindings(messages: list[FailoverMessage]) -> set[tuple[int | None, BindingState | None, int | None]]:
    return {
        (message.address, message.state, message.lease_expires_at)
        for message in messages
        if isinstance(message, BndUpd)
    }


@pytest.mark.parametrize(
    ("capture", "role", "starts_s"),
    [
        ("a1-first-start-simultaneous", Role.PRIMARY, 0.0),
        ("a1-first-start-simultaneous", Role.SECONDARY, 0.0),
        ("a2-first-start-primary-20s-early", Role.PRIMARY, 0.0),
        ("a2-first-start-primary-20s-early", Role.SECONDARY, 20.0),
    ],
    ids=["a1 as primary", "a1 as secondary", "a2 as the primary that waits", "a2 as the secondary that comes late"],
)
def test_a_first_start_with_dhcpd(capture: str, role: Role, starts_s: float) -> None:
    stage = Stage(capture, role, starts_s=starts_s)
    stage.play()
    assert states(stage.said) == states(stage.recorded)
    assert bindings(stage.said) == bindings(stage.recorded)
    assert [why for why in stage.hung_up if why != "already connected"] == []
    (pool,) = stage.table.pools("ha-pair")
    assert (stage.table.count(pool, BindingState.FREE), stage.table.count(pool, BindingState.BACKUP)) == (20, 20)
    assert stage.endpoint.view(Now(0, 0.0)).my_state is FailoverState.NORMAL
