"""Where in RFC 2131's machine (4.4) a client is."""

from __future__ import annotations

from enum import Enum


class Phase(Enum):
    """What a client does at a moment."""

    OFF = "off"
    SELECTING = "selecting"
    REQUESTING = "requesting"
    REBOOTING = "rebooting"
    BOUND = "bound"
    RENEWING = "renewing"
    REBINDING = "rebinding"
    DECLINED = "declined"  # waits before it begins anew


ASKING = frozenset({Phase.SELECTING, Phase.REQUESTING, Phase.REBOOTING})  # it has no address that it may use
PROLONGING = frozenset({Phase.RENEWING, Phase.REBINDING})
