"""Signals as calls: TERM and INT ask to stop, HUP asks to read the configuration again."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable


def install(*, stop: Callable[[str], None], reread: Callable[[], None]) -> None:
    """Route the signals of this process to these calls, on the running loop."""
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, stop, "asked by SIGTERM")
    loop.add_signal_handler(signal.SIGINT, stop, "asked by SIGINT")
    loop.add_signal_handler(signal.SIGHUP, reread)
