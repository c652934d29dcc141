"""The chart as Helm itself lints and renders it."""

from __future__ import annotations

import subprocess
from typing import Any

import pytest
import yaml

from hack.kind.cache import LINK, ROOT

CHART = ROOT / "charts" / "edgepair"
HELM_LIMIT_S = 60
OLDEST = "1.31.0"  # what the chart says it needs; a helm of no release build believes in 1.20
Manifest = dict[str, Any]


def helm(*arguments: str) -> subprocess.CompletedProcess[str]:
    assert (LINK / "helm").exists(), f"no helm in {LINK}: run `make setup`"
    return subprocess.run(
        [LINK / "helm", *arguments], capture_output=True, text=True, timeout=HELM_LIMIT_S, check=False
    )


def render(*settings: str) -> list[Manifest]:
    flags = [flag for setting in settings for flag in ("--set", setting)]
    done = helm("template", "edgepair", str(CHART), "--namespace", "edgepair-system", "--kube-version", OLDEST, *flags)
    assert done.returncode == 0, done.stderr
    return [each for each in yaml.safe_load_all(done.stdout) if each]


def of_kind(manifests: list[Manifest], kind: str) -> list[Manifest]:
    return [each for each in manifests if each["kind"] == kind]


def test_helm_lint_finds_nothing() -> None:
    done = helm("lint", "--strict", str(CHART))
    assert done.returncode == 0, done.stdout + done.stderr
    assert "WARNING" not in done.stdout


def test_the_operator_pod_has_no_right_that_it_does_not_need() -> None:
    (deployment,) = of_kind(render(), "Deployment")
    pod = deployment["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    assert pod["securityContext"]["runAsUser"] == 65532
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert container["image"] == "edgepair/operator:0.1.0"
    assert {"name": "EDGEPAIR_ENGINE_IMAGE", "value": "edgepair/engine:0.1.0"} in container["env"]


def test_the_custom_resource_definitions_stay_when_the_release_goes() -> None:
    crds = of_kind(render(), "CustomResourceDefinition")
    assert {each["metadata"]["name"] for each in crds} == {
        "dhcpfailovergroups.dhcp.edgepair.io",
        "appliancedhcpservers.dhcp.edgepair.io",
    }
    assert all(each["metadata"]["annotations"]["helm.sh/resource-policy"] == "keep" for each in crds)
    assert of_kind(render("crds.enabled=false"), "CustomResourceDefinition") == []


def test_one_namespace_to_watch_needs_no_cluster_wide_writing() -> None:
    manifests = render("operator.watchNamespace=site-a", "rbac.aggregate=false")
    assert of_kind(manifests, "ClusterRole") == []
    (role,) = of_kind(manifests, "Role")
    assert role["metadata"]["namespace"] == "site-a"


def test_whoever_may_view_sees_the_states_and_may_not_change_them() -> None:
    view = next(
        each
        for each in of_kind(render(), "ClusterRole")
        if each["metadata"]["labels"].get("rbac.authorization.k8s.io/aggregate-to-view")
    )
    assert {verb for rule in view["rules"] for verb in rule["verbs"]} == {"get", "list", "watch"}


@pytest.mark.parametrize(
    ("setting", "complaint"),
    [
        ("operator.logLevel=loud", "logLevel"),
        ("operator.watchNamespace=Not_A_Namespace", "watchNamespace"),
        ("operatr.image.tag=x", "operatr"),
        ("engine.image.pullPolicy=Sometimes", "pullPolicy"),
    ],
)
def test_a_wrong_value_is_refused_by_its_name(setting: str, complaint: str) -> None:
    done = helm("template", "edgepair", str(CHART), "--kube-version", OLDEST, "--set", setting)
    assert done.returncode != 0
    assert complaint in done.stderr
