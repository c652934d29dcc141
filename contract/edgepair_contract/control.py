"""What a person or the operator may ask of a running engine, and its answer."""

from __future__ import annotations

from enum import Enum

from pydantic import BaseModel, ConfigDict


class ControlAction(Enum):
    """The verbs of `POST /v1/control`."""

    PARTNER_DOWN = "partner-down"
    FENCE = "fence"
    UNFENCE = "unfence"
    PAUSE = "pause"
    RESUME = "resume"
    SHUTDOWN = "shutdown"


class ControlRequest(BaseModel):
    """One order. `group` None means all of them.

    `last_alive_at` (epoch seconds) belongs to partner-down: when the partner gave its last lease at the latest. Its
    addresses are taken MCLT later; without it, MCLT after the order.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    action: ControlAction
    group: str | None = None
    last_alive_at: int | None = None


class ControlAnswer(BaseModel):
    """Whether the order was carried out, and if not, why and what to do."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    done: bool
    text: str = ""
