"""Questions to a running engine, by its admin interface."""

from __future__ import annotations

import os
from argparse import ArgumentParser, ArgumentTypeError
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

ANSWER_LIMIT_S = 5.0
ADMIN_ADDRESS = "EDGEPAIR_ADMIN_ADDRESS"  # in a pod: where its engine listens, which only the pod knows
DEFAULT_ADDRESS = "127.0.0.1"
DEFAULT_PORT = 8443


class EngineUnavailable(Exception):
    """The engine does not answer, or not with what was asked for."""


def url_argument(parser: ArgumentParser) -> None:
    """Add --url."""
    url = f"http://{os.environ.get(ADMIN_ADDRESS, DEFAULT_ADDRESS)}:{DEFAULT_PORT}"
    parser.add_argument(
        "--url", type=_url, default=url, help="where the engine's admin interface listens (%(default)s)"
    )


def ask(url: str, path: str) -> str:
    """Return the answer's text.

    Raises:
        EngineUnavailable: there is none.
        ValueError: the engine refused the question; the text says why.
    """
    try:
        with urlopen(f"{url}{path}", timeout=ANSWER_LIMIT_S) as answer:
            text: str = answer.read().decode()
            return text
    except HTTPError as error:
        if error.code == 422:
            raise ValueError(error.read().decode().strip()) from error
        raise EngineUnavailable(f"{url}: {error}") from error
    except (URLError, TimeoutError) as error:
        raise EngineUnavailable(f"{url}: {error}: is the engine running, and is this its address?") from error


def _url(text: str) -> str:
    if not text.startswith(("http://", "https://")):
        raise ArgumentTypeError(f"must begin with http:// or https://, not {text!r}")
    return text.rstrip("/")
