"""What is carried of a dhcpd.conf: every setting where it counts."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network

import pytest

from edgepair_contract.config import PoolConfig, SubnetConfig
from edgepair_contract.errors import ConfigError
from edgepair_contract.vocabulary import Role
from edgepair_engine.importing.dhcpd_conf import Attachment, Wishes
from tests.unit.importing.conf import LAN, imported, lost, subnet_of
from tests.unit.importing.conf_cases import PAIR, peer

RANGE = "range 10.0.0.10 10.0.0.20;"


def options_of(subnet: SubnetConfig) -> dict[int, str]:
    return {option.code: option.hex for option in subnet.options}


def test_a_subnet_without_any_setting_has_dhcpds_defaults() -> None:
    assert subnet_of(RANGE) == SubnetConfig(
        interface="lan0",
        prefix=IPv4Network("10.0.0.0/24"),
        pools=(PoolConfig(start=IPv4Address("10.0.0.10"), end=IPv4Address("10.0.0.20")),),
        default_lease_s=43200,
        max_lease_s=86400,
        min_lease_s=300,
        abandon_s=86400,
        cache_threshold_percent=25,
        authoritative=False,
    )


def test_settings_of_a_subnet_are_carried() -> None:
    subnet = subnet_of(
        f"{RANGE} default-lease-time 600; max-lease-time 7200; min-lease-time 60; abandon-lease-time 120; "
        'dhcp-cache-threshold 0; authoritative; next-server 10.0.0.9; filename "a.0"; option routers 10.0.0.1; '
        'option domain-name-servers 10.0.0.2, 10.0.0.3; option domain-name "example.org"; '
        'option tftp-server-name "tftp"; option subnet-mask 255.255.255.0;'
    )
    assert (subnet.default_lease_s, subnet.max_lease_s, subnet.min_lease_s) == (600, 7200, 60)
    assert (subnet.abandon_s, subnet.cache_threshold_percent, subnet.authoritative) == (120, 0, True)
    assert (str(subnet.next_server), subnet.boot_file, subnet.tftp_server_name) == ("10.0.0.9", "a.0", "tftp")
    assert [str(address) for address in (*subnet.gateways, *subnet.dns_servers)] == ["10.0.0.1", "10.0.0.2", "10.0.0.3"]
    assert (subnet.domain_name, subnet.options) == ("example.org", ())


@pytest.mark.parametrize(
    ("statements", "times"),
    [
        ("max-lease-time 240;", (240, 240, 240)),
        ("default-lease-time 120; max-lease-time 240; min-lease-time 10;", (120, 240, 10)),
        ("default-lease-time 99999;", (86400, 86400, 300)),
        ("default-lease-time 60;", (300, 86400, 300)),
        ("max-lease-time infinite; default-lease-time infinite;", (4294967295, 4294967295, 300)),
    ],
    ids=["maximum below the rest", "captures", "default above maximum", "default below minimum", "without end"],
)
def test_lease_times_are_those_that_dhcpd_would_grant(statements: str, times: tuple[int, int, int]) -> None:
    subnet = subnet_of(RANGE + statements)
    assert (subnet.default_lease_s, subnet.max_lease_s, subnet.min_lease_s) == times


@pytest.mark.parametrize(
    ("statement", "code", "data"),
    [
        ("option ntp-servers 10.0.0.4, 10.0.0.5;", 42, "0a0000040a000005"),
        ("option time-offset -18000;", 2, "ffffb9b0"),
        ("option interface-mtu 1500;", 26, "05dc"),
        ("option ip-forwarding off;", 19, "00"),
        ("option netbios-node-type 8;", 46, "08"),
        ('option domain-search "a.b", "c.";', 119, "0161016200" + "016300"),
        ("option vendor-encapsulated-options 2:4:AC:11:41:1;", 43, "0204ac114101"),
        (r'option unknown-200 "a\000\xff";', 200, "6100ff"),
        ("option unknown-201 1:2;", 201, "0102"),
        ("option slp-directory-agent true 10.0.0.1, 10.0.0.2;", 78, "010a0000010a000002"),
        ("option static-routes 10.0.0.1 10.0.0.2;", 33, "0a0000010a000002"),
        ("option subnet-mask 255.255.0.0;", 1, "ffff0000"),
        ("option v4-lost foo.bar;", 137, "666f6f2e626172"),
        (r'option domain-name "\377";', 15, "ff"),
        ("option n code 210 = array of { ip-address, integer 8 }; option n 10.0.0.1 3, 10.0.0.2 4;", 210,
         "0a000001030a00000204"),
        ('option n code 210 = { boolean, unsigned integer 16, text }; option n on 0x10 "c";', 210, "01001063"),
        ("option n code 210 = ip6-address; option n 2001:db8::1;", 210, "20010db8000000000000000000000001"),
        ("option n code 121 = array of integer 8; option n 24, 10,0,1, 192,0,0,1;", 121, "180a0001c0000001"),
        ('option space S; option S.a code 1 = text; option S.b code 2 = ip-address; option S.b 10.0.0.1; '
         'option S.a "x"; vendor-option-space S;', 43, "010178" + "02040a000001"),
        ("option space S code width 2 length width 2; option S.a code 258 = integer 8; "
         "option e code 220 = encapsulate S; option S.a 7;", 220, "0102" + "0001" + "07"),
        ("option nwip.nsq-broadcast on;", 63, "050101"),
    ],
)  # fmt: skip
def test_an_option_becomes_its_bytes(statement: str, code: int, data: str) -> None:
    assert options_of(subnet_of(RANGE + statement)) == {code: data}


def test_the_inner_scope_wins_wherever_the_outer_one_stands_in_the_file() -> None:
    result = imported(
        'group { option root-path "group"; shared-network s { option host-name "shared"; '
        "subnet 10.0.0.0 netmask 255.255.255.0 { option swap-server 10.0.0.7; "
        f'pool {{ option merit-dump "pool"; {RANGE} }} }} }} }}'
        'option root-path "top"; option host-name "top"; option swap-server 10.9.9.9; option merit-dump "top";'
        'option nis-domain "top";'
    )
    assert result.losses == ()
    (subnet,) = result.config.subnets
    told = {code: bytes.fromhex(data) for code, data in options_of(subnet).items()}
    assert told == {17: b"group", 12: b"shared", 16: b"\x0a\0\0\x07", 14: b"pool", 40: b"top"}


def test_of_two_equal_settings_in_a_scope_the_later_one_counts() -> None:
    assert subnet_of(f'{RANGE} option domain-name "a"; option domain-name "b";').domain_name == "b"


def test_what_all_pools_say_alike_is_said_for_the_subnet() -> None:
    subnet = subnet_of(
        "pool { range 10.0.0.10 10.0.0.20; default-lease-time 600; } "
        "pool { range 10.0.0.30 10.0.0.40; default-lease-time 600; }"
    )
    assert subnet.default_lease_s == 600
    assert [(str(pool.start), str(pool.end)) for pool in subnet.pools] == [
        ("10.0.0.10", "10.0.0.20"),
        ("10.0.0.30", "10.0.0.40"),
    ]


def test_what_the_pools_say_differently_is_lost() -> None:
    result = imported(
        "subnet 10.0.0.0 netmask 255.255.255.0 {\n default-lease-time 700;\n"
        " pool { range 10.0.0.10;\n default-lease-time 600; }\n pool { range 10.0.0.30; } }"
    )
    why = "the pools of a subnet differ in it, and a subnet's clients are all told the same"
    assert lost(result) == [(4, "default-lease-time 600;", why)]
    assert result.config.subnets[0].default_lease_s == 700


def test_a_pool_of_a_shared_network_belongs_to_the_subnet_of_its_addresses() -> None:
    result = imported(
        "shared-network s { subnet 10.0.0.0 netmask 255.255.255.0 { option routers 10.0.0.1; }"
        "subnet 10.1.0.0 netmask 255.255.255.0 { option routers 10.1.0.1; }"
        "pool { range 10.1.0.10 10.1.0.20; } pool { range 10.0.0.10; } }"
    )
    first, second = result.config.subnets
    assert [str(pool.start) for pool in (*first.pools, *second.pools)] == ["10.0.0.10", "10.1.0.10"]
    assert [str(address) for address in (*first.gateways, *second.gateways)] == ["10.0.0.1", "10.1.0.1"]
    assert (first.interface, second.interface) == ("lan0", "lan0")
    why = "of a shared network, clients without a relay get addresses of one subnet: 10.0.0.0/24"
    assert lost(result) == [(1, "subnet 10.1.0.0 netmask 255.255.255.0", why)]


@pytest.mark.protocol(157)
def test_a_failover_peer_becomes_a_group_with_all_its_statements() -> None:
    result = imported(
        peer(
            f"primary; {PAIR} mclt 30; split 200; port 1; peer port 2; max-response-delay 3; max-unacked-updates 4; "
            "load balance max seconds 5; auto-partner-down 6; max-lease-misbalance 7; max-lease-ownership 8; "
            "min-balance 9; max-balance 10;"
        )
    )
    assert result.losses == ()
    (group,) = result.config.groups
    assert group.model_dump(mode="json", exclude={"subnets"}) == {
        "name": "x", "role": "primary", "my_address": "10.0.0.1", "my_port": 1, "listen_address": None,
        "partner_address": "10.0.0.2", "partner_port": 2, "partner_is_ours": False, "mclt_s": 30, "split": 200,
        "max_response_delay_s": 3, "max_unacked_updates": 4, "load_balance_max_s": 5,
        "max_lease_misbalance_percent": 7, "max_lease_ownership_percent": 8, "min_balance_s": 9, "max_balance_s": 10,
        "auto_partner_down_s": 6,
    }  # fmt: skip


@pytest.mark.protocol(157)
def test_a_peer_that_says_little_has_dhcpds_defaults() -> None:
    (group,) = imported(peer(f"secondary; {PAIR}")).config.groups
    told = group.role, group.my_port, group.max_response_delay_s, group.max_unacked_updates, group.load_balance_max_s
    assert told == (Role.SECONDARY, 647, 20, 100, 0)
    balance = group.max_lease_misbalance_percent, group.max_lease_ownership_percent, group.min_balance_s
    assert (*balance, group.max_balance_s, group.mclt_s) == (15, 10, 60, 3600, 3600)


@pytest.mark.protocol(157)
def test_a_secondary_takes_the_mclt_that_its_primary_told_it() -> None:
    wishes = Wishes("a", LAN, told_mclt_s={"x": 45})
    assert imported(peer(f"secondary; {PAIR}"), wishes).config.groups[0].mclt_s == 45


@pytest.mark.protocol(157)
def test_an_hba_of_the_first_buckets_is_a_split_and_another_one_a_loss() -> None:
    first = ":".join(["ff"] * 2 + ["01"] + ["00"] * 29)
    plain = imported(peer(f"primary; {PAIR} mclt 30; hba {first};"))
    assert (plain.config.groups[0].split, plain.losses) == (17, ())
    other = imported(peer(f"primary; {PAIR} mclt 30; hba {':'.join(['aa'] * 32)};"))
    assert other.config.groups[0].split == 128
    assert [loss.why for loss in other.losses] == [
        "its hba is not the first buckets in a row: split 128 gives the primary as many, but other clients"
    ]


def test_several_peers_become_several_groups() -> None:
    other = "subnet 10.1.0.0 netmask 255.255.255.0"
    result = imported(
        peer(f"primary; {PAIR} mclt 30; split 128;")
        + 'failover peer "y" { secondary; address 10.1.0.1; peer address b.example.org; } '
        + f'{other} {{ pool {{ failover peer "y"; range 10.1.0.10; }} }}'
    )
    told = [(group.name, group.role, group.partner_address, len(group.subnets)) for group in result.config.groups]
    assert told == [("x", Role.PRIMARY, "10.0.0.2", 1), ("y", Role.SECONDARY, "b.example.org", 1)]
    assert [str(interface.address) for interface in result.config.interfaces] == ["10.0.0.1/24", "10.1.0.1/24"]


def test_an_included_file_is_read_in_its_place() -> None:
    result = imported(
        'subnet 10.0.0.0 netmask 255.255.255.0 { include "b"; }', b=f"{RANGE}\noption routers 10.0.0.1;\nping-check on;"
    )
    assert [str(address) for address in result.config.subnets[0].gateways] == ["10.0.0.1"]
    assert [(loss.file, loss.line) for loss in result.losses] == [("b", 3)]


@pytest.mark.parametrize(
    "text",
    [
        f"server-identifier 10.0.0.7; subnet 10.0.0.0 netmask 255.255.255.0 {{ {RANGE} }}",
        f"subnet 10.0.0.0 netmask 255.255.255.0 {{ {RANGE} option dhcp-server-identifier 10.0.0.7; }}",
    ],
    ids=["for all", "for the only subnet"],
)
def test_one_server_identifier_is_carried(text: str) -> None:
    result = imported(text)
    assert (str(result.config.server_identifier), result.losses) == ("10.0.0.7", ())


def test_two_server_identifiers_are_lost() -> None:
    result = imported(
        f"subnet 10.0.0.0 netmask 255.255.255.0 {{ {RANGE} server-identifier 10.0.0.7; }}\n"
        "subnet 10.1.0.0 netmask 255.255.255.0 { range 10.1.0.10; server-identifier 10.1.0.7; }",
        Wishes("a", LAN | {IPv4Network("10.1.0.0/24"): Attachment("eth1", IPv4Address("10.1.0.1"))}),
    )
    assert result.config.server_identifier is None
    assert [loss.line for loss in result.losses] == [1, 2]


# interfaces


def test_each_lan_has_an_interface_and_those_behind_relays_none() -> None:
    attachments = {
        IPv4Network("10.0.0.0/24"): Attachment(None),
        IPv4Network("10.1.0.0/24"): Attachment("eth1", IPv4Address("10.1.0.1")),
    }
    subnets = "".join(f"subnet 10.{n}.0.0 netmask 255.255.255.0 {{ range 10.{n}.0.10; }}" for n in range(2))
    result = imported(subnets, Wishes("a", attachments))
    assert result.losses == ()
    assert [(each.name, each.device, str(each.address)) for each in result.config.interfaces] == [
        ("lan0", "eth1", "10.1.0.1/24")
    ]
    assert [subnet.interface for subnet in result.config.subnets] == ["lan0", "lan0"]


def test_a_lan_whose_device_nobody_gave_is_a_loss_that_says_what_to_give() -> None:
    result = imported(f"\nsubnet 10.0.0.0 netmask 255.255.255.0 {{ {RANGE} }}", Wishes("a"))
    (loss,) = result.losses
    assert (loss.line, loss.why, loss.advice) == (
        2,
        "dhcpd.conf does not say the device and the server's address of this LAN: "
        "lan0 does not work before it is given",
        "--interface 10.0.0.0/24=DEVICE,ADDRESS (or =relay)",
    )
    assert result.config.interfaces[0].device == "lan0"


def test_a_device_for_a_subnet_that_is_not_there_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"--interface: '10.0.0.0/24' must be a subnet that is carried: none"):
        imported("")
