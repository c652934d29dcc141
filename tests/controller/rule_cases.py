"""Every CEL rule of both kinds: an object it accepts, one it refuses, and what it then says."""

from __future__ import annotations

from dataclasses import dataclass

from tests.controller.manifests import (
    Manifest,
    a_group,
    a_group_with,
    a_group_with_option,
    a_group_with_ranges,
    a_multus_server,
    a_relay_server,
    a_scope,
    a_server,
    a_server_with,
)

EXTERNAL = {"external": {"address": "10.1.0.9"}}
OURS = {"serverRef": {"name": "ec-east-1"}}


@dataclass(frozen=True, slots=True)
class RuleCase:
    """One rule. With `before` it is about a change of that object."""

    title: str
    message: str
    accepted: Manifest
    refused: Manifest
    before: Manifest | None = None


SERVER_CASES = (
    RuleCase(
        "a server's name without dots",
        "a server's name begins with a letter, has no dots and at most 52 characters: Services are named after it",
        a_server(name="n" * 52),
        a_server(name="ec.east.1"),
    ),
    RuleCase(
        "attachments with mode Multus only",
        "attachments and mode: Multus belong together: write both or neither",
        a_multus_server(),
        a_multus_server(attachments=None),
    ),
    RuleCase(
        "a Service with mode Relay only",
        "service belongs to mode: Relay: remove it, or write mode: Relay",
        a_relay_server(service={"type": "ClusterIP"}),
        a_server(network={"mode": "HostNetwork", "service": {"type": "ClusterIP"}}),
    ),
    RuleCase(
        "a load balancer's address with a load balancer only",
        "loadBalancerIP needs type: LoadBalancer",
        a_relay_server(service={"type": "LoadBalancer", "loadBalancerIP": "192.0.2.1"}),
        a_relay_server(service={"loadBalancerIP": "192.0.2.1"}),
    ),
    RuleCase(
        "a server identifier that is an IPv4 address",
        "write an IPv4 address, such as 10.1.0.2",
        a_server(network={"mode": "HostNetwork", "serverIdentifier": "192.0.2.1"}),
        a_server(network={"mode": "HostNetwork", "serverIdentifier": "192.0.2.300"}),
    ),
    RuleCase(
        "no devices with mode Relay",
        "with mode: Relay the server has no devices: remove device and address from each interface",
        a_relay_server(),
        a_relay_server(interfaces=[{"name": "lan0", "device": "eth1"}]),
    ),
    RuleCase(
        "an address on each interface with devices",
        "each interface needs the address its device has, such as address: 10.1.0.2/24 (only mode: Relay has none)",
        a_server(),
        a_server_with(address=None),
    ),
    RuleCase(
        "a place with mode HostNetwork",
        "with mode: HostNetwork say where the appliance stands: write placement.nodeName or placement.nodeSelector",
        a_server(placement={"nodeSelector": {"site": "east"}}),
        a_server(placement=None),
    ),
    RuleCase(
        "an interface's address with its prefix length",
        "write an IPv4 address with its prefix length, such as 10.1.0.2/24",
        a_server_with(address="10.1.0.2/24"),
        a_server_with(address="10.1.0.2/33"),
    ),
    RuleCase(
        "a VLAN up to 4094 in the name",
        "the number after the dot is a VLAN: 1 to 4094",
        a_server_with(name="lan0.4094"),
        a_server_with(name="lan0.4095"),
    ),
    RuleCase(
        "a name that agrees with vlan",
        "name and vlan must agree: write name: lan0.10 with vlan: 10, or leave vlan out",
        a_server_with(name="lan0.10", vlan=10),
        a_server_with(name="lan0.10", vlan=11),
    ),
    RuleCase(
        "no scope beside failover",
        "with failover: true the scope stands in the DhcpFailoverGroup: move it there",
        a_server_with(failover=False, scope=a_scope()),
        a_server_with(failover=True, scope=a_scope()),
    ),
    RuleCase(
        "a scope of this interface",
        "scope.interface is this interface: leave it out",
        a_server_with(failover=False, scope=a_scope(interface="lan0")),
        a_server_with(failover=False, scope=a_scope(interface="lan0.10")),
    ),
    RuleCase(
        "a scope that holds the interface's address",
        "scope.prefix must hold the interface's address",
        a_server_with(failover=False, scope=a_scope()),
        a_server_with(failover=False, address="10.2.0.2/24", scope=a_scope()),
    ),
)

GROUP_CASES = (
    RuleCase(
        "a physical interface",
        "interface is the physical one: write lan0, and add lan0.10 as a scope with interface: lan0.10",
        a_group(interface="lan0"),
        a_group(interface="lan0.10"),
    ),
    RuleCase(
        "an interface for good",
        "interface cannot be changed: make a new DhcpFailoverGroup for the other interface",
        a_group(mcltSeconds=1800),
        a_group(interface="lan1"),
        before=a_group(),
    ),
    RuleCase(
        "a name for good, when it is given",
        "the group's name cannot be changed (a rename costs a Recover-wait): make a new DhcpFailoverGroup",
        a_group(groupName="east", split=256),
        a_group(groupName="west"),
        before=a_group(groupName="east"),
    ),
    RuleCase(
        "a name for good, when it is the interface's",
        "the group's name cannot be changed (a rename costs a Recover-wait): make a new DhcpFailoverGroup",
        a_group(groupName="lan0"),
        a_group(groupName="east"),
        before=a_group(),
    ),
    RuleCase(
        "a name for good, also when it is taken away",
        "the group's name cannot be changed (a rename costs a Recover-wait): make a new DhcpFailoverGroup",
        a_group(groupName="east"),
        a_group(),
        before=a_group(groupName="east"),
    ),
    RuleCase(
        "one kind of member at a time",
        "each side is either ours or external: write serverRef: {name: ...}, or external: {address: ...}",
        a_group(secondary=EXTERNAL),
        a_group(secondary=EXTERNAL | {"serverRef": {"name": "ec-east-2"}}),
    ),
    RuleCase(
        "an external partner's address where it belongs",
        "an external partner's address and port stand in external: {address: ..., port: ...}",
        a_group(secondary={"external": {"address": "10.1.0.9", "port": 847}}),
        a_group(secondary=EXTERNAL | {"port": 847}),
    ),
    RuleCase(
        "at least one server of ours",
        "one side must be a server of ours: write serverRef for primary or secondary",
        a_group(primary=EXTERNAL, secondary=OURS),
        a_group(primary=EXTERNAL, secondary={"external": {"address": "10.1.0.8"}}),
    ),
    RuleCase(
        "two different servers",
        "primary and secondary must be two different servers",
        a_group(secondary={"serverRef": {"name": "ec-east-2"}}),
        a_group(primary=OURS, secondary=OURS),
    ),
    RuleCase(
        "afterSeconds with policy After only",
        "afterSeconds and policy: After belong together: write both or neither",
        a_group(partnerDown={"policy": "After", "afterSeconds": 120}),
        a_group(partnerDown={"policy": "OnProof", "afterSeconds": 120}),
    ),
    RuleCase(
        "partner-down not before the silence is sure",
        "partnerDown.afterSeconds must be larger than twice maxResponseDelaySeconds",
        a_group(maxResponseDelaySeconds=60, partnerDown={"policy": "After", "afterSeconds": 121}),
        a_group(maxResponseDelaySeconds=60, partnerDown={"policy": "After", "afterSeconds": 120}),
    ),
    RuleCase(
        "balance times in order",
        "balance.minSeconds must not be larger than balance.maxSeconds",
        a_group(balance={"minSeconds": 3600}),
        a_group(balance={"minSeconds": 3601}),
    ),
    RuleCase(
        "clock limits in order",
        "clockSkew.warnSeconds must not be larger than clockSkew.criticalSeconds",
        a_group(clockSkew={"warnSeconds": 30}),
        a_group(clockSkew={"warnSeconds": 31}),
    ),
    RuleCase(
        "scopes of the group's interface",
        "each scope's interface is the group's interface or tagged on it, such as lan0.10 in a group of lan0",
        a_group_with(interface="lan0.10"),
        a_group_with(interface="lan1.10"),
    ),
    RuleCase(
        "scopes that do not overlap",
        "the scopes' prefixes must not overlap",
        a_group(scopes=[a_scope(), a_scope(prefix="10.2.0.0/24", ranges=[{"start": "10.2.0.5", "end": "10.2.0.9"}])]),
        a_group(scopes=[a_scope(), a_scope(prefix="10.0.0.0/8")]),
    ),
)

SCOPE_CASES = (
    RuleCase(
        "a prefix from /8 to /30",
        "write an IPv4 prefix from /8 to /30, such as 10.1.0.0/24",
        a_group_with(prefix="10.0.0.0/8"),
        a_group_with(prefix="10.1.0.48/31", ranges=[{"start": "10.1.0.48", "end": "10.1.0.49"}]),
    ),
    RuleCase(
        "a prefix without host bits",
        "a prefix has no host bits: write 10.1.0.0/24, not 10.1.0.2/24",
        a_group_with(prefix="10.1.0.0/24"),
        a_group_with(prefix="10.1.0.2/24"),
    ),
    RuleCase(
        "ranges or counts",
        "say which addresses are given: write either ranges, or excludeFirst and excludeLast",
        a_group_with(ranges=None, excludeFirst=10, excludeLast=0),
        a_group_with(excludeFirst=10),
    ),
    RuleCase(
        "a range in its order",
        "start must not come after end: write the lower address as start",
        a_group_with_ranges(("10.1.0.9", "10.1.0.9")),
        a_group_with_ranges(("10.1.0.10", "10.1.0.9")),
    ),
    RuleCase(
        "ranges inside the prefix",
        "each range must lie inside the scope's prefix: mend the range, or the prefix",
        a_group_with_ranges(("10.1.0.1", "10.1.0.254")),
        a_group_with_ranges(("10.1.0.1", "10.1.1.2")),
    ),
    RuleCase(
        "ranges that do not overlap",
        "ranges must not overlap: join them, or let the second start after the first's end",
        a_group_with_ranges(("10.1.0.30", "10.1.0.39"), ("10.1.0.10", "10.1.0.29")),
        a_group_with_ranges(("10.1.0.30", "10.1.0.39"), ("10.1.0.10", "10.1.0.30")),
    ),
    RuleCase(
        "a range once only",
        "ranges must not overlap: join them, or let the second start after the first's end",
        a_group_with_ranges(("10.1.0.30", "10.1.0.39")),
        a_group_with_ranges(("10.1.0.30", "10.1.0.39"), ("10.1.0.30", "10.1.0.39")),
    ),
    RuleCase(
        "a gateway outside the ranges",
        "a gateway must not lie inside a range: let the range begin after it",
        a_group_with(gateways=["10.1.0.49", "10.1.0.251"]),
        a_group_with(gateways=["10.1.0.250"]),
    ),
    RuleCase(
        "a gateway among those left out at the start",
        "a gateway must not lie among the given addresses: raise excludeFirst or excludeLast",
        a_group_with(ranges=None, excludeFirst=10, gateways=["10.1.0.10"]),
        a_group_with(ranges=None, excludeFirst=10, gateways=["10.1.0.11"]),
    ),
    RuleCase(
        "a gateway among those left out at the end",
        "a gateway must not lie among the given addresses: raise excludeFirst or excludeLast",
        a_group_with(ranges=None, excludeLast=1, gateways=["10.1.0.254"]),
        a_group_with(ranges=None, excludeLast=1, gateways=["10.1.0.253"]),
    ),
    RuleCase(
        "counts that leave an address",
        "excludeFirst and excludeLast leave no address of this prefix: lower them",
        a_group_with(prefix="10.1.0.0/30", ranges=None, excludeFirst=1),
        a_group_with(prefix="10.1.0.0/30", ranges=None, excludeFirst=1, excludeLast=1),
    ),
    RuleCase(
        "the default lease below the longest",
        "lease times must be minLeaseSeconds <= defaultLeaseSeconds <= maxLeaseSeconds",
        a_group_with(defaultLeaseSeconds=600, maxLeaseSeconds=600),
        a_group_with(defaultLeaseSeconds=600, maxLeaseSeconds=599),
    ),
    RuleCase(
        "the shortest lease below the default",
        "lease times must be minLeaseSeconds <= defaultLeaseSeconds <= maxLeaseSeconds",
        a_group_with(defaultLeaseSeconds=600, minLeaseSeconds=600),
        a_group_with(defaultLeaseSeconds=600, minLeaseSeconds=601),
    ),
    RuleCase(
        "a reservation inside the prefix",
        "each reservation's ip must lie inside the scope's prefix",
        a_group_with(reservations=[{"ip": "10.1.0.7", "mac": "02:00:0A:01:00:07"}]),
        a_group_with(reservations=[{"ip": "10.2.0.7", "mac": "02:00:0a:01:00:07"}]),
    ),
    RuleCase(
        "a reservation that names its client once",
        "a reservation names its client by exactly one of mac and clientId",
        a_group_with(reservations=[{"ip": "10.1.0.7", "clientId": "ff00aa"}]),
        a_group_with(reservations=[{"ip": "10.1.0.7", "clientId": "ff00aa", "mac": "02:00:0a:01:00:07"}]),
    ),
)

OWNED = (
    "this option has a field of its own, write that instead: prefix (1), gateways (3), dnsServers (6),"
    " domainName (15), ntpServers (42), netbiosServers (44), netbiosNodeType (46), defaultLeaseSeconds (51),"
    " tftpServerName (66), bootFile (67), domainSearch (119);"
    " the server itself sets the rest of 50 to 61, and 82 is the relay's"
)
LIST = "a value of type IPv4List is addresses with commas between them, such as 10.1.0.1, 10.1.0.2"

OPTION_CASES = (
    RuleCase(
        "an option that no field owns",
        OWNED,
        a_group_with_option(code=150, value="10.1.0.9"),
        a_group_with_option(code=6, type="IPv4List", value="10.1.0.9"),
    ),
    RuleCase(
        "an option that the exchange itself does not need",
        OWNED,
        a_group_with_option(code=62, type="Text", value="x"),
        a_group_with_option(code=51, type="UInt32", value="60"),
    ),
    RuleCase(
        "a type for what is not well known",
        "this option is not well known: write its type, such as type: Text",
        a_group_with_option(code=200, type="Text", value="x"),
        a_group_with_option(code=200, value="x"),
    ),
    RuleCase(
        "an IPv4 value",
        "a value of type IPv4 is one address, such as 10.1.0.1",
        a_group_with_option(code=200, type="IPv4", value="10.1.0.1"),
        a_group_with_option(code=200, type="IPv4", value="10.1.0.1, 10.1.0.2"),
    ),
    RuleCase(
        "an IPv4List value",
        LIST,
        a_group_with_option(code=200, type="IPv4List", value="10.1.0.100, 255.255.255.255,10.1.0.2"),
        a_group_with_option(code=200, type="IPv4List", value="10.1.0.1 10.1.0.2"),
    ),
    RuleCase(
        "an IPv4List value of bytes",
        LIST,
        a_group_with_option(code=200, type="IPv4List", value="249.199.99.9"),
        a_group_with_option(code=200, type="IPv4List", value="10.1.0.1,10.1.0.256"),
    ),
    RuleCase(
        "a UInt8 value",
        "a value of type UInt8 is a whole number from 0 to 255",
        a_group_with_option(code=200, type="UInt8", value="255"),
        a_group_with_option(code=200, type="UInt8", value="256"),
    ),
    RuleCase(
        "a UInt16 value",
        "a value of type UInt16 is a whole number from 0 to 65535",
        a_group_with_option(code=200, type="UInt16", value="65535"),
        a_group_with_option(code=200, type="UInt16", value="65536"),
    ),
    RuleCase(
        "a UInt32 value",
        "a value of type UInt32 is a whole number from 0 to 4294967295",
        a_group_with_option(code=200, type="UInt32", value="4294967295"),
        a_group_with_option(code=200, type="UInt32", value="many"),
    ),
    RuleCase(
        "an Int32 value",
        "a value of type Int32 is a whole number from -2147483648 to 2147483647",
        a_group_with_option(code=2, type="Int32", value="-3600"),
        a_group_with_option(code=2, type="Int32", value="2147483648"),
    ),
    RuleCase(
        "a Boolean value",
        'a value of type Boolean is "true" or "false"',
        a_group_with_option(code=19, type="Boolean", value="true"),
        a_group_with_option(code=19, type="Boolean", value="yes"),
    ),
    RuleCase(
        "a Hex value",
        "a value of type Hex is pairs of hexadecimal digits, such as 0a010001",
        a_group_with_option(code=43, type="Hex", value="0a0B"),
        a_group_with_option(code=43, type="Hex", value="0a0"),
    ),
)

CASES = (*SERVER_CASES, *GROUP_CASES, *SCOPE_CASES, *OPTION_CASES)
