"""A full volume: the engine says so, promises nothing, and goes on by itself once there is room."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.interop.loopback import EngineProcess, a_member

VOLUME_BYTES = 512 * 1024


@pytest.fixture
def small_volume(tmp_path: Path) -> Iterator[Path]:
    volume = tmp_path / "volume"
    volume.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={VOLUME_BYTES}", "none", str(volume)]
    if os.geteuid() != 0 or subprocess.run(mount, check=False, capture_output=True).returncode != 0:
        pytest.skip("a volume of its own needs root that may mount")
    yield volume
    subprocess.run(["umount", "-l", str(volume)], check=True)


def test_a_full_volume_is_told_and_recovers_by_itself(small_volume: Path) -> None:
    engine = EngineProcess(small_volume, a_member())
    try:
        engine.report_with(config_revision=1)
        filler = small_volume / "filler"
        fill(filler)
        newer = json.dumps(engine.member | {"revision": 2, "appliance": "x" * 200})
        status, text = engine.ask("PUT", "/v1/config", newer)
        assert status == 503
        assert text.startswith("the configuration is not stored yet: ")
        assert "free space on the volume" in text
        assert engine.ask("GET", "/livez")[0] == 200
        assert engine.ask("GET", "/readyz")[0] == 503
        filler.unlink()
        assert engine.report_with(config_revision=2, store_error=None)["ready"] is True
    finally:
        engine.stop()


def fill(path: Path) -> None:
    with path.open("wb", buffering=0) as file:
        for size in (4096, 1):
            try:
                while True:
                    file.write(bytes(size))
            except OSError:
                continue
