"""One running member: engine, store, sockets and admin interface put together, started and stopped in order."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from pathlib import Path

from edgepair_contract.clock import Now
from edgepair_contract.config import AdminConfig, MemberConfig
from edgepair_contract.control import ControlAction, ControlRequest
from edgepair_contract.notices import Note, NoteCode
from edgepair_contract.report import MemberReport
from edgepair_contract.value import value
from edgepair_engine.admin.board import Board
from edgepair_engine.admin.http import Admin
from edgepair_engine.admin.metrics import make_metrics
from edgepair_engine.core.events import ConfigReplaced, Event
from edgepair_engine.core.pipeline import Pipeline
from edgepair_engine.core.turn import Machine
from edgepair_engine.dhcp.explain import Explanation
from edgepair_engine.leases.record import LeaseRecord
from edgepair_engine.net.tcp import Inlets, PartnerLinks
from edgepair_engine.net.udp import DhcpPorts
from edgepair_engine.shell import signals
from edgepair_engine.shell.config_watch import ConfigWatch
from edgepair_engine.shell.pump import Outlets, Pump
from edgepair_engine.store.journal import Journal, read_store

ADMIN_RETRY_S = 3.0
ANNOUNCE_LIMIT_S = 2.0  # for the word to the partner that this server stops


@value
class Parts:
    """What a member is made of, and what only the caller can hand in."""

    engine: Machine
    explain: Callable[[str, Now], Sequence[Explanation]]
    config: MemberConfig
    config_path: Path
    admin: AdminConfig
    journal: Journal
    store: Path
    clock: Callable[[], Now]
    tell: Callable[[Note], None]


class Member:
    """A member from start to stop."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._board = Board()
        self._metrics = make_metrics(self._board)
        self._pump = Pump(Pipeline(parts.engine), parts.journal, self._metrics, parts.clock)
        self._admin = Admin(self, self._board)
        self._ports = DhcpPorts(self.offer, parts.clock)
        self._stop_why: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        # What was offered, by what a report says is in force: the sockets follow the report, not the offer.
        self._configs = {(parts.config.revision, parts.config.digest): parts.config}
        self._applied: tuple[int, str] | None = None
        self._watch = ConfigWatch(parts.config_path, self.offer, self._revision)

    def offer(self, event: Event) -> None:
        """Put an event into the inbox."""
        if isinstance(event, ConfigReplaced):
            self._configs[event.config.revision, event.config.digest] = event.config
        self._pump.offer(event)

    def alive(self) -> bool:
        """Return whether the loop has turned lately."""
        return self._pump.alive

    async def leases(self) -> Sequence[LeaseRecord]:
        """Return the stored leases."""
        return (await asyncio.to_thread(read_store, self._parts.store)).leases

    def explain(self, client: str) -> Sequence[Explanation]:
        """Return what a client would be answered now, by the engine as it stands between two turns."""
        return self._parts.explain(client, self._parts.clock())

    def metrics(self) -> bytes:
        """Return the metrics as text."""
        self._metrics.counts.unsent = self._ports.unsent_total
        return self._metrics.text()

    async def run(self) -> None:
        """Serve until a signal asks to stop.

        Raises:
            ExceptionGroup: of what ended it otherwise.
        """
        signals.install(stop=self._stop, reread=self._watch.reread)
        async with asyncio.TaskGroup() as tasks:
            links = PartnerLinks(Inlets(self.offer, self._parts.tell), tasks)
            lookouts = [tasks.create_task(look()) for look in self._lookouts(links)]
            outlets = Outlets(self._ports, links, self._admin.answer, self._parts.tell, self._published(links, tasks))
            pump = tasks.create_task(self._pump.run(outlets))
            why = await self._stop_why
            self._parts.tell(Note(NoteCode.STOPPING, None, {"why": why}))
            await self._announce()
            for task in lookouts:
                task.cancel()
            self._ports.close()
            self._pump.finish()
            await pump
            await links.close()
            await self._admin.stop()

    def _lookouts(self, links: PartnerLinks) -> list[Callable[[], Coroutine[None, None, None]]]:
        return [self._ports.look_after, links.look_after, self._watch.look_after, self._serve_admin]

    async def _serve_admin(self) -> None:
        """Bring the admin interface up, however long its address takes to appear."""
        place = self._parts.admin
        fields = {"interface": "admin", "device": f"{place.address}:{place.port}"}
        told = ""
        while True:
            try:
                await self._admin.start(place)
            except OSError as error:
                if told != str(error):
                    told = str(error)
                    self._parts.tell(Note(NoteCode.INTERFACE_PROBLEM, None, {**fields, "why": told}))
                await asyncio.sleep(ADMIN_RETRY_S)
            else:
                return

    def _published(self, links: PartnerLinks, tasks: asyncio.TaskGroup) -> Callable[[MemberReport], None]:
        def publish(report: MemberReport) -> None:
            self._board.publish(report)
            in_force = report.config_revision, report.config_digest
            if in_force == self._applied:
                return
            self._applied = in_force
            config = self._configs[in_force]
            self._configs = {key: each for key, each in self._configs.items() if each.revision >= config.revision}
            self._ports.serve(config.interfaces)
            tasks.create_task(links.serve(config.groups))

        return publish

    async def _announce(self) -> None:
        """Tell the partners (PAUSED is announced, never recorded: a restart resumes what is stored)."""
        try:
            async with asyncio.timeout(ANNOUNCE_LIMIT_S):
                await self._admin.order(ControlRequest(action=ControlAction.PAUSE))
        except TimeoutError:
            return

    def _stop(self, why: str) -> None:
        if not self._stop_why.done():
            self._stop_why.set_result(why)

    def _revision(self) -> int:
        report = self._board.newest
        return -1 if report is None else report.config_revision
