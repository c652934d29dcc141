"""The "server tarball" that `kind build node-image --type file` takes, with every image that kind would pull.

kind loads the four archives that a Kubernetes release has. Ours carry the images of a release and all others that
kubeadm and kind ask for, under the names by which they ask.
"""

import re
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from hack.kind.image.archives import Image, Link, Program, add_bytes, write_archive, write_layer
from hack.kind.image.programs import HYPER_NAMES, go_architecture
from hack.kind.image.versions import KUBERNETES
from hack.kind.steps import CannotContinue, run

SHELL_NAMES = ("sh", "mkdir", "rm", "sleep")
IPTABLES_NAMES = tuple(f"{name}{what}" for name in ("iptables", "ip6tables") for what in ("", "-save", "-restore"))
QUERY_LIMIT_S = 60.0


@dataclass(frozen=True, slots=True)
class Parts:
    """What the tarball is made from: compiled programs, a small Debian root, kind's own source, a folder to work in."""

    programs: Path
    small_root: Path
    kind: Path
    work: Path


def write_server_tarball(out: Path, parts: Parts) -> None:
    """Write the tarball to out."""
    layers, architecture = _write_layers(parts), go_architecture()
    with tarfile.open(out, "w:gz", compresslevel=1) as tarball:
        add_bytes(tarball, "kubernetes/version", KUBERNETES.encode())
        for name in ("kubeadm", "kubelet", "kubectl"):
            # Two lines instead of a link: kind's reader writes plain files only. The base image holds the binary.
            script = f'#!/bin/sh\nexec /usr/local/bin/hyper {name} "$@"\n'
            add_bytes(tarball, f"kubernetes/server/bin/{name}", script.encode(), mode=0o755)
        for name, images in _archives(parts).items():
            archive = parts.work / f"{name}.tar"
            write_archive(archive, images, layers=layers, architecture=architecture)
            tarball.add(archive, f"kubernetes/server/bin/{name}.tar")
            archive.unlink()


def _write_layers(parts: Parts) -> Mapping[str, Path]:
    """Write the layers, each once however many images share it, and return their tars by name."""
    built: Mapping[str, Sequence[Program | Link]] = {
        "links": [
            *(Link("busybox", f"bin/{name}") for name in SHELL_NAMES),
            # No package script ran in the small root, so nothing chose between iptables' two back ends.
            *(Link("xtables-nft-multi", f"usr/sbin/{name}") for name in IPTABLES_NAMES),
        ],
        "hyper": [
            Program(parts.programs / "hyper", "usr/local/bin/hyper"),
            *(Link("hyper", f"usr/local/bin/{name}") for name in HYPER_NAMES),
        ],
        "netpol": [Program(parts.programs / "netpol", "usr/local/bin/netpol")],
        "coredns": [Program(parts.programs / "coredns", "coredns")],
        "storage": [Program(parts.programs / "local-path-provisioner", "usr/local/bin/local-path-provisioner")],
        "pause": [Program(parts.programs / "pause", "pause")],
    }
    for name, entries in built.items():
        write_layer(_layer(parts, name), entries)
    return {"root": parts.small_root} | {name: _layer(parts, name) for name in built}


def _layer(parts: Parts, name: str) -> Path:
    return parts.work / f"layer-{name}.tar"


def _archives(parts: Parts) -> Mapping[str, Sequence[Image]]:
    """Return the images of each archive; the archives' names are those of a release, and mean nothing else."""
    asked = run(
        parts.programs / "kubeadm",
        "config",
        "images",
        "list",
        "--kubernetes-version",
        KUBERNETES,
        limit_s=QUERY_LIMIT_S,
    )

    def tags(word: str) -> tuple[str, ...]:
        return tuple(tag for tag in asked.split() if word in tag)

    base = ("root", "links")
    storage = Image(
        (_kind_image(parts.kind, "local-path-provisioner"),), (*base, "storage"), ("local-path-provisioner",)
    )
    return {
        "kube-apiserver": [
            Image(tags("/kube-"), (*base, "hyper")),
            Image(tags("/etcd:"), (*base, "hyper"), ("etcd",)),
            Image((_kind_image(parts.kind, "kindnetd"),), (*base, "hyper", "netpol"), ("netd",)),
        ],
        "kube-controller-manager": [Image(tags("/coredns:"), ("coredns",), ("/coredns",))],
        "kube-scheduler": [storage, Image((_kind_image(parts.kind, "local-path-helper"),), base, ("sh",))],
        "kube-proxy": [Image((_sandbox_image(parts.kind), *tags("/pause:")), ("pause",), ("/pause",))],
    }


def _kind_image(kind: Path, name: str) -> str:
    """Return the name under which kind's own manifests ask for one of its images."""
    folder = kind / "pkg" / "build" / "nodeimage"
    for source in ("const_cni.go", "const_storage.go"):
        if found := re.search(rf'"([^"]*kindest/{name}:[^"]+)"', (folder / source).read_text()):
            return found[1]
    raise CannotContinue(f"kind's source in {folder} names no image {name}")


def _sandbox_image(kind: Path) -> str:
    config = (kind / "images" / "base" / "files" / "etc" / "containerd" / "config.toml").read_text()
    found = re.search(r'sandbox_image = "([^"]+)"', config)
    if found is None:
        raise CannotContinue("kind's containerd configuration names no sandbox_image")
    return found[1]
