"""The custom resources on a real API server: rules, defaults, columns, and the largest objects they allow."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.controller.apiserver import ApiServer
from tests.controller.largest import the_largest_group, the_largest_server
from tests.controller.manifests import Manifest, a_group, a_server
from tests.controller.rule_cases import CASES, RuleCase

ROOT = Path(__file__).resolve().parents[2]
BAD = ROOT / "tests" / "data" / "manifests" / "bad"
NAMES = ("appliancedhcpservers.dhcp.edgepair.io", "dhcpfailovergroups.dhcp.edgepair.io")
MESSAGES = {case.message for case in CASES}

CASES_ABOUT_OBJECTS = [case for case in CASES if case.before is None]
CASES_ABOUT_CHANGES = [case for case in CASES if case.before is not None]


def title(case: RuleCase) -> str:
    return case.title


def refusal(server: ApiServer, verb: str, manifest: Manifest) -> str:
    """Return why the server would not take the manifest; empty when it would."""
    done = server.kubectl(verb, "--dry-run=server", "-f", "-", stdin=json.dumps(manifest))
    return done.stderr if done.returncode else ""


def read(server: ApiServer, *what: str) -> Any:
    """Return what the server has, as it shows it."""
    return json.loads(server.kubectl("get", *what, "-o", "json").stdout)


def header(server: ApiServer, *what: str) -> str:
    """Return the columns of the table that `kubectl get` prints, with `_` inside a name."""
    line = server.kubectl("get", *what).stdout.splitlines()[0]
    return " ".join(name.replace(" ", "_") for name in re.split(r"\s{2,}", line.strip()))


def create(server: ApiServer, manifest: Manifest) -> None:
    """Create the manifest in the default namespace."""
    made = server.kubectl("create", "-f", "-", stdin=json.dumps(manifest))
    assert made.returncode == 0, made.stderr


@pytest.mark.parametrize("case", CASES_ABOUT_OBJECTS, ids=title)
def test_a_rule_lets_the_right_pass_and_says_what_to_write_instead(crds: ApiServer, case: RuleCase) -> None:
    assert refusal(crds, "create", case.accepted) == ""
    why = refusal(crds, "create", case.refused)
    assert [message for message in MESSAGES if message in why] == [case.message]
    assert "no such" not in why, "a fault of the rule itself"


@pytest.mark.parametrize("case", CASES_ABOUT_CHANGES, ids=title)
def test_a_rule_about_changes_holds_the_effective_value(crds: ApiServer, case: RuleCase) -> None:
    assert case.before is not None
    name = f"case-{CASES.index(case)}"
    before, accepted, refused = (
        each | {"metadata": {"name": name}} for each in (case.before, case.accepted, case.refused)
    )
    create(crds, before)
    assert refusal(crds, "replace", accepted) == ""
    why = refusal(crds, "replace", refused)
    assert [message for message in MESSAGES if message in why] == [case.message]


@pytest.mark.parametrize("path", sorted(BAD.glob("*.yaml")), ids=lambda path: path.stem)
def test_a_bad_manifest_gives_the_message_its_first_line_expects(crds: ApiServer, path: Path) -> None:
    expected = path.read_text().splitlines()[0].removeprefix("# refused: ")
    refused = crds.kubectl("apply", "--server-side", "--dry-run=server", "-f", str(path))
    assert refused.returncode != 0
    assert expected in refused.stderr


def test_the_server_keeps_each_definition_as_it_was_written(crds: ApiServer) -> None:
    for name in NAMES:
        written = yaml.safe_load((ROOT / "crds" / f"{name.partition('.')[0]}.yaml").read_text())
        assert read(crds, "crd", name)["spec"] == written["spec"]


def test_a_new_object_has_a_status_that_nobody_takes_for_finished(crds: ApiServer) -> None:
    for manifest in (a_group(name="fresh"), a_server(name="fresh")):
        create(crds, manifest | {"status": {"observedGeneration": 5}})
        assert read(crds, manifest["kind"], "fresh")["status"] == {"observedGeneration": -1}


def test_a_status_written_without_a_generation_keeps_minus_one(crds: ApiServer) -> None:
    create(crds, a_group(name="halfway"))
    patch = '{"status": {"observedGeneration": null, "myState": "Recover-wait"}}'
    crds.kubectl("patch", "dfg", "halfway", "--subresource=status", "--type=merge", "-p", patch)
    assert read(crds, "dfg", "halfway")["status"] == {"observedGeneration": -1, "myState": "Recover-wait"}


def test_defaults_are_in_the_object_as_the_api_promises(crds: ApiServer) -> None:
    create(crds, a_server(name="plain"))
    spec = read(crds, "ads", "plain")["spec"]
    assert spec["network"] == {"mode": "HostNetwork", "adminPort": 8443}
    assert spec["storage"] == {"size": "1Gi"}
    assert spec["placement"] == {"nodeName": "worker-1", "spread": "Required"}
    assert spec["limits"] == {"perClientPerSecond": 10, "perRelayPerSecond": 1000}
    assert spec["conflictProbe"] == {"enabled": False, "timeoutMilliseconds": 500}
    assert (spec["utilizationThresholdPercent"], spec["logLevel"], spec["suspend"]) == (80, "info", False)


def test_the_example_is_accepted(crds: ApiServer) -> None:
    accepted = crds.kubectl("create", "--dry-run=server", "-f", str(ROOT / "examples" / "pair.yaml"))
    assert accepted.returncode == 0, accepted.stderr


def test_both_kinds_are_listed_as_dhcp(crds: ApiServer) -> None:
    listed = crds.kubectl("api-resources", "--categories=dhcp", "-o", "name").stdout.split()
    assert sorted(listed) == list(NAMES)


def test_the_table_of_groups_is_the_tab(crds: ApiServer) -> None:
    create(crds, a_group(name="shown"))
    status = {
        "groupName": "lan0",
        "myState": "Communications-Interrupted",
        "myStateTime": "2026-07-01T12:00:05Z",
        "partnerState": "Unknown",
        "partnerStateTime": "2026-07-01T12:00:15Z",
        "mcltSeconds": 3600,
    }
    patch = json.dumps({"status": status})
    crds.kubectl("patch", "dfg", "shown", "--subresource=status", "--type=merge", "-p", patch)
    assert (
        header(crds, "dfg", "shown")
        == "NAME GROUP MY_STATE MY_STATE_TIME PARTNER_STATE PARTNER_STATE_TIME MCLT READY AGE"
    )
    row = crds.kubectl("get", "dfg", "shown", "--no-headers").stdout.split()
    assert row[:7] == ["shown", *(str(value) for value in status.values())]


def test_the_wide_tables_add_their_columns_at_the_end(crds: ApiServer) -> None:
    create(crds, a_group(name="wide"))
    create(crds, a_server(name="wide"))
    assert header(crds, "dfg", "wide", "-o", "wide") == (
        "NAME GROUP MY_STATE MY_STATE_TIME PARTNER_STATE PARTNER_STATE_TIME MCLT READY AGE"
        " PRIMARY SECONDARY AGREEMENT SERVING FREE BACKUP SKEW WAIT_UNTIL MESSAGE"
    )
    assert header(crds, "ads", "wide", "-o", "wide") == (
        "NAME APPLIANCE GROUP MY_STATE MY_STATE_TIME PARTNER_STATE PARTNER_STATE_TIME MCLT AGE"
        " POD NODE ADDRESS UTILIZATION"
    )


@pytest.mark.parametrize("manifest", [the_largest_group(), the_largest_server()], ids=lambda each: str(each["kind"]))
def test_the_largest_object_is_within_the_budget_of_the_rules(crds: ApiServer, manifest: Manifest) -> None:
    assert refusal(crds, "create", manifest) == ""
