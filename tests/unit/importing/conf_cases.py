"""Small configurations, and whether dhcpd starts with them: tests/interop asks a real one about each."""

from __future__ import annotations

PAIR = "address 10.0.0.1; peer address 10.0.0.2;"
PEER = f'failover peer "x" {{ primary; {PAIR} mclt 30; split 128; }}'
SUBNET = "subnet 10.0.0.0 netmask 255.255.255.0"
SHARED = f'{SUBNET} {{ pool {{ failover peer "x"; range 10.0.0.10 10.0.0.20; }} }}'
HBA = ":".join(["ff"] * 16 + ["00"] * 16)


def peer(statements: str) -> str:
    """Return a configuration whose failover peer is made of these statements."""
    return f'failover peer "x" {{ {statements} }} {SHARED}'


ACCEPTED = {
    "nothing at all": "",
    "a comment without an end of line": "# nothing",
    "a subnet with a range": f"{SUBNET} {{ range 10.0.0.10 10.0.0.20; }}",
    "a range of one address": f"{SUBNET} {{ range 10.0.0.10; }}",
    "a range from its end": f"{SUBNET} {{ range 10.0.0.20 10.0.0.10; }}",
    "a range for BOOTP": f"{SUBNET} {{ range dynamic-bootp 10.0.0.10 10.0.0.20; }}",
    "a mask with holes": "subnet 10.0.0.0 netmask 255.0.255.0 { }",
    "two subnets over each other": f"{SUBNET} {{ }} subnet 10.0.0.0 netmask 255.255.0.0 {{ }}",
    "keywords in capitals": 'OPTION Domain-Name "x"; Subnet 10.0.0.0 NETMASK 255.255.255.0 { }',
    "a pool of the shared network": f"shared-network a {{ {SUBNET} {{ }} pool {{ range 10.0.0.3 10.0.0.7; }} }}",
    "a shared network with a name in quotes": f'shared-network "a b" {{ {SUBNET} {{ }} }}',
    "a group with a name": "group foo { host a { hardware ethernet 1:2:3:4:5:6; } }",
    "a subnet in a group": f"group {{ {SUBNET} {{ range 10.0.0.3; }} }}",
    "a host in a pool": f"{SUBNET} {{ pool {{ host z {{ }} range 10.0.0.5; }} }}",
    "a host with two addresses": "host a.b { hardware ethernet 1:2:3:4:5:6; fixed-address 10.0.0.3, 10.1.0.3; }",
    "a host whose address is a name": "host a { fixed-address foo.example.org; }",
    "a hardware address of five bytes": "host a { hardware ethernet 1:2:3:4:5; }",
    "an option whose address is a name": "option routers foo.example.org;",
    "an option twice": 'option domain-name "a"; option domain-name "b";',
    "a string over two lines": 'filename "a\nb";',
    "a string with escapes": r'filename "a\"b\\c\101\x41";',
    "options of all kinds": (
        "option netbios-node-type 8; option time-offset -18000; option ip-forwarding on; option interface-mtu 1500; "
        "option policy-filter 10.0.0.1 255.255.255.0, 10.1.0.0 255.255.0.0; option slp-service-scope true; "
        'option slp-directory-agent true 10.0.0.1, 10.0.0.2; option domain-search "a.b", "c.d"; '
        "option vendor-encapsulated-options 2:4:AC:11:41:1; option pxe-interface-id 1 2 3; option v4-lost foo.bar;"
    ),
    "options by number": 'option unknown-200 "abc"; option unknown-201 1:2:3; option unknown-3 10.0.0.1;',
    "an option of another space": 'option agent.circuit-id "x"; option nwip.nsq-broadcast on;',
    "own options": (
        "option a code 200 = array of ip-address; option a 10.0.0.1, 10.0.0.2; "
        'option b code 201 = { boolean, integer 32, text }; option b on 1772 "c"; '
        "option c code 202 = array of { ip-address, integer 8 }; option c 10.0.0.1 3, 10.0.0.2 4; "
        "option d code 203 = signed integer 8; option d -3; option e code 204 = integer 32; option e 010;"
    ),
    "an own space": 'option space S; option S.a code 1 = text; option S.a "x"; vendor-option-space S;',
    "an own space within an option": (
        "option space a code width 2 length width 2; option b code 200 = encapsulate a; "
        "option a.x code 1 = unsigned integer 16; option a.x 5;"
    ),
    "lease times": "default-lease-time 0x10; max-lease-time infinite; min-lease-time -1;",
    "an expression": 'filename = concat("a", "b"); option routers = concat(option routers, "x");',
    "a condition": "if known { default-lease-time 5; } elsif exists agent.circuit-id { } else { min-lease-time 5; }",
    "an event": 'on commit { set foo = "x"; log(info, "hi"); execute("a", "b"); }',
    "a class and its use": (
        'class "a" { match hardware; } subclass "a" 1:2:3 { option domain-name "x"; } '
        f'{SUBNET} {{ pool {{ range 10.0.0.3; allow members of "a"; deny unknown-clients; }} }}'
    ),
    "a key and a zone": "key k { algorithm hmac-md5; secret abcd==; }; zone x. { primary 127.0.0.1; key k; }",
    "permissions": "allow unknown-clients; deny bootp; ignore booting; allow client-updates; deny declines;",
    "formats": "db-time-format local; lease-id-format hex;",
    "authority": "authoritative; not authoritative;",
    "a server identifier": "server-identifier 10.0.0.1;",
    "a failover pair": f"{PEER} {SHARED}",
    "a peer without a role": peer(f"{PAIR} mclt 30; split 128;"),
    "a peer name without quotes": f"failover peer x {{ primary; {PAIR} mclt 30; split 128; }} {SHARED}",
    "a secondary": peer(f"secondary; {PAIR}"),
    "an mclt on a secondary": peer(f"secondary; {PAIR} mclt 30;"),
    "all statements of a peer": peer(
        f"primary; {PAIR} mclt 30; hba {HBA}; port 1; peer port 2; max-response-delay 3; max-unacked-updates 4; "
        "load balance max seconds 5; auto-partner-down 6; max-lease-misbalance 7; max-lease-ownership 8; "
        "min-balance 9; max-balance 10;"
    ),
}

REFUSED = {
    "a word that nobody knows": "foo-bar 3;",
    "a semicolon alone": "default-lease-time 600;;",
    "a brace alone": "};",
    "no semicolon": "default-lease-time 600",
    "no closing brace": f"{SUBNET} {{ range 10.0.0.3;",
    "no closing quote": 'option domain-name "x;',
    "a file that is not there": 'include "/nowhere/at/all.conf";',
    "a range outside its subnet": f"{SUBNET} {{ range 10.0.1.10 10.0.1.20; }}",
    "ranges over each other": f"{SUBNET} {{ range 10.0.0.10 10.0.0.20; range 10.0.0.15 10.0.0.25; }}",
    "a range with three ends": f"{SUBNET} {{ range 10.0.0.3 10.0.0.4, 10.0.0.5; }}",
    "a range as a prefix": f"{SUBNET} {{ range 10.0.0.0/28; }}",
    "a range at the top": "range 10.0.0.3;",
    "a range in a group": f"{SUBNET} {{ group {{ range 10.0.0.3; }} }}",
    "a pool at the top": "pool { range 10.0.0.3; }",
    "a pool in a pool": f"{SUBNET} {{ pool {{ range 10.0.0.5; pool {{ range 10.0.0.6; }} }} }}",
    "a pool without a range": f"{SUBNET} {{ pool {{ }} }}",
    "a pool outside its shared network": f"shared-network a {{ {SUBNET} {{ }} pool {{ range 10.0.1.3; }} }}",
    "a shared network without a subnet": "shared-network a { }",
    "a subnet in a subnet": f"{SUBNET} {{ subnet 10.0.0.0 netmask 255.255.255.0 {{ }} }}",
    "a subnet without a netmask": "subnet 10.0.0.0 255.255.255.0 { }",
    "a subnet with host bits": "subnet 10.0.0.5 netmask 255.255.255.0 { }",
    "an address of three numbers": "option domain-name-servers 10.0.0;",
    "an address beyond 255": "option domain-name-servers 10.0.0.300;",
    "addresses without commas": "option routers 10.0.0.1 10.0.0.2;",
    "a comma at the end": "option domain-name-servers 10.0.0.1,;",
    "an option without a value": "option routers;",
    "a text without quotes": "option domain-name example.org;",
    "a name list without quotes": "option domain-search a.b;",
    "an unknown option": "option foo 3;",
    "an unknown option space": "option foo.bar code 3 = text;",
    "an unknown data type": "option a code 200 = foo;",
    "an integer of 24 bits": "option a code 201 = unsigned integer 24;",
    "an array of texts": "option a code 201 = array of text;",
    "the option code of nothing": "option unknown-255 1:2;",
    "a number that is too large": "option netbios-node-type 300;",
    "a port that is too large": "omapi-port 70000;",
    "a number that is none": "default-lease-time abc;",
    "a flag that is a number": "option ip-forwarding 1;",
    "a flag that is a word": "ping-check maybe;",
    "a facility that is none": "log-facility foo;",
    "a style that is none": "ddns-update-style foo;",
    "a time format that is none": "db-time-format foo;",
    "an else alone": "else { }",
    "a permission that is none": "allow foo;",
    "a permission for members at the top": 'deny members of "foo";',
    "a class that is not there": f'{SUBNET} {{ pool {{ range 10.0.0.3; allow members of "foo"; }} }}',
    "a subclass of nothing": 'subclass "foo" 1:2:3;',
    "a host twice": "host a { } host a { }",
    "a host in a host": "host a { host b { } }",
    "a host with a name in quotes": 'host "a" { }',
    "two hardware addresses": "host a { hardware ethernet 1:2:3:4:5:6; hardware ethernet 1:2:3:4:5:7; }",
    "a hardware type that is none": "host a { hardware foo 1:2:3; }",
    "a hardware byte beyond ff": "host a { hardware ethernet 1:2:3:4:5:100; }",
    "a fixed address at the top": "fixed-address 10.0.0.3;",
}

REFUSED_PEERS = {
    "a peer that is not there": f'{SUBNET} {{ pool {{ failover peer "y"; range 10.0.0.10; }} }}',
    "a peer named in a subnet": f'{PEER} {SUBNET} {{ failover peer "x"; range 10.0.0.10; }}',
    "a peer name without quotes in a pool": f"{PEER} {SUBNET} {{ pool {{ failover peer x; range 10.0.0.10; }} }}",
    "a peer twice": f"{PEER} {PEER} {SHARED}",
    "a peer that no pool uses": PEER,
    "a primary without mclt": peer(f"primary; {PAIR} split 128;"),
    "a primary without split or hba": peer(f"primary; {PAIR} mclt 30;"),
    "a split above 256": peer(f"primary; {PAIR} mclt 30; split 257;"),
    "an hba of two bytes": peer(f"primary; {PAIR} mclt 30; hba 00:ff;"),
    "an hba of 33 bytes": peer(f"primary; {PAIR} mclt 30; hba {HBA}:00;"),
    "a split on a secondary": peer(f"secondary; {PAIR} split 128;"),
    "a split before secondary": peer(f"split 128; secondary; {PAIR} mclt 30;"),
    "a peer without the partner's address": peer("primary; address 10.0.0.1; mclt 30; split 128;"),
    "a peer's statement that is none": peer(f"primary; {PAIR} mclt 30; split 128; bogus 3;"),
}
