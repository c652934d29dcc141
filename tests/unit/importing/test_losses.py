"""What cannot be carried of a dhcpd.conf, statement by statement; hosts with fixed addresses, and what they lose."""

from __future__ import annotations

from ipaddress import IPv4Address

import pytest

from edgepair_engine.importing.dhcpd_conf import Wishes
from tests.unit.importing.conf import imported, lost, only_loss
from tests.unit.importing.conf_cases import PAIR, peer

RANGE = "range 10.0.0.10 10.0.0.20;"


def test_a_host_with_a_fixed_address_becomes_a_reservation() -> None:
    result = imported(
        f"subnet 10.0.0.0 netmask 255.255.255.0 {{ {RANGE} }}"
        "host a { hardware ethernet 2:0:0:0:0:a; fixed-address 10.0.0.5; }"
        'host b { option dhcp-client-identifier "xy"; fixed-address 10.0.0.6; }'
        "host c { uid 1:2:3; fixed-address 10.0.0.7; }"
    )
    assert result.losses == ()
    assert [
        (str(each.ip), each.mac, each.client_id, each.hostname) for each in result.config.subnets[0].reservations
    ] == [
        ("10.0.0.5", "02:00:00:00:00:0a", None, "a"),
        ("10.0.0.6", None, "7879", "b"),
        ("10.0.0.7", None, "010203", "c"),
    ]


def test_a_host_within_a_range_splits_it() -> None:
    result = imported(
        f"subnet 10.0.0.0 netmask 255.255.255.0 {{ {RANGE} }}\n"
        "host a { hardware ethernet 2:0:0:0:0:a; fixed-address 10.0.0.15; }\n"
        "host b { hardware ethernet 2:0:0:0:0:b; fixed-address 10.0.0.20; }"
    )
    (subnet,) = result.config.subnets
    assert [(str(pool.start), str(pool.end)) for pool in subnet.pools] == [
        ("10.0.0.10", "10.0.0.14"),
        ("10.0.0.16", "10.0.0.19"),
    ]
    assert lost(result)[0] == (
        2, "host a", "10.0.0.15 is in a range: the range goes around it, and a lease on it is not carried"
    )  # fmt: skip
    assert result.split == {int(IPv4Address("10.0.0.15")): "a", int(IPv4Address("10.0.0.20")): "b"}


def test_a_range_is_split_up_to_what_a_subnet_can_have() -> None:
    hosts = "".join(
        f"host h{n} {{ hardware ethernet 2:0:0:0:0:{n:x}; fixed-address 10.0.0.{10 + 2 * n}; }}\n" for n in range(1, 20)
    )
    result = imported(f"subnet 10.0.0.0 netmask 255.255.255.0 {{ range 10.0.0.10 10.0.0.250; }}\n{hosts}")
    (subnet,) = result.config.subnets
    assert (len(subnet.pools), len(subnet.reservations)) == (16, 15)
    assert sum("no room for another gap" in loss.why for loss in result.losses) == 4


@pytest.mark.parametrize(
    ("host", "why"),
    [
        (
            "hardware ethernet 2:0:0:0:0:a;",
            "without a fixed address it only makes a client known, which changes nothing here",
        ),
        ("hardware ethernet 2:0:0:0:0:a; fixed-address a.example.org;", "names are not looked up: a.example.org"),
        ("hardware ethernet 2:0:0:0:0:a; fixed-address 10.9.0.1;", "10.9.0.1 is in no subnet that is carried"),
        ("hardware fddi 2:0:0:0:0:a; fixed-address 10.0.0.5;", "its hardware address is not Ethernet's"),
        ("fixed-address 10.0.0.5;", "nothing names the client: it has no hardware address and no client identifier"),
        (
            "hardware ethernet 2:0:0:0:0:a; uid 1:2; fixed-address 10.0.0.5;",
            "the hardware address names the client alone",
        ),
        (
            "hardware ethernet 2:0:0:0:0:a; fixed-address 10.0.0.5; option domain-name \"b\";",
            "a reservation has an address only: its client is told what all clients of the subnet are told",
        ),
        (
            "hardware ethernet 2:0:0:0:0:a; fixed-address 10.0.0.5, 10.0.0.6;",
            "10.0.0.6 or its client has a reservation in this subnet already",
        ),
    ],
    ids=["no address", "a name", "no subnet", "no Ethernet", "nobody", "two names", "own option", "two addresses"],
)  # fmt: skip
def test_what_a_reservation_cannot_hold_is_lost(host: str, why: str) -> None:
    assert only_loss(f"subnet 10.0.0.0 netmask 255.255.255.0 {{ {RANGE} }} host a {{ {host} }}").why == why


def test_what_a_group_sets_for_its_hosts_is_lost_once() -> None:
    result = imported(
        f'subnet 10.0.0.0 netmask 255.255.255.0 {{ {RANGE} option domain-name "a"; }}\n'
        'group {\n filename "x";\n option domain-name "a";\n'
        " host a { hardware ethernet 2:0:0:0:0:a; fixed-address 10.0.0.5; }\n"
        " host b { hardware ethernet 2:0:0:0:0:b; fixed-address 10.0.0.6; } }"
    )
    assert [(loss.line, loss.statement) for loss in result.losses] == [(3, 'filename "x";')]


@pytest.mark.parametrize(
    ("statement", "why"),
    [
        ("omapi-port 7911;", "this is a matter of dhcpd's process"),
        ("ping-check on;", "addresses are not probed before they are given"),
        ("ddns-update-style interim;", "dynamic DNS updates are not made"),
        ("deny unknown-clients;", "every client that may have an address gets one by the same rules"),
        ("allow bootp;", "plain BOOTP is not answered"),
        ('class "a" { match hardware; }', "classes do not exist here: every client is treated alike"),
        ("if known { default-lease-time 5; }", "conditions and events do not exist here"),
        ('option routers = concat("a", "b");', "it is worked out for each client anew, which is not possible here"),
        ("append domain-name-servers 10.0.0.1;", "options are set, not merged with what others set"),
        ("key k { algorithm hmac-md5; secret a==; }", "keys serve DNS updates and OMAPI, which do not exist here"),
        ("option dhcp-lease-time 30;", "the server writes this option itself"),
        ("option routers 10.0.0.1, a.b;", "names are not looked up: a.b"),
        ('option agent.circuit-id "x";', "options of the space agent go into no option that is sent"),
        ("option dhcp6.name-servers 2001:db8::1;", "options of the space dhcp6 are not sent"),
        ("max-lease-time 5;", "5 seconds become 60, the shortest that can be"),
        ("dhcp-cache-threshold 200;", "200 percent become 100"),
        ("range dynamic-bootp 10.0.0.30;", "plain BOOTP is not answered"),
        (
            "pool { range 10.0.0.30; deny known clients; }",
            "ranges have no permissions: every client of the subnet may get these addresses",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_carried_is_listed(statement: str, why: str) -> None:
    loss = only_loss(f"subnet 10.0.0.0 netmask 255.255.255.0 {{ {RANGE}\n{statement} }}")
    assert (loss.line, loss.why) == (2, why)
    assert loss.advice


@pytest.mark.parametrize(
    "statement",
    ["ping-check off;", "ddns-update-style none;", "allow unknown-clients;", "deny bootp;", "get-lease-hostnames off;",
     "db-time-format local;", "pool { range 10.0.0.30; allow all clients; deny dynamic bootp clients; }"],
)  # fmt: skip
def test_what_means_the_same_here_is_no_loss(statement: str) -> None:
    assert imported(f"subnet 10.0.0.0 netmask 255.255.255.0 {{ {RANGE} {statement} }}").losses == ()


def test_what_stands_in_something_lost_is_not_listed_once_more() -> None:
    loss = only_loss(
        f"subnet 10.0.0.0 netmask 255.255.255.0 {{ {RANGE} }} "
        "if known { omapi-port 5; if known { ping-check on; } }"
    )
    assert loss.statement == "if known"


def test_what_no_carried_subnet_is_told_is_listed() -> None:
    result = imported(
        'option domain-name "a";\nsubnet 10.9.0.0 netmask 255.255.255.0 {\n default-lease-time 5; }', Wishes("a")
    )
    assert [(line, statement) for line, statement, _ in lost(result)] == [
        (1, 'option domain-name "a";'),
        (2, "subnet 10.9.0.0 netmask 255.255.255.0"),
        (3, "default-lease-time 5;"),
    ]


def test_a_range_without_the_peer_of_its_subnet_is_left_out() -> None:
    result = imported(
        f'failover peer "x" {{ secondary; {PAIR} }} subnet 10.0.0.0 netmask 255.255.255.0 '
        '{ pool { failover peer "x"; range 10.0.0.10; }\n range 10.0.0.30; }'
    )
    assert [str(pool.start) for pool in result.config.groups[0].subnets[0].pools] == ["10.0.0.10"]
    assert lost(result) == [
        (
            2,
            "range 10.0.0.30;",
            'it is without failover in a subnet shared with "x": its addresses and leases are left out',
        )
    ]


def test_of_a_list_the_addresses_are_carried_and_the_names_listed() -> None:
    result = imported(
        f"subnet 10.0.0.0 netmask 255.255.255.0 {{ {RANGE}\n option ntp-servers a.b, 10.0.0.4, c.d;\n"
        " option policy-filter 10.0.0.1 mask.b; }"
    )
    assert [(option.code, option.hex) for option in result.config.subnets[0].options] == [(42, "0a000004")]
    assert [(line, why) for line, _, why in lost(result)] == [
        (2, "names are not looked up: a.b, c.d"),
        (3, "names are not looked up: mask.b"),
    ]


@pytest.mark.protocol(157)
@pytest.mark.parametrize(
    ("statement", "why"),
    [
        ("max-response-delay 2;", "max-response-delay 2 becomes 3: 3 to 3600 can be"),
        ("max-unacked-updates 70000;", "max-unacked-updates 70000 becomes 65535: 1 to 65535 can be"),
        ("load balance max seconds 70000;", "load balance max seconds 70000 becomes 65535: 0 to 65535 can be"),
        ("max-lease-misbalance 200;", "max-lease-misbalance 200 becomes 100: 0 to 100 can be"),
        ("max-lease-ownership 101;", "max-lease-ownership 101 becomes 100: 0 to 100 can be"),
        ("peer max-response-delay 5;", "the partner tells this itself when it connects"),
    ],
)
def test_what_a_peer_says_beyond_the_limits_here_is_brought_within_them_and_listed(statement: str, why: str) -> None:
    assert only_loss(peer(f"secondary; {PAIR} {statement}")).why == why


def test_of_overlapping_subnets_the_first_is_carried() -> None:
    loss = only_loss(
        f"subnet 10.0.0.0 netmask 255.255.255.0 {{ {RANGE} }}\n"
        "subnet 10.0.0.0 netmask 255.255.0.0 { range 10.0.7.1; }"
    )
    assert (loss.line, loss.why) == (2, "it overlaps a subnet before it, and no address can be in two")
