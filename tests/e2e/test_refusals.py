"""What cannot be right is said at once: by the API server where one object shows it, else by the operator."""

from __future__ import annotations

import pytest

from hack.kind.cache import ROOT
from tests.e2e.kube import Kube
from tests.e2e.lonely import lonely_group

pytestmark = pytest.mark.gate

BAD = ROOT / "tests" / "data" / "manifests" / "bad"  # all of them, and every rule, meet the server in tests/controller


@pytest.mark.parametrize("name", ["range-outside-prefix", "same-server-twice", "tagged-interface"])
def test_a_bad_manifest_is_refused_with_the_rules_own_words(operator: Kube, name: str) -> None:
    path = BAD / f"{name}.yaml"
    expected = path.read_text().splitlines()[0].removeprefix("# refused: ")
    refused = operator.try_run("apply", "--server-side", "-f", str(path))
    assert refused.returncode == 1
    assert expected in refused.stderr


def test_a_group_that_names_a_missing_server_says_which(operator: Kube) -> None:
    with lonely_group(operator) as stalled:
        assert stalled["status"] == "True"
        assert "ec-nowhere-1" in stalled["message"]
