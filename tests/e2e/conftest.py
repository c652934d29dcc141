"""One cluster for all cases, the operator installed from the chart, the example pair applied."""

from __future__ import annotations

import pytest

from hack.install import main as install_operator
from hack.kind.cache import LINK
from hack.kind.cluster import KUBECONFIG
from tests.e2e.kube import Kube
from tests.e2e.pair import Pair


@pytest.fixture(scope="session")
def kube() -> Kube:
    """Return kubectl in the namespace of the tests; the cluster must be up (`make e2e` sees to it)."""
    assert KUBECONFIG.exists(), "no cluster: run `python -m hack.kind.cluster up`, or `make e2e`"
    return Kube(LINK / "kubectl", KUBECONFIG, "default")


@pytest.fixture(scope="session")
def operator(kube: Kube) -> Kube:
    """Return kubectl once the operator runs, installed as the README says, and no pair of an earlier run is left."""
    install_operator()
    Pair(kube).delete()
    return kube


@pytest.fixture(scope="session")
def applied_pair(operator: Kube) -> Pair:
    """Return the example pair, applied to an empty namespace."""
    pair = Pair(operator)
    pair.apply()
    return pair


@pytest.fixture
def pair(applied_pair: Pair) -> Pair:
    """Return the example pair as every case wants it: applied, both servers Normal, the group Ready."""
    applied_pair.apply()
    applied_pair.wait_until_normal()
    return applied_pair
