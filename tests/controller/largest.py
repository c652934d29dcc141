"""The largest objects of each kind: every list at its limit, every rule with as much to do as it can have."""

from __future__ import annotations

from ipaddress import IPv4Network

from tests.controller.manifests import Manifest, a_group, a_relay_server

SCOPES_MAX = 64
RANGES_MAX = 16
SERVERS_MAX = 8
SEARCH_MAX = 16
OPTIONS_MAX = 64
RESERVATIONS_MAX = 256
GIVEABLE_CODES = [code for code in range(128, 255) if code != 150][:OPTIONS_MAX]


def the_largest_group(*, reservations: int = RESERVATIONS_MAX, options: int = OPTIONS_MAX) -> Manifest:
    """Return a group of 64 scopes, all on one interface."""
    scopes = [a_full_scope(number, reservations=reservations, options=options) for number in range(SCOPES_MAX)]
    return a_group(scopes=scopes)


def the_largest_server(*, reservations: int = RESERVATIONS_MAX, options: int = OPTIONS_MAX) -> Manifest:
    """Return a server of 64 interfaces without failover, each with a scope of its own."""
    interfaces = [
        {
            "name": "lan0" if number == 0 else f"lan0.{number}",
            "scope": a_full_scope(number, reservations=reservations, options=options),
        }
        for number in range(SCOPES_MAX)
    ]
    return a_relay_server(interfaces=interfaces)


def a_full_scope(number: int, *, reservations: int, options: int) -> Manifest:
    """Return the scope of this number: a /20 with 16 ranges and everything else up to its limit."""
    prefix = IPv4Network((0x0A000000 + (number << 12), 20))
    hosts = [str(prefix[place]) for place in range(0, 4096, 16)]
    servers = [str(prefix[place]) for place in range(1, 1 + SERVERS_MAX)]
    return {
        "prefix": str(prefix),
        "ranges": [
            {"start": str(prefix[256 * place + 32]), "end": str(prefix[256 * place + 200])}
            for place in range(RANGES_MAX)
        ],
        "maxLeaseSeconds": 4294967295,
        "gateways": servers,
        "dnsServers": servers,
        "ntpServers": servers,
        "netbiosServers": servers,
        "domainSearch": [f"{place}.example.net" for place in range(SEARCH_MAX)],
        "options": [{"code": code, "type": "Hex", "value": "0a01"} for code in GIVEABLE_CODES[:options]],
        "reservations": [
            {"ip": host, "mac": f"02:00:00:00:{number:02x}:{place:02x}"}
            for place, host in enumerate(hosts[:reservations])
        ],
    }
