"""DHCP options that a scope gives by number: their value types, the codes we know, the codes that fields own."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum
from typing import ClassVar, NamedTuple

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


class KnownOption(NamedTuple):
    """A registered option: its name, and how its value is written. `together`: of a list so many belong together."""

    name: str
    type: OptionType
    together: int = 1


# IANA's register "BOOTP Vendor Extensions and DHCP Options", without those that only the exchange itself carries, with
# 249 and 252, which everybody uses; for these `type` may be left out. "*2": pairs of addresses.
_REGISTER = """
2 Int32 time offset|4 IPv4List time servers|5 IPv4List IEN 116 name servers|7 IPv4List log servers
8 IPv4List quote servers|9 IPv4List LPR servers|10 IPv4List Impress servers|11 IPv4List resource location servers
12 Text host name|13 UInt16 boot file size|14 Text merit dump file|16 IPv4 swap server|17 Text root path
18 Text extensions file|19 Boolean IP forwarding|20 Boolean non-local source routing|21 IPv4List*2 policy filter
22 UInt16 maximum datagram|23 UInt8 default time to live|24 UInt32 path MTU timeout|25 Hex path MTU table
26 UInt16 interface MTU|27 Boolean all subnets local|28 IPv4 broadcast address|29 Boolean mask discovery
30 Boolean mask supplier|31 Boolean router discovery|32 IPv4 router solicitation address|33 IPv4List*2 static routes
34 Boolean trailers|35 UInt32 ARP cache timeout|36 Boolean IEEE 802.3 encapsulation|37 UInt8 TCP time to live
38 UInt32 TCP keepalive interval|39 Boolean TCP keepalive garbage|40 Text NIS domain|41 IPv4List NIS servers
43 Hex vendor-specific information|45 IPv4List NetBIOS distribution servers|47 Text NetBIOS scope
48 IPv4List X font servers|49 IPv4List X display managers|62 Text NetWare/IP domain|63 Hex NetWare/IP information
64 Text NIS+ domain|65 IPv4List NIS+ servers|68 IPv4List mobile IP home agents|69 IPv4List SMTP servers
70 IPv4List POP3 servers|71 IPv4List NNTP servers|72 IPv4List web servers|73 IPv4List finger servers
74 IPv4List IRC servers|75 IPv4List StreetTalk servers|76 IPv4List StreetTalk directory servers|77 Hex user class
78 Hex SLP directory agents|79 Hex SLP service scope|83 Hex iSNS|85 IPv4List NDS servers|86 Text NDS tree
87 Text NDS context|88 Hex BCMCS domains|89 IPv4List BCMCS addresses|98 Text user authentication servers
99 Hex civic location|100 Text POSIX time zone|101 Text time zone name|108 UInt32 IPv6-only preferred
112 IPv4List NetInfo servers|113 Text NetInfo tag|114 Text captive portal|116 UInt8 auto-configuration
117 Hex name service search|120 Hex SIP servers|121 Hex classless static routes|122 Hex CableLabs configuration
123 Hex location|124 Hex vendor-identifying class|125 Hex vendor-identifying information|136 IPv4List PANA agents
137 Fqdn LoST server|138 IPv4List CAPWAP controllers|139 Hex MoS addresses|140 Hex MoS names|141 Hex SIP domains
142 IPv4List ANDSF servers|143 Hex SZTP redirect|144 Hex GeoLoc|146 Hex RDNSS selection|147 Fqdn DOTS server
148 IPv4List DOTS addresses|150 IPv4List TFTP servers|158 Hex PCP servers|159 Hex port parameters|161 Text MUD URL
162 Hex encrypted DNS|208 Hex PXELINUX magic|209 Text PXELINUX configuration|210 Text PXELINUX path prefix
211 UInt32 PXELINUX reboot time|212 Hex 6RD|213 Fqdn access network domain|220 Hex subnet allocation
221 Hex virtual subnet selection|249 Hex classless static routes of Microsoft|252 Text web proxy discovery
"""


def _known(text: str) -> dict[int, KnownOption]:
    found = {}
    for row in text.strip().replace("\n", "|").split("|"):
        code, written, name = row.split(maxsplit=2)
        kind, _, together = written.partition("*")
        found[int(code)] = KnownOption(name, OptionType(kind), int(together or 1))
    return found


KNOWN_OPTIONS: Mapping[int, KnownOption] = _known(_REGISTER)

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
        description="How value is written, with commas in lists. Registered options need none; Hex suits any.",
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
