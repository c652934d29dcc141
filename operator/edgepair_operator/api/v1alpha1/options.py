"""DHCP options that a scope gives by number: their value types, the codes we know, the codes that fields own."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import ClassVar

from pydantic import Field

from edgepair_operator.api.markers import Rule
from edgepair_operator.api.v1alpha1.model import Model


class OptionType(Enum):
    """How an option's value is written and how it goes on the wire."""

    IPV4 = "IPv4"
    IPV4_LIST = "IPv4List"
    UINT8 = "UInt8"
    UINT16 = "UInt16"
    UINT32 = "UInt32"
    INT32 = "Int32"
    BOOLEAN = "Boolean"
    TEXT = "Text"
    HEX = "Hex"
    FQDN = "Fqdn"


# RFC 2132 and its successors; for these `type` may be left out.
KNOWN_OPTIONS: Mapping[int, OptionType] = {
    2: OptionType.INT32,  # time offset
    4: OptionType.IPV4_LIST,  # time servers
    7: OptionType.IPV4_LIST,  # log servers
    9: OptionType.IPV4_LIST,  # LPR servers
    13: OptionType.UINT16,  # boot file size
    17: OptionType.TEXT,  # root path
    19: OptionType.BOOLEAN,  # IP forwarding
    23: OptionType.UINT8,  # default time to live
    26: OptionType.UINT16,  # interface MTU
    28: OptionType.IPV4,  # broadcast address
    33: OptionType.IPV4_LIST,  # static routes, in pairs
    35: OptionType.UINT32,  # ARP cache timeout
    40: OptionType.TEXT,  # NIS domain
    41: OptionType.IPV4_LIST,  # NIS servers
    43: OptionType.HEX,  # vendor-specific information
    45: OptionType.IPV4_LIST,  # NetBIOS datagram distribution servers
    47: OptionType.TEXT,  # NetBIOS scope
    69: OptionType.IPV4_LIST,  # SMTP servers
    70: OptionType.IPV4_LIST,  # POP3 servers
    72: OptionType.IPV4_LIST,  # web servers
    100: OptionType.TEXT,  # POSIX time zone
    101: OptionType.TEXT,  # time zone name
    114: OptionType.TEXT,  # captive portal
    120: OptionType.HEX,  # SIP servers
    121: OptionType.HEX,  # classless static routes
    125: OptionType.HEX,  # vendor-identifying information
    138: OptionType.IPV4_LIST,  # CAPWAP controllers
    150: OptionType.IPV4_LIST,  # TFTP servers
    252: OptionType.TEXT,  # web proxy discovery
}

FIELD_OWNED = (1, 3, 6, 15, 42, 44, 46, 66, 67, 82, 119)
FIELD_OWNED_RANGE = (50, 61)  # the exchange itself: requested address, lease time, message type, ...

# Two patterns, since a loop over the list's parts, or one exact pattern, costs more than CEL's budget has for 64 scopes
# of 64 options: the first asks for four numbers each, the second refuses a number above 255.
ADDRESS_LIST = r"^( *\d+([.]\d+){3} *,)+$"
ABOVE_OCTET = r"25[6-9]|2[6-9]\d|[3-9]\d\d|\d{4}"
ADDRESS_LIST_MESSAGE = "a value of type IPv4List is addresses with commas between them, such as 10.1.0.1, 10.1.0.2"
VALUE_LENGTH_MAX = 510  # 255 bytes of one option as hexadecimal digits


def _value_rule(kind: OptionType, cel: str, message: str) -> Rule:
    return Rule(f"!has(self.type) || self.type != '{kind.value}' || {cel}", message)


def _number_rule(kind: OptionType, low: int, high: int) -> Rule:
    digits = f"self.value.matches('^-?[0-9]{{1,10}}$') && int(self.value) >= {low} && int(self.value) <= {high}"
    return _value_rule(kind, digits, f"a value of type {kind.value} is a whole number from {low} to {high}")


class DhcpOption(Model):
    """One DHCP option that no field of the scope owns."""

    code: int = Field(ge=1, le=254, description="Option number. Those that fields own are refused.")
    type: OptionType | None = Field(
        None,
        description="How value is written. Needed for codes that are not well known; lists are separated by commas.",
    )
    value: str = Field(max_length=VALUE_LENGTH_MAX, description="The value, written as type says.")

    rules: ClassVar = (
        Rule(
            f"!(self.code in {list(FIELD_OWNED)}) &&"
            f" (self.code < {FIELD_OWNED_RANGE[0]} || self.code > {FIELD_OWNED_RANGE[1]})",
            "this option has a field of its own, write that instead: prefix (1), gateways (3), dnsServers (6),"
            " domainName (15), ntpServers (42), netbiosServers (44), netbiosNodeType (46), defaultLeaseSeconds (51),"
            " tftpServerName (66), bootFile (67), domainSearch (119);"
            " the server itself sets the rest of 50 to 61, and 82 is the relay's",
        ),
        Rule(
            f"has(self.type) || self.code in {sorted(KNOWN_OPTIONS)}",
            "this option is not well known: write its type, such as type: Text",
        ),
        _value_rule(OptionType.IPV4, "isIP(self.value)", "a value of type IPv4 is one address, such as 10.1.0.1"),
        _value_rule(OptionType.IPV4_LIST, f"(self.value + ',').matches(r'{ADDRESS_LIST}')", ADDRESS_LIST_MESSAGE),
        _value_rule(OptionType.IPV4_LIST, f"!self.value.matches(r'{ABOVE_OCTET}')", ADDRESS_LIST_MESSAGE),
        _number_rule(OptionType.UINT8, 0, 255),
        _number_rule(OptionType.UINT16, 0, 65535),
        _number_rule(OptionType.UINT32, 0, 4294967295),
        _number_rule(OptionType.INT32, -2147483648, 2147483647),
        _value_rule(
            OptionType.BOOLEAN, "self.value in ['true', 'false']", 'a value of type Boolean is "true" or "false"'
        ),
        _value_rule(
            OptionType.HEX,
            "self.value.matches('^([0-9a-fA-F]{2})+$')",
            "a value of type Hex is pairs of hexadecimal digits, such as 0a010001",
        ),
    )
