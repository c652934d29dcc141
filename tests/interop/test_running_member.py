"""A running engine process: what its admin interface says, what changes its configuration, how it ends."""

from __future__ import annotations

import json
import signal
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from edgepair_engine.main import main
from edgepair_engine.store.journal import DATABASE, read_store
from tests.interop.loopback import EngineProcess, a_member


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[EngineProcess]:
    process = EngineProcess(tmp_path, a_member())
    yield process
    process.stop()


def test_the_report_names_the_server_and_what_is_wrong_with_its_interface(engine: EngineProcess) -> None:
    report = engine.report_with(
        interfaces=[
            {"name": "lan0", "device": "none0", "address": "10.1.0.2/24", "problem": "there is no device none0"}
        ]
    )
    assert report["server"] == "ec-east-1"
    assert report["config_revision"] == 1
    assert len(report["boot"]) == 16


def test_the_probes_and_the_metrics_answer(engine: EngineProcess) -> None:
    engine.report_with(config_revision=1)
    assert engine.ask("GET", "/livez") == (200, "the loop turns\n")
    assert engine.ask("GET", "/readyz")[0] in (200, 503)
    status, text = engine.ask("GET", "/metrics")
    assert status == 200
    assert 'edgepair_engine_interface_up{interface="lan0"} 0.0' in text


def test_a_running_engine_explains_how_it_would_answer_a_client(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    pool = {"start": "10.1.0.50", "end": "10.1.0.59"}
    engine = EngineProcess(
        tmp_path, a_member(subnets=[{"interface": "lan0", "prefix": "10.1.0.0/24", "pools": [pool]}])
    )
    try:
        engine.report_with(config_revision=1)
        assert main(["explain", "02:00:00:00:00:01", "--url", engine.url]) == 0
        assert capsys.readouterr().out == (
            "10.1.0.0/24 (lan0; this server answers: All)\n"
            "  client: hardware address 02:00:00:00:00:01, bucket 133 of 0-255\n"
            "  DISCOVER: OFFER 10.1.0.50 for 86400 s\n"
            "    why this address: an address for a new client\n"
            "    why so long: as configured\n"
        )
        assert main(["explain", "printer", "--url", engine.url]) == 2
        assert "client: 'printer' is neither a hardware address" in capsys.readouterr().err
    finally:
        engine.stop()


def test_a_server_without_subnets_has_nothing_to_explain(
    engine: EngineProcess, capsys: pytest.CaptureFixture[str]
) -> None:
    engine.report_with(config_revision=1)
    assert main(["explain", "02:00:00:00:00:01", "--url", engine.url]) == 0
    assert capsys.readouterr().out == "this server has no subnet\n"


def test_a_long_poll_waits_for_the_next_revision_and_not_longer_than_asked(engine: EngineProcess) -> None:
    first = engine.report_with(config_revision=1)
    engine.report(f"?after={first['revision']}&wait_s=0.05")
    assert engine.ask("GET", "/v1/report?after=x") == (400, "after and wait_s must be numbers\n")


def test_a_pushed_configuration_is_stored_before_it_is_confirmed(engine: EngineProcess) -> None:
    newer = json.dumps(engine.member | {"revision": 7, "appliance": "EC-East-1"})
    status, text = engine.ask("PUT", "/v1/config", newer)
    assert (status, text.split("(")[0]) == (200, "revision 7 ")
    stored = read_store(engine.store).config
    assert stored is not None
    assert (stored.revision, json.loads(stored.text)) == (7, json.loads(newer))
    assert engine.report()["config_revision"] == 7


def test_an_older_revision_is_refused_and_a_wrong_one_is_explained(engine: EngineProcess) -> None:
    engine.report_with(config_revision=1)
    assert engine.ask("PUT", "/v1/config", json.dumps(engine.member | {"revision": 0})) == (
        409,
        "revision 0 is older than 1, which is in force\n",
    )
    status, text = engine.ask("PUT", "/v1/config", json.dumps(engine.member | {"per_client_per_second": 0}))
    assert (status, text.startswith("per_client_per_second: 0 is refused: ")) == (422, True)
    report = engine.report_with(config_revision=1, config_error=text.strip())
    assert report["config_revision"] == 1
    assert [line["code"] for line in engine.log() if line["level"] == "error"] == ["config-refused"]


def test_a_changed_file_is_followed_and_sighup_reads_it_at_once(engine: EngineProcess) -> None:
    engine.report_with(config_revision=1)
    engine.write(engine.member | {"revision": 2})
    engine.report_with(config_revision=2)
    engine.config.write_text("{")
    engine.signal(signal.SIGHUP)
    report = engine.report_with(config_error=engine.report("?after=0&wait_s=1")["config_error"])
    while report["config_error"] is None:
        report = engine.report(f"?after={report['revision']}&wait_s=10")
    assert report["config_error"].startswith("document: '{' is refused: Invalid JSON")
    assert report["config_revision"] == 2


def test_an_order_for_a_group_that_is_not_there_is_answered(engine: EngineProcess) -> None:
    status, text = engine.ask("POST", "/v1/control", '{"action": "fence", "group": "lan9"}')
    assert (status, json.loads(text)["done"]) == (409, False)
    assert engine.ask("POST", "/v1/control", '{"action": "dance"}')[0] == 422


def test_it_ends_in_order_and_starts_again_with_the_newest_configuration(tmp_path: Path) -> None:
    member = a_member()
    first = EngineProcess(tmp_path, member)
    try:
        first.report_with(config_revision=1)
        assert first.ask("PUT", "/v1/config", json.dumps(member | {"revision": 3}))[0] == 200
        assert first.end() == 0
        assert [line["code"] for line in first.log()][-1] == "stopping"
    finally:
        first.stop()
    second = EngineProcess(tmp_path, member)
    try:
        assert second.report_with(config_revision=3)["boot"] != ""
    finally:
        second.stop()


def test_a_wrong_file_leaves_the_stored_configuration_in_force(tmp_path: Path) -> None:
    member = a_member()
    first = EngineProcess(tmp_path, member)
    try:
        first.report_with(config_revision=1)
        first.end()
    finally:
        first.stop()
    second = EngineProcess(tmp_path, member | {"groups": 5})
    try:
        report = second.report_with(config_revision=1)
        assert report["config_error"].startswith("groups: 5 is refused: ")
    finally:
        second.stop()


def test_a_store_that_breaks_under_the_engine_is_told_and_recovers(engine: EngineProcess) -> None:
    engine.report_with(config_revision=1)
    holder = sqlite3.connect(engine.store / DATABASE, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")  # stands in the way of every commit
    status, _text = engine.ask("PUT", "/v1/config", json.dumps(engine.member | {"revision": 2}))
    assert status == 503
    report = engine.report("?after=0&wait_s=1")
    assert report["config_revision"] == 1
    assert "database is locked" in report["store_error"]
    holder.execute("ROLLBACK")
    holder.close()
    assert engine.report_with(config_revision=2, store_error=None)["config_revision"] == 2
    assert [line["code"] for line in engine.log() if line["code"].startswith("store-")] == [
        "store-problem",
        "store-recovered",
    ]
