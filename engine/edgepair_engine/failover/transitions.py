"""Every move of a failover endpoint, as tables.

Two servers share the addresses of a group. Each may lose the other at any moment, cannot tell a dead partner from a cut
wire, and must still never give one address to two clients. The protocol's answer is a state on each side, told to the
partner, and a promise that limits what either side may have done unheard: no lease runs longer than MCLT past what the
partner has acknowledged.

- NORMAL: both are in touch; clients are split by a hash, free addresses are divided.
- COMMUNICATIONS-INTERRUPTED: no touch; each serves everybody from its own addresses.
- PARTNER-DOWN: a person, or proof, says that the partner does not run; after MCLT its addresses are ours as well.
- RECOVER, RECOVER-WAIT, RECOVER-DONE: what I knew may be lost or old; I ask for all bindings, serve nobody, and wait
  until every lease that I may have given and forgotten has ended.
- POTENTIAL-CONFLICT, CONFLICT-DONE: both may have been in PARTNER-DOWN; the primary asks first, then the secondary.
- RESOLUTION-INTERRUPTED: the link broke during that.
- PAUSED, SHUTDOWN: announced, never entered (they are not durable): the row of who announced one stays where it is.

How to read the tables. The row is the *effective* state: while an endpoint starts, the state it will resume (STARTUP is
a flag beside it, not a state). Every row has a cell for every trigger, and a test holds that. A cell is `STAY`, `Go`,
`Ask`, `Announce` or `Refuse`; a `When` in front of it names a guard, a fact about the moment that the endpoint knows.
What entering a state *does* is not here but in `machine.ON_ENTER`.

The tables are dhcpd's (4.4.3-P1, checked against it cell by cell) but for the cells in `NOT_DHCPDS`, all where dhcpd
gives up or would wait for ever. And where the tables say `Ask`, dhcpd asks for every address, and again at each word
of its partner; an intact store needs only what the two have not agreed on (I9), and one request at a time (I10).

PAUSED and SHUTDOWN add a thing that dhcpd, which stores them, has no need of: the end of a pause looks at what the
partner said meanwhile, as if it came just now. So does the end of RECOVER-WAIT, which passes over everything.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from enum import Enum, auto

from edgepair_contract.control import ControlAction
from edgepair_contract.value import value
from edgepair_contract.vocabulary import FailoverState, Role

UNKNOWN = FailoverState.UNKNOWN
NORMAL = FailoverState.NORMAL
CI = FailoverState.COMMUNICATIONS_INTERRUPTED
PD = FailoverState.PARTNER_DOWN
PC = FailoverState.POTENTIAL_CONFLICT
RECOVER = FailoverState.RECOVER
PAUSED = FailoverState.PAUSED
SHUTDOWN = FailoverState.SHUTDOWN
RD = FailoverState.RECOVER_DONE
RI = FailoverState.RESOLUTION_INTERRUPTED
CD = FailoverState.CONFLICT_DONE
RW = FailoverState.RECOVER_WAIT


class LinkEvent(Enum):
    """What happens to the established link. OPENED changes nothing: only a partner's STATE counts as being in touch."""

    OPENED = auto()
    CLOSED = auto()


class Timer(Enum):
    """Moments that come by themselves. STARTUP also stands for the loss of an established link while starting.

    PARTNER_ASKS_NOT: it is in RECOVER and has heard our state, and does not ask for our bindings. A dhcpd does so on a
    link after the one it asked on, when it hears RECOVER-WAIT or RECOVER-DONE; RECOVER makes it ask again.
    """

    STARTUP = auto()
    RECOVER_WAIT = auto()
    AUTO_PARTNER_DOWN = auto()
    PARTNER_ASKS_NOT = auto()


class Guard(Enum):
    """Facts that a cell may ask for, in words; the endpoint says which hold."""

    I_AM_STARTING = "this server is starting"
    PARTNER_IS_STARTING = "the partner says that it is starting"  # the STARTUP flag of the STATE message
    PARTNER_CAME_FROM_CONFLICT = "the partner was in Potential-Conflict before"  # its state recorded until now
    PARTNER_IS_CONFLICT_DONE = "the partner is in Conflict-done"  # its recorded state
    PARTNER_IS_RECOVERED = "the partner is in Recover-done"  # its recorded state: it knows all, and serves nobody
    # Its recorded state is RECOVER or RECOVER-DONE: nobody gave a lease. But one of ours that lost its store, or has
    # an old one, while its partner recovered has served alone until then; for those leases dhcpd does not wait.
    PARTNER_RECOVERS_TOO = "the partner recovers, too, and no lease of this server can be forgotten"
    WAIT_IS_OVER = "MCLT has passed since this server gave its last lease"
    NEVER_MET = "this server has never heard its partner"


@value
class Stay:
    """Nothing changes."""


@value
class Go:
    """Go to `state`. `updates_first`: send what is queued before the change is announced (captures d1, d2)."""

    state: FailoverState
    updates_first: bool = False


@value
class Ask:
    """Stay, and ask the partner for bindings: all of them if some may be lost here, else those not acknowledged."""


@value
class Announce:
    """Stay, and tell the partner this state until told otherwise; None ends that."""

    state: FailoverState | None


@value
class Refuse:
    """The order cannot be carried out in this state: why."""

    why: str


@value
class When:
    """`then` if the guard holds, `otherwise` if not."""

    guard: Guard
    then: Cell
    otherwise: Cell = Stay()


Move = Stay | Go | Ask | Announce | Refuse
Cell = Move | When

STAY = Stay()
STATES = tuple(FailoverState)


def resolve(cell: Cell, holding: Collection[Guard]) -> Move:
    """Return the move that a cell means while these guards hold."""
    while isinstance(cell, When):
        cell = cell.then if cell.guard in holding else cell.otherwise
    return cell


# What the words of the grid below mean.
WORDS: Mapping[str, Cell] = {
    ".": STAY,
    "conflict": Go(PC),
    "down": Go(PD),
    "apart": Go(CI),
    "normal": Go(NORMAL),
    "join": Go(NORMAL, updates_first=True),
    "ask": When(Guard.I_AM_STARTING, STAY, Ask()),  # leaving STARTUP into RECOVER asks anyway
    "ask~": When(Guard.PARTNER_CAME_FROM_CONFLICT, Ask()),
    "returned": When(Guard.I_AM_STARTING, Go(RECOVER), Go(PC)),
    "conflict!": When(Guard.PARTNER_IS_STARTING, STAY, Go(PC)),  # "!": not on a word of a partner that is starting
    "normal!": When(Guard.PARTNER_IS_STARTING, STAY, Go(NORMAL)),
}

# Mine (row) and the partner's (column) state, as a STATE message tells it.
_GRID = """
mine     NORMAL    CI        PD        PC        RI        CD        RECOVER  RW       RD       SHUTDOWN PAUSED UNKNOWN
NORMAL   .         .         returned  conflict  conflict  conflict  down     .        .        down     apart  .
CI       join      join      conflict  conflict  conflict  conflict  down     down     join     down     .      .
PD       conflict! conflict! conflict! conflict! conflict! conflict! .        .        normal!  .        .      .
RECOVER  conflict! ask       ask       conflict  conflict  conflict  ask      ask      ask      down     .      .
RW       .         .         .         .         .         .         .        .        .        .        .      .
RD       normal    .         .         .         .         .         .        .        normal   down     .      .
PC       .         .         .         .         .         ask~      .        .        ask      down     .      .
CD       normal    conflict  conflict  .         .         conflict  conflict .        conflict down     .      .
RI       conflict  conflict  conflict  conflict  conflict  conflict  conflict conflict conflict down     .      .
SHUTDOWN .         .         .         .         .         .         .        .        .        .        .      .
PAUSED   .         .         .         .         .         .         .        .        .        .        .      .
UNKNOWN  .         .         .         .         .         .         .        .        .        .        .      .
"""
_ABBREVIATED = {"CI": CI, "PD": PD, "PC": PC, "RI": RI, "CD": CD, "RW": RW, "RD": RD}


def _state_called(name: str) -> FailoverState:
    return _ABBREVIATED[name] if name in _ABBREVIATED else FailoverState[name]


def _read_grid(grid: str) -> dict[tuple[FailoverState, FailoverState], Cell]:
    head, *rows = (line.split() for line in grid.strip().splitlines())
    return {
        (_state_called(mine), _state_called(partner)): WORDS[word]
        for mine, *words in rows
        for partner, word in zip(head[1:], words, strict=True)
    }


PARTNER: Mapping[tuple[FailoverState, FailoverState], Cell] = _read_grid(_GRID)


@value
class Difference:
    """What dhcpd does in a cell that is not its own, and why we do not."""

    dhcpd: str
    why: str


_GIVES_UP = Difference("goes to Shutdown, which only a person can end", "the conflict can be settled: we join it")
_GIVES_UP_IN_IT = Difference("goes to Shutdown, which only a person can end", "the conflict is not over: we stay in it")
_ENDS = Difference("ends its process", "the conflict is not settled for the partner: we begin it again")
_ENDS_TOO_SOON = Difference("ends its process", "the partner is about to say more: we wait for it")
_NEVER_ASKS = Difference(
    "does not ask, and both wait for ever", "on a link after the one it asked on, a server must ask again"
)
NOT_DHCPDS: Mapping[tuple[FailoverState, FailoverState], Difference] = {
    **{(NORMAL, partner): _GIVES_UP for partner in (PC, RI, CD)},
    (PC, NORMAL): _GIVES_UP_IN_IT,
    (PC, RECOVER): Difference(
        "goes to Recover", "the partner goes to Potential-Conflict on our word: the two would change places for ever"
    ),
    (PC, RD): Difference(
        "waits, as does the partner, for ever", "a partner that has recovered has no part in a conflict any more"
    ),
    (CI, RW): Difference(
        "goes to Normal, and half of the clients get no answer",
        "the partner is silent until its wait is over, and hears of no Normal before: we take over until then",
    ),
    **{(CD, partner): _ENDS for partner in (CI, PD, CD, RECOVER, RD)},
    **{(CD, partner): _ENDS_TOO_SOON for partner in (RW, PAUSED, UNKNOWN)},
    (CD, SHUTDOWN): Difference("goes to Shutdown as well, and nobody serves", "the partner has said that it is gone"),
    (RECOVER, NORMAL): Difference(
        "goes to Potential-Conflict even when the partner is only starting",
        "a starting partner that hears of Recover goes to Partner-Down and tells us all we lost",
    ),
    **{(RECOVER, partner): _NEVER_ASKS for partner in (RW, RD)},
}

# In these states a STATE that repeats what was heard on the same link is not even recorded. dhcpd passes over what it
# heard on an earlier link, too, and on its start resumes its state on it without a look at the grid: two servers in
# RECOVER-DONE, say, then wait for each other for ever.
REPEATS_IGNORED = frozenset({UNKNOWN, NORMAL, PC, RD, RW, SHUTDOWN, PAUSED})

_LINK_CLOSED: Mapping[FailoverState, Cell] = {NORMAL: Go(CI), PC: Go(RI), UNKNOWN: Go(RI)}
LINK: Mapping[tuple[FailoverState, LinkEvent], Cell] = {
    **{(state, LinkEvent.OPENED): STAY for state in STATES},
    **{(state, LinkEvent.CLOSED): _LINK_CLOSED.get(state, STAY) for state in STATES},
}

TIMER: Mapping[tuple[FailoverState, Timer], Cell] = {
    **{(state, Timer.STARTUP): _LINK_CLOSED.get(state, STAY) for state in STATES},
    **{(state, Timer.RECOVER_WAIT): Go(RD) if state is RW else STAY for state in STATES},
    **{(state, Timer.AUTO_PARTNER_DOWN): Go(PD) if state is CI else STAY for state in STATES},
    **{(state, Timer.PARTNER_ASKS_NOT): Go(RECOVER) if state is RD else STAY for state in STATES},
}

# The partner has said that it sent all that was asked for (UPDDONE).
_RECOVERED = When(Guard.WAIT_IS_OVER, Go(RD), When(Guard.PARTNER_RECOVERS_TOO, Go(RD), Go(RW)))
_RESOLVED: Mapping[Role, Cell] = {
    Role.PRIMARY: When(Guard.PARTNER_IS_CONFLICT_DONE, STAY, When(Guard.PARTNER_IS_RECOVERED, Go(NORMAL), Go(CD))),
    Role.SECONDARY: When(Guard.PARTNER_IS_CONFLICT_DONE, Go(NORMAL), When(Guard.PARTNER_IS_RECOVERED, Go(NORMAL))),
}
UPDATES_DONE: Mapping[tuple[FailoverState, Role], Cell] = {
    **{(state, role): STAY for state in STATES for role in Role},
    **{(RECOVER, role): _RECOVERED for role in Role},
    **{(PC, role): cell for role, cell in _RESOLVED.items()},
}

_DOWN_ORDER: Mapping[FailoverState, Cell] = {
    CI: Go(PD),
    RI: Go(PD),
    PD: STAY,
    RECOVER: When(Guard.NEVER_MET, Go(PD), Refuse("this server lost its bindings and needs its partner's first")),
}


def _orders(state: FailoverState) -> dict[ControlAction, Cell]:
    refusal = Refuse(f"possible in Communications-Interrupted and Resolution-Interrupted, not in {state.label}")
    return {
        ControlAction.PARTNER_DOWN: _DOWN_ORDER.get(state, refusal),
        ControlAction.PAUSE: Announce(PAUSED),
        ControlAction.SHUTDOWN: Announce(SHUTDOWN),
        ControlAction.RESUME: Announce(None),
        ControlAction.FENCE: STAY,  # not a matter of states: the endpoint closes its links and answers nobody
        ControlAction.UNFENCE: STAY,
    }


CONTROL: Mapping[tuple[FailoverState, ControlAction], Cell] = {
    (state, action): cell for state in STATES for action, cell in _orders(state).items()
}
