"""A server dies and comes back: the survivor says so and goes on serving; the state times move only at transitions."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from tests.e2e.kube import Object, eventually
from tests.e2e.lan import places
from tests.e2e.pair import SECONDARY, Pair

pytestmark = pytest.mark.gate

SURVIVOR = "10.1.0.2"
INTERRUPTED_LIMIT_S = 10.0  # at once, as kubectl shows it: the connection breaks with the process
MAX_RESPONSE_DELAY_S = 10.0
UNKNOWN_LIMIT_S = 2 * MAX_RESPONSE_DELAY_S
BACK_LIMIT_S = 90.0


def test_the_survivor_serves_on_and_both_are_normal_again(pair: Pair, tmp_path: Path) -> None:
    with places(tmp_path) as lans:
        client = lans.client()
        client.start()
        address, _ = client.bound()
        before = pair.group()
        pair.keep_away(SECONDARY)
        try:
            interrupted = _wait_interrupted(pair)
            unknown = _wait_partner_unknown(pair)
            assert client.renew() == (address, SURVIVOR)  # by broadcast, if the dead one had given it
        finally:
            pair.let_back(SECONDARY)
        after = pair.wait_until_normal(within_s=BACK_LIMIT_S)
        assert client.renew()[0] == address
        client.release()
    times = [status["myStateTime"] for status in (before, interrupted, unknown, after)]
    assert times[0] < times[1] == times[2] < times[3]
    assert unknown["partnerStateTime"] > interrupted["myStateTime"]
    assert _states_told(after)[-2:] == [
        ("Normal", "Communications-Interrupted"),
        ("Communications-Interrupted", "Normal"),
    ]


def _wait_interrupted(pair: Pair) -> Object:
    return eventually(
        "My State Communications-Interrupted",
        lambda: status if (status := pair.group()).get("myState") == "Communications-Interrupted" else None,
        within_s=INTERRUPTED_LIMIT_S,
        seen=pair.group,
    )


def _wait_partner_unknown(pair: Pair) -> Object:
    status = eventually(
        "Partner State Unknown",
        lambda: status if (status := pair.group()).get("partnerState") == "Unknown" else None,
        within_s=UNKNOWN_LIMIT_S,
        seen=pair.group,
    )
    row = status["primary"]
    delay = datetime.fromisoformat(row["partnerStateTime"]) - datetime.fromisoformat(row["lastContactTime"])
    assert delay.total_seconds() == MAX_RESPONSE_DELAY_S
    return status


def _states_told(status: Object) -> list[tuple[str, str]]:
    """Return the primary's moves, oldest first."""
    moves = [each for each in status["transitions"] if each["server"] == "ec-east-1"]
    return [(each["from"], each["to"]) for each in sorted(moves, key=lambda each: str(each["time"]))]
