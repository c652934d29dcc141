"""A report survives its way from the engine to the operator."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from edgepair_contract.report import GroupReport, MemberReport
from edgepair_contract.vocabulary import FailoverState, Role, Serving


def a_report() -> MemberReport:
    group = GroupReport(
        name="lan0",
        role=Role.PRIMARY,
        my_state=FailoverState.RECOVER_WAIT,
        my_state_at=1_790_000_000,
        mclt_s=3600,
        max_response_delay_s=10,
        serving=Serving.NONE,
    )
    return MemberReport(
        revision=7,
        boot="b1",
        server="ec-east-1",
        version="0.1.0",
        started_at=1_790_000_000,
        config_revision=1,
        config_digest="0123456789abcdef",
        groups=(group,),
    )


def test_a_report_written_as_json_reads_the_same() -> None:
    assert MemberReport.model_validate_json(a_report().model_dump_json()) == a_report()


def test_states_are_written_as_their_labels() -> None:
    (group,) = a_report().model_dump(mode="json")["groups"]
    assert (group["my_state"], group["partner_state"]) == ("Recover-wait", "Unknown")


def test_a_state_that_does_not_exist_is_refused() -> None:
    document = a_report().model_dump(mode="json")
    document["groups"][0]["my_state"] = "Sleepy"
    with pytest.raises(ValidationError, match="'Sleepy' is no failover state"):
        MemberReport.model_validate(document)


def test_what_a_newer_engine_adds_is_left_aside() -> None:
    document = a_report().model_dump(mode="json") | {"from_the_future": True}
    assert MemberReport.model_validate(document) == a_report()


@pytest.mark.parametrize("at", [-1, 10**15])
def test_a_time_that_no_clock_shows_is_no_report(at: int) -> None:
    document = {"revision": 1, "boot": "b", "server": "a", "version": "0", "config_revision": 1, "config_digest": ""}
    with pytest.raises(ValidationError, match="started_at"):
        MemberReport.model_validate({**document, "started_at": at})
