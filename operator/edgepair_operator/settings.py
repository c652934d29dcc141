"""How this operator runs: flags, each with an environment variable behind it."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from edgepair_contract.errors import ConfigError

PORT_DEFAULT = 8080
WORKERS_DEFAULT = 4
IMAGE_DEFAULT = "edgepair/engine:latest"
PULL_POLICIES = ("IfNotPresent", "Always", "Never")
LEVELS = ("debug", "info", "warning", "error")


@dataclass(frozen=True, slots=True)
class Settings:
    """What `edgepair-operator run` was told.

    `namespaces`: those to look after; empty means the whole cluster. `engine_image`: for servers that name none.
    `port`: where `/livez`, `/readyz` and `/metrics` answer; 0 means any free one.
    """

    namespaces: tuple[str, ...] = ()
    engine_image: str = IMAGE_DEFAULT
    image_pull_policy: str = PULL_POLICIES[0]
    address: str = "0.0.0.0"
    port: int = PORT_DEFAULT
    workers: int = WORKERS_DEFAULT
    log_level: str = "info"


@dataclass(frozen=True, slots=True)
class _Flag:
    name: str
    env: str
    default: str
    text: str


_FLAGS = (
    _Flag("--watch-namespace", "EDGEPAIR_WATCH_NAMESPACE", "", "namespaces, comma-separated; empty: the whole cluster"),
    _Flag("--engine-image", "EDGEPAIR_ENGINE_IMAGE", IMAGE_DEFAULT, "image of engines whose server names none"),
    _Flag("--engine-image-pull-policy", "EDGEPAIR_ENGINE_IMAGE_PULL_POLICY", PULL_POLICIES[0], "its pull policy"),
    _Flag("--http-address", "EDGEPAIR_HTTP_ADDRESS", "0.0.0.0", "address of /livez, /readyz and /metrics"),
    _Flag("--http-port", "EDGEPAIR_HTTP_PORT", str(PORT_DEFAULT), "port of /livez, /readyz and /metrics"),
    _Flag("--workers", "EDGEPAIR_WORKERS", str(WORKERS_DEFAULT), "objects reconciled at the same time"),
    _Flag("--log-level", "EDGEPAIR_LOG_LEVEL", "info", "debug, info, warning or error"),
)


def parser(environ: Mapping[str, str], version: str) -> argparse.ArgumentParser:
    """Return the command line: a flag wins over its environment variable, which wins over the default."""
    top = argparse.ArgumentParser(prog="edgepair-operator", description="Keeps DHCP failover pairs on Kubernetes.")
    top.add_argument("--version", action="version", version=f"%(prog)s {version}")
    run = top.add_subparsers(dest="command", required=True).add_parser("run", help="watch, reconcile, report")
    for flag in _FLAGS:
        run.add_argument(
            flag.name, default=environ.get(flag.env, flag.default), metavar="VALUE", help=f"{flag.text} [{flag.env}]"
        )
    return top


def parse(arguments: Sequence[str], environ: Mapping[str, str], version: str) -> Settings:
    """Return the settings.

    Raises:
        ConfigError: a value that is no number, or out of its range.
        SystemExit: usage, --help, --version.
    """
    given = parser(environ, version).parse_args(arguments)
    return Settings(
        namespaces=tuple(name.strip() for name in given.watch_namespace.split(",") if name.strip()),
        engine_image=given.engine_image,
        image_pull_policy=_one_of("--engine-image-pull-policy", given.engine_image_pull_policy, PULL_POLICIES),
        address=given.http_address,
        port=_number("--http-port", given.http_port, 0, 65535),
        workers=_number("--workers", given.workers, 1, 64),
        log_level=_one_of("--log-level", given.log_level, LEVELS),
    )


def _number(flag: str, text: str, least: int, most: int) -> int:
    if not text.isdigit() or not least <= int(text) <= most:
        raise ConfigError(flag, text, f"must be {least}..{most}")
    return int(text)


def _one_of(flag: str, text: str, words: tuple[str, ...]) -> str:
    if text not in words:
        raise ConfigError(flag, text, f"must be one of {', '.join(words)}")
    return text
