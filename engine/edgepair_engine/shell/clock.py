"""The only reader of real time."""

from __future__ import annotations

import time
from datetime import UTC, datetime

from edgepair_contract.clock import Now


def read_clock() -> Now:
    """Return both clocks; the monotonic one counts suspended time too, so that a stopped machine notices."""
    return Now(wall_s=int(time.time()), mono_s=time.clock_gettime(time.CLOCK_BOOTTIME))


def time_stamp() -> str:
    """Return the wall clock as RFC 3339 text with milliseconds, for log lines."""
    return datetime.fromtimestamp(time.time(), tz=UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
