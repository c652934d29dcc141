"""Which node image the cluster runs on: the one asked for, one that is here, the stock one, or one built here."""

import os
import tempfile
from pathlib import Path

from hack.kind.cache import Cache
from hack.kind.image.node_image import build_node_image
from hack.kind.image.versions import KUBERNETES, STOCK_NODE_IMAGE
from hack.kind.steps import run, step, succeeds
from hack.kind.toolset import ensure_tools

INSPECT_LIMIT_S = 30.0
ASK_LIMIT_S = 30.0  # a machine without a way to an image registry learns so in this time
PULL_LIMIT_S = 900.0  # the stock image has about 1 GB
LOAD_LIMIT_S = 300.0


def ensure_node_image() -> str:
    """Return the name of a node image that the Docker daemon holds.

    KIND_NODE_IMAGE wins. Then what costs least: an image in the daemon, the cached archive, the stock image
    where an image registry answers, and last a build from package registries.
    """
    cache = ensure_tools()
    built_here = f"edgepair/kind-node:{KUBERNETES}-{cache.key}"
    if asked := os.environ.get("KIND_NODE_IMAGE"):
        return asked
    for image in (built_here, STOCK_NODE_IMAGE):
        if succeeds("docker", "image", "inspect", image, limit_s=INSPECT_LIMIT_S):
            return image
    if cache.node_image_tar.exists():
        _load(cache)
        return built_here
    if _pull_stock():
        return STOCK_NODE_IMAGE
    _build(built_here, cache)
    return built_here


def _load(cache: Cache) -> None:
    # Unpacked first: Docker 20.10 does not know zstd.
    with step("load the node image from the cache"), tempfile.TemporaryDirectory(dir=cache.folder) as work:
        tar = Path(work) / "node-image.tar"
        run("zstd", "-d", "--quiet", cache.node_image_tar, "-o", tar, limit_s=LOAD_LIMIT_S)
        run("docker", "load", "--input", tar, limit_s=LOAD_LIMIT_S)


def _pull_stock() -> bool:
    with step(f"ask for the stock image {STOCK_NODE_IMAGE}"):
        offered = succeeds("docker", "manifest", "inspect", STOCK_NODE_IMAGE, limit_s=ASK_LIMIT_S)
    if not offered:
        print("  no image registry answers: the node image is built here")
        return False
    with step(f"pull {STOCK_NODE_IMAGE}"):
        return succeeds("docker", "pull", "--quiet", STOCK_NODE_IMAGE, limit_s=PULL_LIMIT_S)


def _build(image: str, cache: Cache) -> None:
    with tempfile.TemporaryDirectory(dir=cache.folder) as work:
        build_node_image(image, tools=cache.bin, work=Path(work))
        with step("save the node image to the cache"):
            tar, packed = Path(work) / "node-image.tar", Path(work) / cache.node_image_tar.name
            run("docker", "save", "--output", tar, image, limit_s=LOAD_LIMIT_S)
            run("zstd", "-3", "-T0", "--quiet", tar, "-o", packed, limit_s=LOAD_LIMIT_S)
            packed.rename(cache.node_image_tar)
