"""Values: what travels between rooms and is never changed (docs/design/015-values-that-cost-little.md)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar, dataclass_transform, overload

T = TypeVar("T")


@overload
def value(cls: type[T], /) -> type[T]:
    """Make a class a value."""


@overload
def value(*, kw_only: bool = False) -> Callable[[type[T]], type[T]]:
    """Make a class a value whose fields are given by name."""


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def value(cls: type[T] | None = None, /, *, kw_only: bool = False) -> type[T] | Callable[[type[T]], type[T]]:
    """Make a class a frozen dataclass with slots. The type checker sees to it that nobody writes to one.

    Nothing does so at run time: a dataclass that is frozen there takes five times as long to make.
    """

    def make(cls: type[T]) -> type[T]:
        return dataclass(slots=True, unsafe_hash=True, kw_only=kw_only)(cls)

    return make if cls is None else make(cls)
