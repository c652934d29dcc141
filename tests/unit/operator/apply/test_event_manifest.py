"""An event's name is made of what it says, so that it is posted once."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

from edgepair_operator.api.conditions import Reason
from edgepair_operator.api.keys import group_key
from edgepair_operator.apply.recorder import manifest
from edgepair_operator.plan.events import EventKind, EventNote

AT = datetime(2026, 11, 25, 12, 0, tzinfo=UTC)
NOTE = EventNote(
    about=group_key("site", "east-lan0"),
    uid="uid-1",
    kind=EventKind.WARNING,
    reason=Reason.SERVER_MISSING,
    message="secondary server ec-east-2 does not exist",
    at=AT,
    occasion="1",
)


def test_an_event_regards_the_object_it_is_about() -> None:
    event = manifest(NOTE, "operator-1")
    assert event["regarding"] == {
        "apiVersion": "dhcp.edgepair.io/v1alpha1",
        "kind": "DhcpFailoverGroup",
        "namespace": "site",
        "name": "east-lan0",
        "uid": "uid-1",
    }
    assert (event["type"], event["reason"], event["eventTime"]) == (
        "Warning",
        "ServerMissing",
        "2026-11-25T12:00:00.000000Z",
    )


def test_the_same_event_a_moment_later_has_the_same_name() -> None:
    later = replace(NOTE, at=AT.replace(minute=5))
    assert manifest(later, "operator-2")["metadata"]["name"] == manifest(NOTE, "operator-1")["metadata"]["name"]


def test_the_same_words_on_another_occasion_are_another_event() -> None:
    again = replace(NOTE, occasion="2")
    assert manifest(again, "operator-1")["metadata"]["name"] != manifest(NOTE, "operator-1")["metadata"]["name"]


def test_a_long_note_is_cut_to_the_bytes_that_the_server_takes() -> None:
    note = manifest(replace(NOTE, message="ü" * 1000), "operator-1")["note"]
    assert note == "ü" * 512
