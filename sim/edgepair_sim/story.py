"""A life as a story: what is done to a pair, what its servers say and decide, and what becomes of its clients.

Only made when somebody listens, and by listening only: nothing in a life depends on it.
"""

from __future__ import annotations

from dataclasses import replace

from edgepair_contract.control import ControlAnswer
from edgepair_contract.notices import CATALOGUE, Note, NoteCode, Severity
from edgepair_contract.report import MemberReport
from edgepair_contract.vocabulary import Serving
from edgepair_engine.dhcp.verdict import Why
from edgepair_engine.wire.dhcp4 import Dhcp4Packet
from edgepair_engine.wire.dhcp4_options import Dhcp4Type
from edgepair_engine.wire.failover import BndAck, BndUpd, decode_failover
from edgepair_engine.wire.framer import Splitter
from edgepair_sim.clients import Client
from edgepair_sim.deed_words import lasts_s, words_of_end
from edgepair_sim.deed_words import words_of as words_of_deed
from edgepair_sim.deeds import Deed
from edgepair_sim.holding import Holding
from edgepair_sim.lies import Lie
from edgepair_sim.listener import Listener
from edgepair_sim.message_words import words_of
from edgepair_sim.node import Node
from edgepair_sim.page import Page, Told, clock_time, dotted
from edgepair_sim.pair import GROUP, PRIMARY, SECONDARY
from edgepair_sim.scene import Scene

AUTHOR = "script"  # who does the deeds
SERVES = {Serving.ALL: "answers all clients", Serving.HALF: "answers its half", Serving.NONE: "answers nobody"}
# Notices that a line of another kind tells already, or that say nothing new.
UNTOLD = {NoteCode.STATE_CHANGED, NoteCode.PARTNER_STATE_HEARD, NoteCode.CLIENT_ANSWERED}
USUAL = (Why.PARTNERS_CLIENT.value, Why.OTHER_SERVER.value)  # why one of two servers is silent when all is well


class Story(Listener):
    """Hears a life and tells it on a page."""

    def __init__(self, scene: Scene, page: Page) -> None:
        self._scene = scene
        self._page = page
        self._names = {client.mac: client.name for client in scene.clients}
        self._shortened = {f"…{client.mac[-3:].hex()}": client.name for client in scene.clients}
        self._updates: dict[tuple[str, int], str] = {}  # by server and address: the latest BNDUPD
        self._held: dict[str, int] = {}  # by client: the address that it was told to hold last
        self._seen: dict[str, MemberReport] = {}  # by server: its latest report

    # what is done

    def done(self, deed: Deed) -> None:
        """Tell what is done now, and plan to tell when it is undone."""
        self._line(AUTHOR, words_of_deed(deed))
        end = words_of_end(deed)
        if end:
            self._page.later(deed.at_s + lasts_s(deed), AUTHOR, end)

    def ordered(self, node: Node, answer: ControlAnswer) -> None:
        """Tell what a server said to an order."""
        self._line(node.name, f"has done what it was ordered{_behind(answer.text)}" if answer.done else answer.text)

    # what the servers do

    def started(self, node: Node) -> None:
        """Tell with what a server starts."""
        stored = node.disk.state(GROUP)
        self._line(node.name, "starts with an empty store" if stored is None else f"starts in {stored.my_state.label}")

    def said(self, node: Node, data: bytes) -> None:
        """Tell each message to the partner."""
        for message in map(decode_failover, Splitter().feed(data)):
            told = words_of(message, self._name_of)
            if told is None:
                continue
            if isinstance(message, BndUpd):
                self._updates[node.name, told.address] = told.then
            if isinstance(message, BndAck):
                partner = SECONDARY if node.name == PRIMARY else PRIMARY
                told = replace(told, about=self._updates.get((partner, told.address), ""))
            self._repeated(node.name, told)

    def told(self, node: Node, note: Note) -> None:
        """Tell a notice that matters."""
        fields = note.fields
        if note.code is NoteCode.STATE_CHANGED:
            self._line(node.name, f"{fields['from']} -> {fields['to']}: {fields['cause']}")
        elif note.code is NoteCode.CLIENT_IGNORED:
            self._ignored(node, note)
        elif note.code not in UNTOLD:
            self._repeated(node.name, Told(_notice(note)))

    def published(self, node: Node, report: MemberReport) -> None:
        """Tell whom a server answers and what it waits for, when that is new."""
        before, self._seen[node.name] = self._seen.get(node.name), report
        group = report.groups[0]
        if before is None or before.boot != report.boot:
            return
        was = before.groups[0]
        if was.serving is not group.serving:
            self._line(node.name, SERVES[group.serving])
        wait_s = group.wait.until_at - node.now().wall_s if group.wait is not None else 0
        if group.wait is not None and was.wait != group.wait and wait_s > 0:
            self._line(node.name, f"waits {wait_s} s: {group.wait.reason}")

    def crashed(self, node: Node) -> None:
        """Tell that a server is no more."""
        self._line(node.name, "is dead")

    def answered(self, node: Node, packet: Dhcp4Packet) -> None:
        """Tell an answer to a client."""
        kind, name = Dhcp4Type(packet.message_type or 0), self._name_of(packet.chaddr)
        what = f"{kind.name} to {name}"
        if kind in (Dhcp4Type.OFFER, Dhcp4Type.ACK):
            what = f"{kind.name} {dotted(packet.yiaddr)} to {name} for {packet.lease_time_s} s"
        self._repeated(node.name, Told(what))

    # what becomes of the clients

    def sent(self, client: Client, kind: Dhcp4Type, address: int) -> None:
        """Tell what a client sends."""
        holding = client.holding
        about = f"{holding.lease_s}" if holding is not None else ""
        self._repeated(client.name, Told(f"{kind.name} {dotted(address)}" if address else kind.name, about=about))

    def lied(self, client: Client, lie: Lie) -> None:
        """Tell what a client sends that is not true."""
        self._line(client.name, f"sends what is not true: {lie.what}")

    def promised(self, client: Client, holding: Holding) -> None:
        """Tell until when a client has its address."""
        what, until = f"holds {dotted(holding.address)}", f" until {clock_time(holding.until_s)}"
        before, self._held[client.name] = self._held.get(client.name), holding.address
        if before == holding.address:
            self._repeated(client.name, Told(what, last=until, about=f"{holding.lease_s}"))
        else:
            self._line(client.name, what + until)

    def refused(self, client: Client, before: Holding | None) -> None:
        """Tell that a client must begin anew."""
        self._line(client.name, "is refused" + (f", and held {dotted(before.address)}" if before else ""))

    def gave_up(self, client: Client, holding: Holding, why: str) -> None:
        """Tell that a client has its address no longer."""
        self._held.pop(client.name, None)
        self._line(client.name, f"has {dotted(holding.address)} no longer: {why}")

    # lines

    def _ignored(self, node: Node, note: Note) -> None:
        why = str(note.fields["why"])
        if not why.startswith(USUAL):
            shortened = str(note.fields["client"])
            name = self._shortened.get(shortened, shortened)
            self._repeated(node.name, Told(f"leaves {note.fields['message']} of {name} unanswered: {why}"))

    def _name_of(self, hardware: bytes) -> str:
        return self._names.get(hardware, hardware.hex(":"))

    def _line(self, who: str, what: str) -> None:
        self._page.line(self._scene.now_s, who, what)

    def _repeated(self, who: str, told: Told) -> None:
        self._page.repeated(self._scene.now_s, who, told)


def _notice(note: Note) -> str:
    if note.code is NoteCode.CONFIG_ACCEPTED:  # its digest is nothing to read
        return f"has configuration revision {note.fields['revision']}"
    notice = CATALOGUE[note.code]
    mark = "! " if notice.severity in (Severity.WARNING, Severity.ERROR) else ""
    return mark + notice.text.format_map(note.fields)


def _behind(text: str) -> str:
    return f": {text}" if text else ""
