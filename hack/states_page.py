"""The page of the failover states, printed from the engine's transition tables."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import assert_never

from edgepair_contract.control import ControlAction
from edgepair_contract.vocabulary import FailoverState, Role, Serving
from edgepair_engine.failover import transitions as t
from edgepair_engine.failover.machine import ON_ENTER, SAFE_IN_CONFLICT_DONE, STARTUP_S
from edgepair_engine.failover.serving import serving_of

_HEAD = f"""# The failover states

What each state means, who is answered in it, and what moves a server from one to the next. Printed from the tables that
the engine walks (`failover/transitions.py`): what stands here is what it does. *MCLT* is the longest time by which a
lease may outlive what both servers know.

A server that **starts** shows the state that it will resume, with `starting` beside it. It serves nobody until it has
heard its partner, but for {STARTUP_S} s at the most. A state is written to disk before anybody is told.
"""

# What a person reads at night: what the state means, and what to do.
_MEANING: Mapping[FailoverState, tuple[str, str]] = {
    t.NORMAL: ("Both servers are in touch and share the clients.", "Nothing."),
    t.CI: (
        "The link is down. The partner may be dead, or only unreachable: each side keeps to its own addresses.",
        "Mend the link or start the partner. If it is certainly dead and stays so: `partner-down`.",
    ),
    t.PD: (
        "A person, or proof, has said that the partner does not run. MCLT later its addresses are given out as well.",
        "Bring the partner back; it recovers by itself. Never leave both servers in this state.",
    ),
    t.RECOVER: (
        "What this server knew may be lost or old. It asks its partner for what it missed.",
        "Start the partner. A new server whose partner will not come: `partner-down`.",
    ),
    t.RW: (
        "All is known again. Leases that this server gave and forgot may still run: it waits until they have ended.",
        "Nothing: it ends at the time shown under `wait`.",
    ),
    t.RD: (
        "Recovered, and waiting for the partner to say that it is ready.",
        "Nothing. If it stays: start the partner.",
    ),
    t.PC: (
        "Both servers may have given out the same addresses. They tell each other everything, the primary asks first.",
        "Nothing: it takes seconds. If it stays, look at the log of the other server.",
    ),
    t.RI: (
        "The link broke while a conflict was being settled.",
        "Mend the link. If the partner is certainly dead: `partner-down`.",
    ),
    t.CD: ("The primary knows all that the secondary did, and lets it ask in turn.", "Nothing: it takes seconds."),
    t.PAUSED: (
        "Ordered, or about to stop. The partner serves everybody. Never stored: a restart ends it.",
        "`resume`, or start the server again.",
    ),
    t.SHUTDOWN: (
        "Ordered: the server goes for long. The partner takes over its addresses as well. Never stored.",
        "`resume`, or start the server again; it recovers.",
    ),
    t.UNKNOWN: ("As partner state: it was never heard.", "Start the partner."),
}
_SERVES = {
    Serving.HALF: "its half, by load balancing",
    Serving.ALL: "everybody",
    Serving.NONE: "nobody",
}
_TIMERS = {
    t.Timer.STARTUP: f"started {STARTUP_S} s ago, or lost the link, without the partner's word",
    t.Timer.RECOVER_WAIT: "the wait of MCLT is over",
    t.Timer.AUTO_PARTNER_DOWN: "auto-partner-down",
    t.Timer.PARTNER_ASKS_NOT: "the partner recovers and does not ask for bindings",
}
_LINK = {t.LinkEvent.OPENED: "link made", t.LinkEvent.CLOSED: "link lost"}

_HEARING = """## What the partner says of itself

Row: this server's state (while it starts: the one to be resumed). Column: the state that the partner tells. An empty
cell: nothing changes. `*`: not what ISC dhcpd does, see below.

A word that was heard on the same link already is passed over in
{ignored}.
(dhcpd passes over what it has recorded, on whatever link; two servers can then wait for each other for ever.)

A partner recorded in Conflict-done is only ever told of {safe}:
a dhcpd would end, or shut down, at the others. Its own word is awaited first (a secondary awaits that of a primary in
Potential-Conflict, too, which may be done by now), and the link is closed if that does not help."""

_PARTNER_DOWN = """## Partner-Down and the addresses of the dead

`partner-down` says that the partner's process does not run any more. From then on this server serves everybody, and
MCLT later it gives out the partner's addresses, too. MCLT counts

- from `last_alive_at`, when whoever ordered it said when the partner was last alive. That time must not lie before this
  server last heard the partner, nor in the future. It is stored, and a later word replaces it;
- else from the moment of Partner-Down. So it is for auto-partner-down, always: silence does not say when the partner,
  which may only have been cut off, died.

An address whose lease the partner knew of is kept back until MCLT after the latest end that either server has told the
other of, if that is later. A restart changes none of this. `wait` in the report shows the time.

A partner that comes back hears of Partner-Down, recovers, waits until its own promises are over, and both go to Normal.
If it was alive all along, both are in conflict: that is what the order must never be given for.

## Paused and Shutdown

Both are told and shown, but never stored, and the state beneath stays what it is: the process that stops cleanly says
Paused, and one that is killed while paused resumes the stored state. A partner in Normal goes to
Communications-Interrupted on Paused (the link stays), and to Partner-Down on Shutdown. `resume` ends both; what the
partner has said meanwhile counts then."""


def page() -> str:
    """Return the page."""
    parts = [_HEAD, _states(), _hearing(), _differences(), _moments(), _updates_done(), _orders(), _entering()]
    return "\n\n".join(part.strip() for part in (*parts, _PARTNER_DOWN)) + "\n"


def _states() -> str:
    rows = []
    for state in _MEANING:
        meaning, advice = _MEANING[state]
        serves = _SERVES[serving_of(state, t.NORMAL)[0]]
        rows.append([f"**{state.label}**", str(state.wire), serves, meaning, advice])
    assert len(rows) == len(t.STATES)
    silent = [state.label for state in t.STATES if serving_of(t.CI, state)[0] is Serving.NONE]
    override = f"In every state but Partner-Down, a server serves nobody while its partner is in {_listed(silent)}."
    return _table(["state", "on the wire", "serves", "what it means", "what to do"], rows) + "\n\n" + override


def _hearing() -> str:
    words = {cell: word for word, cell in t.WORDS.items()}
    rows = []
    for mine in _MEANING:
        cells = []
        for partner in _MEANING:
            cell = t.PARTNER[mine, partner]
            mark = " *" if (mine, partner) in t.NOT_DHCPDS else ""
            cells.append((("" if cell == t.STAY else words[cell]) + mark).strip())
        rows.append([f"**{mine.label}**", *cells])
    ignored = _listed(sorted(state.label for state in t.REPEATS_IGNORED))
    safe = _listed(sorted(state.label for state in SAFE_IN_CONFLICT_DONE))
    used = [[f"`{word}`", _cell(cell)] for word, cell in t.WORDS.items() if cell != t.STAY]
    grid = _table(["", *(state.label for state in _MEANING)], rows)
    return "\n\n".join([_HEARING.format(ignored=ignored, safe=safe), grid, _table(["word", "what it means"], used)])


def _differences() -> str:
    rows = [
        [mine.label, partner.label, difference.dhcpd, difference.why]
        for (mine, partner), difference in t.NOT_DHCPDS.items()
    ]
    head = """### Where ISC dhcpd differs

And where a cell asks for bindings, dhcpd asks for every address, and once more at each word of its partner."""
    return head + "\n\n" + _table(["in", "on the word", "dhcpd", "why we do not"], rows)


def _moments() -> str:
    head = """## What happens by itself

Communications-Interrupted counts from the loss of the link. The partner's process that ends closes the link, too; a cut
wire is noticed after `max-response-delay` of silence. A link that is made changes nothing: the partner's word does."""
    cells = {
        state: [*(t.LINK[state, event] for event in _LINK), *(t.TIMER[state, timer] for timer in _TIMERS)]
        for state in _MEANING
    }
    return head + "\n\n" + _table(["", *_LINK.values(), *_TIMERS.values()], _rows(cells))


def _updates_done() -> str:
    head = """## When all that was asked for has come (UPDDONE)"""
    cells = {state: [t.UPDATES_DONE[state, role] for role in Role] for state in _MEANING}
    note = """A dhcpd that is primary, done, and hears its partner in Conflict-done goes to Shutdown; we stay."""
    return "\n\n".join([head, _table(["", *(f"as {role.value}" for role in Role)], _rows(cells)), note])


def _orders() -> str:
    head = """## What can be ordered

`fence` and `unfence` are no matter of states: a fenced server answers nobody and closes its links in each of them.
A refusal says in which states the order is possible; `partner-down` is refused to a server that starts, too."""
    cells = {state: [t.CONTROL[state, action] for action in ControlAction] for state in _MEANING}
    return head + "\n\n" + _table(["", *(f"`{action.value}`" for action in ControlAction)], _rows(cells))


def _entering() -> str:
    head = """## What entering a state does

Always, in this order: store it with its time, tell the partner. Recover-wait keeps the time of Recover, and a state
resumed after a start keeps its own. Then:"""
    rows = [[f"**{state.label}**", inspect.getdoc(action) or ""] for state, action in ON_ENTER.items()]
    assert all(text for _, text in rows)
    return head + "\n\n" + _table(["state", "then"], rows)


def _rows(cells: Mapping[FailoverState, list[t.Cell]]) -> list[list[str]]:
    """Return a row for each state; those in which nothing ever happens share the last one."""
    made = {state: [_top(cell) for cell in row] for state, row in cells.items()}
    quiet = [state.label for state, texts in made.items() if not any(texts)]
    rows = [[f"**{state.label}**", *texts] for state, texts in made.items() if any(texts)]
    if quiet:
        rows.append([f"nothing in {_listed(quiet)}", *([""] * len(cells[t.NORMAL]))])
    return rows


def _top(cell: t.Cell) -> str:
    return "refused" if isinstance(cell, t.Refuse) else _cell(cell)


def _cell(cell: t.Cell) -> str:
    match cell:
        case t.Stay():
            return ""
        case t.Go(state, updates_first):
            return f"to **{state.label}**" + (", after the updates that wait" if updates_first else "")
        case t.Ask():
            return "ask for bindings"
        case t.Announce(None):
            return "end of it"
        case t.Announce(state):
            assert state is not None
            return f"say {state.label}"
        case t.Refuse(why):
            return f"refused: {why}"
        case t.When(guard, then, otherwise):
            return f"{_cell(then) or 'nothing'} if {guard.value}, else {_cell(otherwise) or 'nothing'}"
        case _:
            assert_never(cell)


def _listed(labels: list[str]) -> str:
    return ", ".join(labels[:-1]) + f" or {labels[-1]}"


def _table(head: list[str], rows: list[list[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
