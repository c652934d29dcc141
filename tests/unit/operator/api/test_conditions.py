"""A condition changes its time only with its status."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from edgepair_operator.api.conditions import (
    Condition,
    ConditionStatus,
    ConditionType,
    Reason,
    condition,
    find,
    keep_times,
)

NOON = datetime(2026, 7, 1, 12, 0, 0, 0, UTC)
LATER = datetime(2026, 7, 1, 13, 0, 0, 0, UTC)


def a_ready(status: ConditionStatus, reason: Reason, at: datetime) -> Condition:
    return condition(ConditionType.READY, status, reason=reason, message="as it says", generation=1, at=at)


def test_a_new_reason_alone_keeps_the_time() -> None:
    before = a_ready(ConditionStatus.FALSE, Reason.STARTING, NOON)
    after = a_ready(ConditionStatus.FALSE, Reason.RECOVER, LATER)
    (kept,) = keep_times([after], [before])
    assert (kept.reason, kept.last_transition_time) == ("Recover", NOON)


def test_a_new_status_brings_its_own_time() -> None:
    before = a_ready(ConditionStatus.FALSE, Reason.STARTING, NOON)
    after = a_ready(ConditionStatus.TRUE, Reason.NORMAL, LATER)
    assert keep_times([after], [before]) == (after,)


def test_conditions_are_sorted_by_type_so_that_equal_ones_compare_equal() -> None:
    ready = a_ready(ConditionStatus.TRUE, Reason.NORMAL, NOON)
    fenced = condition(
        ConditionType.FENCED, ConditionStatus.FALSE, reason=Reason.NOT_FENCED, message="", generation=1, at=NOON
    )
    assert keep_times([ready, fenced], []) == (fenced, ready)
    assert find([ready, fenced], ConditionType.FENCED) is fenced
    assert find([ready], ConditionType.STALLED) is None


@pytest.mark.parametrize("reason", list(Reason), ids=lambda reason: reason.word)
def test_every_reason_says_what_it_means(reason: Reason) -> None:
    assert reason.meaning.endswith(".")
    assert a_ready(ConditionStatus.FALSE, reason, NOON).manifest() == {
        "type": "Ready",
        "status": "False",
        "observedGeneration": 1,
        "lastTransitionTime": "2026-07-01T12:00:00Z",
        "reason": reason.word,
        "message": "as it says",
    }
