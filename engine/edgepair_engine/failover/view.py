"""One group as the report shows it."""

from __future__ import annotations

from edgepair_contract.clock import Now
from edgepair_contract.report import GroupReport, PoolReport, TransitionReport, WaitReport
from edgepair_contract.vocabulary import BindingState, FailoverState
from edgepair_engine.failover.hashing import split_of_hba
from edgepair_engine.failover.links import Links
from edgepair_engine.failover.standing import Standing
from edgepair_engine.failover.tally import Tally
from edgepair_engine.leases.pool import Pool
from edgepair_engine.leases.table import LeaseTable


def group_report(
    standing: Standing, links: Links, leases: LeaseTable, *, tally: Tally, ranges_differ: str | None, now: Now
) -> GroupReport:
    """Return what people are told of a group now."""
    record, config = standing.record, standing.config
    heard = record.partner_state is not FailoverState.UNKNOWN
    return GroupReport(
        name=config.name,
        role=config.role,
        interfaces=tuple(dict.fromkeys(subnet.interface for subnet in config.subnets)),
        my_state=standing.told,
        my_state_at=record.my_state_at,
        starting=standing.starting,
        partner_state=record.partner_state,
        partner_state_at=record.partner_state_at if heard else None,
        connected=links.link is not None and links.link.partner_heard,
        last_contact_at=record.last_contact_at or None,
        mclt_s=record.mclt_s,
        split=None if standing.hba is None else split_of_hba(standing.hba),
        max_response_delay_s=config.max_response_delay_s,
        clock_skew_s=standing.skew_s,
        serving=standing.rights().serving,
        wait=_wait(standing, now),
        pools=tuple(pool_report(pool, leases) for pool in leases.pools(config.name)),
        transitions=tuple(
            TransitionReport(
                at=entry.at, from_state=entry.from_state.label, to_state=entry.to_state.label, cause=entry.cause
            )
            for entry in record.transitions
        ),
        last_hang_up=links.last_hang_up,
        ranges_differ=ranges_differ,
        partner_version=None if tally.partner is None else tally.partner.version,
    )


def pool_report(pool: Pool, leases: LeaseTable) -> PoolReport:
    """Return how the addresses of a pool are bound."""
    count = {state: leases.count(pool, state) for state in BindingState}
    return PoolReport(
        prefix=pool.prefix,
        total=pool.total,
        active=count[BindingState.ACTIVE],
        free=count[BindingState.FREE],
        backup=count[BindingState.BACKUP],
        expired=count[BindingState.EXPIRED],
        released=count[BindingState.RELEASED],
        abandoned=count[BindingState.ABANDONED],
    )


def _wait(standing: Standing, now: Now) -> WaitReport | None:
    if standing.starting:
        return None
    if standing.mine is FailoverState.RECOVER_WAIT:
        return WaitReport(until_at=standing.wait_ends_at, reason="RecoverWait")
    until_at = standing.record.claims_from_at + standing.mclt_wait_s
    if standing.mine is FailoverState.PARTNER_DOWN and now.wall_s <= until_at:
        return WaitReport(until_at=until_at, reason="MCLT")
    return None
