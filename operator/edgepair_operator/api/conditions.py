"""Conditions in kstatus shape: their types, the closed list of reasons with what each means, and how they change.

`Reconciling` and `Stalled` are present only while true; all others are always present.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from enum import Enum
from typing import Annotated

from pydantic import Field

from edgepair_operator.api.markers import MapList
from edgepair_operator.api.v1alpha1.model import Moment, StatusModel


class ConditionType(Enum):
    """Every condition: its name, and what True says."""

    READY = ("Ready", "The object does what it is for.")
    RECONCILING = ("Reconciling", "The operator is bringing about what spec asks.")
    STALLED = ("Stalled", "What spec asks cannot be done; the last good configuration keeps running.")
    CONFIG_IN_SYNC = ("ConfigInSync", "The servers run the configuration that spec asks.")
    PARTNER_REACHABLE = ("PartnerReachable", "The link between the two servers stands.")
    REDUNDANT = ("Redundant", "Either server could go and clients would still be answered.")
    POOLS_BALANCED = ("PoolsBalanced", "Each server has its share of the free addresses.")
    CLOCK_IN_SYNC = ("ClockInSync", "The two clocks agree.")
    MCLT_ADVICE = ("MCLTAdvice", "The MCLT is allowed, but another would serve better.")
    FENCED = ("Fenced", "A server is fenced: it answers nobody and closes its links.")
    SPLIT_BRAIN = ("SplitBrain", "Both servers are in Partner-Down and may give the same address twice.")

    def __init__(self, word: str, meaning: str) -> None:
        self.word = word
        self.meaning = meaning


MESSAGE_LENGTH_MAX = 32768  # as Kubernetes' own conditions; what a server refuses with can be longer
PRESENT_ONLY_WHILE_TRUE = frozenset({ConditionType.RECONCILING, ConditionType.STALLED})


class ConditionStatus(Enum):
    """Whether a condition holds."""

    TRUE = "True"
    FALSE = "False"
    UNKNOWN = "Unknown"


class Reason(Enum):
    """Every reason that a condition or an event gives: the word, and what it means."""

    # Ready of a group: the state it is in
    NORMAL = ("Normal", "Both servers are in Normal and say the same of each other.")
    STARTING = ("Starting", "A server is starting; it resumes its state when it has heard its partner, or after 15 s.")
    COMMUNICATIONS_INTERRUPTED = (
        "CommunicationsInterrupted",
        "The servers cannot talk; each serves from its own half.",
    )
    PARTNER_DOWN = ("PartnerDown", "One server serves alone, with all addresses after MCLT.")
    RECOVER = ("Recover", "A server fetches what it missed and answers nobody.")
    RECOVER_WAIT = ("RecoverWait", "A server waits for MCLT before it answers again.")
    RECOVER_DONE = ("RecoverDone", "A server has recovered and waits for its partner to know.")
    POTENTIAL_CONFLICT = ("PotentialConflict", "The servers compare their leases after each went on alone.")
    RESOLUTION_INTERRUPTED = ("ResolutionInterrupted", "The link broke while leases were compared.")
    CONFLICT_DONE = ("ConflictDone", "The primary has finished comparing and waits for the secondary.")
    PAUSED = ("Paused", "A server is paused; its partner serves all.")
    SHUTDOWN = ("Shutdown", "A server was shut down; its partner serves all.")
    DISAGREE = ("Disagree", "The two servers say different things of the pair for longer than maxResponseDelaySeconds.")
    SUSPENDED = ("Suspended", "spec.suspend or the annotation reconcile: disabled asks for no changes.")
    SERVER_UNKNOWN = ("ServerUnknown", "The operator cannot ask a server, so nothing newer is known.")
    # Ready of a server
    SERVING = ("Serving", "The pod is ready and each of its groups answers clients.")
    NOT_SERVING = ("NotServing", "A group of this server is in a state that answers nobody.")
    POD_MISSING = ("PodMissing", "There is no pod yet.")
    POD_NOT_READY = ("PodNotReady", "The pod runs, but is not ready.")
    INTERFACE_PROBLEM = ("InterfaceProblem", "A device is missing, is down, or lacks its address.")
    NO_SCOPE = ("NoScope", "No group and no scope covers an interface of this server, so nobody is answered there.")
    STORE_PROBLEM = ("StoreProblem", "The lease store cannot write; nothing is promised until it can.")
    # PartnerReachable, Redundant, PoolsBalanced, ClockInSync
    CONNECTED = ("Connected", "The link stands.")
    LINK_LOST = ("LinkLost", "The link is down since the time of the last contact.")
    NEVER_MET = ("NeverMet", "The two servers have never met, and so serve nobody.")
    BOTH_SERVE = ("BothServe", "Both servers answer clients.")
    ONE_SERVES = ("OneServes", "One server answers all clients; were it to go, nobody would.")
    NOBODY_SERVES = ("NobodyServes", "Neither server answers clients.")
    BALANCED = ("Balanced", "The free addresses are shared as balance asks.")
    OUT_OF_BALANCE = ("OutOfBalance", "One server has many more free addresses than its share.")
    POOL_EXHAUSTED = ("PoolExhausted", "A server has no address left to give.")
    WITHIN_LIMIT = ("WithinLimit", "The clocks differ by less than clockSkew.criticalSeconds.")
    SKEW_CRITICAL = ("SkewCritical", "The clocks differ so much that lease times go wrong; above 60 s dhcpd hangs up.")
    # ConfigInSync
    IN_FORCE = ("InForce", "Every server reports the digest that spec asks.")
    PUSHING = ("Pushing", "A newer configuration is on its way to a server.")
    CONFIG_REFUSED = ("ConfigRefused", "The engine refused the configuration; the one before stays in force.")
    PARTNER_DICTATES = ("PartnerDictates", "The external primary uses another MCLT or split than spec.")
    STORAGE_FIXED = ("StorageFixed", "storage differs from the volume's; claims are immutable.")
    # MCLTAdvice, Fenced, SplitBrain
    MCLT_SHORT = ("MCLTShort", "An MCLT below 300 s makes clients renew very often after each new lease.")
    MCLT_ABOVE_LEASE = ("MCLTAboveLease", "An MCLT above the default lease only makes recovery longer.")
    MCLT_FITS = ("MCLTFits", "The MCLT is neither short nor above the default lease.")
    FENCE_ASKED = ("FenceAsked", "The annotation fence names a server.")
    NOT_FENCED = ("NotFenced", "No server is fenced.")
    BOTH_PARTNER_DOWN = ("BothPartnerDown", "Both servers are in Partner-Down.")
    NOT_SPLIT = ("NotSplit", "At most one server is in Partner-Down.")
    # Reconciling
    APPLYING = ("Applying", "Objects are being made or changed.")
    WAITING_FOR_POD = ("WaitingForPod", "The pod has not started yet.")
    RESTARTING = ("Restarting", "One server at a time is restarted, the other serves.")
    # Stalled: rules between objects
    SERVER_MISSING = ("ServerMissing", "serverRef names an ApplianceDhcpServer that does not exist.")
    INTERFACE_MISSING = ("InterfaceMissing", "A server lacks an interface that the group's scopes need.")
    INTERFACE_TAKEN = ("InterfaceTaken", "Another group already has this interface of the server.")
    GROUP_NAME_TAKEN = ("GroupNameTaken", "Another group of the server has the same effective groupName.")
    ADDRESS_OUTSIDE_PREFIX = ("AddressOutsidePrefix", "A server's interface address lies outside the scope's prefix.")
    ADDRESS_IN_RANGE = ("AddressInRange", "A server's own address lies inside a range.")
    RESERVATION_CONFLICT = ("ReservationConflict", "Two reservations name one client, or one lies inside a range.")
    OPTION_VALUE = ("OptionValue", "An option's value does not fit the option's type.")
    NO_STABLE_ADDRESS = ("NoStableAddress", "No address is known that clients could know the server by for good.")
    NO_STABLE_SOURCE = ("NoStableSource", "An external partner needs a server with HostNetwork or Multus.")
    ROLE_SWAP = ("RoleSwap", "primary and secondary were exchanged while leases exist.")
    LEASE_LOSS = ("LeaseLoss", "The change would orphan active leases; accept-lease-loss lets it through.")
    CONFIG_TOO_LARGE = ("ConfigTooLarge", "A server's configuration is larger than 900 KiB.")
    POD_REFUSED = ("PodRefused", "The pod, or another object of the server, was refused, or no node can take it.")
    MODE_UNSUPPORTED = ("ModeUnsupported", "This version runs servers with the network mode HostNetwork only.")
    CONFIG_INVALID = ("ConfigInvalid", "What the objects ask together is no valid configuration of a server.")
    SPEC_UNREADABLE = ("SpecUnreadable", "A stored object does not follow this version's schema.")
    ANNOTATION_REFUSED = ("AnnotationRefused", "An annotation cannot be followed; the pair is untouched.")

    def __init__(self, word: str, meaning: str) -> None:
        self.word = word
        self.meaning = meaning


class Condition(StatusModel):
    """One condition. `last_transition_time` is when `status` changed, not when it was looked at."""

    type: str = Field(max_length=316, pattern=r"^[A-Za-z][A-Za-z0-9]*$", description="Which condition.")
    status: ConditionStatus = Field(description="True, False or Unknown.")
    observed_generation: int = Field(0, ge=0, description="The generation of spec that it speaks of.")
    last_transition_time: Moment = Field(description="When status changed.")
    reason: str = Field(min_length=1, max_length=64, pattern=r"^[A-Za-z][A-Za-z0-9]*$", description="Why, as one word.")
    message: str = Field("", max_length=MESSAGE_LENGTH_MAX, description="Why, and what to do.")


Conditions = Annotated[tuple[Condition, ...], Field(max_length=32), MapList("type")]


def condition(
    kind: ConditionType, status: ConditionStatus, *, reason: Reason, message: str, generation: int, at: datetime
) -> Condition:
    """Return a condition that has begun to hold at this time."""
    return Condition(
        type=kind.word,
        status=status,
        reason=reason.word,
        message=message[:MESSAGE_LENGTH_MAX],
        observed_generation=generation,
        last_transition_time=at,
    )


def keep_times(current: Iterable[Condition], previous: Sequence[Condition]) -> tuple[Condition, ...]:
    """Return the conditions, sorted by type, each with its earlier time where its status is what it was before."""
    before = {each.type: each for each in previous}
    return tuple(_kept(each, before.get(each.type)) for each in sorted(current, key=lambda each: each.type))


def find(conditions: Iterable[Condition], kind: ConditionType) -> Condition | None:
    """Return the condition of this type."""
    return next((each for each in conditions if each.type == kind.word), None)


def _kept(current: Condition, before: Condition | None) -> Condition:
    if before is None or before.status is not current.status:
        return current
    return current.model_copy(update={"last_transition_time": before.last_transition_time})
