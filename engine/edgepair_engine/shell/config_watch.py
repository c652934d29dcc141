"""The configuration file: read at the start, on SIGHUP, and when it changes under a mount."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

from edgepair_contract.config import MemberConfig, parse_member_config
from edgepair_contract.errors import ConfigError
from edgepair_engine.core.events import ConfigRefused, ConfigReplaced, Event

LOOK_EVERY_S = 2.0  # a mounted ConfigMap takes a minute to follow anyway

_Stamp = tuple[int, int, int]


def read_config(path: Path) -> MemberConfig:
    """Return the configuration in a file.

    Raises:
        ConfigError: the file cannot be read, or a value in it cannot be used.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError(str(path), error.strerror, "must be a readable JSON document") from error
    except UnicodeDecodeError as error:
        raise ConfigError(str(path), f"byte {error.start}", "must be UTF-8 text") from error
    return parse_member_config(text)


class ConfigWatch:
    """Watches one file and offers what it holds as events; whether that is taken, the engine says."""

    def __init__(self, path: Path, offer: Callable[[Event], None], in_force: Callable[[], int]) -> None:
        self._path = path
        self._offer = offer
        self._in_force = in_force
        self._seen = self._stamp()

    def reread(self) -> None:
        """Offer what the file holds now, because a person asked for it."""
        self._seen = self._stamp()
        try:
            self._offer(ConfigReplaced(read_config(self._path)))
        except ConfigError as error:
            self._offer(ConfigRefused(str(error)))

    async def look_after(self) -> None:
        """Look every few seconds whether the file has changed, until cancelled."""
        while True:
            await asyncio.sleep(LOOK_EVERY_S)
            if self._stamp() != self._seen:
                self._follow()

    def _follow(self) -> None:
        self._seen = self._stamp()
        try:
            config = read_config(self._path)
        except ConfigError as error:
            self._offer(ConfigRefused(str(error)))
            return
        # A mount lags behind what was pushed: what it brings late is no mistake and not worth a word.
        if config.revision >= self._in_force():
            self._offer(ConfigReplaced(config))

    def _stamp(self) -> _Stamp | None:
        try:
            found = self._path.stat()
        except OSError:
            return None
        return (found.st_ino, found.st_mtime_ns, found.st_size)
