"""What a network engineer reads in kubectl is what the servers are in."""

from __future__ import annotations

import json

import pytest

from tests.e2e.kube import Kube, masked
from tests.e2e.lonely import lonely_group
from tests.e2e.pair import GROUP, NORMAL_LIMIT_S, Pair

pytestmark = pytest.mark.gate

GROUPS = """\
NAME GROUP MY STATE MY STATE TIME PARTNER STATE PARTNER STATE TIME MCLT READY AGE
east-lan0 lan0 Normal <time> Normal <time> 3600 True <age>"""

SERVERS = """\
NAME APPLIANCE GROUP MY STATE MY STATE TIME PARTNER STATE PARTNER STATE TIME MCLT AGE
ec-east-1 EC-East-1 lan0 Normal <time> Normal <time> 3600 <age>
ec-east-2 EC-East-2 lan0 Normal <time> Normal <time> 3600 <age>"""


def test_both_servers_are_normal_within_a_minute_of_apply(applied_pair: Pair) -> None:
    status = applied_pair.wait_until_normal(within_s=NORMAL_LIMIT_S)
    assert (status["myState"], status["partnerState"], status["mcltSeconds"]) == ("Normal", "Normal", 3600)
    assert (status["agreement"], status["servingText"]) == ("Agreed", "both half")


def test_kubectl_prints_the_tab(pair: Pair) -> None:
    assert masked(pair.kube.run("get", "dhcpfailovergroups")) == GROUPS
    assert masked(pair.kube.run("get", "ads")) == SERVERS


def test_a_pair_at_rest_is_not_written_to(pair: Pair) -> None:
    pair.wait_for_counts()
    before, written = _versions(pair.kube), _operator_wrote(pair.kube)
    # The operator is made to look again at everything: a label is a change that asks for nothing.
    for value in ("one", "two"):
        pair.kube.run("label", "dfg", GROUP, f"edgepair-test={value}", "--overwrite")
    pair.kube.run("label", "dfg", GROUP, "edgepair-test-")
    with lonely_group(pair.kube):  # the queue is in order: when this one is told of, the labels were looked at
        after = _versions(pair.kube)
    assert {name for name in before if before[name] != after[name]} == {f"DhcpFailoverGroup/{GROUP}"}
    assert _operator_wrote(pair.kube) == written


def _operator_wrote(kube: Kube) -> list[str]:
    """Return when the operator wrote the group last."""
    group = json.loads(kube.run("get", "dfg", GROUP, "-o", "json", "--show-managed-fields"))
    fields = group["metadata"]["managedFields"]
    return [field["time"] for field in fields if field["manager"] == "edgepair-operator"]


def _versions(kube: Kube) -> dict[str, str]:
    objects = kube.items("dfg,ads,statefulsets,services,configmaps,serviceaccounts,poddisruptionbudgets")
    return {f"{each['kind']}/{each['metadata']['name']}": each["metadata"]["resourceVersion"] for each in objects}
