"""A wrong configuration is refused with path, value and limit."""

from __future__ import annotations

import json
from typing import Any

import pytest

from edgepair_contract.config import MemberConfig, parse_member_config
from edgepair_contract.errors import ConfigError


def a_member(**changes: Any) -> dict[str, Any]:
    member: dict[str, Any] = {
        "server": "ec-east-1",
        "interfaces": [{"name": "lan0", "device": "eth1", "address": "10.1.0.2/24"}],
        "groups": [a_group()],
    }
    return member | changes


def a_group(**changes: Any) -> dict[str, Any]:
    group: dict[str, Any] = {
        "name": "lan0",
        "role": "primary",
        "my_address": "10.1.0.2",
        "partner_address": "10.1.0.3",
        "subnets": [a_subnet()],
    }
    return group | changes


def a_subnet(**changes: Any) -> dict[str, Any]:
    subnet: dict[str, Any] = {
        "interface": "lan0",
        "prefix": "10.1.0.0/24",
        "pools": [{"start": "10.1.0.50", "end": "10.1.0.250"}],
    }
    return subnet | changes


def a_reservation(**changes: Any) -> dict[str, Any]:
    return {"ip": "10.1.0.9", "mac": "02:00:00:00:00:09"} | changes


WRONG = {
    "mclt of nought": (a_member(groups=[a_group(mclt_s=0)]), "groups[0].mclt_s: 0 is refused: "),
    "split above 256": (a_member(groups=[a_group(split=257)]), "groups[0].split: 257 is refused: "),
    "an unknown word": (a_member(mcltt=3), "mcltt: 3 is refused: "),
    "a range outside its prefix": (
        a_member(groups=[a_group(subnets=[a_subnet(pools=[{"start": "10.2.0.1", "end": "10.2.0.9"}])])]),
        "range address 10.2.0.1 must lie in 10.1.0.0/24",
    ),
    "a range that ends before it starts": (
        a_member(groups=[a_group(subnets=[a_subnet(pools=[{"start": "10.1.0.9", "end": "10.1.0.1"}])])]),
        "start 10.1.0.9 must not come after end 10.1.0.1",
    ),
    "an interface the server lacks": (a_member(interfaces=[]), "names interface lan0, which this server lacks"),
    "two groups of one name": (a_member(groups=[a_group(), a_group()]), "two of lan0"),
    "a revision that no store can hold": (a_member(revision=2**63), "revision: 9223372036854775808 is refused: "),
    "more packets a second than a number holds": (a_member(per_client_per_second=10**400), "per_client_per_second: "),
    "a device that the kernel cannot have": (
        a_member(interfaces=[{"name": "lan0", "device": "eth\x001", "address": "10.1.0.2/24"}]),
        "interfaces[0].device: 'eth\\x001' is refused: ",
    ),
    "a partner whose name is none": (
        a_member(groups=[a_group(partner_address="dhcp..example")]),
        "groups[0].partner_address: 'dhcp..example' is refused: ",
    ),
    "a partner with a label too long": (
        a_member(groups=[a_group(partner_address="x" * 64 + ".example")]),
        "groups[0].partner_address: ",
    ),
    "a subnet inside another": (
        a_member(subnets=[a_subnet(prefix="10.0.0.0/8", pools=[{"start": "10.0.0.1", "end": "10.0.0.9"}])]),
        "prefixes 10.0.0.0/8 and 10.1.0.0/24 overlap",
    ),
    "more addresses than memory is meant for": (
        a_member(subnets=[a_subnet(prefix="11.0.0.0/8", pools=[{"start": "11.0.0.1", "end": "11.255.255.254"}])]),
        "the ranges hold 16777415 addresses, 1048576 are possible",
    ),
    "a reservation that the pool could give away": (
        a_member(groups=[a_group(subnets=[a_subnet(reservations=[a_reservation(ip="10.1.0.60")])])]),
        "reservation 10.1.0.60 must lie outside range 10.1.0.50-10.1.0.250",
    ),
    "a reservation of another network": (
        a_member(groups=[a_group(subnets=[a_subnet(reservations=[a_reservation(ip="10.2.0.9")])])]),
        "reservation 10.2.0.9 must lie in 10.1.0.0/24",
    ),
    "one address for two clients": (
        a_member(
            groups=[a_group(subnets=[a_subnet(reservations=[a_reservation(), a_reservation(mac="02:00:00:00:00:08")])])]
        ),
        "reserved addresses must differ, but there are two of 10.1.0.9",
    ),
    "two addresses for one client": (
        a_member(groups=[a_group(subnets=[a_subnet(reservations=[a_reservation(), a_reservation(ip="10.1.0.8")])])]),
        "clients with a reservation must differ, but there are two of 02:00:00:00:00:09",
    ),
    "an option that the server writes itself": (
        a_member(groups=[a_group(subnets=[a_subnet(options=[{"code": 53, "hex": "05"}])])]),
        "option 53 is the server's own to write",
    ),
}


@pytest.mark.protocol(41, 42, "Q5")
@pytest.mark.parametrize(
    ("field", "least"), [("max_response_delay_s", 3), ("max_unacked_updates", 1)], ids=["timer", "window"]
)
def test_a_number_that_would_stall_or_flood_a_dhcpd_is_refused(field: str, least: int) -> None:
    """A dhcpd sends CONTACTs without pause when the timer that it is told is below 3 s."""
    parse_member_config(json.dumps(a_member(groups=[a_group(**{field: least})])))
    with pytest.raises(ConfigError, match=rf"groups\[0\].{field}: {least - 1} is refused"):
        parse_member_config(json.dumps(a_member(groups=[a_group(**{field: least - 1})])))


@pytest.mark.protocol(31)
def test_both_servers_use_port_647_if_nothing_else_is_said() -> None:
    group = parse_member_config(json.dumps(a_member(groups=[a_group()]))).groups[0]
    assert (group.my_port, group.partner_port) == (647, 647)


def test_a_refusal_does_not_repeat_the_whole_document() -> None:
    with pytest.raises(ConfigError) as caught:
        parse_member_config(json.dumps(a_member(interfaces=[])) + " " * 10_000)
    assert len(str(caught.value)) < 400
    with pytest.raises(ConfigError) as caught:
        parse_member_config("{" + " " * 10_000)
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize(("document", "message"), WRONG.values(), ids=WRONG.keys())
def test_a_wrong_configuration_says_what_is_wrong(document: dict[str, Any], message: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_member_config(json.dumps(document))
    assert message in str(caught.value)


def test_what_is_no_json_is_refused() -> None:
    with pytest.raises(ConfigError, match="document"):
        parse_member_config("{")


def test_the_digest_names_the_content_and_not_the_revision() -> None:
    first = MemberConfig.model_validate(a_member(revision=1))
    second = MemberConfig.model_validate(a_member(revision=2))
    other = MemberConfig.model_validate(a_member(groups=[a_group(mclt_s=60)]))
    assert first.digest == second.digest != other.digest


# dhcpd's limits on `failover peer` (protocol reference 7.1) as far as a value by itself can break them. A secondary's
# mclt and split are not wrong, they only wait: the primary's word replaces them at every CONNECT.


@pytest.mark.protocol(157)
@pytest.mark.parametrize(
    ("field", "good", "wrong"),
    [
        ("split", [0, 128, 256], [-1, 257, None, "ff"]),
        ("mclt_s", [1, 3600, 86400], [-1, 0, 86401, None]),
        ("max_response_delay_s", [3, 10, 3600], [0, 2, 3601, None]),
        ("max_unacked_updates", [1, 10, 65535], [-1, 0, 65536, None]),
        ("load_balance_max_s", [0, 5, 65535], [-1, 65536, None]),
        ("auto_partner_down_s", [0, 60], [-1, None]),
        ("max_lease_misbalance_percent", [0, 15, 100], [-1, 101, None]),
        ("max_lease_ownership_percent", [0, 10, 100], [-1, 101, None]),
        ("min_balance_s", [0, 60], [-1, None]),
        ("max_balance_s", [0, 3600], [-1, None]),
        ("my_port", [1, 647, 65535], [0, 65536, None]),
        ("partner_port", [1, 647, 65535], [0, 65536, None]),
        ("role", ["primary", "secondary"], ["", "both", None]),
        ("partner_address", ["10.1.0.3", "dhcp-b.example"], ["", "10.1.0.3/24", None]),
        ("subnets", [[a_subnet()]], [[], None]),
    ],
    ids=lambda part: part if isinstance(part, str) else "",
)
def test_the_limits_of_a_failover_group(field: str, good: list[object], wrong: list[object]) -> None:
    for value in good:
        parse_member_config(json.dumps(a_member(groups=[a_group(**{field: value})])))
    for value in wrong:
        with pytest.raises(ConfigError) as caught:
            parse_member_config(json.dumps(a_member(groups=[a_group(**{field: value})])))
        assert f"groups[0].{field}" in str(caught.value)


@pytest.mark.protocol(157)
@pytest.mark.parametrize("field", ["role", "my_address", "partner_address", "subnets", "name"])
def test_what_a_failover_group_cannot_do_without(field: str) -> None:
    group = a_group()
    del group[field]
    with pytest.raises(ConfigError) as caught:
        parse_member_config(json.dumps(a_member(groups=[group])))
    assert f"groups[0].{field}" in str(caught.value)


@pytest.mark.protocol(157)
@pytest.mark.parametrize("statement", ["hba", "primary", "peer_port"])
def test_a_word_that_no_group_has_is_refused(statement: str) -> None:
    with pytest.raises(ConfigError) as caught:
        parse_member_config(json.dumps(a_member(groups=[a_group(**{statement: "00" * 32})])))
    assert f"groups[0].{statement}" in str(caught.value)
