"""One real API server for all controller tests of a run."""

from collections.abc import Iterator

import pytest

from tests.controller.apiserver import ApiServer, api_server, missing_programs


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApiServer]:
    """A running API server; tests keep apart by namespace."""
    if reason := missing_programs():
        pytest.skip(reason)
    with api_server(tmp_path_factory.mktemp("apiserver")) as running:
        yield running
