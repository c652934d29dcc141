"""Every program of the cluster, compiled from the Go module proxy: no binary is downloaded."""

import json
import os
import shutil
from pathlib import Path

from hack.kind.image.versions import HELM, KIND, KUBERNETES
from hack.kind.steps import CannotContinue, run, step

HERE = Path(__file__).resolve().parent
HYPER_NAMES = (
    "etcd",
    "kube-apiserver",
    "kube-controller-manager",
    "kube-proxy",
    "kube-scheduler",
    "kubeadm",
    "kubectl",
    "kubelet",
    "netd",
)
COMPILE_LIMIT_S = 3600.0  # 440 s for Kubernetes on two idle cores
QUERY_LIMIT_S = 120.0
GO_MINOR_MIN = 26  # Kubernetes' own go.mod asks for go 1.26


def compile_tools(out: Path) -> None:
    """Compile hyper (with a link for each of its programs), kind and helm into out."""
    _check_go()
    with step(f"compile Kubernetes {KUBERNETES} and etcd in one binary (7 minutes on two cores when new)"):
        _go_build(HERE / "hyper", out / "hyper", flags=_version_flags())
        for name in HYPER_NAMES:
            (out / name).symlink_to("hyper")
    with step(f"compile kind {KIND}"):
        _go_install(f"sigs.k8s.io/kind@{KIND}", out)
    with step(f"compile helm {HELM}"):
        _go_install(f"helm.sh/helm/v3/cmd/helm@{HELM}", out)


def compile_node_programs(out: Path) -> None:
    """Compile what only the node image needs into out: DNS, policies, storage, pause."""
    _check_go()
    with step("compile coredns"):
        _go_build(HERE / "coredns", out / "coredns")
    with step("compile netpol"):
        _go_build(HERE / "netpol", out / "netpol")
    with step("compile local-path-provisioner and pause"):
        provisioner = "github.com/rancher/local-path-provisioner"
        _go_build(HERE / "hyper", out / "local-path-provisioner", package=provisioner)
        _go_build(HERE / "pause", out / "pause")


def kind_source() -> Path:
    """Return the folder of kind's module: it holds the files of kind's base image."""
    found = run("go", "mod", "download", "-json", f"sigs.k8s.io/kind@{KIND}", limit_s=QUERY_LIMIT_S)
    return Path(json.loads(found)["Dir"])


def go_architecture() -> str:
    """Return the machine's architecture as images name it: amd64, arm64."""
    return run("go", "env", "GOARCH", limit_s=QUERY_LIMIT_S).strip()


def _check_go() -> None:
    if shutil.which("go") is None:
        raise CannotContinue(f"Go 1.{GO_MINOR_MIN} or newer is needed to compile the cluster, and there is no go")
    version = run("go", "env", "GOVERSION", limit_s=QUERY_LIMIT_S, cwd=HERE).strip()
    if int(version.split(".")[1]) < GO_MINOR_MIN:
        raise CannotContinue(f"Go 1.{GO_MINOR_MIN} or newer is needed to compile the cluster; this is {version}")


def _version_flags() -> str:
    # kubeadm and the API server compare these with each other: they must be true.
    package, minor = "k8s.io/component-base/version", KUBERNETES.split(".")[1]
    values = {"gitVersion": KUBERNETES, "gitMajor": "1", "gitMinor": minor, "gitTreeState": "clean"}
    return " ".join(f"-X {package}.{name}={value}" for name, value in values.items())


def _go_build(module: Path, out: Path, *, package: str = ".", flags: str = "") -> None:
    command = ("go", "build", "-trimpath", "-buildvcs=false", "-ldflags", f"-s -w {flags}", "-o", out, package)
    run(*command, limit_s=COMPILE_LIMIT_S, cwd=module, env=_static())


def _go_install(package: str, out: Path) -> None:
    command = ("go", "install", "-trimpath", "-ldflags", "-s -w", package)
    run(*command, limit_s=COMPILE_LIMIT_S, env=_static() | {"GOBIN": str(out)})


def _static() -> dict[str, str]:
    return {**os.environ, "CGO_ENABLED": "0"}
