"""The operator's command line: a flag wins over its environment variable, which wins over the default."""

from __future__ import annotations

import pytest

from edgepair_contract.errors import ConfigError
from edgepair_operator.settings import Settings, parse


def test_without_flags_the_defaults_hold() -> None:
    assert parse(["run"], {}, "1") == Settings()


def test_a_flag_wins_over_the_environment() -> None:
    environ = {"EDGEPAIR_WATCH_NAMESPACE": "a, b", "EDGEPAIR_HTTP_PORT": "9000"}
    given = parse(["run", "--http-port", "0"], environ, "1")
    assert (given.namespaces, given.port) == (("a", "b"), 0)


@pytest.mark.parametrize(
    ("flag", "value", "limit"),
    [
        ("--http-port", "65536", "must be 0..65535"),
        ("--workers", "many", "must be 1..64"),
        ("--log-level", "loud", "must be one of debug, info, warning, error"),
    ],
)
def test_a_wrong_value_names_flag_value_and_limit(flag: str, value: str, limit: str) -> None:
    with pytest.raises(ConfigError, match=f"{flag}: '{value}' {limit}"):
        parse(["run", flag, value], {}, "1")
