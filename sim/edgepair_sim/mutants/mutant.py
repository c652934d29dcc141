"""A deliberate defect: a few words in one source file of the engine, and what stands there instead."""

from __future__ import annotations

from edgepair_contract.value import value

ENGINE = "edgepair_engine"


class DoesNotApply(ValueError):
    """The engine has changed: what a defect replaces is not there, or there more than once."""


@value
class Mutant:
    """A defect that a programmer could have made. `tells`: what goes wrong by it, and for whom."""

    name: str
    tells: str
    file: str  # in the engine's package: "core/pipeline.py"
    old: str
    new: str

    @property
    def module(self) -> str:
        """Return the name under which the file is imported."""
        return f"{ENGINE}.{self.file.removesuffix('.py').replace('/', '.')}"

    def applied(self, source: str) -> str:
        """Return the source with the defect.

        Raises:
            DoesNotApply: it stands for no single place in this source.
        """
        found = source.count(self.old)
        if found != 1:
            raise DoesNotApply(f"mutant {self.name}: what it replaces is found {found} times in {self.file}")
        return source.replace(self.old, self.new)
