"""An image archive is what kind and containerd read: names first, each layer once, the same bytes every time."""

from __future__ import annotations

import json
import tarfile
from pathlib import Path

import pytest

from hack.kind.image.archives import Image, Link, Program, write_archive, write_layer

SHARED = Image(("registry/one:1", "registry/uno:1"), ("program",), ("/program",))
STACKED = Image(("registry/two:2",), ("program", "links"))


@pytest.fixture
def layers(tmp_path: Path) -> dict[str, Path]:
    """Return a layer with a program and one with a link to it."""
    program = tmp_path / "program"
    program.write_bytes(b"ELF")
    found = {"program": tmp_path / "program.tar", "links": tmp_path / "links.tar"}
    write_layer(found["program"], [Program(program, "bin/program")])
    write_layer(found["links"], [Link("program", "bin/alias")])
    return found


def read(archive: Path) -> tuple[list[str], dict[str, bytes]]:
    """Return the archive's names in their order, and what is behind them."""
    with tarfile.open(archive) as opened:
        names = opened.getnames()
        return names, {name: content.read() for name in names if (content := opened.extractfile(name))}


def test_the_names_of_all_images_come_first(tmp_path: Path, layers: dict[str, Path]) -> None:
    write_archive(tmp_path / "out.tar", [SHARED, STACKED], layers=layers, architecture="amd64")
    names, content = read(tmp_path / "out.tar")
    assert names[0] == "repositories"
    assert {name: list(tags) for name, tags in json.loads(content["repositories"]).items()} == {
        "registry/one": ["1"],
        "registry/uno": ["1"],
        "registry/two": ["2"],
    }


def test_a_layer_of_two_images_is_there_once(tmp_path: Path, layers: dict[str, Path]) -> None:
    write_archive(tmp_path / "out.tar", [SHARED, STACKED], layers=layers, architecture="amd64")
    names, content = read(tmp_path / "out.tar")
    one, two = json.loads(content["manifest.json"])
    assert one["Layers"] == two["Layers"][:1]
    assert len([name for name in names if name.endswith(".tar")]) == 2


def test_an_image_names_its_layers_by_their_digests(tmp_path: Path, layers: dict[str, Path]) -> None:
    write_archive(tmp_path / "out.tar", [STACKED], layers=layers, architecture="arm64")
    _, content = read(tmp_path / "out.tar")
    [image] = json.loads(content["manifest.json"])
    config = json.loads(content[image["Config"]])
    assert [f"sha256:{name.removesuffix('.tar')}" for name in image["Layers"]] == config["rootfs"]["diff_ids"]
    assert config["architecture"] == "arm64"


def test_the_same_inputs_give_the_same_bytes(tmp_path: Path, layers: dict[str, Path]) -> None:
    for name in ("first", "second"):
        write_archive(tmp_path / name, [SHARED, STACKED], layers=layers, architecture="amd64")
    assert (tmp_path / "first").read_bytes() == (tmp_path / "second").read_bytes()


def test_a_program_can_be_run_and_a_link_points_to_it(layers: dict[str, Path]) -> None:
    with tarfile.open(layers["program"]) as layer:
        assert layer.getmember("bin/program").mode == 0o755
    with tarfile.open(layers["links"]) as layer:
        assert layer.getmember("bin/alias").linkname == "program"
