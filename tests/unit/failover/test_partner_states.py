"""What a partner's word on its state does: every state of ours, every word, both roles, starting and not.

The grids are dhcpd's (protocol reference 3.5, its 528 cases). `.`: no change. `?`: UPDREQ is sent, `*`: UPDREQALL.
"""

from __future__ import annotations

import random

import pytest

from edgepair_contract.clock import Now
from edgepair_contract.control import ControlAction, ControlRequest
from edgepair_contract.vocabulary import FailoverState, Role
from edgepair_engine.failover import transitions as t
from edgepair_engine.failover.endpoint import Endpoint
from edgepair_engine.failover.outcome import LinkId, Outcome
from edgepair_engine.wire.failover import State, UpdReq, UpdReqAll
from tests.unit.failover.builders import T0, a_group, a_record, a_table, at
from tests.unit.failover.dhcpd_grids import HEAD, RUNNING, STARTING, name_of, state_called
from tests.unit.failover.dialogue import a_connect, a_state, an_ack, said

# Where we differ and why. A secondary in POTENTIAL-CONFLICT asks only a partner in CONFLICT-DONE or RECOVER-DONE.
GIVES_UP = "dhcpd serves nobody from then on until a person acts: we join the conflict"
STAYS = "dhcpd serves nobody from then on until a person acts: the conflict is not over, we stay in it"
ENDS = "dhcpd's process ends: we begin the resolution again"
WAITS = "dhcpd's process ends: the partner is about to say more, we stay"
FOR_EVER = "on a link after the one it asked on dhcpd never asks again, and both wait for ever: we ask"
ONCE = "dhcpd asks a second time while the first request runs, and the first is never answered: we ask once (I10)"
WHOLE = "dhcpd asks for all: our store is whole, what we have not acknowledged is enough (I9)"
LOST = "dhcpd asks for what is not acknowledged: our store was lost, we ask for all"
SILENT = "dhcpd leaves half of the clients to a silent partner, which hears of no NORMAL later: we take over (Q19)"
RECOVERED = "dhcpd and a partner that has recovered wait for each other for ever: we ask it, and go to NORMAL"
SWAP = "dhcpd goes to RECOVER, and its partner on its word to PC: the two change places for ever"
TAKES_OVER = "dhcpd serves nobody from then on although its partner does neither: we take over"

OURS = {
    ("NORMAL", "PC"): ("PC?", GIVES_UP),
    ("NORMAL", "RI"): ("PC?", GIVES_UP),
    ("NORMAL", "CD"): ("PC?", GIVES_UP),
    ("CD", "CI"): ("PC?", ENDS),
    ("CD", "PD"): ("PC?", ENDS),
    ("CD", "CD"): ("PC?", ENDS),
    ("CD", "RECOVER"): ("PC?", ENDS),
    ("CD", "RW"): (".", WAITS),
    ("CD", "RD"): ("PC?", ENDS),
    ("RI", "RD"): ("PC?", RECOVERED),
    ("CD", "PAUSED"): (".", WAITS),
    ("CD", "UNKNOWN"): (".", WAITS),
    ("CD", "SHUTDOWN"): ("PD", TAKES_OVER),
    ("CI", "RW"): ("PD", SILENT),
    ("RECOVER", "NORMAL"): ("PC*", LOST),
    ("RECOVER", "PC"): ("PC*", LOST),
    ("RECOVER", "RI"): ("PC*", LOST),
    ("RECOVER", "CD"): ("PC*", LOST),
}
OURS_RUNNING = {
    ("PC", "NORMAL"): (".", STAYS),
    ("PC", "RECOVER"): (".", SWAP),
    ("PC", "RD"): (".?", RECOVERED),
    ("RECOVER", "RW"): (".*", FOR_EVER),
    ("RECOVER", "RD"): (".*", FOR_EVER),
}
OURS_STARTING = {
    ("PC", "NORMAL"): (".?", STAYS),  # starting in it, a primary asks
    ("PC", "RECOVER"): (".?", SWAP),
    ("PC", "RD"): (".?", RECOVERED),
    ("NORMAL", "PD"): ("RECOVER?", WHOLE),
}
OURS_RUNNING_PRIMARY = {("PC", "CD"): (".", ONCE), ("PC", "RD"): (".", ONCE)}

L1 = LinkId(1)


def cases(grids: dict[Role, str]) -> list[tuple[Role, str, str, str]]:
    return [
        (role, mine, partner, word)
        for role, grid in grids.items()
        for mine, *words in (line.split() for line in grid.strip().splitlines())
        for partner, word in zip(HEAD, words, strict=True)
    ]


def title(value: Role | str) -> str:
    return value.value if isinstance(value, Role) else value


def ours(role: Role, mine: str, partner: str, word: str, *, starting: bool) -> str:
    differences = OURS | (OURS_STARTING if starting else OURS_RUNNING)
    if not starting and role is Role.PRIMARY:
        differences = differences | OURS_RUNNING_PRIMARY
    if (mine, partner) not in differences:
        return word
    ours, _ = differences[mine, partner]
    after = ours.rstrip("?*")
    in_conflict = after == "PC" or (mine, after) == ("PC", ".")
    return after if in_conflict and role is Role.SECONDARY and partner not in ("CD", "RD") else ours


def test_the_grids_are_the_528_cases_of_the_reference() -> None:
    assert len([*cases(RUNNING), *cases(STARTING)]) == 528


def test_the_engine_names_the_cells_that_are_not_dhcpds_and_no_others() -> None:
    """What is asked for differs everywhere, and once a guard: of a NORMAL that only starts."""
    different = OURS_RUNNING_PRIMARY | OURS | OURS_RUNNING | OURS_STARTING
    cells = {cell for cell, (_, why) in different.items() if why not in (ONCE, LOST, WHOLE)} - {("RI", "RD")}
    assert {(name_of(a), name_of(b)) for a, b in t.NOT_DHCPDS} == cells | {("RECOVER", "NORMAL")}


@pytest.mark.protocol(75, 77, 78, 79, 80, 81, 83, 84, 85, 89, 90, 93, 95, 97, 159, "I6", "Q17", "Q20")
@pytest.mark.parametrize(
    ("role", "mine", "partner", "dhcpd"), cases(RUNNING), ids=lambda value: getattr(value, "value", value)
)
def test_a_word_heard_while_running(role: Role, mine: str, partner: str, dhcpd: str) -> None:
    assert heard_running(role, mine, state_called(partner)) == ours(role, mine, partner, dhcpd, starting=False)


@pytest.mark.protocol(75, 76, 77, 78, 79, 81, 83, 84, 85, 86, 89, 90, 97, 159, "I6", "Q17")
@pytest.mark.parametrize(
    ("role", "mine", "partner", "dhcpd"), cases(STARTING), ids=lambda value: getattr(value, "value", value)
)
def test_a_word_heard_while_starting(role: Role, mine: str, partner: str, dhcpd: str) -> None:
    assert heard_starting(role, mine, state_called(partner)) == ours(role, mine, partner, dhcpd, starting=True)


REPEATED = [partner for partner in HEAD if partner != "CD"]  # to one in CONFLICT-DONE most states are not even told


@pytest.mark.parametrize("partner", REPEATED)
@pytest.mark.parametrize("mine", ["NORMAL", "PC", "RD", "RW", "SHUTDOWN", "PAUSED"])
@pytest.mark.parametrize("role", Role, ids=title)
def test_a_word_that_changes_nothing_is_not_even_recorded_the_second_time(role: Role, mine: str, partner: str) -> None:
    endpoint = running_endpoint(role, mine, recorded_before(mine, state_called(partner)))
    first = endpoint.on_message(L1, a_state(at(16), state_called(partner)), at(16))
    if in_a_word(endpoint, mine, first) == ".":
        assert endpoint.on_message(L1, a_state(at(17), state_called(partner)), at(17)) == Outcome()


@pytest.mark.protocol(75, 78, 97)
@pytest.mark.parametrize("partner", REPEATED)
@pytest.mark.parametrize("mine", ["CI", "PD", "RI", "RECOVER", "RD", "RW"])
@pytest.mark.parametrize("role", Role, ids=title)
def test_a_word_counts_on_each_link_though_it_is_no_news(role: Role, mine: str, partner: str) -> None:
    """dhcpd passes over it in RECOVER-DONE, and two servers there wait for each other for ever."""
    (dhcpd,) = [word for *case, word in cases(RUNNING) if case == [role, mine, partner]]
    endpoint = running_endpoint(role, mine, state_called(partner))
    outcome = endpoint.on_message(L1, a_state(at(16), state_called(partner)), at(16))
    assert in_a_word(endpoint, mine, outcome) == ours(role, mine, partner, dhcpd, starting=False)


@pytest.mark.parametrize("partner", REPEATED)
@pytest.mark.parametrize("mine", ["NORMAL", "CI", "PD", "RECOVER", "RW", "RD", "RI"])
@pytest.mark.parametrize("role", Role, ids=title)
def test_a_server_that_starts_reads_the_grid_on_a_word_that_is_no_news_too(role: Role, mine: str, partner: str) -> None:
    """dhcpd resumes its state; what was heard while it was PAUSED, which dhcpd stores, it has acted on already."""
    (dhcpd,) = [word for *case, word in cases(STARTING) if case == [role, mine, partner]]
    endpoint = stored_endpoint(role, mine, state_called(partner))
    link(endpoint, role, at(1))
    outcome = endpoint.on_message(L1, a_state(at(1), state_called(partner)), at(1))
    assert in_a_word(endpoint, mine, outcome) == ours(role, mine, partner, dhcpd, starting=True)


@pytest.mark.protocol(67)
@pytest.mark.parametrize("mine", ["NORMAL", "CI", "PD", "RECOVER", "RW", "RD", "PC", "RI"])
def test_a_server_that_resumes_its_state_keeps_its_time(mine: str) -> None:
    endpoint = stored_endpoint(Role.SECONDARY, mine, t.UNKNOWN)
    link(endpoint, Role.SECONDARY, at(1))
    endpoint.on_message(L1, a_state(at(1), t.UNKNOWN), at(1))
    view = endpoint.view(at(1))
    assert (view.starting, view.my_state, view.my_state_at) == (False, state_called(mine), T0)


def recorded_before(mine: str, partner: FailoverState) -> FailoverState:
    """Return another state than the one to be heard; in POTENTIAL-CONFLICT the partner was there, too."""
    if mine == "PC" and partner is not t.PC:
        return t.PC
    return t.CI if partner is t.NORMAL else t.NORMAL


def stored_endpoint(role: Role, mine: str, recorded: FailoverState) -> Endpoint:
    """Return an endpoint that starts. PAUSED and SHUTDOWN are never stored: they are ordered, on RECOVER-WAIT."""
    announced = mine in ("PAUSED", "SHUTDOWN")
    state = t.RW if announced else state_called(mine)
    record = a_record(state, recorded, since=T0, update_all_wanted=state is t.RECOVER)
    config = a_group(role)
    endpoint = Endpoint(config, a_table(config), record, chance=random.Random(1), now=at(0))
    if announced:
        action = ControlAction.PAUSE if mine == "PAUSED" else ControlAction.SHUTDOWN
        assert isinstance(endpoint.on_control(ControlRequest(action=action), at(0)), Outcome)
    return endpoint


def heard_starting(role: Role, mine: str, partner: FailoverState) -> str:
    endpoint = stored_endpoint(role, mine, recorded_before(mine, partner))
    link(endpoint, role, at(1))
    return in_a_word(endpoint, mine, endpoint.on_message(L1, a_state(at(1), partner), at(1)))


def heard_running(role: Role, mine: str, partner: FailoverState) -> str:
    endpoint = running_endpoint(role, mine, recorded_before(mine, partner))
    return in_a_word(endpoint, mine, endpoint.on_message(L1, a_state(at(16), partner), at(16)))


def running_endpoint(role: Role, mine: str, recorded: FailoverState) -> Endpoint:
    """Return an endpoint out of STARTUP, on a link."""
    endpoint = stored_endpoint(role, mine, recorded)
    if mine in ("NORMAL", "PC"):  # both end with a link: here STARTUP ends by a word that is no news
        link(endpoint, role, at(1))
        endpoint.on_message(L1, a_state(at(1), recorded), at(1))
    else:
        endpoint.on_timer(at(15))
        link(endpoint, role, at(16))
    assert not endpoint.view(at(16)).starting
    assert name_of(endpoint.view(at(16)).my_state) == mine
    return endpoint


def link(endpoint: Endpoint, role: Role, now: Now) -> None:
    endpoint.link_up(L1, now)
    endpoint.on_message(L1, an_ack(now) if role is Role.PRIMARY else a_connect(now), now)
    assert endpoint.view(now).last_hang_up is None


def in_a_word(endpoint: Endpoint, mine: str, outcome: Outcome) -> str:
    after = endpoint.view(at(16)).my_state
    name = name_of(after)
    asked = "".join({UpdReq: "?", UpdReqAll: "*"}.get(type(message), "") for message in said(outcome))
    told = [message.state for message in said(outcome) if isinstance(message, State)]
    if name != mine:
        assert told[-1] == after.wire
    return ("." if name == mine else name) + asked
