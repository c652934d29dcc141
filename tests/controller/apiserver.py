"""A real API server without nodes: etcd and kube-apiserver alone, for tests of CRDs, rules and the operator.

    with api_server(tmp_path) as server:
        server.kubectl("apply", "--server-side", "-f", "crds/")

Ready in about three seconds. No controllers run: nothing makes pods from a StatefulSet, nothing collects garbage.
"""

import os
import secrets
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

START_LIMIT_S = 60.0  # three seconds when the machine is idle, twenty beside a compiler
POLL_S = 0.1
END_LIMIT_S = 10.0
KUBECTL_LIMIT_S = 60.0

BUILT_BIN = Path(__file__).resolve().parents[2] / "build" / "kind" / "bin"

Process = subprocess.Popen[bytes]

KUBECONFIG = """\
apiVersion: v1
kind: Config
clusters: [{{name: test, cluster: {{server: "{url}", certificate-authority: "{ca}"}}}}]
users: [{{name: admin, user: {{token: "{token}"}}}}]
contexts: [{{name: test, context: {{cluster: test, user: admin}}}}]
current-context: test
"""


class ServerFailed(Exception):
    """The control plane could not start; the text says why and ends with its last log lines."""


@dataclass(frozen=True, slots=True)
class ApiServer:
    """Where a running API server is and who may do everything on it."""

    url: str
    token: str
    ca: Path
    kubeconfig: Path
    folder: Path

    def kubectl(self, *args: str, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
        """Return kubectl's outcome, whatever it is: a refusal is often what a test wants to read."""
        return subprocess.run(
            [programs() / "kubectl", "--kubeconfig", self.kubeconfig, *args],
            input=stdin,
            capture_output=True,
            text=True,
            timeout=KUBECTL_LIMIT_S,
            check=False,
        )


def programs() -> Path:
    """Return the folder of kube-apiserver, etcd and kubectl: KUBEBUILDER_ASSETS, else what `make setup` built."""
    return Path(os.environ.get("KUBEBUILDER_ASSETS", BUILT_BIN))


def missing_programs() -> str | None:
    """Return why no API server can run here, or None when one can: the reason of a test's skip."""
    absent = [name for name in ("kube-apiserver", "etcd", "kubectl") if not (programs() / name).exists()]
    if not absent:
        return None
    return f"no {', '.join(absent)} in {programs()}: run `make setup`, or set KUBEBUILDER_ASSETS"


@contextmanager
def api_server(folder: Path) -> Iterator[ApiServer]:
    """Run etcd and kube-apiserver with their files in folder, and end both with the block.

    Raises: ServerFailed when they are not ready within START_LIMIT_S.
    """
    client_port, peer_port, secure_port = _free_ports(3)
    server = _write_files(folder, secure_port)
    with ExitStack() as running:
        commands = (_etcd(folder, client_port, peer_port), _kube_apiserver(folder, client_port, secure_port))
        _wait_until_ready(server, [running.enter_context(_process(folder, each)) for each in commands])
        yield server


def _free_ports(count: int) -> list[int]:
    with ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


def _write_files(folder: Path, port: int) -> ApiServer:
    token = secrets.token_hex(16)
    (folder / "tokens.csv").write_text(f"{token},admin,admin,system:masters\n")
    key = ["openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", "service-accounts.key"]
    subprocess.run(key, cwd=folder, check=True, capture_output=True, timeout=KUBECTL_LIMIT_S)
    server = ApiServer(
        url=f"https://127.0.0.1:{port}",
        token=token,
        ca=folder / "certs" / "apiserver.crt",
        kubeconfig=folder / "kubeconfig",
        folder=folder,
    )
    server.kubeconfig.write_text(KUBECONFIG.format(url=server.url, token=token, ca=server.ca))
    return server


def _etcd(folder: Path, client_port: int, peer_port: int) -> list[str]:
    client, peer = f"http://127.0.0.1:{client_port}", f"http://127.0.0.1:{peer_port}"
    return [
        "etcd",
        "--name=test",
        f"--data-dir={folder}/etcd",
        "--unsafe-no-fsync",
        "--log-level=warn",
        f"--listen-client-urls={client}",
        f"--advertise-client-urls={client}",
        f"--listen-peer-urls={peer}",
        f"--initial-advertise-peer-urls={peer}",
        f"--initial-cluster=test={peer}",
    ]


def _kube_apiserver(folder: Path, etcd_port: int, secure_port: int) -> list[str]:
    # Without controllers nobody makes service accounts, so their admission would refuse every pod.
    return [
        "kube-apiserver",
        f"--etcd-servers=http://127.0.0.1:{etcd_port}",
        "--bind-address=127.0.0.1",
        f"--secure-port={secure_port}",
        f"--cert-dir={folder}/certs",
        f"--token-auth-file={folder}/tokens.csv",
        "--service-cluster-ip-range=10.96.0.0/16",
        "--authorization-mode=RBAC",
        "--allow-privileged",
        "--service-account-issuer=https://kubernetes.default.svc",
        "--disable-admission-plugins=ServiceAccount",
        f"--service-account-key-file={folder}/service-accounts.key",
        f"--service-account-signing-key-file={folder}/service-accounts.key",
    ]


@contextmanager
def _process(folder: Path, command: list[str]) -> Iterator[Process]:
    # Killed, not asked to end: the data is thrown away, and a kube-apiserver that ends in peace takes ten
    # seconds and more. setpriv has the kernel do the same when the test process itself is killed.
    name, *args = command
    with (folder / f"{name}.log").open("wb") as log:
        process = subprocess.Popen(
            ["setpriv", "--pdeathsig=KILL", programs() / name, *args], stdout=log, stderr=log, stdin=subprocess.DEVNULL
        )
        try:
            yield process
        finally:
            process.kill()
            process.wait(END_LIMIT_S)


def _wait_until_ready(server: ApiServer, processes: list[Process]) -> None:
    give_up_at = time.monotonic() + START_LIMIT_S
    while time.monotonic() < give_up_at and all(each.poll() is None for each in processes):
        if server.kubectl("get", "--raw=/readyz").returncode == 0:
            return
        time.sleep(POLL_S)
    logs = "\n".join(_last_lines(server.folder / f"{name}.log") for name in ("etcd", "kube-apiserver"))
    raise ServerFailed(f"ended, or not ready within {START_LIMIT_S:.0f} s:\n{logs}")


def _last_lines(log: Path) -> str:
    return "\n".join([f"{log.name}:", *log.read_text(errors="replace").splitlines()[-5:]])
