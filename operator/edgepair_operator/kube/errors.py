"""What the API server may answer instead of yes. The client library's own exceptions stay behind this wall.

Wrapped: every HTTP status of 400 and above, and every way of not reaching the server at all. Not wrapped: cancellation
and our own bugs.
"""

from __future__ import annotations

from edgepair_contract.errors import EdgepairError


class KubeError(EdgepairError):
    """The API server refused or could not be asked. `status` is the HTTP status, 0 where there was none."""

    def __init__(self, what: str, *, status: int, why: str) -> None:
        super().__init__(f"{what}: {status or 'no answer'} {why}")
        self.what = what
        self.status = status
        self.why = why


class NotFound(KubeError):
    """404: the object, or the kind itself, does not exist."""


class Conflict(KubeError):
    """409: it exists already, was changed meanwhile, or another manager owns the field."""


class Gone(KubeError):
    """410: the asked version is no longer kept."""


class Invalid(KubeError):
    """422: the server has read the object and refuses it; `why` is its own sentence."""


class Forbidden(KubeError):
    """401 and 403: who we are, or what we may do, is not enough."""


class Throttled(KubeError):
    """429: too many requests; come back after `retry_after_s`."""

    def __init__(self, what: str, *, status: int, why: str, retry_after_s: float) -> None:
        super().__init__(what, status=status, why=why)
        self.retry_after_s = retry_after_s


class Unreachable(KubeError):
    """No answer, or 5xx: nothing is known about whether the request was carried out."""


_BY_STATUS: dict[int, type[KubeError]] = {
    401: Forbidden,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    410: Gone,
    422: Invalid,
}


def error_for(what: str, *, status: int, why: str, retry_after_s: float | None = None) -> KubeError:
    """Return the error that an HTTP status stands for."""
    if status == 429:
        return Throttled(what, status=status, why=why, retry_after_s=retry_after_s or 1.0)
    if status >= 500 or status == 0:
        return Unreachable(what, status=status, why=why)
    return _BY_STATUS.get(status, KubeError)(what, status=status, why=why)
