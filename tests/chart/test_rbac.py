"""The chart gives the operator the rights it uses, every one and no other."""

from __future__ import annotations

from edgepair_operator.kube.resources import RESOURCES
from tests.chart.test_chart import of_kind, render

Right = tuple[str, str, str]


def test_the_role_is_what_the_operator_uses() -> None:
    role = next(each for each in of_kind(render(), "ClusterRole") if each["metadata"]["name"] == "edgepair-operator")
    granted = {
        (group, resource, verb)
        for rule in role["rules"]
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }
    assert granted == used()


def used() -> set[Right]:
    rights: set[Right] = set()
    for resource in RESOURCES.values():
        group = resource.api_version.rpartition("/")[0]
        rights |= {(group, resource.plural, verb) for verb in resource.verbs}
        rights |= {(group, f"{resource.plural}/status", verb) for verb in resource.status_verbs}
    return rights
