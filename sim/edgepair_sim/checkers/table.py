"""All checkers by name: each file of this package that holds one is found by itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from importlib import import_module
from pkgutil import iter_modules
from types import ModuleType

from edgepair_sim import checkers
from edgepair_sim.checkers.checker import Checker


class UnknownChecker(ValueError):
    """A name that no checker has; the text tells which there are."""


def checkers_named(names: Iterable[str]) -> tuple[type[Checker], ...]:
    """Return the checkers of these names; `package.module:Class` means one that stands elsewhere.

    Raises:
        UnknownChecker: there is none of that name.
    """
    return tuple(_elsewhere(name) if ":" in name else _ours(name) for name in names)


def _ours(name: str) -> type[Checker]:
    if name not in CHECKERS:
        raise UnknownChecker(f"no checker is called {name!r}; there are {', '.join(CHECKERS)}")
    return CHECKERS[name]


def _elsewhere(name: str) -> type[Checker]:
    path, _, attribute = name.partition(":")
    try:
        kind = getattr(import_module(path), attribute)
    except (ImportError, AttributeError) as error:
        raise UnknownChecker(f"{name!r}: {error}") from error
    if not (isinstance(kind, type) and issubclass(kind, Checker)):
        raise UnknownChecker(f"{name!r} is not a checker")
    return kind


def _found() -> Iterator[type[Checker]]:
    for module in sorted(iter_modules(checkers.__path__), key=lambda each: each.name):
        yield from _in(import_module(f"{checkers.__name__}.{module.name}"))


def _in(module: ModuleType) -> Iterator[type[Checker]]:
    for kind in vars(module).values():
        if isinstance(kind, type) and issubclass(kind, Checker) and kind.__module__ == module.__name__ and kind.name:
            yield kind


CHECKERS: dict[str, type[Checker]] = {kind.name: kind for kind in _found()}
