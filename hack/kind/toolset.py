"""The cluster's tools of this checkout, built when they are not in the cache: `python3 -m hack.kind.toolset`."""

import shutil
import tempfile
from pathlib import Path

from hack.kind.cache import Cache, current_cache, forget_old_caches, link_tools
from hack.kind.image.programs import HYPER_NAMES, compile_tools
from hack.kind.steps import main_with_reason


def main() -> None:
    """Build what is missing and say where the tools are."""
    print(f"kind, helm, kubectl and the Kubernetes programs are in {ensure_tools().bin}")


def ensure_tools() -> Cache:
    """Return the cache of this checkout, its tools built and linked from build/kind/bin."""
    cache = current_cache()
    if not _is_complete(cache.bin):
        _build(cache)
        forget_old_caches()
    link_tools(cache)
    return cache


def _is_complete(folder: Path) -> bool:
    return all((folder / name).exists() for name in ("hyper", *HYPER_NAMES, "kind", "helm"))


def _build(cache: Cache) -> None:
    # Moved into place when complete: whoever finds the folder can use it, also while another build runs.
    cache.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache.folder) as work:
        made = Path(work) / "bin"
        made.mkdir()
        compile_tools(made)
        shutil.rmtree(cache.bin, ignore_errors=True)
        made.rename(cache.bin)


if __name__ == "__main__":
    main_with_reason(main)
