"""Partner links over loopback: what is told, in which order, and what has a bound."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable

import pytest

from edgepair_contract.config import GroupConfig
from edgepair_contract.notices import Note, NoteCode
from edgepair_engine.core.effects import OpenLink
from edgepair_engine.core.events import DialFailed, Direction, Event, LinkLost, LinkUp, PartnerBytes
from edgepair_engine.net import tcp
from edgepair_engine.net.tcp import Inlets, PartnerLinks

STORY_LIMIT_S = 20.0


class Desk:
    """Keeps what was offered and told, and lets a story wait for the next event."""

    def __init__(self) -> None:
        self.events: asyncio.Queue[Event] = asyncio.Queue()
        self.notes: list[Note] = []

    async def next(self) -> Event:
        return await self.events.get()


def a_group(port: int, address: str = "127.0.0.1") -> GroupConfig:
    subnet = {"interface": "lan0", "prefix": "10.1.0.0/24", "pools": [{"start": "10.1.0.5", "end": "10.1.0.9"}]}
    return GroupConfig.model_validate(
        {
            "name": "lan0",
            "role": "primary",
            "my_address": address,
            "my_port": port,
            "partner_address": "127.0.0.2",
            "subnets": [subnet],
        }
    )


def a_free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def tell(story: Callable[[PartnerLinks, Desk], Awaitable[None]]) -> None:
    async def run() -> None:
        desk = Desk()
        async with asyncio.timeout(STORY_LIMIT_S), asyncio.TaskGroup() as tasks:
            links = PartnerLinks(Inlets(desk.events.put_nowait, desk.notes.append), tasks)
            await story(links, desk)
            await links.close()

    asyncio.run(run())


@pytest.mark.protocol(31)
def test_a_link_between_two_of_us_from_up_to_lost() -> None:
    async def story(links: PartnerLinks, desk: Desk) -> None:
        port = a_free_port()
        await links.serve([a_group(port)])
        links.dial(OpenLink("lan0", "127.0.0.1", "127.0.0.1", port))
        ups = [await desk.next(), await desk.next()]
        assert {(up.direction, up.group, up.local, up.remote) for up in ups if isinstance(up, LinkUp)} == {
            (Direction.DIALLED, "lan0", "127.0.0.1", "127.0.0.1"),
            (Direction.ACCEPTED, None, "127.0.0.1", "127.0.0.1"),
        }
        dialled, accepted = sorted(
            (up for up in ups if isinstance(up, LinkUp)), key=lambda up: up.direction is Direction.ACCEPTED
        )
        links.send(dialled.link, b"CONN")
        links.send(dialled.link, b"ECT")
        links.flush()
        assert await desk.next() == PartnerBytes(accepted.link, b"CONNECT")
        links.send(accepted.link, b"last words")
        links.hang_up(accepted.link, "duplicate")
        told = [await desk.next() for _ in range(3)]
        assert LinkLost(accepted.link, "duplicate") in told
        assert PartnerBytes(dialled.link, b"last words") in told
        assert LinkLost(dialled.link, "closed by the partner") in told

    tell(story)


def test_a_partner_that_listens_nowhere_is_its_own_fault() -> None:
    async def story(links: PartnerLinks, desk: Desk) -> None:
        links.dial(OpenLink("lan0", "", "127.0.0.1", a_free_port()))
        failed = await desk.next()
        assert isinstance(failed, DialFailed)
        assert (failed.group, failed.local) == ("lan0", False)
        assert "Connect call failed" in failed.why

    tell(story)


@pytest.mark.protocol(32)
def test_an_address_that_this_node_lacks_is_our_fault() -> None:
    async def story(links: PartnerLinks, desk: Desk) -> None:
        links.dial(OpenLink("lan0", "192.0.2.7", "127.0.0.1", a_free_port()))
        failed = await desk.next()
        assert isinstance(failed, DialFailed)
        assert failed.local is True

    tell(story)


def test_a_listener_waits_for_its_address_and_says_so_once() -> None:
    async def story(links: PartnerLinks, desk: Desk) -> None:
        port = a_free_port()
        with socket.socket() as squatter:
            squatter.bind(("127.0.0.1", port))
            squatter.listen()
            await links.serve([a_group(port)])
            await links.look()
        await links.look()
        assert [note.code for note in desk.notes] == [NoteCode.INTERFACE_PROBLEM, NoteCode.INTERFACE_RECOVERED]
        assert "ddress already in use" in str(desk.notes[0].fields["why"])

    tell(story)


def test_a_group_that_is_gone_is_not_listened_for() -> None:
    async def story(links: PartnerLinks, desk: Desk) -> None:
        port = a_free_port()
        await links.serve([a_group(port)])
        await links.serve([])
        links.dial(OpenLink("lan0", "", "127.0.0.1", port))
        assert isinstance(await desk.next(), DialFailed)

    tell(story)


def test_a_link_is_not_read_beyond_its_bound_until_the_engine_has_caught_up() -> None:
    async def story(links: PartnerLinks, desk: Desk) -> None:
        port = a_free_port()
        await links.serve([a_group(port)])
        _reader, writer = await asyncio.open_connection("127.0.0.1", port)
        up = await desk.next()
        assert isinstance(up, LinkUp)
        sent = 64 * 1024 * 1024
        writer.write(bytes(sent))
        seen = 0
        waiting_most = 0
        while seen < sent:
            waiting = [await desk.next()]
            while not desk.events.empty():
                waiting.append(desk.events.get_nowait())
            sizes = [len(event.data) for event in waiting if isinstance(event, PartnerBytes)]
            waiting_most = max(waiting_most, sum(sizes))
            seen += sum(sizes)
            links.taken(up.link, sum(sizes))
        assert waiting_most < 2 * tcp.READ_WAITING_BYTES_MAX + 256 * 1024
        writer.close()
        await writer.wait_closed()

    tell(story)


def test_a_partner_that_does_not_read_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tcp, "WRITE_WAITING_BYTES_MAX", 65536)

    async def story(links: PartnerLinks, desk: Desk) -> None:
        port = a_free_port()
        await links.serve([a_group(port)])
        with socket.create_connection(("127.0.0.1", port)):
            up = await desk.next()
            assert isinstance(up, LinkUp)
            links.send(up.link, bytes(64 * 1024 * 1024))
            links.flush()
            lost = await desk.next()
        assert isinstance(lost, LinkLost)
        assert lost.why.startswith("the partner does not read: ")

    tell(story)


def test_beyond_the_bound_a_connection_is_closed_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tcp, "LINKS_MAX", 1)

    async def story(links: PartnerLinks, desk: Desk) -> None:
        port = a_free_port()
        await links.serve([a_group(port)])
        _first, kept = await asyncio.open_connection("127.0.0.1", port)
        assert isinstance(await desk.next(), LinkUp)
        second, closed = await asyncio.open_connection("127.0.0.1", port)
        assert await second.read() == b""
        assert desk.events.empty()
        for writer in (kept, closed):
            writer.close()

    tell(story)


def test_strangers_who_fill_the_bound_do_not_keep_us_from_dialling(monkeypatch: pytest.MonkeyPatch) -> None:
    """A dial that ends in silence is never repeated: its group would wait for the partner to dial for ever."""
    monkeypatch.setattr(tcp, "LINKS_MAX", 1)

    async def story(links: PartnerLinks, desk: Desk) -> None:
        port, partners = a_free_port(), a_free_port()
        await links.serve([a_group(port)])
        _reader, stranger = await asyncio.open_connection("127.0.0.1", port)
        assert isinstance(await desk.next(), LinkUp)
        with socket.create_server(("127.0.0.1", partners)):
            links.dial(OpenLink("lan0", "", "127.0.0.1", partners))
            up = await desk.next()
        assert isinstance(up, LinkUp)
        assert up.direction is Direction.DIALLED
        stranger.close()

    tell(story)


def test_a_link_that_the_partner_resets_at_once_is_told_as_up_and_lost() -> None:
    """Whoever dials again must hear of its end: such a connection has no partner's address any more."""

    async def story(links: PartnerLinks, desk: Desk) -> None:
        with socket.create_server(("127.0.0.1", 0)) as partner:
            near = socket.create_connection(partner.getsockname())
            far, _ = partner.accept()
        far.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        far.close()
        near.setblocking(False)
        await asyncio.get_running_loop().create_connection(lambda: links.link(Direction.DIALLED, "lan0"), sock=near)
        up, lost = await desk.next(), await desk.next()
        assert isinstance(up, LinkUp)
        assert isinstance(lost, LinkLost)
        assert (up.link, up.remote, lost.link) == (lost.link, "", up.link)

    tell(story)


def test_two_looks_at_a_time_do_not_stand_in_each_other_s_way() -> None:
    async def story(links: PartnerLinks, desk: Desk) -> None:
        port = a_free_port()
        await asyncio.gather(links.serve([a_group(port)]), links.look())
        await links.look()
        assert desk.notes == []
        links.dial(OpenLink("lan0", "", "127.0.0.1", port))
        assert isinstance(await desk.next(), LinkUp)

    tell(story)
