"""A small ext4 on a loop device, of which copies can be taken as a power cut would leave it."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

VOLUME_BYTES = 24 * 1024 * 1024
COPIES_MAX = 50


class Volume:
    """A mounted file system; `path` is where."""

    def __init__(self, folder: Path) -> None:
        self._image = folder / "volume.ext4"
        self.path = folder / "volume"
        self.path.mkdir()
        with self._image.open("wb") as image:
            image.truncate(VOLUME_BYTES)
        _run("mkfs.ext4", "-q", "-F", str(self._image))
        _run("mount", "-o", "loop", str(self._image), str(self.path))

    def close(self) -> None:
        """Unmount it."""
        _run("umount", "-l", str(self.path))

    @contextmanager
    def after_power_cut(self) -> Iterator[Path]:
        """Mount a copy of what is on the device now, as after a power cut. Nothing may write to it meanwhile.

        The kernel may still be at it: a copy counts when the next one is the same.
        """
        copy, former = self._image.read_bytes(), b""
        for _ in range(COPIES_MAX):
            copy, former = self._image.read_bytes(), copy
            if copy == former:
                break
        assert copy == former, f"{COPIES_MAX} copies of a volume that should be at rest all differ"
        image, path = self._image.with_name("cut.ext4"), self.path.with_name("cut")
        image.write_bytes(copy)
        path.mkdir(exist_ok=True)
        _run("mount", "-o", "loop", str(image), str(path))
        try:
            yield path
        finally:
            _run("umount", str(path))


def _run(*words: str) -> None:
    done = subprocess.run(words, check=False, capture_output=True, text=True)
    assert done.returncode == 0, f"{' '.join(words)}: {done.stderr}"
