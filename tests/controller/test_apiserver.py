"""The API server of the controller tests is a real one, and leaves nothing behind."""

from pathlib import Path

import pytest

from tests.controller.apiserver import ApiServer, ServerFailed, api_server, missing_programs, programs


def test_the_server_keeps_what_it_is_given(server: ApiServer) -> None:
    assert server.kubectl("create", "namespace", "kept").returncode == 0
    assert server.kubectl("get", "namespace", "kept", "-o", "name").stdout == "namespace/kept\n"


def test_the_server_refuses_what_its_schema_does_not_allow(server: ApiServer) -> None:
    refused = server.kubectl("create", "namespace", "Not_A_Name")
    assert refused.returncode == 1
    assert "a lowercase RFC 1123 label must consist of" in refused.stderr


def test_a_server_that_cannot_start_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if reason := missing_programs():
        pytest.skip(reason)
    (tmp_path / "bin").mkdir()
    for name in ("etcd", "kubectl"):
        (tmp_path / "bin" / name).symlink_to(programs() / name)
    (tmp_path / "bin" / "kube-apiserver").symlink_to("/bin/false")
    monkeypatch.setenv("KUBEBUILDER_ASSETS", str(tmp_path / "bin"))
    with pytest.raises(ServerFailed, match=r"kube-apiserver\.log"), api_server(tmp_path):
        pytest.fail("started")
