"""The image of a kind node, made from Debian's packages and compiled programs by kind's own `build node-image`."""

import os
import shutil
from pathlib import Path

from hack.kind.image.programs import compile_node_programs, kind_source
from hack.kind.image.server_tarball import Parts, write_server_tarball
from hack.kind.steps import CannotContinue, run, step

HERE = Path(__file__).resolve().parent
SUITE = "bookworm"  # systemd 252 still takes cgroup v1
ROOT_IMAGE = "localhost:1/edgepair/node-root"
BASE_IMAGE = "localhost:1/edgepair/node-base:1"  # kind tries to pull it first: this name is refused at once
NODE_PACKAGES = (
    "ca-certificates,conntrack,containerd,containernetworking-plugins,curl,ethtool,iproute2,iptables,jq,kmod,mount,"
    "nftables,procps,runc,socat,systemd,systemd-sysv,util-linux"
)
SMALL_PACKAGES = "busybox-static,conntrack,iptables,kmod,nftables"
UNREAD_FILES = ("/usr/share/doc/*", "/usr/share/locale/*", "/usr/share/man/*")
ROOT_LIMIT_S = 900.0
DOCKER_LIMIT_S = 600.0


def build_node_image(image: str, *, tools: Path, work: Path) -> None:
    """Build image with the tools of `compile_tools`; everything in between is made in the folder work.

    Raises: CannotContinue when a program, a package or the Docker daemon is missing.
    """
    if shutil.which("mmdebstrap") is None:
        raise CannotContinue("a node image is made with mmdebstrap, which is not installed: `make setup` installs it")
    programs = work / "bin"
    programs.mkdir()
    for program in tools.iterdir():
        (programs / program.name).symlink_to(program)
    compile_node_programs(programs)
    with step("Debian root of the node"):
        _debian_root(work / "node-root.tar", "minbase", NODE_PACKAGES)
    with step("Debian root of the node's containers"):
        _debian_root(work / "small-root.tar", "extract", SMALL_PACKAGES)
    with step("base image"):
        _build_base_image(work, tools)
    with step("node image"):
        parts = Parts(programs=programs, small_root=work / "small-root.tar", kind=kind_source(), work=work)
        write_server_tarball(work / "server.tar.gz", parts)
        _kind_build(image, tools, work / "server.tar.gz")


def _debian_root(out: Path, variant: str, packages: str) -> None:
    without = [f"--dpkgopt=path-exclude={files}" for files in UNREAD_FILES]
    command = ("mmdebstrap", "--quiet", f"--variant={variant}", f"--include={packages}", *without, SUITE, str(out))
    run(*command, limit_s=ROOT_LIMIT_S)


def _build_base_image(work: Path, tools: Path) -> None:
    context = work / "base"
    shutil.copytree(kind_source() / "images" / "base" / "files", context / "files", copy_function=_copy_writable)
    (context / "bin").mkdir()
    # The mode is set here: a chmod in the Dockerfile would copy the binary into a second layer.
    for source in (tools / "hyper", HERE / "node" / "ctr", HERE / "node" / "crictl"):
        shutil.copyfile(source, context / "bin" / source.name)
        (context / "bin" / source.name).chmod(0o755)
    shutil.copyfile(HERE / "node" / "Dockerfile", context / "Dockerfile")
    root = str(work / "node-root.tar")
    run("docker", "import", "--change", "ENV container=docker", root, ROOT_IMAGE, limit_s=DOCKER_LIMIT_S)
    build = ("docker", "build", "--quiet", "--tag", BASE_IMAGE, str(context))
    run(*build, limit_s=DOCKER_LIMIT_S, env={**os.environ, "DOCKER_BUILDKIT": "0"})


def _copy_writable(source: str, target: str) -> str:
    """Copy a file of the module cache, where all is read-only, to one that can be deleted again."""
    shutil.copy(source, target)
    Path(target).chmod(Path(source).stat().st_mode | 0o200)
    return target


def _kind_build(image: str, tools: Path, tarball: Path) -> None:
    try:
        build = ("build", "node-image", "--type", "file", str(tarball), "--base-image", BASE_IMAGE, "--image", image)
        run(tools / "kind", *build, limit_s=DOCKER_LIMIT_S)
    finally:
        run("docker", "image", "rm", BASE_IMAGE, ROOT_IMAGE, limit_s=DOCKER_LIMIT_S)
