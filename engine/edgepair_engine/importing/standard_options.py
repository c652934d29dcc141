"""The options that dhcpd knows by name: code and type (dhcp-options(5)), one line each."""

from __future__ import annotations

from edgepair_engine.importing.option_types import Field, OptionType

# Letters as a shorthand: I address, B S L integers of 1, 2, 4 bytes, f flag, t text, o text if any, X text or bytes,
# d domain name, D list of domain names, 6 IPv6 address, Z nothing; ";" before what may be repeated.
_LETTERS = {
    "I": Field.ADDRESS,
    "B": Field.U8,
    "S": Field.U16,
    "L": Field.U32,
    "f": Field.FLAG,
    "t": Field.TEXT,
    "o": Field.TEXT_IF_ANY,
    "X": Field.BYTES,
    "d": Field.NAME,
    "D": Field.NAMES,
    "6": Field.ADDRESS6,
    "Z": Field.NOTHING,
}

_DHCP = """
1 subnet-mask I|2 time-offset L|3 routers ;I|4 time-servers ;I|5 ien116-name-servers ;I|6 domain-name-servers ;I
7 log-servers ;I|8 cookie-servers ;I|9 lpr-servers ;I|10 impress-servers ;I|11 resource-location-servers ;I
12 host-name t|13 boot-size S|14 merit-dump t|15 domain-name t|16 swap-server I|17 root-path t|18 extensions-path t
19 ip-forwarding f|20 non-local-source-routing f|21 policy-filter ;II|22 max-dgram-reassembly S|23 default-ip-ttl B
24 path-mtu-aging-timeout L|25 path-mtu-plateau-table ;S|26 interface-mtu S|27 all-subnets-local f
28 broadcast-address I|29 perform-mask-discovery f|30 mask-supplier f|31 router-discovery f
32 router-solicitation-address I|33 static-routes ;II|34 trailer-encapsulation f|35 arp-cache-timeout L
36 ieee802-3-encapsulation f|37 default-tcp-ttl B|38 tcp-keepalive-interval L|39 tcp-keepalive-garbage f
40 nis-domain t|41 nis-servers ;I|42 ntp-servers ;I|43 vendor-encapsulated-options X|44 netbios-name-servers ;I
45 netbios-dd-server ;I|46 netbios-node-type B|47 netbios-scope t|48 font-servers ;I|49 x-display-manager ;I
50 dhcp-requested-address I|51 dhcp-lease-time L|52 dhcp-option-overload B|53 dhcp-message-type B
54 dhcp-server-identifier I|55 dhcp-parameter-request-list ;B|56 dhcp-message t|57 dhcp-max-message-size S
58 dhcp-renewal-time L|59 dhcp-rebinding-time L|60 vendor-class-identifier X|61 dhcp-client-identifier X
62 nwip-domain t|63 nwip-suboptions X|64 nisplus-domain t|65 nisplus-servers ;I|66 tftp-server-name t
67 bootfile-name t|68 mobile-ip-home-agent ;I|69 smtp-server ;I|70 pop-server ;I|71 nntp-server ;I|72 www-server ;I
73 finger-server ;I|74 irc-server ;I|75 streettalk-server ;I|76 streettalk-directory-assistance-server ;I
77 user-class t|78 slp-directory-agent f;I|79 slp-service-scope fo|81 fqdn X|82 relay-agent-information X
85 nds-servers ;I|86 nds-tree-name t|87 nds-context t|88 bcms-controller-names D|89 bcms-controller-address ;I
91 client-last-transaction-time L|92 associated-ip ;I|93 pxe-system-type ;S|94 pxe-interface-id BBB
97 pxe-client-id BX|98 uap-servers t|99 geoconf-civic X|100 pcode t|101 tcode t|108 v6-only-preferred L
112 netinfo-server-address ;I|113 netinfo-server-tag t|114 default-url t|116 auto-config B|117 name-service-search ;S
118 subnet-selection I|119 domain-search D|124 vivco X|125 vivso X|136 pana-agent ;I|137 v4-lost d|138 capwap-ac-v4 ;I
141 sip-ua-cs-domains D|142 ipv4-address-andsf ;I|146 rdnss-selection BIId|150 tftp-server-address ;I
159 v4-portparams BBS|160 v4-captive-portal t|209 loader-configfile t|210 loader-pathprefix t|211 loader-reboottime L
212 option-6rd BB6;I|213 v4-access-domain d
"""

_NETWARE = """
5 nsq-broadcast f|6 preferred-dss ;I|7 nearest-nwip-server ;I|8 autoretries B|9 autoretry-secs B|10 nwip-1-1 B
11 primary-dss I
"""

_AGENT = "1 circuit-id X|2 remote-id X|3 agent-id I|5 link-selection I|19 relay-port Z"

_FQDN = """
1 no-client-update f|2 server-update f|3 encoded f|4 rcode1 B|5 rcode2 B|6 hostname t|7 domainname t|8 fqdn t
"""


def _table(text: str) -> dict[str, tuple[int, OptionType]]:
    found = {}
    for row in text.strip().replace("\n", "|").split("|"):
        code, name, letters = row.split()
        once, _, _again = letters.partition(";")
        fields = tuple(_LETTERS[letter] for letter in letters.replace(";", ""))
        repeats_from = len(once) if ";" in letters else None
        encapsulates = {"nwip-suboptions": "nwip", "vivso": "vendor", "vivco": "vendor-class"}.get(name, "")
        found[name] = (int(code), OptionType(fields, repeats_from, encapsulates))
    return found


STANDARD_OPTIONS = {"dhcp": _table(_DHCP), "nwip": _table(_NETWARE), "agent": _table(_AGENT), "fqdn": _table(_FQDN)}
"""For each option space that dhcpd brings along and that a DHCPv4 server can use: name -> (code, type)."""

FOREIGN_SPACES = frozenset({"dhcp6", "vsio", "server", "isc", "vendor", "vendor-class"})
"""Spaces of dhcpd whose options no server of ours sends: they are taken as they stand and listed."""
