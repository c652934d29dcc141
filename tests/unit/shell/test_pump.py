"""The loop keeps its bounds and its order, with a real engine, a real store and real sockets on loopback."""

from __future__ import annotations

import asyncio
import random
import sqlite3
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from edgepair_contract.clock import Now
from edgepair_contract.config import MemberConfig
from edgepair_contract.notices import Note, NoteCode
from edgepair_engine.admin.board import Board
from edgepair_engine.admin.metrics import Metrics, make_metrics
from edgepair_engine.core.engine import Engine
from edgepair_engine.core.events import ConfigReplaced, DhcpDatagram
from edgepair_engine.core.pipeline import Pipeline
from edgepair_engine.dhcp.relay import Arrival
from edgepair_engine.net.tcp import Inlets, PartnerLinks
from edgepair_engine.net.udp import DhcpPorts
from edgepair_engine.shell.pump import DATAGRAMS_WAITING_MAX, Outlets, Pump
from edgepair_engine.store.errors import StoreDamaged
from edgepair_engine.store.journal import DATABASE, SqliteJournal, read_store

CONFIG = MemberConfig(server="ec-east-1", revision=1)
NOW = Now(wall_s=1_795_515_104, mono_s=1000.0)
ARRIVAL = Arrival(interface="lan0", local=0, source=0, source_port=68, destination=0xFFFFFFFF)
STORY_LIMIT_S = 20.0


@dataclass
class Stage:
    pump: Pump
    board: Board
    metrics: Metrics
    outlets: Outlets
    notes: list[Note] = field(default_factory=list)


def play(folder: Path, story: Callable[[Stage], Awaitable[None]]) -> Stage:
    async def run() -> Stage:
        journal = SqliteJournal(folder)
        engine = Engine(CONFIG, journal.recover(), random.Random(7), now=NOW)
        board, notes = Board(), list[Note]()
        metrics = make_metrics(board)
        pump = Pump(Pipeline(engine), journal, metrics, lambda: NOW)
        try:
            async with asyncio.timeout(STORY_LIMIT_S), asyncio.TaskGroup() as tasks:
                links = PartnerLinks(Inlets(pump.offer, notes.append), tasks)
                outlets = Outlets(
                    DhcpPorts(pump.offer, lambda: NOW), links, lambda _answer: None, notes.append, board.publish
                )
                stage = Stage(pump, board, metrics, outlets, notes)
                await story(stage)
        finally:
            journal.close()
        return stage

    return asyncio.run(run())


def test_finish_waits_until_the_last_record_is_durable(tmp_path: Path) -> None:
    newer = CONFIG.model_copy(update={"revision": 2})

    async def story(stage: Stage) -> None:
        stage.pump.offer(ConfigReplaced(newer))
        stage.pump.finish()
        await stage.pump.run(stage.outlets)

    stage = play(tmp_path, story)
    stored = read_store(tmp_path).config
    assert stored is not None
    assert stored.revision == 2
    assert stage.board.newest is not None
    assert stage.board.newest.config_revision == 2
    assert [note.code for note in stage.notes] == [NoteCode.CONFIG_ACCEPTED]


def test_datagrams_beyond_the_bound_are_dropped_and_told_once(tmp_path: Path) -> None:
    async def story(stage: Stage) -> None:
        for _ in range(DATAGRAMS_WAITING_MAX + 7):
            stage.pump.offer(DhcpDatagram(b"", ARRIVAL))
        stage.pump.finish()
        await stage.pump.run(stage.outlets)

    stage = play(tmp_path, story)
    dropped = [note.fields["count"] for note in stage.notes if note.code is NoteCode.DATAGRAMS_DROPPED]
    assert dropped[0] == 7
    assert "edgepair_engine_datagrams_dropped_total 7.0" in stage.metrics.text().decode()


def test_a_store_that_breaks_under_the_loop_ends_it(tmp_path: Path) -> None:
    newer = CONFIG.model_copy(update={"revision": 2})

    async def story(stage: Stage) -> None:
        vandal = sqlite3.connect(tmp_path / DATABASE)
        vandal.execute("DROP TABLE config")
        vandal.close()
        stage.pump.offer(ConfigReplaced(newer))
        await stage.pump.run(stage.outlets)

    with pytest.raises(ExceptionGroup) as end:
        play(tmp_path, story)
    assert end.group_contains(StoreDamaged, match="no such table: config")
