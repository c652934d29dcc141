"""What an engine says of itself: the report that the operator polls and the state page shows.

Times `*_at` are seconds since the epoch by the reporting server's clock.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, PlainSerializer, PlainValidator, WithJsonSchema

from edgepair_contract.vocabulary import FailoverState, Role, Serving

EPOCH_MAX_S = 2**33  # 32 bits and what may be waited for; a report with a later time is no report
ANSWER_MAX_S = 86400
TRANSITIONS_KEPT = 20  # what fits a screen; older ones are in the log


def _state(value: object) -> FailoverState:
    """Return the state that a document's label, or a state itself, stands for."""
    if isinstance(value, FailoverState):
        return value
    try:
        return FailoverState.from_label(str(value))
    except KeyError as error:
        raise ValueError(f"{value!r} is no failover state") from error


def _label(state: FailoverState) -> str:
    return state.label


# In Python a state, in documents its label.
StateLabel = Annotated[
    FailoverState,
    PlainValidator(_state),
    PlainSerializer(_label, return_type=str),
    WithJsonSchema({"type": "string", "enum": [state.label for state in FailoverState]}),
]

EpochSeconds = Annotated[int, Field(ge=0, le=EPOCH_MAX_S)]


class _Model(BaseModel):
    # additive only: a report of the version before, or after, is still understood
    model_config = ConfigDict(extra="ignore", frozen=True)


class PoolReport(_Model):
    """How the addresses of one prefix are bound. `empty_why`: why a new client got none, if that was so lately."""

    prefix: str
    total: int
    active: int = 0
    free: int = 0
    backup: int = 0
    expired: int = 0
    released: int = 0
    abandoned: int = 0
    empty_why: str | None = None


class TransitionReport(_Model):
    """One change of my state. States are labels, `cause` one short phrase."""

    at: EpochSeconds
    from_state: str
    to_state: str
    cause: str


class WaitReport(_Model):
    """What this endpoint waits for: until when, and why (`RecoverWait`, `MCLT`)."""

    until_at: EpochSeconds
    reason: str


class GroupReport(_Model):
    """One failover endpoint. `my_state` is the state that will be resumed while `starting`.

    `partner_state` is what was heard last and recorded, never Unknown because of silence: whether it is still true is
    for the reader to judge by `connected` and `last_contact_at` (None: never heard).
    """

    name: str
    role: Role
    interfaces: tuple[str, ...] = ()
    my_state: StateLabel
    my_state_at: EpochSeconds
    starting: bool = False
    partner_state: StateLabel = FailoverState.UNKNOWN
    partner_state_at: EpochSeconds | None = None
    connected: bool = False
    last_contact_at: EpochSeconds | None = None
    mclt_s: int
    split: int | None = None
    max_response_delay_s: Annotated[int, Field(ge=0, le=ANSWER_MAX_S)]
    clock_skew_s: int = 0
    serving: Serving = Serving.NONE
    wait: WaitReport | None = None
    pools: tuple[PoolReport, ...] = ()
    transitions: tuple[TransitionReport, ...] = ()
    last_hang_up: str | None = None  # why the latest link ended
    partner_version: str | None = None  # of a partner of ours, as it introduced itself last
    ranges_differ: str | None = None  # how the partner's ranges differ from these, as far as its updates show


class InterfaceReport(_Model):
    """One LAN interface as the engine finds it; `problem` is None while packets can flow."""

    name: str
    device: str
    address: str
    problem: str | None = None


class MemberReport(_Model):
    """One engine. `revision` rises with every change worth telling; `boot` names this run of the process."""

    revision: int
    boot: str
    server: str
    version: str
    started_at: EpochSeconds
    config_revision: int
    config_digest: str
    config_error: str | None = None  # the latest refused configuration: path, value, limit
    store_error: str | None = None
    clock_step_s: int = 0  # the latest jump of the wall clock since the start; 0: none
    clock_stepped_at: EpochSeconds | None = None
    pod_uid: str | None = None
    interfaces: tuple[InterfaceReport, ...] = ()
    groups: tuple[GroupReport, ...] = ()
    subnets: tuple[PoolReport, ...] = ()  # interfaces without failover
    ready: bool = False
    ready_why: str = ""

    @property
    def pools(self) -> list[PoolReport]:
        """Return all pools: the groups', then those without failover."""
        return [*(pool for group in self.groups for pool in group.pools), *self.subnets]
