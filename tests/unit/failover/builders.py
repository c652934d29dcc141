"""Configurations and leases for the stories of the failover room."""

from __future__ import annotations

from ipaddress import IPv4Address
from typing import Any

from edgepair_contract.clock import Now
from edgepair_contract.config import GroupConfig
from edgepair_contract.vocabulary import BindingState, FailoverState, Role
from edgepair_engine.leases.lease import Lease
from edgepair_engine.leases.pool import pool_of_subnet
from edgepair_engine.leases.record import StateRecord
from edgepair_engine.leases.table import LeaseTable

T0 = 1_795_514_888  # when stories begin
GROUP = "ha-pair"
MAC_OF_PRIMARY = bytes.fromhex("01020000000002")  # hashes to bucket 45
MAC_OF_SECONDARY = bytes.fromhex("01020000000001")  # hashes to bucket 133


def address(last: int) -> int:
    """Return 10.77.1.`last`."""
    return int(IPv4Address("10.77.1.0")) + last


def at(seconds: float) -> Now:
    """Return the moment so many seconds after T0, by both clocks."""
    return Now(T0 + int(seconds), seconds)


def a_group(role: Role = Role.PRIMARY, *, first: int = 100, last: int = 139, **changes: Any) -> GroupConfig:
    """Return the group of the captures: 40 addresses, MCLT 30 s."""
    mine, partners = ("10.77.1.2", "10.77.1.3") if role is Role.PRIMARY else ("10.77.1.3", "10.77.1.2")
    group = {
        "name": GROUP,
        "role": role,
        "my_address": mine,
        "partner_address": partners,
        "mclt_s": 30,
        "load_balance_max_s": 3,
        "subnets": [
            {
                "interface": "lan0",
                "prefix": "10.77.1.0/24",
                "pools": [{"start": f"10.77.1.{first}", "end": f"10.77.1.{last}"}],
                "default_lease_s": 120,
                "max_lease_s": 240,
            }
        ],
    }
    return GroupConfig.model_validate(group | changes)


def a_table(config: GroupConfig, *leases: Lease) -> LeaseTable:
    """Return the table of a group's pools with these leases in it."""
    return LeaseTable([pool_of_subnet(subnet, config.name) for subnet in config.subnets], leases)


def a_lease(last: int = 120, *, expires_in_s: int = 30, now: Now | None = None, **changes: Any) -> Lease:
    """Return an ACTIVE lease of 10.77.1.`last` that a client was just given, and the partner does not know of."""
    wall_s = T0 if now is None else now.wall_s
    fields: dict[str, Any] = {
        "state": BindingState.ACTIVE,
        "hardware": MAC_OF_PRIMARY,
        "starts_at": wall_s,
        "ends_at": wall_s + expires_in_s,
        "tstp": wall_s + expires_in_s + 105,
        "cltt": wall_s,
    }
    return Lease(address(last), **(fields | changes))


def a_record(
    state: FailoverState, partner: FailoverState = FailoverState.UNKNOWN, *, since: int = T0 - 1000, **changes: Any
) -> StateRecord:
    """Return what a server stored before it stopped."""
    fields: dict[str, Any] = {"partner_state_at": since, "mclt_s": 30, "alive_until_at": T0 + 5}
    return StateRecord(group=GROUP, my_state=state, my_state_at=since, partner_state=partner, **(fields | changes))
