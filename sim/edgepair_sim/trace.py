"""What happened in a life: a hash of all of it, and on demand the story in words."""

from __future__ import annotations

import hashlib
from collections.abc import Callable


class Trace:
    """Every event of a life goes in here. Two runs of one script must give the same hash."""

    def __init__(self, tell: Callable[[str], None] | None = None) -> None:
        """`tell` takes each line of the story; None: only the hash is kept."""
        self._hash = hashlib.blake2b(digest_size=8)
        self._tell = tell

    @property
    def digest(self) -> str:
        """Return the hash of all that happened so far, as 16 hexadecimal digits."""
        return self._hash.hexdigest()

    @property
    def telling(self) -> bool:
        """Return whether anybody listens: lines that cost something are made for nobody else."""
        return self._tell is not None

    def add(self, true_s: float, who: str, what: bytes | str) -> None:
        """Count an event of which the story does not speak."""
        content = what if isinstance(what, bytes) else what.encode()
        self._hash.update(b"%.6f %b " % (true_s, who.encode()))
        self._hash.update(content)

    def tell(self, true_s: float, who: str, what: str) -> None:
        """Count an event, and tell it."""
        self.add(true_s, who, what)
        if self._tell is not None:
            self._tell(f"{true_s:12.3f}  {who:<8} {what}")
