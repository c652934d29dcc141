"""What both servers of a pair are told, each in its own language."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Address
from typing import Any

ROLES = ("primary", "secondary")
PREFIX_LENGTH = 20
PREFIX = f"10.77.0.0/{PREFIX_LENGTH}"  # room for a pool of thousands
LAN = {"primary": "10.77.1.2", "secondary": "10.77.1.3"}
LINK = {"primary": "10.78.0.2", "secondary": "10.78.0.3"}  # a wire of its own: cutting it leaves the clients alone
ROUTER = "10.77.0.1"
OMAPI_PORT = 7911

_DHCPD = """
authoritative;
ddns-update-style none;
default-lease-time {lease_s};
min-lease-time 1;
max-lease-time {max_lease_s};
dhcp-cache-threshold {cache_threshold_percent};
ping-check off;
omapi-port {omapi_port};
server-identifier {server};
failover peer "{name}" {{
  {role};
  address {mine};
  port 647;
  peer address {partners};
  peer port 647;
  max-response-delay {max_response_delay_s};
  max-unacked-updates {max_unacked_updates};
  load balance max seconds {load_balance_max_s};
  max-lease-misbalance {max_lease_misbalance_percent};
  max-lease-ownership {max_lease_ownership_percent};
  min-balance {min_balance_s};
  max-balance {max_balance_s};
  {more}
}}
subnet 10.77.0.0 netmask 255.255.240.0 {{
  option routers {router};
  pool {{
    failover peer "{name}";
    range {first} {last};
  }}
}}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """One server's configuration. Names follow the engine's; clients may wish for a shorter time than `lease_s`."""

    name: str = "ha-pair"
    first: str = "10.77.1.100"
    last: str = "10.77.1.139"
    lease_s: int = 120
    max_lease_s: int = 240
    cache_threshold_percent: int = 0  # every renewal counts, however young the lease is
    mclt_s: int = 60  # a first lease outlives what is asserted of it; take 8 where a scenario waits for it
    split: int = 128
    max_response_delay_s: int = 3
    max_unacked_updates: int = 10
    load_balance_max_s: int = 3
    max_lease_misbalance_percent: int = 15
    max_lease_ownership_percent: int = 10
    min_balance_s: int = 60
    max_balance_s: int = 3600
    auto_partner_down_s: int = 0

    def addresses(self) -> list[str]:
        """Return every address of the pool."""
        first, last = IPv4Address(self.first), IPv4Address(self.last)
        return [str(IPv4Address(number)) for number in range(int(first), int(last) + 1)]

    def for_dhcpd(self, role: str) -> str:
        """Return dhcpd.conf."""
        more = [f"mclt {self.mclt_s};", f"split {self.split};"] if role == "primary" else []
        if self.auto_partner_down_s:
            more.append(f"auto-partner-down {self.auto_partner_down_s};")
        facts = {field: getattr(self, field) for field in self.__slots__}
        return _DHCPD.format(
            **facts,
            role=role,
            mine=LINK[role],
            partners=LINK[partner_of(role)],
            server=LAN[role],
            router=ROUTER,
            omapi_port=OMAPI_PORT,
            more="\n  ".join(more),
        )

    def for_ours(self, role: str) -> dict[str, Any]:
        """Return the engine's configuration."""
        subnet = {
            "interface": "lan0",
            "prefix": PREFIX,
            "pools": [{"start": self.first, "end": self.last}],
            "default_lease_s": self.lease_s,
            "max_lease_s": self.max_lease_s,
            "cache_threshold_percent": self.cache_threshold_percent,
            "gateways": [ROUTER],
        }
        told = ("first", "last", "lease_s", "max_lease_s", "cache_threshold_percent")
        group = {field: getattr(self, field) for field in self.__slots__ if field not in told}
        group |= {"role": role, "my_address": LINK[role], "partner_address": LINK[partner_of(role)]}
        return {
            "revision": 1,
            "server": f"ours-{role}",
            "interfaces": [{"name": "lan0", "device": "eth0", "address": f"{LAN[role]}/{PREFIX_LENGTH}"}],
            "groups": [group | {"subnets": [subnet]}],
        }


def partner_of(role: str) -> str:
    """Return the other role."""
    return "secondary" if role == "primary" else "primary"
