"""dhcpd's parameters that are no DHCP options: their types, and what becomes of each here (dhcpd.conf(5)).

A parameter without a reason is carried by `subnets`. One with a reason is a loss, unless it says what a server of ours
does anyway.
"""

from __future__ import annotations

from edgepair_contract.value import value
from edgepair_engine.importing.option_types import Field, OptionType

ON, OFF = b"\x01", b"\x00"


@value
class Parameter:
    """One parameter. `same`: the values that change nothing here and are therefore no loss."""

    kind: OptionType
    why: str = ""
    advice: str = ""
    same: tuple[bytes, ...] = ()


def _of(field: Field) -> OptionType:
    return OptionType((field,))


_FIELDS = {
    "f": Field.FLAG,
    "T": Field.SECONDS,
    "L": Field.U32,
    "S": Field.U16,
    "B": Field.U8,
    "t": Field.TEXT,
    "I": Field.ADDRESS,
    "n": Field.SPACE,
    "6": Field.ADDRESS6,
}

_DNS = "dynamic DNS updates are not made", "let clients or another program keep the DNS"
_ADMIN = (
    "this is a matter of dhcpd's process",
    "logs go to standard output, the report and metrics to the admin interface",
)
_PROBE = "addresses are not probed before they are given", "an address in use is found by the client, which declines it"
_BOOTP = "plain BOOTP is not answered", "let such devices use DHCP, or keep a server for them"
_SOCKET = "DHCP is served on port 67 of each interface's device and address", "give devices by --interface"
_CLIENTS = "every client that may have an address gets one by the same rules", "look whether you still need it"
_PACKET = "packets are built by fixed rules", "look whether your clients need it"
_DHCP6 = "this is DHCPv4 only", "keep a DHCPv6 server for it"

# name type reason [values that change nothing]
_LOST: tuple[tuple[str, str, str], ...] = (
    (
        "ddns-updates f off|do-forward-updates f off|do-reverse-updates f off|update-static-leases f off"
        "|ddns-domainname t|ddns-hostname t|ddns-rev-domainname t|ddns-ttl T|client-updates f|update-optimization f"
        "|update-conflict-detection f|ddns-dual-stack-mixed-mode f off|ddns-guard-id-must-match f"
        "|ddns-other-guard-is-dynamic f off|ddns-local-address4 I|ddns-local-address6 6|fqdn-reply f",
        _DNS[0],
        _DNS[1],
    ),
    (
        "omapi-port S|omapi-key n|log-facility n|lease-file-name t|pid-file-name t|dont-use-fsync f off"
        "|delayed-ack S|max-ack-delay L|log-threshold-low B|log-threshold-high B",
        _ADMIN[0],
        _ADMIN[1],
    ),
    ("ping-check f off|ping-timeout T|ping-timeout-ms T|ping-cltt-secs T", _PROBE[0], _PROBE[1]),
    (
        "dynamic-bootp f off|allow-bootp f off|dynamic-bootp-lease-cutoff T|dynamic-bootp-lease-length L"
        "|always-reply-rfc1048 f",
        _BOOTP[0],
        _BOOTP[1],
    ),
    ("local-port S|remote-port S|local-address I|limited-broadcast-address I", _SOCKET[0], _SOCKET[1]),
    (
        "boot-unknown-clients f on|allow-booting f on|one-lease-per-client f off|get-lease-hostnames f off"
        "|duplicates f on|declines f on|min-secs B|ignore-client-uids f off|infinite-is-reserved f off"
        "|adaptive-lease-time-threshold B|release-on-roam f off|stash-agent-options f|leasequery f off"
        "|use-host-decl-names f off",
        _CLIENTS[0],
        _CLIENTS[1],
    ),
    (
        "server-name t|site-option-space n|always-broadcast f off|use-lease-addr-for-default-route f off"
        "|echo-client-id f on|server-id-check f|check-secs-byte-order f off",
        _PACKET[0],
        _PACKET[1],
    ),
    (
        "preferred-lifetime T|dhcpv6-lease-file-name t|dhcpv6-pid-file-name t|limit-addrs-per-ia L|limit-prefs-per-ia L"
        "|prefix-length-mode n|dhcpv6-set-tee-times f|bind-local-address6 f|local-address6 6",
        _DHCP6[0],
        _DHCP6[1],
    ),
)


def _lost() -> dict[str, Parameter]:
    found = {}
    for rows, why, advice in _LOST:
        for row in rows.split("|"):
            name, letter, *values = row.split()
            same = tuple({"on": ON, "off": OFF}[value] for value in values)
            found[name] = Parameter(_of(_FIELDS[letter]), why, advice, same)
    return found


PARAMETERS: dict[str, Parameter] = _lost() | {
    "default-lease-time": Parameter(_of(Field.SECONDS)),
    "max-lease-time": Parameter(_of(Field.SECONDS)),
    "min-lease-time": Parameter(_of(Field.SECONDS)),
    "abandon-lease-time": Parameter(_of(Field.SECONDS)),
    "dhcp-cache-threshold": Parameter(_of(Field.U8)),
    "next-server": Parameter(_of(Field.ADDRESS)),
    "filename": Parameter(_of(Field.TEXT)),
    "vendor-option-space": Parameter(_of(Field.SPACE)),
    "ddns-update-style": Parameter(_of(Field.SPACE), _DNS[0], _DNS[1], same=(b"none",)),
}
"""By name; `authoritative` and `server-identifier` have statements of their own."""

DDNS_STYLES = ("none", "ad-hoc", "interim", "standard")

FACILITIES = frozenset(
    {"kern", "user", "mail", "daemon", "auth", "syslog", "lpr", "news", "uucp", "cron", "authpriv", "ftp"}
    | {f"local{number}" for number in range(8)}
)

PERMISSIONS: dict[str, tuple[str, tuple[str, str]]] = {
    "unknown-clients": ("allow", _CLIENTS),
    "bootp": ("deny", _BOOTP),
    "booting": ("allow", _CLIENTS),
    "duplicates": ("allow", _CLIENTS),
    "declines": ("allow", _CLIENTS),
    "client-updates": ("", _DNS),
    "leasequery": ("deny", _CLIENTS),
}
"""What may be allowed or denied anywhere, the word that changes nothing here, and the loss that the other is."""
