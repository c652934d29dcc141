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
}


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
