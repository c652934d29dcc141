"""What ends an import: text that dhcpd itself would refuse, or that no configuration of ours can hold."""

from __future__ import annotations

from edgepair_contract.errors import ConfigError
from edgepair_contract.value import value


@value
class Place:
    """Where something stands: file, line and column, both counted from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


class ImportRefused(ConfigError):
    """A statement that cannot be read or held: its place, what stands there, what was expected."""

    def __init__(self, place: Place, found: str, expected: str) -> None:
        super().__init__(str(place), found, f"is refused: {expected}")
        self.place = place
