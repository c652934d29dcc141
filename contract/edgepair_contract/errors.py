"""Errors that cross a room's wall on either side."""

from __future__ import annotations


class EdgepairError(Exception):
    """The root of every error of ours."""


class ConfigError(EdgepairError):
    """A configuration value that cannot be used: where it stands, what it is, what is allowed."""

    def __init__(self, path: str, value: object, limit: str) -> None:
        super().__init__(f"{path}: {value!r} {limit}")
        self.path = path
        self.value = value
        self.limit = limit
