"""The conditions of a group: what each of its statements rests on. All pure questions to sides, rows and problems."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from edgepair_contract.vocabulary import FailoverState, Serving
from edgepair_operator.api.conditions import Condition, ConditionStatus, ConditionType, Reason, condition, keep_times
from edgepair_operator.api.keys import Annotation
from edgepair_operator.api.v1alpha1.dhcp_failover_group import DhcpFailoverGroup
from edgepair_operator.api.v1alpha1.group_status import Agreement
from edgepair_operator.api.v1alpha1.model import rfc3339
from edgepair_operator.plan.member_config import wanted_config
from edgepair_operator.plan.members import UNKNOWN, Side, own_sides
from edgepair_operator.plan.rules import Problem
from edgepair_operator.plan.running import is_held
from edgepair_operator.plan.world import World

TRUE, FALSE, NOT_KNOWN = ConditionStatus.TRUE, ConditionStatus.FALSE, ConditionStatus.UNKNOWN
MCLT_SHORT_S = 300

READY_REASONS = {
    FailoverState.NORMAL: Reason.NORMAL,
    FailoverState.COMMUNICATIONS_INTERRUPTED: Reason.COMMUNICATIONS_INTERRUPTED,
    FailoverState.PARTNER_DOWN: Reason.PARTNER_DOWN,
    FailoverState.POTENTIAL_CONFLICT: Reason.POTENTIAL_CONFLICT,
    FailoverState.RECOVER: Reason.RECOVER,
    FailoverState.RECOVER_WAIT: Reason.RECOVER_WAIT,
    FailoverState.RECOVER_DONE: Reason.RECOVER_DONE,
    FailoverState.PAUSED: Reason.PAUSED,
    FailoverState.SHUTDOWN: Reason.SHUTDOWN,
    FailoverState.RESOLUTION_INTERRUPTED: Reason.RESOLUTION_INTERRUPTED,
    FailoverState.CONFLICT_DONE: Reason.CONFLICT_DONE,
    FailoverState.UNKNOWN: Reason.SERVER_UNKNOWN,
}
RECOVERING = (FailoverState.RECOVER, FailoverState.RECOVER_WAIT, FailoverState.RECOVER_DONE)


@dataclass(frozen=True, slots=True)
class Finding:
    """What one condition says: whether it holds, why as one word, why as a sentence."""

    status: ConditionStatus
    reason: Reason
    message: str


@dataclass(frozen=True, slots=True)
class Facts:
    """What the questions are asked of."""

    group: DhcpFailoverGroup
    sides: tuple[Side, Side]
    agreement: Agreement
    problem: Problem | None
    world: World

    @property
    def ours(self) -> tuple[Side, ...]:
        """Return the sides that are servers of ours."""
        return own_sides(self.sides)

    @property
    def known(self) -> tuple[Side, ...]:
        """Return our sides whose engine says something of the group."""
        return tuple(side for side in self.ours if side.report is not None)


def group_conditions(facts: Facts) -> tuple[Condition, ...]:
    """Return all conditions of a group, with the times of those that did not change."""
    generation = facts.group.metadata.generation
    made = [
        condition(
            kind,
            finding.status,
            reason=finding.reason,
            message=finding.message,
            generation=generation,
            at=facts.world.now,
        )
        for kind, finding in _findings(facts)
    ]
    return keep_times(made, facts.group.status.conditions)


def _findings(facts: Facts) -> Iterator[tuple[ConditionType, Finding]]:
    for kind, question in _ALWAYS:
        yield kind, question(facts)
    if facts.problem is not None:
        yield ConditionType.STALLED, Finding(TRUE, facts.problem.reason, facts.problem.message)
    else:
        reconciling = _reconciling(facts)
        if reconciling is not None:
            yield ConditionType.RECONCILING, reconciling


def _ready(facts: Facts) -> Finding:
    if facts.problem is not None:
        return Finding(FALSE, facts.problem.reason, facts.problem.message)
    starting = [side for side in facts.known if side.report is not None and side.report.starting]
    if starting:
        return Finding(FALSE, Reason.STARTING, f"{_names(starting)} is starting and answers nobody yet")
    odd = [side for side in facts.ours if side.state not in (FailoverState.NORMAL, UNKNOWN)]
    if odd:
        return Finding(FALSE, READY_REASONS[odd[0].state], _state_message(odd[0], facts))
    silent = [side for side in facts.ours if side.state is UNKNOWN]
    if silent:
        return Finding(NOT_KNOWN, Reason.SERVER_UNKNOWN, _unknown_message(silent))
    if facts.agreement is Agreement.DISAGREE:
        return Finding(FALSE, Reason.DISAGREE, "the two servers say different things of the pair: compare both rows")
    if is_held(facts.group):
        return Finding(TRUE, Reason.SUSPENDED, "Normal; the operator changes nothing, as asked")
    return Finding(TRUE, Reason.NORMAL, "both servers are Normal" if len(facts.ours) > 1 else "our server is Normal")


def _state_message(side: Side, facts: Facts) -> str:
    """Return what a side's state means for clients, and what ends it."""
    partner = next((each.name for each in facts.sides if each is not side), None) or "its partner"
    texts = {
        FailoverState.COMMUNICATIONS_INTERRUPTED: f"cannot reach {partner} and serves from its own half:"
        f" bring {partner} or the network between them back",
        FailoverState.PARTNER_DOWN: f"serves alone: bring {partner} back",
        FailoverState.RECOVER: f"fetches what it missed from {partner} and answers nobody meanwhile",
        FailoverState.RECOVER_WAIT: "waits for MCLT before it answers again",
        FailoverState.RECOVER_DONE: f"has recovered and waits for {partner}",
        FailoverState.POTENTIAL_CONFLICT: f"compares its leases with {partner}",
        FailoverState.RESOLUTION_INTERRUPTED: f"lost {partner} while leases were compared: bring the link back",
        FailoverState.CONFLICT_DONE: f"has finished comparing and waits for {partner}",
        FailoverState.PAUSED: f"is paused; {partner} serves all",
        FailoverState.SHUTDOWN: f"was shut down; {partner} serves all",
    }
    text = f"{side.name} {texts[side.state]}"
    if side.report is not None and not side.report.connected and side.report.last_contact_at is None:
        return _never_met(side, partner)
    return text


def _never_met(side: Side, partner: str) -> str:
    return f"{side.name} has never met its partner and serves nobody: start {partner}, or annotate partner-down"


def _unknown_message(sides: Sequence[Side]) -> str:
    idle = [side for side in sides if side.engine is not None]
    if idle:
        return f"this group is not in force at {_names(idle)} yet"
    side = sides[0]
    since = side.row.my_state_time if side.row is not None else None
    when = f" since {rfc3339(since)}" if since is not None else ""
    return f"{_names(sides)} cannot be asked{when}: look at the pod and its node"


def _names(sides: Sequence[Side]) -> str:
    return " and ".join(side.name or "the external partner" for side in sides)


def _partner_reachable(facts: Facts) -> Finding:
    if not facts.known:
        return Finding(NOT_KNOWN, Reason.SERVER_UNKNOWN, _unknown_message(facts.ours))
    for side in facts.known:
        assert side.report is not None
        partner = next((each.name for each in facts.sides if each is not side), None) or "the external partner"
        if not side.report.connected and side.report.last_contact_at is None:
            return Finding(FALSE, Reason.NEVER_MET, _never_met(side, partner))
        if not side.report.connected:
            why = f" ({side.report.last_hang_up})" if side.report.last_hang_up else ""
            since = side.row.last_contact_time if side.row is not None else None
            when = f" since {rfc3339(since)}" if since is not None else ""
            return Finding(
                FALSE, Reason.LINK_LOST, f"{side.name} has not heard {partner}{when}{why}: look at {partner}"
            )
    return Finding(TRUE, Reason.CONNECTED, "the link between the two servers stands")


def _redundant(facts: Facts) -> Finding:
    if not facts.known:
        return Finding(NOT_KNOWN, Reason.SERVER_UNKNOWN, _unknown_message(facts.ours))
    serving = [side for side in facts.known if side.serving is not Serving.NONE]
    if len(serving) == len(facts.ours) and all(side.state is FailoverState.NORMAL for side in facts.ours):
        return Finding(TRUE, Reason.BOTH_SERVE, "both servers answer clients")
    if serving:
        return Finding(FALSE, Reason.ONE_SERVES, f"{_names(serving)} answers clients without a partner to stand in")
    return Finding(FALSE, Reason.NOBODY_SERVES, "no server answers clients")


def _config_in_sync(facts: Facts) -> Finding:
    if facts.problem is not None:
        return Finding(FALSE, facts.problem.reason, facts.problem.message)
    for side in facts.ours:
        server = facts.world.servers.get(side.name or "")
        if server is None:
            continue
        if side.engine is None:
            return Finding(NOT_KNOWN, Reason.SERVER_UNKNOWN, _unknown_message([side]))
        finding = server_config_finding(server.name, facts.world)
        if finding.status is not TRUE:
            return finding
    return _dictated(facts) or Finding(TRUE, Reason.IN_FORCE, "every server runs the configuration that was asked")


def _dictated(facts: Facts) -> Finding | None:
    """Return what an external primary, which decides at each CONNECT, has made of the MCLT and the split we ask."""
    spec, report = facts.group.spec, facts.sides[1].report
    if spec.primary.external is None or report is None or report.last_contact_at is None:
        return None
    split = spec.split if report.split is None else report.split
    if (report.mclt_s, split) == (spec.mclt_seconds, spec.split):
        return None
    text = (
        f"the external primary works with an MCLT of {report.mclt_s} s and split {split}, spec asks for"
        f" {spec.mclt_seconds} s and {spec.split}: write its values in spec, or change them there"
    )
    return Finding(FALSE, Reason.PARTNER_DICTATES, text)


def server_config_finding(name: str, world: World) -> Finding:
    """Return whether one server that can be asked runs what it should."""
    server = world.servers[name]
    report = server.reach.report
    wanted = wanted_config(server, world)
    if wanted.problem is not None:
        return Finding(FALSE, wanted.problem.reason, wanted.problem.message)
    assert report is not None, "only asked of a server that answers"
    assert wanted.config is not None, "no problem means a configuration"
    if report.config_digest == wanted.config.digest:
        return Finding(TRUE, Reason.IN_FORCE, f"revision {report.config_revision} is in force")
    if report.config_error is not None:
        return Finding(FALSE, Reason.CONFIG_REFUSED, f"{name} refused its configuration: {report.config_error}")
    text = f"{name} still runs revision {report.config_revision}, revision {wanted.config.revision} is on its way"
    return Finding(FALSE, Reason.PUSHING, text)


def _pools_balanced(facts: Facts) -> Finding:
    normal = [side for side in facts.known if side.state is FailoverState.NORMAL]
    if not normal:
        reason = READY_REASONS[facts.known[0].state] if facts.known else Reason.SERVER_UNKNOWN
        return Finding(NOT_KNOWN, reason, "addresses are balanced in Normal only")
    assert normal[0].report is not None
    for pool in normal[0].report.pools:
        spare = pool.free + pool.backup
        if pool.total and not spare:
            return Finding(FALSE, Reason.POOL_EXHAUSTED, f"{pool.prefix} has no free address: enlarge its ranges")
        limit = facts.group.spec.balance.max_lease_misbalance_percent * spare // 100 + 1
        if abs(pool.free - pool.backup) > limit:
            text = f"{pool.prefix} has {pool.free} free and {pool.backup} backup addresses"
            return Finding(FALSE, Reason.OUT_OF_BALANCE, text)
    return Finding(TRUE, Reason.BALANCED, "the free addresses are shared as balance asks")


def _clock_in_sync(facts: Facts) -> Finding:
    if not facts.known:
        return Finding(NOT_KNOWN, Reason.SERVER_UNKNOWN, _unknown_message(facts.ours))
    skew_s = max(abs(side.report.clock_skew_s) for side in facts.known if side.report is not None)
    if skew_s >= facts.group.spec.clock_skew.critical_seconds:
        text = f"the clocks differ by {skew_s} s: set up time synchronisation on both nodes"
        return Finding(FALSE, Reason.SKEW_CRITICAL, text)
    return Finding(TRUE, Reason.WITHIN_LIMIT, "the clocks agree well enough")


def _mclt_advice(facts: Facts) -> Finding:
    spec = facts.group.spec
    shortest_s = min(scope.default_lease_seconds for scope in spec.scopes)
    if spec.mclt_seconds < MCLT_SHORT_S:
        text = f"an MCLT of {spec.mclt_seconds} s makes new clients renew often: {MCLT_SHORT_S} s or more is usual"
        return Finding(TRUE, Reason.MCLT_SHORT, text)
    if spec.mclt_seconds > shortest_s:
        text = f"an MCLT of {spec.mclt_seconds} s is longer than the default lease of {shortest_s} s: shorten it"
        return Finding(TRUE, Reason.MCLT_ABOVE_LEASE, text)
    return Finding(FALSE, Reason.MCLT_FITS, "")


def _fenced(facts: Facts) -> Finding:
    asked = facts.group.metadata.annotations.get(Annotation.FENCE)
    if asked is not None:
        return Finding(
            NOT_KNOWN, Reason.ANNOTATION_REFUSED, f"this version cannot fence {asked}: the pair is untouched"
        )
    return Finding(FALSE, Reason.NOT_FENCED, "")


def _split_brain(facts: Facts) -> Finding:
    if len(facts.ours) > 1 and all(side.state is FailoverState.PARTNER_DOWN for side in facts.ours):
        text = "both servers are in Partner-Down and may give the same address twice: bring the link back"
        return Finding(TRUE, Reason.BOTH_PARTNER_DOWN, text)
    return Finding(FALSE, Reason.NOT_SPLIT, "")


def _reconciling(facts: Facts) -> Finding | None:
    for side in facts.ours:
        server = facts.world.servers.get(side.name or "")
        if server is not None and server.pod is None and not server.resource.spec.suspend:
            return Finding(TRUE, Reason.WAITING_FOR_POD, f"{side.name} has no pod yet")
    for side in facts.known:
        assert side.report is not None
        if side.report.starting:
            return Finding(TRUE, Reason.STARTING, f"{side.name} is starting")
        if side.state in RECOVERING:
            return Finding(TRUE, READY_REASONS[side.state], _state_message(side, facts))
    in_sync = _config_in_sync(facts)
    return Finding(TRUE, in_sync.reason, in_sync.message) if in_sync.reason is Reason.PUSHING else None


_ALWAYS: Sequence[tuple[ConditionType, Callable[[Facts], Finding]]] = (
    (ConditionType.READY, _ready),
    (ConditionType.CONFIG_IN_SYNC, _config_in_sync),
    (ConditionType.PARTNER_REACHABLE, _partner_reachable),
    (ConditionType.REDUNDANT, _redundant),
    (ConditionType.POOLS_BALANCED, _pools_balanced),
    (ConditionType.CLOCK_IN_SYNC, _clock_in_sync),
    (ConditionType.MCLT_ADVICE, _mclt_advice),
    (ConditionType.FENCED, _fenced),
    (ConditionType.SPLIT_BRAIN, _split_brain),
)
