"""Build the images of engine and operator: `python3 -m hack.images [build|wheels]`.

Nothing inside Docker needs a network: the wheels are fetched here, by the digests of uv.lock. Names and tag follow
EDGEPAIR_IMAGE_PREFIX (edgepair) and EDGEPAIR_IMAGE_TAG (dev); BASE names the base image.
"""

import argparse
import hashlib
import os
import shutil
from collections.abc import Iterable

from hack.base_image import ensure_base_image
from hack.kind.cache import ROOT
from hack.kind.cluster import start_docker
from hack.kind.steps import CannotContinue, main_with_reason, run, step, succeeds

SIZES_MAX_MB = {"engine": 110, "operator": 140}
LABEL = "io.edgepair.sources"
PREFIX = os.environ.get("EDGEPAIR_IMAGE_PREFIX", "edgepair")
TAG = os.environ.get("EDGEPAIR_IMAGE_TAG", "dev")

WHEELS = ROOT / "build" / "images" / "wheels"
LOCK_DIGEST = WHEELS / "uv.lock.sha256"  # which lock the third-party wheels are of
PIP = "pip==26.3"  # fetches the wheels here, and installs them in the build stage
SOURCES = (
    "Dockerfile",
    "images/install.py",
    "pyproject.toml",
    "uv.lock",
    "README.md",
    "contract",
    "engine",
    "operator",
)

FETCH_LIMIT_S = 600.0
BUILD_LIMIT_S = 600.0
DOCKER_LIMIT_S = 30.0
MB = 1_000_000


def main() -> None:
    """Build what is out of date and print the sizes."""
    parser = argparse.ArgumentParser(prog="python3 -m hack.images", description=main.__doc__)
    parser.add_argument("what", nargs="?", choices=("build", "wheels"), default="build")
    if parser.parse_args().what == "wheels":
        ensure_wheels()
    else:
        build_images()


def image_name(component: str) -> str:
    """Return the name of a component's image."""
    return f"{PREFIX}/{component}:{TAG}"


def build_images() -> None:
    """Build both images, unless they were made from these very sources and this base."""
    start_docker()
    base = ensure_base_image()
    wanted = _digest([*_source_files(), base])
    stale = [component for component in SIZES_MAX_MB if _label(image_name(component)) != wanted]
    if stale:
        ensure_wheels()
    for component in stale:
        with step(f"build {image_name(component)} on {base}"):
            _build(component, base, wanted)
    for component, limit_mb in SIZES_MAX_MB.items():
        _check_size(component, limit_mb)


def ensure_wheels() -> None:
    """Fill WHEELS with pip, all that engine and operator depend on, and edgepair itself."""
    lock = hashlib.sha256((ROOT / "uv.lock").read_bytes() + PIP.encode()).hexdigest()
    if not LOCK_DIGEST.exists() or LOCK_DIGEST.read_text() != lock:
        with step("fetch the wheels that uv.lock names"):
            _fetch_wheels()
            LOCK_DIGEST.write_text(lock)
    with step("build edgepair's own wheel"):
        for old in WHEELS.glob("edgepair-*.whl"):
            old.unlink()
        run("uv", "build", "--quiet", "--wheel", "--out-dir", WHEELS, limit_s=FETCH_LIMIT_S, cwd=ROOT)


def _fetch_wheels() -> None:
    shutil.rmtree(WHEELS, ignore_errors=True)
    WHEELS.mkdir(parents=True)
    asked = WHEELS / "requirements.txt"
    extras = ("--extra", "engine", "--extra", "operator")
    exported = run(
        "uv", "export", "--quiet", "--frozen", "--no-dev", "--no-emit-project", *extras, limit_s=60, cwd=ROOT
    )
    asked.write_text(exported)
    pip = ("uv", "tool", "run", "--quiet", "--python", "3.11", "--from", PIP, "pip")
    fetch = (*pip, "download", "--quiet", "--only-binary", ":all:", "--no-deps", "--dest", WHEELS)
    run(*fetch, "--require-hashes", "--requirement", asked, limit_s=FETCH_LIMIT_S)
    run(*fetch, PIP, limit_s=FETCH_LIMIT_S)


def _build(component: str, base: str, sources: str) -> None:
    options = ("--target", component, "--tag", image_name(component), "--build-arg", f"BASE={base}")
    build = ("docker", "build", *options, "--label", f"{LABEL}={sources}", ".")
    run(*build, limit_s=BUILD_LIMIT_S, cwd=ROOT, env={**os.environ, "DOCKER_BUILDKIT": "0"})


def _source_files() -> Iterable[str]:
    """Return a line for each file that an image is made from: its path and its digest."""
    for source in SOURCES:
        top = ROOT / source
        for path in [top] if top.is_file() else sorted(top.rglob("*.*")):
            if path.is_file() and "__pycache__" not in path.parts:
                yield f"{path.relative_to(ROOT)} {hashlib.sha256(path.read_bytes()).hexdigest()}"


def _digest(lines: Iterable[str]) -> str:
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _label(image: str) -> str | None:
    """Return what the image says it was made from, or None where there is no such image."""
    if not succeeds("docker", "image", "inspect", image, limit_s=DOCKER_LIMIT_S):
        return None
    shown = f'{{{{index .Config.Labels "{LABEL}"}}}}'
    return run("docker", "image", "inspect", "--format", shown, image, limit_s=DOCKER_LIMIT_S).strip()


def _check_size(component: str, limit_mb: int) -> None:
    shown = run("docker", "image", "inspect", "--format", "{{.Size}}", image_name(component), limit_s=DOCKER_LIMIT_S)
    size_mb = int(shown) / MB
    print(f"{image_name(component)}: {size_mb:.0f} MB (at most {limit_mb})")
    if size_mb > limit_mb:
        raise CannotContinue(f"{image_name(component)} is over its budget: see images/{component}/README.md")


if __name__ == "__main__":
    main_with_reason(main)
