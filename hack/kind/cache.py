"""Where the cluster's tools and node image are kept between runs, and when they are out of date."""

import hashlib
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
INPUTS = ROOT / "hack" / "kind" / "image"  # whatever the tools and the node image are made of
LINK = ROOT / "build" / "kind" / "bin"  # where tests and people find the tools of this checkout
KEPT_MAX = 2  # the present one, and the one of the branch that was checked out before: 0.5 GB each
KEY_DIGITS = 12


@dataclass(frozen=True, slots=True)
class Cache:
    """The folder that holds what one state of INPUTS was built into."""

    key: str

    @property
    def folder(self) -> Path:
        """Return the folder; it need not exist yet."""
        return cache_root() / f"kind-{self.key}"

    @property
    def bin(self) -> Path:
        """Return the folder of kind, helm and the Kubernetes programs."""
        return self.folder / "bin"

    @property
    def node_image_tar(self) -> Path:
        """Return the node image as `docker load` takes it."""
        return self.folder / "node-image.tar.zst"


def current_cache() -> Cache:
    """Return the cache of this checkout: its key is a digest of every file's path and content in INPUTS."""
    digest = hashlib.sha256()
    for path in sorted(INPUTS.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            content = hashlib.sha256(path.read_bytes()).hexdigest()
            digest.update(f"{path.relative_to(INPUTS)} {content}\n".encode())
    return Cache(digest.hexdigest()[:KEY_DIGITS])


def cache_root() -> Path:
    """Return EDGEPAIR_CACHE, else edgepair in the user's cache folder."""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(os.environ.get("EDGEPAIR_CACHE") or Path(home) / "edgepair")


def forget_old_caches() -> None:
    """Delete all but the KEPT_MAX caches that were made or used last."""
    by_age = sorted(cache_root().glob("kind-*"), key=lambda folder: folder.stat().st_mtime, reverse=True)
    for folder in by_age[KEPT_MAX:]:
        shutil.rmtree(folder)


def link_tools(cache: Cache) -> None:
    """Let LINK point to the cache's tools."""
    LINK.parent.mkdir(parents=True, exist_ok=True)
    LINK.unlink(missing_ok=True)
    LINK.symlink_to(cache.bin)
    os.utime(cache.folder)
