"""The whole text of the metrics, as a scraper sees it."""

from __future__ import annotations

from pathlib import Path

from edgepair_contract.report import GroupReport, InterfaceReport, MemberReport, PoolReport
from edgepair_contract.vocabulary import FailoverState, Role, Serving
from edgepair_engine.admin.board import Board
from edgepair_engine.admin.metrics import make_metrics

GOLDEN = Path(__file__).parents[2] / "data" / "metrics" / "engine.txt"

REPORT = MemberReport(
    revision=5,
    boot="0011223344556677",
    server="ec-east-1",
    version="0.1.0",
    started_at=1795515104,
    config_revision=7,
    config_digest="0123456789abcdef",
    interfaces=(
        InterfaceReport(name="lan0", device="eth1", address="10.1.0.2/24"),
        InterfaceReport(name="lan0.10", device="eth1.10", address="10.10.0.2/24", problem="device eth1.10 is down"),
    ),
    groups=(
        GroupReport(
            name="lan0",
            role=Role.PRIMARY,
            my_state=FailoverState.NORMAL,
            my_state_at=1795515110,
            partner_state=FailoverState.NORMAL,
            partner_state_at=1795515110,
            connected=True,
            mclt_s=3600,
            max_response_delay_s=10,
            clock_skew_s=-2,
            serving=Serving.HALF,
            pools=(PoolReport(prefix="10.1.0.0/24", total=201, active=11, free=95, backup=94, abandoned=1),),
        ),
    ),
    subnets=(PoolReport(prefix="10.2.0.0/24", total=50, active=50, empty_why="of 50 addresses 50 leased"),),
    ready=True,
    ready_why="clients are answered",
)


def test_the_exposition_is_the_golden_file() -> None:
    board = Board()
    board.publish(REPORT)
    metrics = make_metrics(board)
    metrics.counts.turns = 3
    metrics.counts.datagrams = 4
    metrics.commit_seconds.observe(0.004)
    metrics.commit_records.observe(2)
    assert metrics.text().decode() == GOLDEN.read_text()


def test_before_the_first_report_only_the_process_counts() -> None:
    text = make_metrics(Board()).text().decode()
    assert "edgepair_engine_turns_total 0.0" in text
    assert "failover" not in text
