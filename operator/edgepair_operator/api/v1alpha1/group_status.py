"""DhcpFailoverGroup, as users read it: both servers' rows, whether they agree, who answers, what is waited for."""

from __future__ import annotations

from enum import Enum
from typing import Annotated

from pydantic import Field

from edgepair_contract.report import TRANSITIONS_KEPT, StateLabel
from edgepair_contract.vocabulary import Serving
from edgepair_operator.api.conditions import Conditions
from edgepair_operator.api.markers import AtomicList, MapList
from edgepair_operator.api.v1alpha1.model import Moment, StatusModel
from edgepair_operator.api.v1alpha1.server_status import OBSERVED_NEVER


class Agreement(Enum):
    """Whether the two rows say the same of the pair."""

    AGREED = "Agreed"
    DISAGREE = "Disagree"
    ONE_SIDE_ONLY = "OneSideOnly"
    UNKNOWN = "Unknown"


class WaitReason(Enum):
    """What a group waits for."""

    MCLT = "MCLT"
    RECOVER_WAIT = "RecoverWait"
    PARTNER_POOL = "PartnerPool"


class Wait(StatusModel):
    """What is waited for, and until when."""

    until: Moment | None = Field(None, description="When the wait ends.")
    reason: WaitReason | None = Field(None, description="What is waited for.")
    pool_exhausted_at: Moment | None = Field(
        None, description="When the addresses that may be given will be used up, at the present pace."
    )


class MemberRow(StatusModel):
    """The tab's row of one of the two servers, and what stands behind it."""

    appliance: str | None = Field(None, description="Appliance.")
    server: str | None = Field(None, description="The ApplianceDhcpServer; absent for an external partner.")
    my_state: StateLabel = Field(description="My State of this server.")
    my_state_time: Moment | None = Field(None, description="When this server entered it.")
    partner_state: StateLabel = Field(description="Partner State as this server sees it.")
    partner_state_time: Moment | None = Field(None, description="When this server heard of it.")
    mclt_seconds: int | None = Field(None, description="The MCLT this server works with.")
    pod: str | None = Field(None, description="The server's pod.")
    node: str | None = Field(None, description="The node it runs on.")
    connected: bool | None = Field(None, description="Whether its link to the partner stands.")
    starting: bool | None = Field(None, description="Whether it is starting: it answers nobody yet.")
    clock_skew_seconds: int | None = Field(None, description="How far the partner's clock is off, when that matters.")
    last_partner_state: StateLabel | None = Field(
        None, description="What was heard last, once Partner State is Unknown."
    )
    last_partner_state_time: Moment | None = Field(None, description="When that was heard first.")
    last_contact_time: Moment | None = Field(None, description="When the partner was heard last.")
    wait: Wait | None = Field(None, description="What this server waits for.")


class GroupServing(StatusModel):
    """Which clients each side answers."""

    primary: Serving = Field(description="All, Half or None.")
    secondary: Serving = Field(description="All, Half or None.")


class PoolUse(StatusModel):
    """How the addresses of one prefix are bound."""

    prefix: str = Field(description="The scope's prefix.")
    total: int = Field(description="Addresses in its ranges.")
    active: int = Field(description="Held by clients.")
    free: int = Field(description="The primary may give these.")
    backup: int = Field(description="The secondary may give these.")
    expired: int = Field(0, description="Run out; not yet free for both servers.")
    released: int = Field(0, description="Given back; not yet free for both servers.")
    abandoned: int = Field(0, description="Found in use by somebody else and kept back.")


class TransitionEntry(StatusModel):
    """One change of a server's state."""

    time: Moment = Field(description="When.")
    server: str = Field(description="Which server.")
    # `from` is a word of Python's own
    from_state: StateLabel = Field(alias="from", description="The state before.")
    to_state: StateLabel = Field(alias="to", description="The state after.")
    cause: str = Field(description="Why, in one short phrase.")


class GroupStatus(StatusModel):
    """What the two servers say of their failover relationship."""

    observed_generation: int = Field(OBSERVED_NEVER, description="The generation of spec that this status speaks of.")
    conditions: Conditions = Field((), description="Ready, PartnerReachable, Redundant, ConfigInSync and others.")
    group_name: str | None = Field(None, description="The relationship's name on the wire.")
    my_state: StateLabel | None = Field(None, description="My State, as the primary sees it.")
    my_state_time: Moment | None = Field(None, description="My State Time.")
    partner_state: StateLabel | None = Field(None, description="Partner State, as the primary sees it.")
    partner_state_time: Moment | None = Field(None, description="Partner State Time.")
    mclt_seconds: int | None = Field(None, description="The MCLT that is in force.")
    split: int | None = Field(None, description="The split that is in force.")
    primary: MemberRow | None = Field(None, description="The primary's row.")
    secondary: MemberRow | None = Field(None, description="The secondary's row.")
    agreement: Agreement | None = Field(None, description="Whether both rows say the same.")
    serving: GroupServing | None = Field(None, description="Which clients each side answers.")
    serving_text: str | None = Field(None, description="The same in words: both half, primary all.")
    wait: Wait | None = Field(None, description="What the pair waits for.")
    pools: Annotated[tuple[PoolUse, ...], Field(max_length=64), MapList("prefix")] = Field(
        (), description="How the addresses of each prefix are bound."
    )
    free_count: int | None = Field(None, description="Free addresses of all scopes.")
    backup_count: int | None = Field(None, description="Backup addresses of all scopes.")
    skew_seconds: int | None = Field(None, description="The larger clock skew of both servers, when it matters.")
    message: str | None = Field(None, description="The message of the condition Ready.")
    transitions: Annotated[tuple[TransitionEntry, ...], Field(max_length=TRANSITIONS_KEPT), AtomicList()] = Field(
        (), description="The last changes of state, the newest last."
    )
