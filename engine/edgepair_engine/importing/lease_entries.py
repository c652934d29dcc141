"""One entry of dhcpd.leases as values (dhcpd.leases(5), protocol reference 3.2 and 5.1)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from edgepair_contract.value import value
from edgepair_contract.vocabulary import BindingState, FailoverState
from edgepair_engine.importing.statements import Statement
from edgepair_engine.importing.tokens import Kind
from edgepair_engine.importing.words import Words
from edgepair_engine.leases.lease import FLAG_BOOTP, FLAG_RESERVED, Lease

_STATES = {state.name.lower(): state for state in BindingState}
_FAILOVER_STATES = {state.edgeconnect: state for state in FailoverState}
STARTUP = "startup"  # dhcpd writes the state to resume instead; an old file may hold it


@value
class LeaseEntry:
    """A lease as written, and the statements in it that a lease of ours has no place for."""

    lease: Lease
    unused: tuple[Statement, ...]


@value
class PeerEntry:
    """The state of a failover relationship as written. A time that is not there is None."""

    name: str
    my_state: FailoverState
    my_state_at: int | None
    partner_state: FailoverState
    partner_state_at: int | None
    mclt_s: int


def read_lease(statement: Statement) -> LeaseEntry:
    """Return the lease that an entry describes.

    Raises:
        ImportRefused: it cannot be read.
    """
    words = Words(statement)
    draft = _Draft({"address": int(words.address())})
    for each in words.block():
        read = _LEASE_STATEMENTS.get(each.keyword)
        if read is None:
            draft.unused.append(each)
        else:
            read(draft, each)
    fields = draft.fields
    fields.setdefault("rewind", fields.get("state", BindingState.FREE))  # dhcpd leaves out what is equal
    fields.setdefault("tstp", fields.get("ends_at", 0))  # and reads it so
    return LeaseEntry(Lease(**fields), tuple(draft.unused))


def read_peer(statement: Statement) -> PeerEntry:
    """Return the states that a `failover peer "…" state` entry records.

    Raises:
        ImportRefused: it cannot be read.
    """
    words = Words(statement)
    words.choice("peer")
    name = words.string("the name of the failover peer in quotes")
    words.choice("state")
    states = {"my": FailoverState.UNKNOWN, "partner": FailoverState.UNKNOWN}
    times: dict[str, int | None] = {"my": None, "partner": None}
    mclt_s = 0
    for each in words.block():
        inner = Words(each, skip=0)
        who = {"my": "my", "partner": "partner", "peer": "partner", "mclt": "mclt"}[
            inner.choice("my", "partner", "peer", "mclt")
        ]
        if who == "mclt":
            mclt_s = inner.number()
        else:
            inner.choice("state")
            states[who] = _FAILOVER_STATES.get(inner.choice(*_FAILOVER_STATES, STARTUP), FailoverState.UNKNOWN)
            if inner.left():
                inner.choice("at")
                times[who] = inner.moment()
        inner.done()
    return PeerEntry(name, states["my"], times["my"], states["partner"], times["partner"], mclt_s)


@dataclass(slots=True)
class _Draft:
    fields: dict[str, Any]
    unused: list[Statement] = field(default_factory=list)


def _time(name: str) -> Callable[[_Draft, Statement], None]:
    def read(draft: _Draft, statement: Statement) -> None:
        words = Words(statement)
        draft.fields[name] = words.moment()
        words.done()

    return read


def _binding_state(name: str, *before: str) -> Callable[[_Draft, Statement], None]:
    def read(draft: _Draft, statement: Statement) -> None:
        words = Words(statement)
        for word in before:
            words.choice(word)
        said = words.choice(*_STATES, "reserved", "bootp")
        words.done()
        if said in _STATES:
            draft.fields[name] = _STATES[said]
        else:  # how old versions wrote an active lease with a flag
            draft.fields[name] = BindingState.ACTIVE
            _flag(draft, FLAG_RESERVED if said == "reserved" else FLAG_BOOTP)

    return read


def _next(_draft: _Draft, statement: Statement) -> None:
    _binding_state("next", "binding", "state")(_Draft({}), statement)  # it follows from the state


def _hardware(draft: _Draft, statement: Statement) -> None:
    words = Words(statement)
    draft.fields["hardware"] = words.hardware()
    words.done()


def _uid(draft: _Draft, statement: Statement) -> None:
    words = Words(statement)
    is_text = words.peek().kind is Kind.STRING
    draft.fields["client_id"] = words.string().encode("latin-1") if is_text else words.hex_bytes()
    words.done()


def _hostname(draft: _Draft, statement: Statement) -> None:
    words = Words(statement)
    name = words.name_or_string("a name in quotes").encode("latin-1")
    draft.fields["hostname"] = name.decode(errors="replace")
    words.done()


def _mark(flag: int) -> Callable[[_Draft, Statement], None]:
    def read(draft: _Draft, statement: Statement) -> None:
        Words(statement).done()
        _flag(draft, flag)

    return read


def _flag(draft: _Draft, flag: int) -> None:
    draft.fields["flags"] = draft.fields.get("flags", 0) | flag


def _abandoned(draft: _Draft, statement: Statement) -> None:
    Words(statement).done()
    draft.fields["state"] = BindingState.ABANDONED


_LEASE_STATEMENTS: dict[str, Callable[[_Draft, Statement], None]] = {
    "starts": _time("starts_at"),
    "ends": _time("ends_at"),
    "tstp": _time("tstp"),
    "tsfp": _time("tsfp"),
    "atsfp": _time("atsfp"),
    "cltt": _time("cltt"),
    "binding": _binding_state("state", "state"),
    "next": _next,
    "rewind": _binding_state("rewind", "binding", "state"),
    "hardware": _hardware,
    "uid": _uid,
    "client-hostname": _hostname,
    "reserved": _mark(FLAG_RESERVED),
    "bootp": _mark(FLAG_BOOTP),
    "dynamic-bootp": _mark(FLAG_BOOTP),
    "abandoned": _abandoned,
}
