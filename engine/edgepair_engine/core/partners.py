"""The failover groups of one server: an endpoint each, fed from connections, timers, orders and configuration."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import assert_never

from edgepair_contract.clock import Chance, Now
from edgepair_contract.config import GroupConfig
from edgepair_contract.control import ControlAnswer, ControlRequest
from edgepair_contract.notices import Note, NoteCode
from edgepair_contract.report import GroupReport
from edgepair_contract.vocabulary import MessageType
from edgepair_engine.core.effects import NOTHING, CloseLink, Effects, OpenLink, Output, SendToPartner, Tell, joined
from edgepair_engine.core.events import DialFailed, LinkLost, LinkUp, PartnerBytes
from edgepair_engine.core.links import Link, Links
from edgepair_engine.failover.endpoint import Endpoint
from edgepair_engine.failover.outcome import NOTHING as NO_OUTCOME
from edgepair_engine.failover.outcome import Dial, HangUp, Outcome, Send
from edgepair_engine.failover.sharing import OnOffer
from edgepair_engine.failover.tally import Origin
from edgepair_engine.failover.transitions import Refuse
from edgepair_engine.failover.view import GroupFacts
from edgepair_engine.leases.pool import Pool
from edgepair_engine.leases.record import CountsRecord, Restored, StateRecord
from edgepair_engine.leases.table import LeaseTable
from edgepair_engine.wire.errors import WireError
from edgepair_engine.wire.failover import Connect, FailoverMessage, encode_failover

# Messages that promise nothing: they may leave before this turn's records are durable. CONNECT and CONNECTACK are none
# of them: the partner counts on the MCLT in them from then on, so its teller must not be able to forget it.
_PROMISELESS = {MessageType.CONTACT, MessageType.DISCONNECT}


@dataclass(slots=True)
class Group:
    """One failover group that runs."""

    config: GroupConfig
    endpoint: Endpoint


class Partners:
    """All groups of one server and the connections with their partners."""

    def __init__(
        self, leases: LeaseTable, restored: Restored, origin: Origin, *, chance: Chance, on_offer: OnOffer
    ) -> None:
        self._leases = leases
        self._chance = chance
        self._on_offer = on_offer
        self._groups: dict[str, Group] = {}
        self._links = Links()
        # What is stored of every group, configured or not: a group that comes back finds its state.
        self._states = {state.group: state for state in restored.states}
        self._counts = {counts.group: counts for counts in restored.counts}
        self._origin = origin

    def get(self, name: str) -> Group | None:
        """Return a running group."""
        return self._groups.get(name)

    def facts(self, now: Now) -> tuple[GroupFacts, ...]:
        """Return what the views are made of, but the counts and the last contacts."""
        return tuple([group.endpoint.facts(now) for group in self._groups.values()])

    def views(self, now: Now) -> tuple[GroupReport, ...]:
        """Return what each endpoint says of itself, by name."""
        return tuple(self._groups[name].endpoint.view(now) for name in sorted(self._groups))

    def configured(self, groups: Iterable[GroupConfig], now: Now) -> Effects:
        """Run these groups from now on and no others."""
        wanted = {group.name: group for group in groups}
        effects = NOTHING
        for name in [name for name in self._groups if name not in wanted]:
            effects = effects.then(self._remove(name, "the group was taken out of the configuration"))
        for name, config in wanted.items():
            group = self._groups.get(name)
            if group is None:
                effects = effects.then(self._start(config, now))
            elif _is_elsewhere(group.config, config):
                group.config = config
                effects = effects.then(self.restart(name, "the addresses of the group have changed", now))
            elif group.config != config:
                group.config = config
                effects = effects.then(self.perform(name, group.endpoint.configured(config, now)))
        return effects

    def started_with_other_ranges(self, before: Iterable[Pool], now: Now) -> Effects:
        """Hear which pools this server had when it stopped: what came into a range meanwhile is told again."""
        pools = tuple(before)
        effects = NOTHING
        for name, group in self._groups.items():
            known = [pool for pool in pools if pool.group == name]
            effects = effects.then(self.perform(name, group.endpoint.started_with_other_ranges(known, now)))
        return effects

    def hear(self, event: LinkUp | PartnerBytes | LinkLost | DialFailed, now: Now) -> Effects:
        """Take in what happened on the way to the partners."""
        match event:
            case LinkUp():
                return self._link_up(event, now)
            case PartnerBytes():
                return self._take(event, now)
            case LinkLost():
                return self._link_lost(event, now)
            case DialFailed():
                return self._dial_failed(event, now)
            case _:
                assert_never(event)

    def control(self, request: ControlRequest, now: Now) -> tuple[Effects, ControlAnswer]:
        """Carry out an order for one group, or for all."""
        names = [request.group] if request.group is not None else list(self._groups)
        unknown = [name for name in names if name not in self._groups]
        if unknown:
            return NOTHING, ControlAnswer(done=False, text=f"this server has no failover group {unknown[0]}")
        effects, refusals = NOTHING, []
        for name in names:
            outcome = self._groups[name].endpoint.on_control(request, now)
            if isinstance(outcome, Refuse):
                refusals.append(f"group {name}: {outcome.why}")
            else:
                effects = effects.then(self.perform(name, outcome))
        return effects, ControlAnswer(done=not refusals, text="; ".join(refusals))

    def wake(self, now: Now) -> list[Effects]:
        """Do what is due, and return what it makes of each connection and group."""
        late = [link for link in self._links.unnamed() if link.deadline_s <= now.mono_s]
        closed = [self._close(link, "it did not say which group it belongs to") for link in late]
        return closed + [self._due(name, now) for name in self._groups]

    def moments(self, now: Now) -> list[float]:
        """Return the monotonic moments at which something is due."""
        deadlines = [link.deadline_s for link in self._links.unnamed()]
        return deadlines + [group.endpoint.next_wakeup(now) for group in self._groups.values()]

    def sizes(self) -> Mapping[str, int]:
        """Return how much is kept of partners and their connections, for all groups together."""
        sizes = Counter({"connections": len(self._links), "bytes_unframed": self._links.bytes_unframed})
        for group in self._groups.values():
            sizes.update(group.endpoint.sizes())
        return sizes

    def restart(self, name: str, why: str, now: Now) -> Effects:
        """Begin a group anew from what is stored, as after a restart of the process. A fence holds on."""
        config = self._groups[name].config
        return self._remove(name, why).then(self._start(config, now))

    def perform(self, name: str, outcome: Outcome) -> Effects:
        """Return an endpoint's outcome as effects, and keep in mind what it stores and closes."""
        if outcome is NO_OUTCOME:
            return NOTHING
        for record in outcome.records:
            if isinstance(record, StateRecord):
                self._states[name] = record
            elif isinstance(record, CountsRecord):
                self._counts[name] = record
        outputs: list[Output] = []
        for action in outcome.actions:
            match action:
                case Send():
                    outputs.append(_sent(action))
                case HangUp():
                    self._links.drop(action.link)
                    outputs.append(CloseLink(action.link, action.why))
                case Dial():
                    config = self._groups[name].config
                    outputs.append(OpenLink(name, _local(config), config.partner_address, config.partner_port))
                case _:
                    assert_never(action)
        outputs += [Tell(note) for note in outcome.notes]
        return Effects(outcome.records, tuple(outputs))

    def _start(self, config: GroupConfig, now: Now) -> Effects:
        endpoint = Endpoint(
            config,
            self._leases,
            self._states.get(config.name),
            chance=self._chance,
            on_offer=self._on_offer,
            now=now,
            origin=replace(self._origin, counts=self._counts.get(config.name)),
        )
        self._groups[config.name] = Group(config, endpoint)
        return self._due(config.name, now)

    def _remove(self, name: str, why: str) -> Effects:
        del self._groups[name]
        links = self._links.of_group(name)
        for link in links:
            self._links.drop(link.id)
        closed = tuple(CloseLink(link.id, why) for link in links)
        return Effects(outputs=(*closed, Tell(Note(NoteCode.LINK_DOWN, name, {"why": why}))))

    def _due(self, name: str, now: Now) -> Effects:
        endpoint = self._groups[name].endpoint
        if endpoint.next_wakeup(now) > now.mono_s:
            return NOTHING
        return self.perform(name, endpoint.on_timer(now))

    def _bind(self, link: Link, name: str, now: Now) -> Effects:
        link.group = name
        return self.perform(name, self._groups[name].endpoint.link_up(link.id, now))

    def _link_up(self, event: LinkUp, now: Now) -> Effects:
        """Give a new connection to its group, or close it when none expects it."""
        link = self._links.add(event, [group.config for group in self._groups.values()], now)
        if link is None:
            return _refused(event, f"no failover group expects {event.remote} at {event.local}")
        return NOTHING if link.group is None else self._bind(link, link.group, now)

    def _take(self, event: PartnerBytes, now: Now) -> Effects:
        """Hand what the partner sent to the endpoint, message by message; bytes that break the format end the link."""
        link = self._links.get(event.link)
        if link is None:
            return NOTHING
        parts: list[Effects] = []
        try:
            for message in link.framer.feed(event.data):
                parts.append(self._on_message(link, message, now))
                if self._links.get(link.id) is None:
                    break
        except WireError as error:
            parts.append(self._break(link, f"bytes that are no failover message: {error}", now))
        return joined(parts)

    def _link_lost(self, event: LinkLost, now: Now) -> Effects:
        """Tell the endpoint that a connection is gone. One that it has hung up itself is forgotten already."""
        link = self._links.drop(event.link)
        if link is None or link.group is None:
            return NOTHING
        return self.perform(link.group, self._groups[link.group].endpoint.link_lost(link.id, now, event.why))

    def _dial_failed(self, event: DialFailed, now: Now) -> Effects:
        """Tell the endpoint that its partner could not be reached."""
        group = self._groups.get(event.group)
        if group is None:
            return NOTHING
        return self.perform(event.group, group.endpoint.dial_failed(now, event.local))

    def _on_message(self, link: Link, message: FailoverMessage, now: Now) -> Effects:
        if link.group is not None:
            endpoint = self._groups[link.group].endpoint
            return self.perform(link.group, endpoint.on_message(link.id, message, now))
        name = _named_by(message)
        if name not in link.candidates or name not in self._groups:
            return self._close(link, f"its first message names no group of this server ({name or 'none'})")
        effects = self._bind(link, name, now)
        return effects.then(self.perform(name, self._groups[name].endpoint.on_message(link.id, message, now)))

    def _break(self, link: Link, why: str, now: Now) -> Effects:
        if link.group is None:
            return self._close(link, why)
        return self.perform(link.group, self._groups[link.group].endpoint.break_link(link.id, why, now))

    def _close(self, link: Link, why: str) -> Effects:
        """Close a connection that never came to belong to a group."""
        self._links.drop(link.id)
        return Effects(outputs=(CloseLink(link.id, why), _note(NoteCode.LINK_REFUSED, None, link.remote, why)))


def _named_by(message: FailoverMessage) -> str | None:
    if isinstance(message, Connect) and message.relationship is not None:
        return message.relationship.decode(errors="replace")
    return None


def _sent(action: Send) -> SendToPartner:
    data = encode_failover(action.message)
    return SendToPartner(action.link, data, promise=data[2] not in _PROMISELESS)


def _local(config: GroupConfig) -> str:
    # With a listening address of its own the server does not know by which address it dials.
    return str(config.my_address) if config.listen_address is None else ""


def _is_elsewhere(before: GroupConfig, after: GroupConfig) -> bool:
    """Return whether a group's connections must be made anew, because an end of them or the roles have changed."""
    names = ("role", "my_address", "my_port", "listen_address", "partner_address", "partner_port")
    return any(getattr(before, name) != getattr(after, name) for name in names)


def _refused(event: LinkUp, why: str) -> Effects:
    return Effects(outputs=(CloseLink(event.link, why), _note(NoteCode.LINK_REFUSED, event.group, event.remote, why)))


def _note(code: NoteCode, group: str | None, partner: str, why: str) -> Tell:
    return Tell(Note(code, group, {"partner": partner, "why": why}))
