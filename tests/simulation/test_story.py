"""The story of a life: lines that people can read, and that nothing depends on."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import get_type_hints

import pytest

from edgepair_contract.vocabulary import BindingState, RejectReason
from edgepair_engine.wire.failover import BndAck, BndUpd, Contact, FailoverMessage, PoolResp, State
from edgepair_sim.deed_words import words_of as words_of_deed
from edgepair_sim.deeds import VERBS, Deed, deed_of
from edgepair_sim.life import Life
from edgepair_sim.message_words import words_of
from edgepair_sim.page import Page, Told, addresses_in_words, clock_time
from edgepair_sim.script import script_of
from edgepair_sim.trace import Trace

A50 = 0x0A010032
SHORT = script_of("seed=3 clients=2\nat 20 client client=1 act=join\nat 25 cut for_s=70\nend 200")


def digest(trace: Trace) -> str:
    Life(SHORT, trace, ()).run()
    return trace.digest


def test_a_life_is_the_same_whether_somebody_listens_or_not() -> None:
    lines: list[str] = []
    assert digest(Trace(lines.append)) == digest(Trace())
    assert len(lines) > 20


def test_bindings_told_and_acknowledged_by_the_dozen_are_two_lines() -> None:
    lines: list[str] = []
    page = Page(lines.append)
    for number in range(3):
        page.repeated(1.0 + number, "east-1", Told("BNDUPD", A50 + number, " FREE"))
        page.repeated(1.5 + number, "east-2", Told("BNDACK", A50 + number))
    page.line(4.0, "east-1", "UPDDONE")
    assert lines == [
        "00:00:01.000  east-1   BNDUPD 10.1.0.50-52 (3) FREE",
        "00:00:01.500  east-2   BNDACK 10.1.0.50-52 (3)",
        "00:00:04.000  east-1   UPDDONE",
    ]


def test_what_is_undone_later_is_told_in_its_place() -> None:
    lines: list[str] = []
    page = Page(lines.append)
    page.line(1.0, "script", "the link is cut for 2 s")
    page.later(3.0, "script", "the link is mended")
    page.repeated(2.0, "c1", Told("DISCOVER"))
    page.repeated(3.5, "c1", Told("DISCOVER"))
    page.end(5.0)
    assert lines == [
        "00:00:01.000  script   the link is cut for 2 s",
        "00:00:02.000  c1       DISCOVER",
        "00:00:03.000  script   the link is mended",
        "00:00:03.500  c1       DISCOVER",
    ]


def test_the_same_again_and_again_is_one_line() -> None:
    lines: list[str] = []
    page = Page(lines.append)
    for at_s in (10.0, 14.0, 22.0):
        page.repeated(at_s, "c1", Told("DISCOVER"))
    page.end(30.0)
    assert lines == ["00:00:10.000  c1       DISCOVER [3 times, last at 00:00:22.000]"]


def test_an_acknowledgement_of_something_else_is_another_line() -> None:
    lines: list[str] = []
    page = Page(lines.append)
    page.repeated(10.0, "east-2", Told("BNDACK", A50, about="ends in 60 s"))
    page.repeated(40.0, "east-2", Told("BNDACK", A50, about="ends in 600 s"))
    page.repeated(340.0, "east-2", Told("BNDACK", A50, about="ends in 600 s"))
    page.end(400.0)
    assert lines == [
        "00:00:10.000  east-2   BNDACK 10.1.0.50",
        "00:00:40.000  east-2   BNDACK 10.1.0.50 [2 times, last at 00:05:40.000]",
    ]


def test_a_long_line_is_cut() -> None:
    lines: list[str] = []
    Page(lines.append).line(0.0, "east-1", "x" * 200)
    assert len(lines[0]) == 110
    assert lines[0].endswith("x…")


def test_a_long_line_that_repeats_itself_still_says_how_often() -> None:
    lines: list[str] = []
    page = Page(lines.append)
    for at_s in (1.0, 2.0):
        page.repeated(at_s, "east-1", Told("x" * 200))
    page.end(3.0)
    assert len(lines[0]) == 110
    assert lines[0].endswith("x… [2 times, last at 00:00:02.000]")


@pytest.mark.parametrize(
    ("true_s", "text"),
    [(0.0, "00:00:00.000"), (59.9996, "00:01:00.000"), (3661.5, "01:01:01.500"), (90000.0, "25:00:00.000")],
)
def test_times_are_read_as_on_a_clock(true_s: float, text: str) -> None:
    assert clock_time(true_s) == text


def test_addresses_are_told_as_ranges_and_no_more_than_four_of_them() -> None:
    assert addresses_in_words([A50]) == "10.1.0.50"
    assert addresses_in_words([A50 + 2, A50, A50 + 1, A50 + 9]) == "10.1.0.50-52, 10.1.0.59 (4)"
    assert addresses_in_words(range(A50, A50 + 10, 2)) == "10.1.0.50, 10.1.0.52, 10.1.0.54, 10.1.0.56, ... (5)"


MESSAGES = [
    (BndUpd(time=100, xid=1, address=A50, state=BindingState.FREE, lease_expires_at=0), Told("BNDUPD", A50, " FREE")),
    (
        BndUpd(
            time=100,
            xid=1,
            address=A50,
            state=BindingState.ACTIVE,
            hardware=b"\1\2\0\0\0\0\7",
            lease_expires_at=160,
            potential_expires_at=3730,
        ),
        Told("BNDUPD", A50, " ACTIVE c7, ends in 60 s, potentially in 3630 s"),
    ),
    (
        BndUpd(time=100, xid=1, address=A50, state=BindingState.EXPIRED, lease_expires_at=90),
        Told("BNDUPD", A50, " EXPIRED, ends 10 s ago"),
    ),
    (
        BndAck(time=100, xid=1, address=A50, reject=RejectReason.FATAL_CONFLICT, text="no"),
        Told("BNDACK", A50, " rejected: FATAL_CONFLICT"),
    ),
    (State(time=100, xid=1, state=254, startup=True, stos=90), Told("STATE Recover-wait, starting")),
    (PoolResp(time=100, xid=1, addresses_transferred=5), Told("POOLRESP 5")),
    (Contact(time=100, xid=1), None),
]


@pytest.mark.parametrize(("message", "words"), MESSAGES, ids=lambda value: type(value).__name__)
def test_messages_are_told_in_the_protocols_words(message: FailoverMessage, words: Told | None) -> None:
    assert words_of(message, lambda hardware: f"c{hardware[-1]}") == words


PLAIN: dict[type, object] = {int: 1, float: 1.0, str: "east-1"}
DEEDS = [
    (
        "at 5 kill node=east-1 point=after-commit power=machine",
        "east-1 loses power after its next commit, before it hears of it, and is back 10 s later",
    ),
    (
        "at 5 kill node=east-2 store=rolled-back back_s=900 down_s=60",
        "east-2 is killed, and is back 60 s later with a store that is 900 s old",
    ),
    ("at 5 cut node=east-1 for_s=70", "nothing that east-1 sends reaches east-2 for 70 s"),
    ("at 5 step-clock node=both by_s=-30", "both wall clocks are put 30 s back"),
    (
        "at 5 order node=east-1 action=partner-down alive_s_ago=9",
        "a person orders east-1: partner-down, the partner having been alive 9 s ago",
    ),
    ("at 5 configure change=mclt value=30 lag_s=-2", "a new configuration: MCLT is 30 s; for east-1 2 s after east-2"),
    ("at 5 client client=3 act=vanish", "c3 is switched off without a word"),
]


@pytest.mark.parametrize(("line", "words"), DEEDS, ids=[line.split()[2] for line, _ in DEEDS])
def test_deeds_are_told_in_plain_words(line: str, words: str) -> None:
    assert words_of_deed(deed_of(line)) == words


@pytest.mark.parametrize("verb", VERBS)
def test_there_are_words_for_every_deed_in_each_of_its_kinds(verb: str) -> None:
    build: Callable[..., Deed] = VERBS[verb]
    types = get_type_hints(build)
    plain = {name: PLAIN.get(wanted) or next(iter(wanted)) for name, wanted in types.items()}
    told = [
        words_of_deed(build(**plain | {name: value}))
        for name, wanted in types.items()
        for value in (wanted if issubclass(wanted, Enum) else [plain[name]])
    ]
    assert all(words and "=" not in words for words in told)
