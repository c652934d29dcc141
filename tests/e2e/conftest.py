"""One cluster for all cases, the operator installed from the chart, the example pair applied."""

from __future__ import annotations

import re
from collections.abc import Generator

import pytest

from hack.install import main as install_operator
from hack.kind.cache import LINK, ROOT
from hack.kind.cluster import KUBECONFIG
from tests.e2e.collect import collect
from tests.e2e.kube import Kube
from tests.e2e.pair import Pair

OUTPUT = ROOT / "tests" / "e2e" / "output"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Collect what there is to see at the moment a case fails, before the next one changes it."""
    report = yield
    if report.failed and KUBECONFIG.exists():
        folder = collect(_kube(), OUTPUT / re.sub(r"\W+", "-", item.name))
        report.sections.append(("collected from the cluster", str(folder)))
    return report


@pytest.fixture(scope="session")
def kube() -> Kube:
    """Return kubectl in the namespace of the tests; the cluster must be up (`make e2e` sees to it)."""
    assert KUBECONFIG.exists(), "no cluster: run `python -m hack.kind.cluster up`, or `make e2e`"
    return _kube()


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


def _kube() -> Kube:
    return Kube(LINK / "kubectl", KUBECONFIG, "default")
