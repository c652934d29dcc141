"""How the operator ends when it cannot begin: one line that says what to mend, and exit code 78."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

END_LIMIT_S = 30.0
KUBECONFIG = """\
apiVersion: v1
kind: Config
clusters: [{name: here, cluster: {server: "http://127.0.0.1:9"}}]
users: [{name: me, user: {}}]
contexts: [{name: here, context: {cluster: here, user: me}}]
current-context: here
"""


def run(kubeconfig: Path, port: int = 0) -> subprocess.CompletedProcess[str]:
    flags = ["--http-address", "127.0.0.1", "--http-port", str(port)]
    return subprocess.run(
        [sys.executable, "-m", "edgepair_operator.main", "run", *flags],
        env={**os.environ, "KUBECONFIG": str(kubeconfig)},
        capture_output=True,
        text=True,
        timeout=END_LIMIT_S,
        check=False,
    )


def test_a_kubeconfig_that_names_no_cluster_is_said_in_one_line(tmp_path: Path) -> None:
    done = run(tmp_path / "none")
    assert done.returncode == 78
    assert done.stderr.startswith(f"edgepair-operator: KUBECONFIG: '{tmp_path / 'none'}' must name a cluster")
    assert done.stderr.count("\n") == 1


def test_a_port_that_is_taken_is_said_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "kubeconfig").write_text(KUBECONFIG)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = run(tmp_path / "kubeconfig", port)
    assert done.returncode == 78
    assert done.stderr.startswith(f"edgepair-operator: --http-port: {port} cannot be listened on: ")
    assert done.stderr.count("\n") == 1
