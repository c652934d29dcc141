"""IPv4 addresses and prefixes as manifests write them, and how CEL counts with them.

Each has a pattern, a maximal length (CEL's cost estimate needs both) and a rule of its own with a message for people.
Rules elsewhere begin with `isIP` or `isCIDR`, so that a wrong address gives that one message and not a fault of CEL.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Interface, IPv4Network
from typing import Annotated

from edgepair_operator.api.markers import Rule, TextForm

ADDRESS_PATTERN = r"^[0-9]{1,3}(\.[0-9]{1,3}){3}$"
CIDR_PATTERN = r"^[0-9]{1,3}(\.[0-9]{1,3}){3}/[0-9]{1,2}$"
ADDRESS_LENGTH_MAX = len("255.255.255.255")
CIDR_LENGTH_MAX = len("255.255.255.255/32")

Address = Annotated[
    IPv4Address,
    TextForm(ADDRESS_PATTERN, ADDRESS_LENGTH_MAX),
    Rule("isIP(self) && ip(self).family() == 4", "write an IPv4 address, such as 10.1.0.2"),
]
InterfaceAddress = Annotated[
    IPv4Interface,
    TextForm(CIDR_PATTERN, CIDR_LENGTH_MAX),
    Rule(
        "isCIDR(self) && cidr(self).ip().family() == 4",
        "write an IPv4 address with its prefix length, such as 10.1.0.2/24",
    ),
]
Prefix = Annotated[
    IPv4Network,
    TextForm(CIDR_PATTERN, CIDR_LENGTH_MAX),
    Rule(
        "isCIDR(self) && cidr(self).ip().family() == 4"
        " && cidr(self).prefixLength() >= 8 && cidr(self).prefixLength() <= 30",
        "write an IPv4 prefix from /8 to /30, such as 10.1.0.0/24",
    ),
    Rule(
        "!isCIDR(self) || cidr(self) == cidr(self).masked()",
        "a prefix has no host bits: write 10.1.0.0/24, not 10.1.0.2/24",
    ),
]


def number_of(address: str) -> str:
    """Return CEL text for the number that an address (CEL text, known to be an IPv4 address) stands for."""
    parts = (f"int({address}.split('.')[{place}])*{256 ** (3 - place)}" for place in range(4))
    return f"({' + '.join(parts)})"


def are_addresses(*addresses: str) -> str:
    """Return CEL text that is true when all these (CEL texts) are addresses: what a rule must ask first."""
    return " && ".join(f"isIP({address})" for address in addresses)
