"""The base of our images: the one asked for, one that is here, a registry's Python image, or Debian's Python alone."""

import hashlib
import os
import shutil
from pathlib import Path

from hack.kind.cache import KEY_DIGITS, cache_root
from hack.kind.steps import CannotContinue, run, step, succeeds

STOCK = "python:3.11-slim-bookworm"
SUITE = "bookworm"
PACKAGES = "python3"
UNREAD_FILES = (
    "/usr/lib/*/gconv/*",
    "/usr/share/doc/*",
    "/usr/share/info/*",
    "/usr/share/lintian/*",
    "/usr/share/locale/*",
    "/usr/share/man/*",
)
COMPILE = '--extract-hook=chroot "$1" python3 -m compileall -q /usr/lib/python3.11'  # no package script does
RECIPE = (SUITE, PACKAGES, *UNREAD_FILES, COMPILE)

ASK_LIMIT_S = 30.0
PULL_LIMIT_S = 600.0
BUILD_LIMIT_S = 600.0


def ensure_base_image() -> str:
    """Return the name of a base image that the Docker daemon holds."""
    if asked := os.environ.get("BASE"):
        return asked
    key = hashlib.sha256("\n".join(RECIPE).encode()).hexdigest()[:KEY_DIGITS]
    made, tar = f"edgepair/base:{key}", cache_root() / f"base-{key}.tar"
    for image in (made, STOCK):
        if succeeds("docker", "image", "inspect", image, limit_s=ASK_LIMIT_S):
            return image
    if not tar.exists() and succeeds("docker", "manifest", "inspect", STOCK, limit_s=ASK_LIMIT_S):
        with step(f"pull {STOCK}"):
            run("docker", "pull", "--quiet", STOCK, limit_s=PULL_LIMIT_S)
        return STOCK
    if not tar.exists():
        _make_root(tar)
    run("docker", "import", tar, made, limit_s=BUILD_LIMIT_S)
    return made


def _make_root(tar: Path) -> None:
    if shutil.which("mmdebstrap") is None:
        raise CannotContinue(
            "without an image registry the base image is made with mmdebstrap: `make setup` installs it"
        )
    tar.parent.mkdir(parents=True, exist_ok=True)
    part = tar.with_suffix(".part.tar")
    without = [f"--dpkgopt=path-exclude={files}" for files in UNREAD_FILES]
    with step("base image from Debian's Python"):
        make = (
            "mmdebstrap",
            "--quiet",
            "--variant=extract",
            f"--include={PACKAGES}",
            COMPILE,
            *without,
            SUITE,
            str(part),
        )
        run(*make, limit_s=BUILD_LIMIT_S)
        for old in tar.parent.glob("base-*[0-9a-f].tar"):
            old.unlink()
        part.rename(tar)
