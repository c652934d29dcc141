"""What `allow`, `deny` and `ignore` say, and what of it is lost."""

from __future__ import annotations

from collections.abc import Set

from edgepair_engine.importing.loss import Losses
from edgepair_engine.importing.parameters import PERMISSIONS
from edgepair_engine.importing.scopes import ScopeKind
from edgepair_engine.importing.statements import Statement
from edgepair_engine.importing.words import Words

_PERMIT_WHY = (
    "ranges have no permissions: every client of the subnet may get these addresses",
    "reserve addresses for known clients, or keep the others out on the switch",
)


def read_permission(statement: Statement, kind: ScopeKind, classes: Set[str], *, losses: Losses) -> None:
    """Take one statement of a scope of this kind.

    Raises:
        ImportRefused: nothing of that name can be allowed there.
    """
    words = Words(statement)
    named = words.peek().word
    if named in PERMISSIONS:
        words.take("")
        words.done()
        same, why = PERMISSIONS[named]
        said = "deny" if statement.keyword == "ignore" else statement.keyword
        if said != same:
            losses.add(statement, *(_PERMIT_WHY if kind is ScopeKind.POOL else why))
    elif kind is not ScopeKind.POOL or statement.keyword == "ignore":
        words.refuse(" or ".join(PERMISSIONS))
    elif _entry(words, classes) != _SAME[statement.keyword]:
        losses.add(statement, *_PERMIT_WHY)


_SAME = {"allow": "all", "deny": "dynamic"}  # all clients may anyway, and BOOTP is not answered


def _entry(words: Words, classes: Set[str]) -> str:
    """Take one entry of a pool's list and return the word that says whom it means."""
    word = words.choice(*_ENTRIES)
    match word:
        case "members":
            words.choice("of")
            if words.string("the name of a class in quotes") not in classes:
                words.back()
                words.refuse("a class that is declared before")
        case "dynamic":
            words.choice("bootp")
            words.choice("clients")
        case "after":
            words.moment()
        case "known-clients":
            pass
        case _:
            words.choice("clients")
    words.done()
    return word


_ENTRIES = (
    "members",
    "known",
    "unknown",
    "known-clients",
    "authenticated",
    "unauthenticated",
    "all",
    "dynamic",
    "after",
)
