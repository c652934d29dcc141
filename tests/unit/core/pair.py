"""Two engines wired by bytes in virtual time: a network without delay, a disk that commits at once."""

from __future__ import annotations

import random
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from ipaddress import IPv4Address, IPv4Interface

from edgepair_contract.clock import Now
from edgepair_contract.config import GroupConfig, InterfaceConfig, MemberConfig, SubnetConfig
from edgepair_contract.control import ControlAction, ControlAnswer, ControlRequest
from edgepair_contract.notices import Note
from edgepair_contract.report import GroupReport, MemberReport
from edgepair_contract.vocabulary import Role
from edgepair_engine.core.effects import AnswerControl, CloseLink, OpenLink, Output, SendDhcp, SendToPartner, Tell
from edgepair_engine.core.engine import Engine
from edgepair_engine.core.events import (
    AskId,
    ConfigReplaced,
    ControlAsked,
    DhcpDatagram,
    DialFailed,
    Direction,
    Event,
    LinkLost,
    LinkUp,
    PartnerBytes,
)
from edgepair_engine.core.pipeline import Batch, Pipeline, Step
from edgepair_engine.dhcp.relay import BROADCAST, Arrival
from edgepair_engine.failover.outcome import LinkId
from edgepair_engine.leases.record import (
    ConfigRecord,
    CountsRecord,
    LeaseRecord,
    Record,
    Restored,
    StateRecord,
    record_key,
)
from tests.unit.dhcp.counter import SUBNET
from tests.unit.dhcp.packets import Answer, read

START_AT = 1_795_514_888
MCLT_S = 60
ADDRESSES = {"east-1": "10.1.0.2", "east-2": "10.1.0.3"}


def group_of(name: str, subnet: SubnetConfig = SUBNET) -> GroupConfig:
    partner = next(other for other in ADDRESSES if other != name)
    return GroupConfig(
        name="lan0",
        role=Role.PRIMARY if name == "east-1" else Role.SECONDARY,
        my_address=IPv4Address(ADDRESSES[name]),
        partner_address=ADDRESSES[partner],
        partner_is_ours=True,
        mclt_s=MCLT_S,
        subnets=(subnet,),
    )


def member_of(name: str, *groups: GroupConfig, revision: int = 1) -> MemberConfig:
    interface = InterfaceConfig(name="lan0", device="eth1", address=IPv4Interface(f"{ADDRESSES[name]}/24"))
    return MemberConfig(revision=revision, server=name, interfaces=(interface,), groups=groups)


@dataclass(slots=True)
class Member:
    """One server: its engine while it runs, and what of it outlives a crash."""

    name: str
    config: MemberConfig
    disk: dict[Hashable, Record] = field(default_factory=dict)
    disks_lost: int = 0
    pipeline: Pipeline | None = None
    inbox: list[Event] = field(default_factory=list)
    sent: list[SendDhcp] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    answers: list[ControlAnswer] = field(default_factory=list)
    report: MemberReport | None = None
    disk_is_slow: bool = False
    commits: list[Batch] = field(default_factory=list)  # what a slow disk has not finished

    @property
    def store(self) -> str:
        return f"{self.name}-disk-{self.disks_lost}"

    @property
    def group(self) -> GroupReport:
        assert self.report is not None
        return self.report.groups[0]

    def stored_lease(self, dotted: str) -> LeaseRecord | None:
        record = self.disk.get(int(IPv4Address(dotted)))
        assert record is None or isinstance(record, LeaseRecord)
        return record


class Pair:
    """Two members, the wires between them, and time."""

    engine = Engine

    def __init__(self, configs: Mapping[str, MemberConfig] | None = None) -> None:
        given = configs or {name: member_of(name, group_of(name)) for name in ADDRESSES}
        self.members = {name: Member(name, config) for name, config in given.items()}
        self.mono_s = 1000.0
        self._next_link = 1
        self._severed = False
        self.wires: dict[tuple[str, LinkId], tuple[str, LinkId]] = {}

    @property
    def now(self) -> Now:
        return Now(START_AT + int(self.mono_s - 1000.0), self.mono_s)

    def start(self, *names: str) -> None:
        for name in names:
            member = self.members[name]
            engine = self.engine(member.config, _restored(member.disk, member.store), random.Random(7), now=self.now)
            member.pipeline = Pipeline(engine)
        for name in names:
            self._turn(self.members[name])
        self._settle()

    def kill(self, name: str) -> None:
        self.members[name].pipeline = None
        self.members[name].inbox.clear()
        for end in [end for end in self.wires if end[0] == name]:
            self._cut(end, "connection reset")
        self._settle()

    def sever(self) -> None:
        """Cut the network between the servers: both are told that the link is lost, and no dial gets through."""
        self._severed = True
        for end in list(self.wires):
            self._cut(end, "connection timed out")
        self._settle()

    def mend(self) -> None:
        """Let dials through again."""
        self._severed = False

    def advance(self, seconds: float) -> None:
        until_s = self.mono_s + seconds
        while (due := self._next_due()) is not None and due[0] <= until_s:
            self.mono_s = max(self.mono_s, due[0])
            self._turn(due[1])
            self._settle()
        self.mono_s = until_s

    def hear(self, name: str, data: bytes) -> Answer | None:
        """Broadcast a client's packet on one server's LAN and return that server's answer."""
        member = self.members[name]
        already = len(member.sent)
        arrival = Arrival("lan0", int(member.config.interfaces[0].address.ip), 0, 68, BROADCAST)
        member.inbox.append(DhcpDatagram(data, arrival))
        self._settle()
        return read(member.sent[already].data) if len(member.sent) > already else None

    def configure(self, name: str, *groups: GroupConfig) -> None:
        member = self.members[name]
        config = member_of(name, *groups, revision=member.config.revision + 1)
        member.config = config
        member.inbox.append(ConfigReplaced(config))
        self._settle()

    def order(self, name: str, action: ControlAction) -> ControlAnswer:
        self.members[name].inbox.append(ControlAsked(AskId(1), ControlRequest(action=action, group="lan0")))
        self._settle()
        return self.members[name].answers[-1]

    def finish_commits(self, name: str) -> None:
        """Let a slow disk finish all that it was given, and what follows."""
        member = self.members[name]
        while member.commits:
            self._commit(member)
        self._settle()

    def states(self) -> list[tuple[str, str]]:
        groups = [member.group for member in self.members.values()]
        return [(group.my_state.label, group.partner_state.label) for group in groups]

    def _next_due(self) -> tuple[float, Member] | None:
        due = [
            (at, member.name)
            for member in self.members.values()
            if member.pipeline is not None and (at := member.pipeline.next_wakeup(self.now)) is not None
        ]
        return (min(due)[0], self.members[min(due)[1]]) if due else None

    def _settle(self) -> None:
        while busy := [member for member in self.members.values() if member.inbox]:
            for member in busy:
                self._turn(member)

    def _turn(self, member: Member) -> None:
        events, member.inbox = member.inbox[:256], member.inbox[256:]
        if member.pipeline is not None:
            self._perform(member, member.pipeline.turn(events, self.now))

    def _perform(self, member: Member, step: Step) -> None:
        assert member.pipeline is not None
        for output in step.send:
            self._carry(member, output)
        if step.publish is not None:
            member.report = step.publish
        if step.commit is not None:
            member.commits.append(step.commit)
            if not member.disk_is_slow:
                self._commit(member)

    def _commit(self, member: Member) -> None:
        assert member.pipeline is not None
        batch = member.commits.pop()
        for record in batch.records:
            member.disk[record_key(record)] = record
        self._perform(member, member.pipeline.committed(batch.id, self.now))

    def _carry(self, member: Member, output: Output) -> None:
        match output:
            case SendDhcp():
                member.sent.append(output)
            case SendToPartner():
                there = self.wires.get((member.name, output.link))
                if there is not None:
                    self.members[there[0]].inbox.append(PartnerBytes(there[1], output.data))
            case OpenLink():
                self._dial(member, output)
            case CloseLink():
                self._cut((member.name, output.link), output.why)
            case AnswerControl():
                member.answers.append(output.answer)
            case Tell():
                member.notes.append(output.note)

    def _dial(self, member: Member, output: OpenLink) -> None:
        there = next(other for name, other in self.members.items() if ADDRESSES[name] == output.address)
        if there.pipeline is None or self._severed:
            member.inbox.append(DialFailed(output.group, "connection refused", local=False))
            return
        near, far = LinkId(self._next_link), LinkId(self._next_link + 1)
        self._next_link += 2
        self.wires[member.name, near] = (there.name, far)
        self.wires[there.name, far] = (member.name, near)
        mine, theirs = ADDRESSES[member.name], ADDRESSES[there.name]
        member.inbox.append(LinkUp(near, Direction.DIALLED, output.group, mine, theirs))
        there.inbox.append(LinkUp(far, Direction.ACCEPTED, None, theirs, mine))

    def _cut(self, end: tuple[str, LinkId], why: str) -> None:
        there = self.wires.pop(end, None)
        if there is None:
            return
        self.wires.pop(there)
        for name, link in (end, there):
            self.members[name].inbox.append(LinkLost(link, why))


def _restored(disk: dict[Hashable, Record], store: str) -> Restored:
    records = list(disk.values())
    return Restored(
        leases=tuple(record for record in records if isinstance(record, LeaseRecord)),
        states=tuple(record for record in records if isinstance(record, StateRecord)),
        counts=tuple(record for record in records if isinstance(record, CountsRecord)),
        config=next((record for record in records if isinstance(record, ConfigRecord)), None),
        incarnation=store,
    )
