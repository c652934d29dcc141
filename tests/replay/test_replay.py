"""Our engine in the place of one dhcpd of a recorded pair does what that one did.

All nine captures, both places in turn. What differs stands in `tests/data/replay/accepted.tsv` with its reason, and how
often; `docs/reports/replay.md` shows that table.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache

import pytest

from edgepair_contract.vocabulary import Role
from edgepair_engine.leases.lease import Lease
from edgepair_engine.wire.failover import BndAck, BndUpd, ConnectAck, Contact, FailoverMessage, PoolResp, UpdDone
from tests.replay.accepted import accepted_table, unexplained
from tests.replay.comparison import differences, said_since_the_beginning
from tests.replay.leasefile import leases_before_clients
from tests.replay.recording import Recording, Spoken
from tests.replay.script import replayed
from tests.replay.stage import Stage
from tests.unit.failover.builders import a_group

REPLIES = (BndAck, ConnectAck, PoolResp, UpdDone)
WINDOW = 10  # max-unacked-updates of both servers
CONTACT_EVERY_S = 3.0  # a third of max-response-delay
LATE_S = 0.05  # of a timer of dhcpd's

# The secondary must do what it hears from the primary, not what it is configured with: dhcpd has no such statements.
OF_ROLE: dict[Role, dict[str, int]] = {Role.PRIMARY: {}, Role.SECONDARY: {"mclt_s": 3600, "split": 0}}
# a3 is configured otherwise: fewer addresses, and the secondary looks at its pool more often.
A3 = {
    Role.PRIMARY: {"last": 123, "min_balance_s": 200, "max_balance_s": 300},
    Role.SECONDARY: {"last": 123, "min_balance_s": 5, "max_balance_s": 12},
}
# What a3's secondary drew for its balance timer, which ran at 889.7, 901.7 and 917.7.
A3_DRAWN = {1_795_514_882.0: 2, 1_795_514_889.6: 0, 1_795_514_901.6: 4}

# The numbers of a case are those that it fails for.
CASES = [
    pytest.param(
        "a1",
        Role.PRIMARY,
        id="a1/primary",
        marks=[
            pytest.mark.protocol(1, 2, 3, 6, 8, 10, 11, 12, 14, 15, 17, 20, 21, 22, 23, 26, 27, 41, 42, 104, 155),
            pytest.mark.protocol(32, 33, 36, 38, 61, 62, 63, 64, 86, 87, 133, 137, 145, 149, "I10", "Q7"),
        ],
    ),
    pytest.param(
        "a1", Role.SECONDARY, id="a1/secondary", marks=pytest.mark.protocol(9, 13, 34, 35, 37, 57, 58, 90, 133, 147)
    ),
    pytest.param("a2", Role.PRIMARY, id="a2/primary", marks=pytest.mark.protocol(6, 32, 33)),
    pytest.param("a2", Role.SECONDARY, id="a2/secondary", marks=pytest.mark.protocol(34, 35, 58)),
    pytest.param("a3", Role.PRIMARY, id="a3/primary", marks=pytest.mark.protocol(9, 16, 126, 150, 152, 154, "I4")),
    pytest.param("a3", Role.SECONDARY, id="a3/secondary", marks=pytest.mark.protocol(15, 124, 125, 150, 151)),
    pytest.param(
        "b1",
        Role.PRIMARY,
        id="b1/primary",
        marks=pytest.mark.protocol(9, 19, "Q2", 24, 28, 43, 44, 103, 104, 106, 115, 118, 119, 120, 121, 139, "I2"),
    ),
    pytest.param(
        "b1",
        Role.SECONDARY,
        id="b1/secondary",
        marks=pytest.mark.protocol(17, 18, 25, 53, 103, 105, 106, 107, 115, 118, 119, 120, 121, 122),
    ),
    pytest.param(
        "c1", Role.PRIMARY, id="c1/primary", marks=pytest.mark.protocol(20, 121, 126, 129, 130, 131, 133, 154, "I4")
    ),
    pytest.param(
        "c1", Role.SECONDARY, id="c1/secondary", marks=pytest.mark.protocol(111, 123, 124, 125, 130, 133, 153, "Q9")
    ),
    pytest.param("d1", Role.PRIMARY, id="d1/primary", marks=pytest.mark.protocol(32, 72, 76, 110, 143)),
    pytest.param("d1", Role.SECONDARY, id="d1/secondary", marks=pytest.mark.protocol(62, 63, 67, 153)),
    pytest.param(
        "d2", Role.PRIMARY, id="d2/primary", marks=pytest.mark.protocol(32, 38, 45, 72, 110, 143, "I7", "Q16")
    ),
    pytest.param("d2", Role.SECONDARY, id="d2/secondary", marks=pytest.mark.protocol(32, 37, 45, 46, 72, 75, "I7")),
    pytest.param(
        "d3", Role.PRIMARY, id="d3/primary", marks=pytest.mark.protocol(15, 69, 85, 91, 92, 95, 102, 144, 147)
    ),
    pytest.param(
        "d3", Role.SECONDARY, id="d3/secondary", marks=pytest.mark.protocol(15, 66, 37, 69, 91, 93, 94, 100, 144, 153)
    ),
    pytest.param(
        "d4", Role.PRIMARY, id="d4/primary", marks=pytest.mark.protocol(9, 77, 83, 84, 145, 146, 147, 154, "Q7", "Q20")
    ),
    pytest.param("d4", Role.SECONDARY, id="d4/secondary", marks=pytest.mark.protocol(52, 60, 64, 66, 86, 88, 90, 113)),
]
WITH_A_WHOLE_LEASE_FILE = (  # the two others were written anew when the server came back
    *("a3/primary", "a3/secondary", "b1/primary", "b1/secondary", "c1/primary", "c1/secondary"),
    *("d1/primary", "d2/primary", "d2/secondary", "d3/primary", "d3/secondary", "d4/primary"),
)
every_case = pytest.mark.parametrize(("capture", "role"), CASES)


@cache
def the_replay(capture: str, role: Role) -> tuple[Recording, Stage]:
    recording = Recording(capture, role)
    changes = OF_ROLE[role] | (A3[role] if capture == "a3" else {})
    drawn = A3_DRAWN if (capture, role) == ("a3", Role.SECONDARY) else {}
    return recording, replayed(recording, a_group(role, **changes), drawn=drawn)


@every_case
def test_ours_differs_from_dhcpd_only_where_the_table_says_why(capture: str, role: Role) -> None:
    recording, stage = the_replay(capture, role)
    left, wrong = unexplained(f"{capture}/{role.value}", differences(recording, stage))
    assert left == []
    assert wrong == []


def test_the_table_names_cases_that_exist() -> None:
    named = {case for row in accepted_table() for case in row.times}
    assert named <= {str(case.id) for case in CASES}


@pytest.mark.parametrize(("capture", "role"), [case for case in CASES if case.id in WITH_A_WHOLE_LEASE_FILE])
def test_the_replay_begins_with_the_bindings_of_dhcpds_lease_file(capture: str, role: Role) -> None:
    recording, stage = the_replay(capture, role)
    held = leases_before_clients(recording.folder / f"{role.value}.leases")
    assert len(held) in (24, 40)
    assert {address: stage.first_leases.get(address, Lease(address)) for address in held} == held


@every_case
def test_our_xids_count_from_nought_on_each_connection(capture: str, role: Role) -> None:
    _, stage = the_replay(capture, role)
    for said in connections(stage.said):
        own = [message.xid for message in said if not isinstance(message, REPLIES)]
        assert own == list(range(len(own)))
        assert 0 not in [message.xid for message in said if isinstance(message, BndUpd)]


@every_case
def test_contact_is_said_after_a_third_of_the_response_delay_without_a_word(capture: str, role: Role) -> None:
    recording, stage = the_replay(capture, role)
    assert list(wrong_silences(said_since_the_beginning(recording, stage))) == []


@every_case
def test_our_header_time_is_the_moment_of_saying(capture: str, role: Role) -> None:
    _, stage = the_replay(capture, role)
    assert [spoken for spoken in stage.said if spoken.message.time != int(spoken.at)] == []


@every_case
def test_no_more_updates_are_under_way_than_the_partner_takes(capture: str, role: Role) -> None:
    recording, stage = the_replay(capture, role)
    assert most_under_way(stage.conversation, recording.mine) <= WINDOW


def connections(said: list[Spoken]) -> Iterator[list[FailoverMessage]]:
    """Yield what was said on each connection."""
    for name in dict.fromkeys(spoken.connection for spoken in said):
        yield [spoken.message for spoken in said if spoken.connection == name]


def wrong_silences(said: list[Spoken]) -> Iterator[float]:
    """Yield the silences before a CONTACT that are too short, and all that are too long."""
    latest: dict[str, float] = {}
    for spoken in said:
        silence_s = spoken.at - latest.get(spoken.connection, spoken.at - CONTACT_EVERY_S)
        latest[spoken.connection] = spoken.at
        early = isinstance(spoken.message, Contact) and silence_s < CONTACT_EVERY_S - LATE_S
        if early or silence_s > CONTACT_EVERY_S + LATE_S:
            yield silence_s


def most_under_way(conversation: list[Spoken], mine: str) -> int:
    """Return the largest number of our updates that were said and not yet answered."""
    under_way: set[int | None] = set()
    most = 0
    for spoken in conversation:
        message = spoken.message
        if isinstance(message, BndUpd):
            under_way |= {message.address} if spoken.source == mine else set()
        elif isinstance(message, BndAck) and (spoken.source != mine or message.reject is None):
            # answered, or given up for the partner's in a duel
            under_way.discard(message.address)
        most = max(most, len(under_way))
    return most
