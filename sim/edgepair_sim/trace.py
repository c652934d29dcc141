"""What happened in a life: a hash of all of it, and on demand a page for the story in words."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from edgepair_sim.page import Page


class Trace:
    """Every event of a life goes in here. Two runs of one script must give the same hash, told or not."""

    def __init__(self, write: Callable[[str], None] | None = None) -> None:
        """`write` takes each line of the story; None: only the hash is kept, and no line is made."""
        self._hash = hashlib.blake2b(digest_size=8)
        self.page = Page(write) if write is not None else None

    @property
    def digest(self) -> str:
        """Return the hash of all that happened so far, as 16 hexadecimal digits."""
        return self._hash.hexdigest()

    def add(self, true_s: float, who: str, what: bytes | str) -> None:
        """Count an event."""
        content = what if isinstance(what, bytes) else what.encode()
        self._hash.update(b"%.6f %b %b" % (true_s, who.encode(), content))

    def tell(self, true_s: float, who: str, what: str) -> None:
        """Count an event, and tell it."""
        self.add(true_s, who, what)
        if self.page is not None:
            self.page.line(true_s, who, what)

    def end(self, true_s: float) -> None:
        """Write what a page still holds."""
        if self.page is not None:
            self.page.end(true_s)
