"""Image archives as `docker save` writes them, made from files alone: no daemon, and layers are shared."""

import hashlib
import io
import json
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

CREATED = "1970-01-01T00:00:00Z"  # the same inputs give the same image
CHUNK_BYTES = 1 << 20
NO_DIGEST = "0" * 64
PATH = "PATH=/usr/local/bin:/usr/local/sbin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True, slots=True)
class Program:
    """An executable file of a layer."""

    source: Path
    at: str


@dataclass(frozen=True, slots=True)
class Link:
    """A symbolic link of a layer."""

    target: str
    at: str


@dataclass(frozen=True, slots=True)
class Image:
    """An image: its tags, the names of its layers from the bottom up, and what it starts."""

    tags: tuple[str, ...]
    layers: tuple[str, ...]
    entrypoint: tuple[str, ...] = ()


def write_layer(path: Path, entries: Sequence[Program | Link]) -> None:
    """Write a layer of these entries."""
    with tarfile.open(path, "w", format=tarfile.GNU_FORMAT) as layer:
        for entry in entries:
            info = tarfile.TarInfo(entry.at)
            info.mode = 0o755
            match entry:
                case Link():
                    info.type, info.linkname = tarfile.SYMTYPE, entry.target
                    layer.addfile(info)
                case Program():
                    info.size = entry.source.stat().st_size
                    with entry.source.open("rb") as content:
                        layer.addfile(info, content)


def write_archive(path: Path, images: Sequence[Image], *, layers: Mapping[str, Path], architecture: str) -> None:
    """Write an archive of the images; layers holds the tar of each layer by its name."""
    used = {name: layers[name] for image in images for name in image.layers}
    digests = {name: _sha256(layer) for name, layer in used.items()}
    with tarfile.open(path, "w", format=tarfile.GNU_FORMAT) as archive:
        # kind reads the tags of all images from this file, and only when it comes first.
        add_bytes(archive, "repositories", json.dumps(_repositories(images)).encode())
        for name, layer in used.items():
            archive.add(layer, f"{digests[name]}.tar")
        manifest = [_add_config(archive, image, digests=digests, architecture=architecture) for image in images]
        add_bytes(archive, "manifest.json", json.dumps(manifest).encode())


def add_bytes(archive: tarfile.TarFile, name: str, content: bytes, *, mode: int = 0o644) -> None:
    """Add a file of this content."""
    info = tarfile.TarInfo(name)
    info.size, info.mode = len(content), mode
    archive.addfile(info, io.BytesIO(content))


def _repositories(images: Sequence[Image]) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for tag in (tag for image in images for tag in image.tags):
        repository, _, version = tag.rpartition(":")
        found.setdefault(repository, {})[version] = NO_DIGEST
    return found


def _add_config(
    archive: tarfile.TarFile, image: Image, *, digests: Mapping[str, str], architecture: str
) -> dict[str, object]:
    """Add the image's configuration and return its entry of the manifest."""
    config = {
        "architecture": architecture,
        "os": "linux",
        "created": CREATED,
        "config": {"Env": [PATH], "Entrypoint": list(image.entrypoint) or None, "WorkingDir": "/"},
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{digests[name]}" for name in image.layers]},
        "history": [{"created": CREATED, "created_by": name} for name in image.layers],
    }
    content = json.dumps(config, sort_keys=True).encode()
    name = f"{hashlib.sha256(content).hexdigest()}.json"
    add_bytes(archive, name, content)
    return {"Config": name, "RepoTags": list(image.tags), "Layers": [f"{digests[each]}.tar" for each in image.layers]}


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as content:
        while chunk := content.read(CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()
