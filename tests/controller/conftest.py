"""One real API server for all controller tests of a run."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.controller.apiserver import ApiServer, api_server, missing_programs

CRDS = Path(__file__).resolve().parents[2] / "crds"


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    """A running API server; tests keep apart by namespace."""
    if reason := missing_programs():
        pytest.skip(reason)
    with api_server(tmp_path_factory.mktemp("apiserver")) as running:
        yield running


@pytest.fixture(scope="session")
def crds(server: ApiServer) -> ApiServer:
    """An API server that knows our kinds."""
    applied = server.kubectl("apply", "--server-side", "-f", str(CRDS))
    assert applied.returncode == 0, applied.stderr
    established = server.kubectl("wait", "--for=condition=Established", "--timeout=30s", "-f", str(CRDS))
    assert established.returncode == 0, established.stderr
    return server
