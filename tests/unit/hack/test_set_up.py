"""A set-up says what is wrong in words that help, and builds anew only what changed."""

from __future__ import annotations

import ipaddress
import os
from pathlib import Path

import pytest

from hack.kind import cache
from hack.kind.networks import LAN, LANS, WORKERS
from hack.kind.steps import CannotContinue, run, step, succeeds


def test_a_failed_command_tells_its_last_words() -> None:
    with pytest.raises(CannotContinue, match=r"`sh -c echo no room >&2; exit 3` failed with exit code 3:\n  no room"):
        run("sh", "-c", "echo no room >&2; exit 3", limit_s=5)


def test_a_missing_command_tells_who_installs_it() -> None:
    with pytest.raises(CannotContinue, match="no-such-command is not installed: `make setup` installs it"):
        run("no-such-command", limit_s=5)


def test_a_command_that_hangs_is_ended() -> None:
    with pytest.raises(CannotContinue, match="`sleep 60` was still running after 0 s"):
        run("sleep", "60", limit_s=0.05)


def test_a_question_is_answered_by_the_exit_code() -> None:
    assert succeeds("true", limit_s=5)
    assert not succeeds("false", limit_s=5)


def test_a_step_tells_its_time(capsys: pytest.CaptureFixture[str]) -> None:
    with step("dig"):
        pass
    assert capsys.readouterr().out == "- dig ... 0.0 s\n"


def test_a_failed_step_says_so_and_goes_no_further(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(CannotContinue, match="rock"), step("dig"):
        raise CannotContinue("rock")
    assert capsys.readouterr().out == "- dig ... failed after 0.0 s\n"


@pytest.fixture
def inputs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a folder of build inputs that stands for the real one."""
    monkeypatch.setattr(cache, "INPUTS", tmp_path)
    (tmp_path / "Dockerfile").write_text("FROM nothing\n")
    return tmp_path


def test_the_cache_is_another_when_an_input_changes(inputs: Path) -> None:
    before = cache.current_cache().key
    (inputs / "Dockerfile").write_text("FROM something\n")
    assert cache.current_cache().key != before


def test_the_cache_stays_when_python_leaves_bytecode(inputs: Path) -> None:
    before = cache.current_cache().key
    (inputs / "__pycache__").mkdir()
    (inputs / "__pycache__" / "versions.pyc").write_bytes(b"\0")
    assert cache.current_cache().key == before


@pytest.mark.parametrize(
    ("environment", "folder"),
    [
        ({"EDGEPAIR_CACHE": "/var/cache/ep"}, "/var/cache/ep"),
        ({"XDG_CACHE_HOME": "/home/ann/caches"}, "/home/ann/caches/edgepair"),
        ({"HOME": "/home/ann"}, "/home/ann/.cache/edgepair"),
    ],
    ids=["named by the user", "in the user's folder for caches", "in the user's home"],
)
def test_the_cache_is_where_the_user_wants_it(
    environment: dict[str, str], folder: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("EDGEPAIR_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert str(cache.cache_root()) == folder


def test_only_the_caches_used_last_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EDGEPAIR_CACHE", str(tmp_path))
    for used_at, name in enumerate(("kind-old", "base-of-images", "kind-before", "kind-now")):
        (tmp_path / name).mkdir()
        os.utime(tmp_path / name, (used_at, used_at))
    cache.forget_old_caches()
    assert {folder.name for folder in tmp_path.iterdir()} == {"base-of-images", "kind-before", "kind-now"}


def test_the_workers_have_the_addresses_of_the_example() -> None:
    assert [LAN.address(worker) for worker in WORKERS] == ["10.1.0.2", "10.1.0.3"]


def test_no_lan_gives_its_hosts_addresses_that_clients_get() -> None:
    for lan in LANS.values():
        for worker in WORKERS:
            assert ipaddress.IPv4Address(lan.address(worker)) < lan.subnet[20]
