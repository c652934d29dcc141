"""Planting a defect in this process: the engine is imported with it. No file is written, no other process has it.

Whoever plants must not have imported the engine, nor anything that does, so this module and `table` know only text.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from types import CodeType, ModuleType

from edgepair_sim.mutants.mutant import Mutant


class TooLate(RuntimeError):
    """The engine is imported already, without this defect."""


def plant(mutant: Mutant) -> None:
    """Let the engine have this defect from its import on. Planting it again changes nothing.

    Raises:
        TooLate: its file is imported already, or another defect is planted.
    """
    planted = [finder.mutant for finder in sys.meta_path if isinstance(finder, _Finder)]
    if planted == [mutant]:
        return
    if planted or mutant.module in sys.modules:
        raise TooLate(f"{mutant.name} cannot be planted: {mutant.module} is imported, or {planted} is planted")
    sys.meta_path.insert(0, _Finder(mutant))


class _Finder(MetaPathFinder):
    """Finds the one file that has the defect; all others are found as always."""

    def __init__(self, mutant: Mutant) -> None:
        self.mutant = mutant

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != self.mutant.module:
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        assert spec is not None, fullname
        assert spec.origin is not None, fullname
        spec.loader = _Loader(fullname, spec.origin, self.mutant)
        return spec


class _Loader(SourceFileLoader):
    """Compiles the source with the defect; it neither reads nor writes what is compiled already."""

    def __init__(self, fullname: str, path: str, mutant: Mutant) -> None:
        super().__init__(fullname, path)
        self._mutant = mutant

    def get_code(self, fullname: str) -> CodeType:
        source = self._mutant.applied(self.get_data(self.path).decode())
        code = self.source_to_code(source.encode(), self.path)
        assert isinstance(code, CodeType)
        return code
